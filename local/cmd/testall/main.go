// Command testall runs every check and every test of the project, against one
// throwaway PostgreSQL and Temporal, and ends with how many passed and failed.
// `make test` builds what it needs and calls it in the root of the source tree.
//
//	go run ./local/cmd/testall                 everything
//	go run ./local/cmd/testall -only go,web    some steps
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/otklik/otklik/local/localtest"
)

// tally counts tests. A check that fails, or a test program that ends badly
// without naming a test, counts as one failed.
type tally struct{ passed, failed, skipped int }

func (t *tally) add(o tally) {
	t.passed += o.passed
	t.failed += o.failed
	t.skipped += o.skipped
}

// step is one part of the whole. What it returns with an error is still
// counted; the error is printed and makes sure that something counts as failed.
type step struct {
	name string
	run  func(ctx context.Context) (tally, error)
}

var steps = []step{
	{"gofmt", gofmt},
	{"vet", check("go", "vet", "./...")},
	{"staticcheck", check("go", "tool", "-modfile=tools/go.mod", "staticcheck", "./...")},
	{"workflowcheck", check("go", "tool", "-modfile=tools/go.mod", "workflowcheck", "./workflows/...")},
	{"generated", generated},
	{"requirements", check("go", "run", "./local/cmd/reqs", "-check")},
	{"go", goTests(allBut("/fire"))},
	// By itself: it asks for times, of processes that it starts and kills.
	{"fire", goTests(packages("-timeout", "20m", "./fire/..."))},
	{"temporal", temporalTests},
	{"typecheck", check("npm", "--prefix", "web", "run", "--silent", "typecheck")},
	{"web", webTests},
	{"e2e", browserTests},
}

func main() {
	var names []string
	for _, s := range steps {
		names = append(names, s.name)
	}
	only := flag.String("only", "", "comma-separated steps to run, of "+strings.Join(names, ","))
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var chosen []string
	if *only != "" {
		chosen = strings.Split(*only, ",")
	}
	for _, name := range chosen {
		if !slices.Contains(names, name) {
			fmt.Fprintf(os.Stderr, "testall: no step %q\n", name)
			os.Exit(2)
		}
	}
	var total tally
	var bad []string
	for _, s := range steps {
		if len(chosen) > 0 && !slices.Contains(chosen, s.name) {
			continue
		}
		if ctx.Err() != nil {
			break
		}
		fmt.Printf("== %s\n", s.name)
		began := time.Now()
		t, err := s.run(ctx)
		if err != nil {
			fmt.Printf("%s: %v\n", s.name, err)
			if t.failed == 0 {
				t.failed = 1
			}
		}
		if err != nil {
			bad = append(bad, fmt.Sprintf("%s (%v)", s.name, err))
		} else if t.failed > 0 {
			bad = append(bad, s.name)
		}
		fmt.Printf("-- %s: %d passed, %d failed, %d skipped in %s\n", s.name, t.passed, t.failed, t.skipped, time.Since(began).Round(100*time.Millisecond))
		total.add(t)
	}
	if ctx.Err() != nil {
		fmt.Println("testall: interrupted")
		total.failed++
	}
	if len(bad) > 0 {
		fmt.Println("failed:", strings.Join(bad, ", "))
	}
	if total.skipped > 0 {
		fmt.Printf("%d skipped\n", total.skipped)
	}
	fmt.Printf("%d passed, %d failed\n", total.passed, total.failed)
	if total.failed > 0 || total.passed == 0 {
		os.Exit(1)
	}
}

// command makes a command whose output is ours and which is interrupted with us.
func command(ctx context.Context, dir string, out io.Writer, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Stdout, cmd.Stderr = out, out
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 30 * time.Second
	return cmd
}

// check is a step that passes when a command does.
func check(name string, args ...string) func(context.Context) (tally, error) {
	return func(ctx context.Context) (tally, error) {
		return tally{}, command(ctx, ".", os.Stdout, name, args...).Run()
	}
}

// packages are arguments of `go test`, as they are.
func packages(args ...string) func(context.Context) ([]string, error) {
	return func(context.Context) ([]string, error) { return args, nil }
}

// allBut are all packages of the root module except those whose path ends so.
func allBut(suffix string) func(context.Context) ([]string, error) {
	return func(ctx context.Context) ([]string, error) {
		var out bytes.Buffer
		list := command(ctx, ".", &out, "go", "list", "./...")
		list.Stderr = os.Stderr
		if err := list.Run(); err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		return slices.DeleteFunc(strings.Fields(out.String()), func(p string) bool { return strings.HasSuffix(p, suffix) }), nil
	}
}

// goTests runs tests of the root module under the shared environment.
func goTests(arguments func(context.Context) ([]string, error)) func(context.Context) (tally, error) {
	return func(ctx context.Context) (t tally, err error) {
		args, err := arguments(ctx)
		if err != nil {
			return t, err
		}
		env, err := localtest.NewEnv(ctx)
		if err != nil {
			return t, err
		}
		defer func() { err = errors.Join(err, env.Stop()) }()
		if err := env.StartTemporal(ctx); err != nil {
			return t, err
		}
		return goTest(ctx, ".", append(os.Environ(),
			localtest.DatabaseEnv+"="+env.DatabaseURL, localtest.TemporalEnv+"="+env.TemporalAddress), args...)
	}
}

// temporalTests checks the module of Temporal's program. -trimpath is how the
// program is built: anything else would compile its thousand packages again.
func temporalTests(ctx context.Context) (tally, error) {
	vet := command(ctx, "cmd/temporal", os.Stdout, "go", "vet", "-trimpath", "./...")
	vetErr := vet.Run()
	t, err := goTest(ctx, "cmd/temporal", os.Environ(), "-trimpath", "./...")
	return t, errors.Join(vetErr, err)
}
