package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

func TestGoEventsAreCounted(t *testing.T) {
	t.Parallel()
	in := strings.Join([]string{
		`{"Action":"run","Package":"a","Test":"TestGood"}`,
		`{"Action":"output","Package":"a","Test":"TestGood","Output":"quiet\n"}`,
		`{"Action":"pass","Package":"a","Test":"TestGood"}`,
		`{"Action":"run","Package":"a","Test":"TestTable"}`,
		`{"Action":"run","Package":"a","Test":"TestTable/x"}`,
		`{"Action":"run","Package":"a","Test":"TestTable/y"}`,
		`{"Action":"output","Package":"a","Test":"TestTable/y","Output":"reason\n"}`,
		`{"Action":"pass","Package":"a","Test":"TestTable/x"}`,
		`{"Action":"fail","Package":"a","Test":"TestTable/y"}`,
		`{"Action":"fail","Package":"a","Test":"TestTable"}`,
		`{"Action":"run","Package":"a","Test":"TestLater"}`,
		`{"Action":"skip","Package":"a","Test":"TestLater"}`,
		`{"Action":"fail","Package":"a"}`,
		`{"Action":"run","Package":"b","Test":"TestPanics"}`,
		`{"Action":"output","Package":"b","Test":"TestPanics","Output":"panic: no\n"}`,
		`{"Action":"fail","Package":"b"}`,
		`{"ImportPath":"c","Action":"build-output","Output":"c.go:1: undefined\n"}`,
		`{"Action":"fail","Package":"c","FailedBuild":"c"}`,
		`go: something else`,
		`{"Action":"skip","Package":"d"}`,
	}, "\n")
	var out bytes.Buffer
	got, failed := countGo(strings.NewReader(in), &out)
	if want := (tally{passed: 2, failed: 3, skipped: 1}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if want := []string{"TestTable/y", "TestPanics"}; !slices.Equal(failed, want) {
		t.Errorf("failed are %v, want %v", failed, want)
	}
	for _, want := range []string{"reason", "panic: no", "c.go:1: undefined", "go: something else"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output lacks %q", want)
		}
	}
	if strings.Contains(out.String(), "quiet") {
		t.Error("a passed test is not quiet")
	}
}

func TestNodeSummaryIsCounted(t *testing.T) {
	t.Parallel()
	got := countNode([]byte("✔ a (1ms)\nℹ tests 6\n\x1b[34mℹ pass 4\x1b[39m\nℹ fail 1\nℹ cancelled 1\nℹ skipped 2\nℹ todo 0\n"))
	if want := (tally{passed: 4, failed: 2, skipped: 2}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
