package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/otklik/otklik/store/storetest"
)

// I-02: the command takes a token once, says so, and knows a dialog that is not there.
func TestRevoke(t *testing.T) {
	t.Parallel()
	shop := storetest.New(t)
	d := shop.Dialog()
	run := func(want int, args ...string) string {
		t.Helper()
		var out, errs bytes.Buffer
		m := &Main{Environ: []string{"DATABASE_URL=" + shop.URL}, Stdout: &out, Stderr: &errs}
		if got := m.Run(t.Context(), append([]string{"revoke"}, args...)); got != want {
			t.Fatalf("%v: %d %s", args, got, errs.String())
		}
		return out.String() + errs.String()
	}
	if got := run(0, "--dialog", d); !strings.HasSuffix(got, ": revoked\n") {
		t.Error(got)
	}
	if got := run(0, "--dialog", d); !strings.HasSuffix(got, ": was revoked before\n") {
		t.Error(got)
	}
	if got := run(1, "--dialog", uuid.NewString()); !strings.Contains(got, "not found") {
		t.Error(got)
	}
	run(2)
}
