package local

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/types/known/durationpb"
)

const (
	// temporalReady bounds a start, with the first making of the schema.
	temporalReady = 90 * time.Second
	// temporalStop bounds a clean stop; Temporal's truth is in PostgreSQL.
	temporalStop = 3 * time.Second
	// namespaceRetention is how long closed workflows are kept.
	namespaceRetention = 3 * 24 * time.Hour
)

// TemporalOptions says what Temporal to use.
type TemporalOptions struct {
	// Address, when not empty, is used as it is (host:port) and nothing is
	// started; UIURL is then where its Web UI is, if known.
	Address, UIURL string
	// Namespace to use, made when absent.
	Namespace string

	Binary      string    // path of otklik-temporal
	DatabaseURL string    // of the cluster to store in
	DBPrefix    string    // name of its database there, "temporal" when empty
	Port        int       // 0 picks a free one
	UIPort      int       // 0 starts no Web UI
	Output      io.Writer // gets the server's log; nil drops it
}

// Temporal is a running Temporal.
type Temporal struct {
	Address   string // host:port of its frontend
	UIURL     string // "" without one
	Namespace string

	process *Process // nil when it is not ours
	stdin   io.Closer
}

// StartTemporal returns a Temporal in which the namespace is usable.
func StartTemporal(ctx context.Context, opts TemporalOptions) (*Temporal, error) {
	if opts.Address != "" {
		if err := EnsureNamespace(ctx, opts.Address, opts.Namespace); err != nil {
			return nil, fmt.Errorf("Temporal at %s: %w", opts.Address, err)
		}
		return &Temporal{Address: opts.Address, UIURL: opts.UIURL, Namespace: opts.Namespace}, nil
	}
	if _, err := os.Stat(opts.Binary); err != nil {
		return nil, fmt.Errorf("no Temporal at %s: type `make build`, or set TEMPORAL_ADDRESS to a running one", opts.Binary)
	}
	// A free port can be lost between choosing and using it: try again then. Of the ports that the child chooses itself the
	// reason may be no longer in the last of its output, so every end while starting is one.
	for attempt := 1; ; attempt++ {
		t, err := startTemporal(ctx, opts)
		if err == nil || attempt == 3 {
			return t, err
		}
		inside := strings.Contains(err.Error(), "ended while starting") && !strings.Contains(err.Error(), "is taken")
		ours := strings.Contains(err.Error(), "is taken") && opts.Port == 0
		if !inside && !ours {
			return nil, err
		}
	}
}

func startTemporal(ctx context.Context, opts TemporalOptions) (*Temporal, error) {
	port := opts.Port
	if port == 0 {
		var err error
		if port, err = FreePort(); err != nil {
			return nil, err
		}
	}
	prefix := opts.DBPrefix
	if prefix == "" {
		prefix = "temporal"
	}
	cmd := exec.Command(opts.Binary, "--port", fmt.Sprint(port), "--ui-port", fmt.Sprint(opts.UIPort),
		"--db-prefix", prefix, "--namespace", opts.Namespace, "--exit-on-eof")
	cmd.Env = append(os.Environ(), "DATABASE_URL="+opts.DatabaseURL)
	errs := &lastBytes{next: opts.Output}
	cmd.Stderr = errs
	stdin, err := cmd.StdinPipe() // its end tells the child that we are gone
	if err != nil {
		return nil, err
	}
	// Not StdoutPipe: Wait would close it under the reader.
	stdout, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd.Stdout = w
	t := &Temporal{Namespace: opts.Namespace, stdin: stdin}
	t.process, err = Start(cmd, syscall.SIGTERM)
	w.Close()
	if err != nil {
		stdout.Close()
		return nil, fmt.Errorf("start Temporal: %w", err)
	}
	ready := make(chan map[string]string, 1)
	go func() {
		defer stdout.Close()
		lines := bufio.NewScanner(stdout)
		for lines.Scan() {
			if rest, ok := strings.CutPrefix(lines.Text(), "temporal: ready "); ok {
				ready <- fields(rest)
			}
		}
	}()
	select {
	case f := <-ready:
		t.Address = f["address"]
		if f["ui"] != "none" {
			t.UIURL = f["ui"]
		}
		return t, nil
	case <-t.process.Done():
		err = fmt.Errorf("Temporal ended while starting (%w): %s", t.process.Err(), errs)
	case <-ctx.Done():
		err = ctx.Err()
	case <-time.After(temporalReady):
		err = fmt.Errorf("Temporal was not ready within %s: %s", temporalReady, errs)
	}
	return nil, errors.Join(err, t.Stop())
}

// fields splits "a=1 b=2".
func fields(s string) map[string]string {
	m := map[string]string{}
	for _, f := range strings.Fields(s) {
		k, v, _ := strings.Cut(f, "=")
		m[k] = v
	}
	return m
}

// lastBytes passes on what is written and keeps the end of it for an error.
type lastBytes struct {
	next io.Writer
	mu   sync.Mutex
	buf  []byte
}

func (l *lastBytes) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.buf = append(l.buf, p...)
	if len(l.buf) > 4000 {
		l.buf = l.buf[len(l.buf)-2000:]
	}
	if l.next != nil {
		return l.next.Write(p)
	}
	return len(p), nil
}

func (l *lastBytes) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.TrimSpace(string(l.buf))
}

// Done is closed when our Temporal has ended by itself; for one that is not
// ours it is nil and never ready.
func (t *Temporal) Done() <-chan struct{} {
	if t.process == nil {
		return nil
	}
	return t.process.Done()
}

// PID is the process number of our Temporal, 0 of any other.
func (t *Temporal) PID() int {
	if t.process == nil {
		return 0
	}
	return t.process.PID()
}

// Stop ends our Temporal; one that is not ours keeps running.
func (t *Temporal) Stop() error {
	if t.process == nil {
		return nil
	}
	defer t.stdin.Close()
	return t.process.Stop(syscall.SIGTERM, temporalStop)
}

// EnsureNamespace registers the namespace at address where it is absent and
// returns when it is usable.
func EnsureNamespace(ctx context.Context, address, namespace string) error {
	c, err := client.DialContext(ctx, client.Options{HostPort: address, Namespace: namespace, Logger: quiet{}})
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = c.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: namespace})
	if err == nil {
		return nil
	}
	_, err = c.WorkflowService().RegisterNamespace(ctx, &workflowservice.RegisterNamespaceRequest{
		Namespace:                        namespace,
		WorkflowExecutionRetentionPeriod: durationpb.New(namespaceRetention),
	})
	if err != nil && !strings.Contains(err.Error(), "already exists") {
		return err
	}
	// The services learn of a new namespace from their caches, within seconds.
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		_, err := c.WorkflowService().CountWorkflowExecutions(ctx, &workflowservice.CountWorkflowExecutionsRequest{Namespace: namespace})
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// quiet is an SDK logger that says nothing: what goes wrong is returned.
type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}

// TemporalBinary is the path of Temporal's program: OTKLIK_TEMPORAL_BIN, else
// otklik-temporal beside this program or in bin of the source tree.
func TemporalBinary() string {
	if path := os.Getenv("OTKLIK_TEMPORAL_BIN"); path != "" {
		return path
	}
	const name = "otklik-temporal"
	if exe, err := os.Executable(); err == nil {
		if beside := filepath.Join(filepath.Dir(exe), name); fileExists(beside) {
			return beside
		}
	}
	dir, err := os.Getwd()
	if err != nil {
		return filepath.Join("bin", name)
	}
	for d := dir; ; d = filepath.Dir(d) {
		if path := filepath.Join(d, "bin", name); fileExists(path) {
			return path
		}
		if d == filepath.Dir(d) {
			return filepath.Join(dir, "bin", name)
		}
	}
}

func fileExists(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir()
}
