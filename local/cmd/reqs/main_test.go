package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A house of two requirements: one with tests of each language, one without.
func TestRun(t *testing.T) {
	root := t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(page, "**R-001** one\n- Part: API, Console UI\n\n**I-02** two\n- Part: API\n")
	write("a/a_test.go", "package a\n\nimport \"testing\"\n\n// TestOne: R-001.\nfunc TestOne(t *testing.T) {}\n\n// helper R-777\nfunc help() {}\n")
	write("web/a.test.ts", "// I-02\nit('keeps', () => {})\ntest(\"R-001 draws\", async () => {})\n")
	write("web/node_modules/x.test.ts", "it('R-999', () => {})\n")
	if err := run(root, true); err == nil {
		t.Fatal("a page without the table passed")
	}
	if err := run(root, false); err != nil {
		t.Fatal(err)
	}
	if err := run(root, true); err == nil || !strings.Contains(err.Error(), "R-001") {
		t.Errorf("a requirement of the console that no browser shows passed: %v", err)
	}
	write("e2e/a.test.mjs", "  await step('shows it (R-001)', async () => {})\n")
	if err := run(root, false); err != nil {
		t.Fatal(err)
	}
	if err := run(root, true); err != nil {
		t.Fatal(err)
	}
	raw, _ := os.ReadFile(filepath.Join(root, page))
	for _, want := range []string{"| R-001 | a/a_test.go: TestOne<br>e2e/a.test.mjs: shows it (R-001)<br>web/a.test.ts: R-001 draws |", "| I-02 | web/a.test.ts: keeps |"} {
		if !slices.Contains(strings.Split(string(raw), "\n"), want) {
			t.Errorf("no line %q in\n%s", want, raw)
		}
	}
	write("web/a.test.ts", "test('R-001 draws', async () => {})\n")
	if err := run(root, true); err == nil || !strings.Contains(err.Error(), "I-02") {
		t.Errorf("a requirement without a test passed: %v", err)
	}
	for title, why := range map[string]string{"I-99": "no requirement", "R-001 to R-003": "a range", "R-001–003": "a range"} {
		write("web/b.test.ts", "it('"+title+"', () => {})\n")
		if err := run(root, false); err == nil {
			t.Errorf("%s passed, which is %s", title, why)
		}
	}
}
