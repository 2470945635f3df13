package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// The list can be planted: every file is there and holds its text once, so that a refactoring cannot retire a fault.
func TestList(t *testing.T) {
	all, err := parse(list)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all {
		src, err := os.ReadFile("../../../" + m.file)
		if err != nil {
			t.Errorf("%s: %v", m.name, err)
			continue
		}
		if n := strings.Count(string(src), m.find); n != 1 {
			t.Errorf("%s: %q stands %d times in %s", m.name, m.find, n, m.file)
		}
		if m.find == m.make {
			t.Errorf("%s plants nothing", m.name)
		}
	}
}

// Each section of the source page has a fault of its own; 15 is what the page presupposes.
func TestSections(t *testing.T) {
	all, err := parse(list)
	if err != nil {
		t.Fatal(err)
	}
	for section := 1; section <= 15; section++ {
		name := fmt.Sprintf("section %d", section)
		if !slices.ContainsFunc(all, func(m mutant) bool {
			return strings.HasPrefix(m.name, name+":") || strings.HasPrefix(m.name, name+",")
		}) {
			t.Errorf("no fault for %s", name)
		}
	}
}

func TestParse(t *testing.T) {
	got, err := parse("# c\nname: a: b\nfile: f\nfind: x\nmake:\nfail: go ./p T\n\n\n# end\n")
	if err != nil || len(got) != 1 || got[0] != (mutant{"a: b", "f", "x", "", "go ./p T"}) {
		t.Errorf("%+v %v", got, err)
	}
	for _, bad := range []string{"name: a", "what: b", "nonsense"} {
		if _, err := parse(bad); err == nil {
			t.Errorf("%q parsed", bad)
		}
	}
}
