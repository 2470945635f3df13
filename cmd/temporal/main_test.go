package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"strings"
	"testing"
)

func TestOptions(t *testing.T) {
	t.Setenv("DATABASE_URL", "postgres://u@h/d")
	for _, c := range []struct {
		args string
		err  string // part of the error, "" for none
	}{
		{"", ""},
		{"--host ::1 --port 1 --ui-port 0", ""},
		{"--host 0.0.0.0", "not a loopback address"},
		{"--host example.com", "not a loopback address"},
		{`--db-prefix a"b`, "lower-case letters"},
		{"serve", "unexpected argument"},
		{"--port x", "invalid value"},
	} {
		_, err := parse(strings.Fields(c.args), io.Discard)
		if got := ""; err != nil {
			got = err.Error()
			if c.err == "" || !strings.Contains(got, c.err) {
				t.Errorf("%s: %s", c.args, got)
			}
		} else if c.err != "" {
			t.Errorf("%s: accepted", c.args)
		}
	}
	t.Setenv("DATABASE_URL", "")
	if _, err := parse(nil, io.Discard); err == nil || !strings.Contains(err.Error(), "DATABASE_URL") {
		t.Errorf("without a database: %v", err)
	}
}

func TestDatabaseAddresses(t *testing.T) {
	for _, c := range []struct{ given, want string }{
		{"postgres://u@/app?host=/run/pg&port=5433", "postgres://u@/temporal?host=%2Frun%2Fpg&port=5433"},
		{"postgresql://u:p%40ss@db:5432/app?sslmode=require&pool_max_conns=9", "postgresql://u:p%40ss@db:5432/temporal?sslmode=require"},
	} {
		d, err := parseDatabase(c.given, "temporal")
		if err != nil {
			t.Fatal(err)
		}
		if got := d.url(d.main); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
		if d.visibility != "temporal_visibility" {
			t.Errorf("visibility database %s", d.visibility)
		}
	}
	_, err := parseDatabase("host=db user=u password=secret", "temporal")
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v", err)
	}
}

func TestTakenPortIsNamed(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	err = portsFree(options{host: "127.0.0.1", uiPort: l.Addr().(*net.TCPAddr).Port})
	if err == nil || !strings.Contains(err.Error(), "is taken (set --ui-port to another)") {
		t.Errorf("got %v", err)
	}
}

func TestEndOfInputStops(t *testing.T) {
	r, w := io.Pipe()
	ctx := untilEOF(context.Background(), r)
	if _, err := w.Write([]byte("words change nothing")); err != nil || ctx.Err() != nil {
		t.Fatalf("ended early: %v, %v", err, ctx.Err())
	}
	w.Close()
	<-ctx.Done()
}

func TestNoFlagsIsAnError(t *testing.T) {
	t.Setenv("DATABASE_URL", "")
	var errs bytes.Buffer
	if err := run(nil, strings.NewReader(""), io.Discard, &errs); err == nil {
		t.Error("started without a database")
	}
}
