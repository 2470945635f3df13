// Command mutants plants the faults of list.txt, one at a time, and sees that the test named beside each one fails.
// A test that passes without its fault and still passes with it guards nothing. `make mutants` runs it.
//
//	go run ./local/cmd/mutants              all
//	go run ./local/cmd/mutants -only R-043  those whose name contains the text
package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/otklik/otklik/local/localtest"
)

//go:embed list.txt
var list string

// mutant is a fault and the test that must see it.
type mutant struct {
	name string // area and the numbers of what is broken
	file string // from the root
	find string // stands there once
	make string // put there instead; empty: taken away
	fail string // "go ./dialog TestX" or "web console src/x.test.ts"
}

// limit of one run of one test.
const limit = 5 * time.Minute

func main() {
	only := flag.String("only", "", "those whose name contains this")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Stdout, *only); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, only string) (err error) {
	all, err := parse(list)
	if err != nil {
		return err
	}
	env, err := localtest.NewEnv(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, env.Stop()) }()
	if err := env.StartTemporal(ctx); err != nil {
		return err
	}
	tree, err := os.MkdirTemp("", "otklik-mutants-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tree)
	l := lab{dir: tree, passes: map[string]error{}, env: append(os.Environ(),
		localtest.DatabaseEnv+"="+env.DatabaseURL, localtest.TemporalEnv+"="+env.TemporalAddress)}
	caught, missed := 0, 0
	for _, m := range all {
		if !strings.Contains(m.name, only) {
			continue
		}
		if err := l.try(ctx, m); err != nil {
			missed++
			fmt.Fprintf(out, "MISSED %s (%s): %v\n", m.name, m.file, err)
			continue
		}
		caught++
		fmt.Fprintf(out, "caught %s by %s\n", m.name, m.fail)
	}
	fmt.Fprintf(out, "%d planted faults caught, %d not\n", caught, missed)
	if missed > 0 || caught == 0 {
		return errors.New("not every planted fault was caught")
	}
	return ctx.Err()
}

// parse reads blocks of "key: value" lines, separated by blank lines; # begins a comment.
func parse(text string) ([]mutant, error) {
	var out []mutant
	for block := range strings.SplitSeq(text, "\n\n") {
		var m mutant
		keys := map[string]*string{"name": &m.name, "file": &m.file, "find": &m.find, "make": &m.make, "fail": &m.fail}
		for line := range strings.SplitSeq(block, "\n") {
			if line == "" || strings.HasPrefix(line, "#") {
				continue
			}
			key, value, ok := strings.Cut(line, ": ")
			if value == "" {
				key = strings.TrimSuffix(key, ":") // `make:` alone takes the text away
			}
			if keys[key] == nil || (!ok && key != "make") {
				return nil, fmt.Errorf("list.txt: what is %q?", line)
			}
			*keys[key] = value
		}
		if m == (mutant{}) {
			continue
		}
		if m.name == "" || m.file == "" || m.find == "" || m.fail == "" {
			return nil, fmt.Errorf("list.txt: incomplete: %q", block)
		}
		out = append(out, m)
	}
	return out, nil
}

// lab is where faults are planted: never in the source tree itself.
type lab struct {
	dir    string
	env    []string
	passes map[string]error // tests without a fault
	web    string           // copy of the tree, for tests of scripts; empty: not made yet
}

// try plants one fault. nil: the test passes without it and fails with it.
func (l *lab) try(ctx context.Context, m mutant) error {
	src, err := os.ReadFile(m.file)
	if err != nil {
		return err
	}
	if n := bytes.Count(src, []byte(m.find)); n != 1 {
		return fmt.Errorf("%q stands there %d times, not once", m.find, n)
	}
	faulty := bytes.Replace(src, []byte(m.find), []byte(m.make), 1)
	kind, rest, _ := strings.Cut(m.fail, " ")
	where, test, ok := strings.Cut(rest, " ")
	if !ok {
		return fmt.Errorf("%q names no test", m.fail)
	}
	switch kind {
	case "go":
		return l.goTest(ctx, m.file, faulty, where, test)
	case "web":
		return l.webTest(ctx, m.file, src, faulty, where, test)
	}
	return fmt.Errorf("%q is no kind of test", kind)
}

// goTest plants by an overlay, so that nothing but the faulty package is compiled anew.
func (l *lab) goTest(ctx context.Context, file string, faulty []byte, pkg, test string) error {
	sound := func() error {
		out, err := l.command(ctx, ".", "go", "test", "-count=1", "-run", "^"+test+"$", pkg)
		if err == nil && bytes.Contains(out, []byte("no tests to run")) {
			err = errors.New("no such test")
		}
		return describe(err, out)
	}
	if err := l.once("go "+pkg+" "+test, sound); err != nil {
		return fmt.Errorf("the test fails without the fault: %w", err)
	}
	path, err := filepath.Abs(file)
	if err != nil {
		return err
	}
	planted := filepath.Join(l.dir, "planted.go")
	overlay := filepath.Join(l.dir, "overlay.json")
	raw, err := json.Marshal(map[string]any{"Replace": map[string]string{path: planted}})
	if err == nil {
		err = errors.Join(os.WriteFile(planted, faulty, 0o644), os.WriteFile(overlay, raw, 0o644))
	}
	if err != nil {
		return err
	}
	out, err := l.command(ctx, ".", "go", "test", "-count=1", "-overlay", overlay, "-run", "^"+test+"$", pkg)
	return verdict(err, out, "--- FAIL: "+test)
}

// webTest plants in a copy of the tree.
func (l *lab) webTest(ctx context.Context, file string, src, faulty []byte, workspace, test string) error {
	if err := l.copyTree(ctx); err != nil {
		return err
	}
	dir := filepath.Join(l.web, "web", workspace)
	runTest := func() ([]byte, error) { return l.command(ctx, dir, "npx", "vitest", "run", test) }
	if err := l.once("web "+workspace+" "+test, func() error { out, err := runTest(); return describe(err, out) }); err != nil {
		return fmt.Errorf("the test fails without the fault: %w", err)
	}
	copied := filepath.Join(l.web, file)
	if err := os.WriteFile(copied, faulty, 0o644); err != nil {
		return err
	}
	out, err := runTest()
	return errors.Join(verdict(err, out, "FAIL "), os.WriteFile(copied, src, 0o644))
}

// copyTree copies what git knows, and links what npm installed.
func (l *lab) copyTree(ctx context.Context) error {
	if l.web != "" {
		return nil
	}
	to := filepath.Join(l.dir, "tree")
	script := `set -e; mkdir -p "$0"; git ls-files -z -- web texts api dialog transcript e2e package.json | xargs -0 cp --parents -t "$0" 2>/dev/null || true
find web e2e -maxdepth 3 -name node_modules -not -path '*/node_modules/*' | while read -r d; do ln -s "$PWD/$d" "$0/$d"; done`
	if out, err := l.command(ctx, ".", "sh", "-c", script, to); err != nil {
		return describe(err, out)
	}
	l.web = to
	return nil
}

func (l *lab) once(key string, f func() error) error {
	if _, done := l.passes[key]; !done {
		l.passes[key] = f()
	}
	return l.passes[key]
}

func (l *lab) command(ctx context.Context, dir, name string, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env, cmd.WaitDelay = dir, l.env, 10*time.Second
	return cmd.CombinedOutput()
}

// verdict of a run with a fault: it must have failed by the test, not because the fault does not compile.
func verdict(err error, out []byte, mark string) error {
	switch {
	case err == nil:
		return errors.New("the test passes with the fault")
	case !bytes.Contains(out, []byte(mark)):
		return fmt.Errorf("it failed, but not by the test: %w", describe(err, out))
	}
	return nil
}

func describe(err error, out []byte) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w\n%s", err, out[max(0, len(out)-2000):])
}
