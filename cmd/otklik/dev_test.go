package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/local"
	"github.com/otklik/otklik/local/localtest"
)

// fakeEnv makes this test binary stand for the commands `otklik dev` runs:
// what is tested here is dev, on a real PostgreSQL and a real Temporal.
const fakeEnv = "OTKLIK_DEV_TEST_FAKE"

func TestMain(m *testing.M) {
	if os.Getenv(fakeEnv) == "" || len(os.Args) < 2 || strings.HasPrefix(os.Args[1], "-test.") {
		localtest.Run(m) // it ends the program
	}
	if err := fake(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// fake plays one command.
func fake(name string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	switch name {
	case "dev": // the real one, in a process a test can kill
		m := &Main{Environ: os.Environ(), Stdout: os.Stdout, Stderr: os.Stderr, Self: os.Args[0]}
		os.Exit(m.Run(ctx, os.Args[1:]))
	case "migrate":
		for _, name := range []string{"TEMPORAL_ADDRESS", "TEMPORAL_UI_URL", "OTKLIK_PUBLIC_URL", "OTKLIK_LISTEN"} {
			if os.Getenv(name) == "" {
				return fmt.Errorf("%s is not set", name)
			}
		}
		_, err := scalar(os.Getenv("DATABASE_URL"), "CREATE TABLE IF NOT EXISTS starts ()")
		return err
	case "seed":
		n, err := scalar(os.Getenv("DATABASE_URL"), "WITH i AS (INSERT INTO starts DEFAULT VALUES) SELECT count(*)::text FROM starts")
		fmt.Printf("some words\nlogins: anna@demo.otklik/%s\n", n)
		return err
	case "worker":
		<-ctx.Done()
	case "serve":
		l, err := net.Listen("tcp", os.Getenv("OTKLIK_LISTEN"))
		if err != nil {
			return err
		}
		context.AfterFunc(ctx, func() { l.Close() })
		http.HandleFunc("/readyz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, os.Getpid()) })
		if err := http.Serve(l, nil); ctx.Err() == nil {
			return err
		}
	}
	return nil
}

// scalar runs a statement; a row of one text column is returned.
func scalar(url, sql string) (string, error) {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx)
	var s string
	err = conn.QueryRow(ctx, sql).Scan(&s)
	if errors.Is(err, pgx.ErrNoRows) {
		err = nil
	}
	return s, err
}

// setting is where one test's dev runs.
type setting struct {
	dir          string
	port, uiPort int
}

func newSetting(t *testing.T) setting {
	t.Helper()
	dir, err := os.MkdirTemp("", "otklik-dev-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	s := setting{dir: dir}
	for _, p := range []*int{&s.port, &s.uiPort} {
		if *p, err = local.FreePort(); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// environ is this process's environment without what would change the run.
func (s setting) environ() []string {
	var env []string
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "OTKLIK_") && !strings.HasPrefix(kv, "TEMPORAL_") && !strings.HasPrefix(kv, "DATABASE_URL=") {
			env = append(env, kv)
		}
	}
	return append(env, fakeEnv+"=1", "OTKLIK_DATA="+s.dir, fmt.Sprintf("OTKLIK_PORT=%d", s.port),
		fmt.Sprintf("OTKLIK_TEMPORAL_UI_PORT=%d", s.uiPort), "OTKLIK_TEMPORAL_BIN="+local.TemporalBinary())
}

// run is a dev inside this process.
type run struct {
	t      *testing.T
	ready  string // the ready line
	stderr *safeBuffer
	cancel context.CancelFunc
	code   chan int
}

func (s setting) start(t *testing.T) *run {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	out, w := io.Pipe()
	r := &run{t: t, stderr: &safeBuffer{}, cancel: cancel, code: make(chan int, 1)}
	m := &Main{Environ: s.environ(), Stdout: w, Stderr: r.stderr, Self: os.Args[0]}
	go func() {
		code := m.Run(ctx, []string{"dev"})
		w.Close()
		r.code <- code
	}()
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		cancel()
		t.Fatalf("dev ended: %s", r.stderr)
	}
	r.ready = lines.Text()
	go func() { _, _ = io.Copy(io.Discard, out) }()
	t.Cleanup(cancel)
	return r
}

// stop ends the run as Ctrl-C does.
func (r *run) stop() {
	r.t.Helper()
	began := time.Now()
	r.cancel()
	if code := <-r.code; code != 0 {
		r.t.Errorf("exit status %d: %s", code, r.stderr)
	}
	if took := time.Since(began); took > 15*time.Second {
		r.t.Errorf("stopping took %s", took)
	}
}

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// free says whether nothing of a run listens any more.
func (s setting) free() bool {
	_, err := os.Stat(filepath.Join(s.dir, "pg", "postmaster.pid"))
	return local.CheckPort("127.0.0.1", s.port, "") == nil && local.CheckPort("127.0.0.1", s.uiPort, "") == nil && err != nil
}

// servePID asks the fake API for its process number, "" when it is not there.
func (s setting) servePID() string {
	res, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/readyz", s.port))
	if err != nil {
		return ""
	}
	defer res.Body.Close()
	b, _ := io.ReadAll(res.Body)
	return string(b)
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(30 * time.Second)
	for !ok() {
		select {
		case <-deadline:
			t.Fatalf("not in time: %s", what)
		case <-tick.C:
		}
	}
}

func TestDevRunsStopsAndKeepsItsData(t *testing.T) {
	t.Parallel()
	s := newSetting(t)
	for i := range 2 {
		r := s.start(t)
		want := fmt.Sprintf("ready: console http://localhost:%d/console/ · demo shop http://localhost:%d/demo/ · Temporal http://127.0.0.1:%d · logins anna@demo.otklik/%d",
			s.port, s.port, s.uiPort, i)
		if r.ready != want {
			t.Errorf("the line is\n%s\nwant\n%s", r.ready, want)
		}
		r.stop()
		if !s.free() {
			t.Error("something is left behind")
		}
	}
}

func TestDevStartsAgainAfterKill(t *testing.T) {
	t.Parallel()
	s := newSetting(t)
	cmd := exec.Command(os.Args[0], "dev")
	cmd.Env = s.environ()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "ready:") {
		t.Fatalf("got %q, %v", line, err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed
	r := s.start(t)
	if !strings.HasSuffix(r.ready, "anna@demo.otklik/1") {
		t.Errorf("the data of the run before is not there: %s", r.ready)
	}
	r.stop()
}

func TestDevStartsAgainWhatDies(t *testing.T) {
	t.Parallel()
	s := newSetting(t)
	r := s.start(t)
	defer r.stop()

	before := s.servePID()
	pid, err := strconv.Atoi(before)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the API is back", func() bool { now := s.servePID(); return now != "" && now != before })

	postmaster := func() int {
		b, _ := os.ReadFile(filepath.Join(s.dir, "pg", "postmaster.pid"))
		first, _, _ := strings.Cut(string(b), "\n")
		n, _ := strconv.Atoi(first)
		return n
	}
	old := postmaster()
	if err := syscall.Kill(old, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	url := fmt.Sprintf("postgres://otklik@/otklik?host=%s/run&port=5432", s.dir)
	eventually(t, "PostgreSQL is back", func() bool {
		_, err := scalar(url, "SELECT count(*)::text FROM starts")
		return err == nil && postmaster() != old
	})
	if got := r.stderr.String(); !strings.Contains(got, "serve ended (signal: killed)") || !strings.Contains(got, "PostgreSQL ended (signal: killed)") {
		t.Errorf("nothing is said of what died: %s", got)
	}
}

func TestDevHasOneFolder(t *testing.T) {
	t.Parallel()
	s := newSetting(t)
	r := s.start(t)
	defer r.stop()
	other := newSetting(t)
	other.dir = s.dir
	code, stderr := other.fail()
	want := fmt.Sprintf("already runs on %s (process %d): stop it, or set OTKLIK_DATA", s.dir, os.Getpid())
	if code != 1 || !strings.Contains(stderr, want) {
		t.Errorf("got %d, %s", code, stderr)
	}
}

func TestDevNamesATakenPortBeforeItStartsAnything(t *testing.T) {
	t.Parallel()
	s := newSetting(t)
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", s.port))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	code, stderr := s.fail()
	want := fmt.Sprintf("port %d is taken (set OTKLIK_PORT to another)", s.port)
	if code != 1 || !strings.Contains(stderr, want) {
		t.Errorf("got %d, %s", code, stderr)
	}
	if _, err := os.Stat(filepath.Join(s.dir, "pg")); err == nil {
		t.Error("a cluster was made")
	}
}

// fail runs dev where it cannot start.
func (s setting) fail() (code int, stderr string) {
	var errs safeBuffer
	m := &Main{Environ: s.environ(), Stdout: io.Discard, Stderr: &errs, Self: os.Args[0]}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	code = m.Run(ctx, []string{"dev"})
	return code, errs.String()
}

func TestCommandLine(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args   []string
		code   int
		stderr string
	}{
		{nil, 2, "usage: otklik <command>"},
		{[]string{"nonsense"}, 2, `no command "nonsense"`},
		{[]string{"dev", "-h"}, 2, "OTKLIK_DATA"},
		{[]string{"dev", "extra"}, 2, `unexpected argument "extra"`},
	} {
		var errs bytes.Buffer
		m := &Main{Stdout: io.Discard, Stderr: &errs}
		if code := m.Run(context.Background(), c.args); code != c.code || !strings.Contains(errs.String(), c.stderr) {
			t.Errorf("otklik %v: %d, %s", c.args, code, &errs)
		}
	}
	m := &Main{Environ: []string{"OTKLIK_PORT=all"}, Stdout: io.Discard, Stderr: io.Discard}
	if code := m.Run(context.Background(), []string{"dev"}); code != 2 {
		t.Errorf("a port that is none: %d", code)
	}
}
