// Command reqs writes the table at the end of docs/requirements.md: each requirement with the tests that carry its
// number. A test carries a number when it stands in the test's title, in the comment above it, or, in Go, in its body.
// A range is refused: it says nothing of which numbers in it are checked.
//
//	go run ./local/cmd/reqs            writes the table
//	go run ./local/cmd/reqs -check     fails when the table is not what it would write, a requirement has no test, or one
//	                                   of the console has none in a browser
package main

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

const (
	page  = "docs/requirements.md"
	begin = "<!-- tests: written by local/cmd/reqs -->"
)

func main() {
	check := flag.Bool("check", false, "compare instead of writing; a requirement without a test is an error")
	flag.Parse()
	if err := run(".", *check); err != nil {
		fmt.Fprintln(os.Stderr, "reqs:", err)
		os.Exit(1)
	}
}

func run(root string, check bool) error {
	path := filepath.Join(root, page)
	old, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	text, _, _ := bytes.Cut(old, []byte(begin))
	wanted := defined(string(text))
	found, err := collect(root)
	if err != nil {
		return err
	}
	var unknown, missing, unseen []string
	for number := range found {
		if !slices.Contains(wanted, number) {
			unknown = append(unknown, number)
		}
	}
	for _, number := range wanted {
		if len(found[number]) == 0 {
			missing = append(missing, number)
		}
	}
	for _, number := range ofTheConsole(string(text)) {
		if !slices.ContainsFunc(found[number], func(test string) bool { return strings.HasPrefix(test, "e2e/") }) {
			unseen = append(unseen, number)
		}
	}
	slices.Sort(unknown)
	if len(unknown) > 0 {
		return fmt.Errorf("tests name what is no requirement: %s", strings.Join(unknown, ", "))
	}
	now := append(bytes.TrimRight(text, "\n"), "\n\n"+table(wanted, found)...)
	if !check {
		fmt.Printf("reqs: %d requirements; without a test: %s; of the console and in no browser: %s\n",
			len(wanted), strings.Join(missing, ", "), strings.Join(unseen, ", "))
		return os.WriteFile(path, now, 0o644)
	}
	if len(missing) > 0 {
		return fmt.Errorf("no test carries %s", strings.Join(missing, ", "))
	}
	if len(unseen) > 0 {
		return fmt.Errorf("no test in a browser carries %s, which the console shows", strings.Join(unseen, ", "))
	}
	if !bytes.Equal(old, now) {
		return fmt.Errorf("the table in %s is old: go run ./local/cmd/reqs", page)
	}
	return nil
}

var (
	definition = regexp.MustCompile(`(?m)^\*\*([RI]-[0-9]+)\*\*`)
	console    = regexp.MustCompile(`(?m)^- Part:.*Console UI`)
	mention    = regexp.MustCompile(`\b[RI]-[0-9]{2,3}\b`)
	span       = regexp.MustCompile(`\b[RI]-[0-9]{2,3} ?(?:to|\.\.|…|-|–|—) ?(?:[RI]-)?[0-9]{2,3}\b`)
)

// defined are the numbers the page defines, in its order.
func defined(page string) []string {
	var out []string
	for _, m := range definition.FindAllStringSubmatch(page, -1) {
		out = append(out, m[1])
	}
	return out
}

// ofTheConsole are the numbers whose part is the console: they are seen on its screen or not at all.
func ofTheConsole(page string) []string {
	var out []string
	for entry := range strings.SplitSeq(page, "\n\n") {
		if m := definition.FindStringSubmatch(entry); m != nil && console.MatchString(entry) {
			out = append(out, m[1])
		}
	}
	return out
}

// collect finds the tests of each number.
func collect(root string) (map[string][]string, error) {
	found := map[string]map[string]bool{}
	var spans []string
	add := func(test, text string) {
		if r := span.FindString(text); r != "" {
			spans = append(spans, fmt.Sprintf("%s: %s", test, r))
		}
		for _, n := range mention.FindAllString(text, -1) {
			if found[n] == nil {
				found[n] = map[string]bool{}
			}
			found[n][test] = true
		}
	}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && path != root && (name == "node_modules" || name == "dist" || strings.HasPrefix(name, ".")) {
			return fs.SkipDir
		}
		rel, _ := filepath.Rel(root, path)
		switch {
		case d.IsDir() && rel == filepath.Join("local", "cmd", "reqs"):
			return fs.SkipDir // its own tests name numbers as examples
		case strings.HasSuffix(name, "_test.go"):
			return goFile(path, filepath.ToSlash(rel), add)
		case strings.HasSuffix(name, ".test.ts"), strings.HasSuffix(name, ".test.tsx"), strings.HasSuffix(name, ".test.mjs"):
			return scriptFile(path, filepath.ToSlash(rel), add)
		}
		return nil
	})
	out := map[string][]string{}
	for n, tests := range found {
		out[n] = slices.Sorted(maps.Keys(tests))
	}
	if err == nil && len(spans) > 0 {
		err = fmt.Errorf("name each number instead of a range:\n%s", strings.Join(spans, "\n"))
	}
	return out, err
}

func goFile(path, rel string, add func(test, text string)) error {
	src, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, path, src, parser.ParseComments)
	if err != nil {
		return err
	}
	for _, decl := range file.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok || f.Recv != nil || !strings.HasPrefix(f.Name.Name, "Test") {
			continue
		}
		text := string(src[set.Position(f.Pos()).Offset:set.Position(f.End()).Offset])
		add(rel+": "+f.Name.Name, f.Doc.Text()+text)
	}
	return nil
}

var call = regexp.MustCompile("(?m)((?:^[ \t]*//.*\n)*)^[ \t]*(?:await )?(?:t\\.)?(?:test|it|describe|step)(?:\\.each\\([^\n]*\\))?\\(\\s*(?:'([^'\n]*)'|\"([^\"\n]*)\"|`([^`]*)`)")

func scriptFile(path, rel string, add func(test, text string)) error {
	src, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	for _, m := range call.FindAllStringSubmatch(string(src), -1) {
		title := m[2] + m[3] + m[4]
		add(rel+": "+title, m[1]+title)
	}
	return nil
}

func table(wanted []string, found map[string][]string) string {
	var b strings.Builder
	b.WriteString(begin + "\n\n## Tests\n\nWhich tests carry which requirement. `go run ./local/cmd/reqs` writes this table; `make test` checks it.\n\n| | Tests |\n|---|---|\n")
	for _, n := range wanted {
		cells := make([]string, len(found[n]))
		for i, t := range found[n] {
			cells[i] = strings.ReplaceAll(t, "|", "\\|")
		}
		fmt.Fprintf(&b, "| %s | %s |\n", n, strings.Join(cells, "<br>"))
	}
	return b.String()
}
