package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
)

// event is a line of `go test -json`.
type event struct {
	Action, Package, Test, Output string
	ImportPath                    string // of build-output and build-fail
	Elapsed                       float64
}

// goTest runs go test in dir and counts. What a failed test printed is shown
// whole, of a passed one nothing.
func goTest(ctx context.Context, dir string, env []string, args ...string) (tally, error) {
	r, w := io.Pipe()
	cmd := command(ctx, dir, os.Stdout, "go", append([]string{"test", "-json"}, args...)...)
	cmd.Env = env
	cmd.Stdout = w
	var t tally
	var failed []string
	var counting sync.WaitGroup
	counting.Go(func() { t, failed = countGo(r, os.Stdout) })
	err := cmd.Run()
	w.Close()
	counting.Wait()
	if err != nil && len(failed) > 0 {
		err = fmt.Errorf("%w: %s", err, strings.Join(failed, ", "))
	}
	return t, err
}

// countGo reads the events of `go test -json`, writes what people need, and
// names what failed. Only leaves are counted: a test with subtests is counted by them.
func countGo(in io.Reader, out io.Writer) (total tally, failed []string) {
	type state struct {
		output  strings.Builder
		verdict string
		parent  bool
	}
	packages := map[string]map[string]*state{}
	test := func(pkg, name string) *state {
		if packages[pkg] == nil {
			packages[pkg] = map[string]*state{}
		}
		if packages[pkg][name] == nil {
			packages[pkg][name] = &state{}
		}
		return packages[pkg][name]
	}
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) != nil {
				fmt.Fprintf(out, "%s", line) // of the go command itself
			} else {
				switch e.Action {
				case "build-output":
					fmt.Fprint(out, e.Output)
				case "run":
					for name := e.Test; ; {
						i := strings.LastIndex(name, "/")
						if i < 0 {
							break
						}
						name = name[:i]
						test(e.Package, name).parent = true
					}
				case "output":
					test(e.Package, e.Test).output.WriteString(e.Output)
				case "pass", "fail", "skip":
					s := test(e.Package, e.Test)
					s.verdict = e.Action
					if e.Test != "" {
						if e.Action == "fail" {
							fmt.Fprint(out, s.output.String())
						}
						s.output.Reset()
						break
					}
					var t tally
					for name, s := range packages[e.Package] {
						switch {
						case name == "" || s.parent && s.verdict == "pass":
						case s.verdict == "pass":
							t.passed++
						case s.verdict == "skip":
							t.skipped++
						case !s.parent:
							t.failed++ // "" too: it was running when its program ended
							failed = append(failed, name)
							fmt.Fprint(out, s.output.String())
						}
					}
					if e.Action == "fail" && t.failed == 0 {
						t.failed = 1
					}
					if e.Action == "fail" {
						fmt.Fprint(out, s.output.String())
					}
					if e.Action == "skip" { // a package without tests
						delete(packages, e.Package)
						break
					}
					fmt.Fprintf(out, "%-4s %s: %d passed, %d failed (%.1fs)\n", e.Action, e.Package, t.passed, t.failed, e.Elapsed)
					total.add(t)
					delete(packages, e.Package)
				}
			}
		}
		if err != nil {
			return total, failed
		}
	}
}
