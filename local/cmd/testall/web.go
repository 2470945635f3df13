package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
)

// npmScript reads a script of a package, "" when it has none of this name.
func npmScript(dir, name string) (string, error) {
	var pkg struct{ Scripts map[string]string }
	err := readJSON(filepath.Join(dir, "package.json"), &pkg)
	return pkg.Scripts[name], err
}

func readJSON(path string, v any) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, v); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// webTests runs the unit tests of every web workspace that has some.
func webTests(ctx context.Context) (tally, error) {
	var pkg struct{ Workspaces []string }
	if err := readJSON("web/package.json", &pkg); err != nil {
		return tally{}, err
	}
	var total tally
	var errs []error
	for _, workspace := range pkg.Workspaces {
		script, err := npmScript(filepath.Join("web", workspace), "test")
		if err != nil {
			return total, err
		}
		if script == "" {
			continue
		}
		t, err := vitest(ctx, workspace)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", workspace, err))
			t.failed = max(t.failed, 1)
		}
		total.add(t)
	}
	return total, errors.Join(errs...)
}

func vitest(ctx context.Context, workspace string) (tally, error) {
	dir, err := os.MkdirTemp("", "otklik-vitest-")
	if err != nil {
		return tally{}, err
	}
	defer os.RemoveAll(dir)
	report := filepath.Join(dir, "report.json")
	runErr := command(ctx, "web", os.Stdout, "npm", "run", "--silent", "test", "-w", workspace, "--",
		"--reporter=default", "--reporter=json", "--outputFile.json="+report).Run()
	var r struct {
		NumPassedTests, NumFailedTests, NumPendingTests, NumTodoTests int
	}
	if err := readJSON(report, &r); err != nil {
		return tally{}, errors.Join(runErr, err)
	}
	return tally{passed: r.NumPassedTests, failed: r.NumFailedTests, skipped: r.NumPendingTests + r.NumTodoTests}, runErr
}

// browserTests runs the browser test, which starts bin/otklik itself.
func browserTests(ctx context.Context) (tally, error) {
	var out bytes.Buffer
	err := command(ctx, "e2e", io.MultiWriter(os.Stdout, &out), "npm", "run", "--silent", "e2e").Run()
	return countNode(out.Bytes()), err
}

// nodeCount is a line of the summary of node's test runner, "ℹ pass 12".
var nodeCount = regexp.MustCompile(`(?m)^(?:\x1b\[[0-9;]*m)*ℹ (pass|fail|cancelled|skipped|todo) (\d+)`)

func countNode(out []byte) tally {
	var t tally
	for _, m := range nodeCount.FindAllSubmatch(out, -1) {
		n, _ := strconv.Atoi(string(m[2])) // digits, by the pattern
		switch string(m[1]) {
		case "pass":
			t.passed += n
		case "fail", "cancelled":
			t.failed += n
		default:
			t.skipped += n
		}
	}
	return t
}
