package replay

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const sample = "testdata/conversations-sample.jsonl.gz"

func args(f *fake, more ...string) []string {
	var logins []string
	for _, l := range f.logins() {
		logins = append(logins, l.Name+"/"+l.Password)
	}
	return append([]string{"--target", f.URL, "--file", sample, "--speed", "0", "--zone", "UTC",
		"--logins", strings.Join(logins, ","), "--widgets", "z, k"}, more...)
}

func TestCommandJSONIsOneObject(t *testing.T) {
	f := newFake(t, 3, 3)
	var out, notes bytes.Buffer
	if err := Command(t.Context(), &out, &notes, args(f, "--json", "--limit", "7")); err != nil {
		t.Fatal(err, notes.String())
	}
	dec := json.NewDecoder(&out)
	var r map[string]any
	if err := dec.Decode(&r); err != nil {
		t.Fatal(err)
	}
	if _, err := dec.Token(); err != io.EOF {
		t.Error("more than one object")
	}
	if r["conversations"] != 7.0 || r["sessions_closed"] != 7.0 || r["transcripts_equal"] != true || r["errors"] != nil {
		t.Errorf("%v", r)
	}
}

func TestCommandTableAndFaults(t *testing.T) {
	f := newFake(t, 3)
	f.onFile = func(side Side, file string) string { return file + "\r\n" }
	var out bytes.Buffer
	err := Command(t.Context(), &out, io.Discard, args(f, "--limit", "2"))
	if !errors.Is(err, ErrFaults) || !strings.Contains(out.String(), "NOT EQUAL") || !strings.Contains(out.String(), "closed 2") {
		t.Fatalf("%v\n%s", err, out.String())
	}
}

// Times in another zone than the server's are found.
func TestCommandZone(t *testing.T) {
	f := newFake(t, 3)
	err := Command(t.Context(), io.Discard, io.Discard, append(args(f, "--limit", "1"), "--zone", "Asia/Almaty"))
	if !errors.Is(err, ErrFaults) {
		t.Fatal(err)
	}
}

func TestCommandRefusesBadFlags(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "bad.jsonl")
	if err := os.WriteFile(bad, []byte(goodLine+"\nbroken\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ args, says string }{
		{"", "--file is missing"},
		{"--file " + bad, "line 2"},
		{"--file " + os.DevNull, "no conversations"},
		{"--file nowhere", "nowhere"},
		{"--file " + sample + " --speed -1", "negative"},
		{"--file " + sample + " --zone Mars/Olympus", "--zone"},
		{"--file " + sample + " --logins anna", "--logins"},
		{"--file " + sample + " more", "unexpected"},
		{"--file " + sample + " --target nonsense", "target"},
		{"--nope", "nope"},
	} {
		err := Command(t.Context(), io.Discard, io.Discard, strings.Fields(tt.args))
		if err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%q: %v", tt.args, err)
		}
	}
	if err := Command(t.Context(), io.Discard, io.Discard, []string{"-h"}); !errors.Is(err, flag.ErrHelp) {
		t.Error(err)
	}
}
