package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// gofmt names the Go files that are not formatted.
func gofmt(ctx context.Context) (tally, error) {
	var files []string
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		hidden := strings.HasPrefix(d.Name(), ".") && path != "."
		if d.IsDir() && (hidden || d.Name() == "node_modules" || d.Name() == "dist") {
			return fs.SkipDir
		}
		if strings.HasSuffix(path, ".go") {
			files = append(files, path)
		}
		return nil
	})
	if err != nil {
		return tally{}, err
	}
	var out bytes.Buffer
	if err := command(ctx, ".", &out, "gofmt", append([]string{"-l"}, files...)...).Run(); err != nil {
		return tally{}, fmt.Errorf("%w\n%s", err, out.String())
	}
	if out.Len() > 0 {
		return tally{}, fmt.Errorf("not formatted:\n%s", out.String())
	}
	return tally{}, nil
}

// generated compares what `make generate` makes with what is committed.
func generated(ctx context.Context) (tally, error) {
	return tally{}, errors.Join(goTypes(ctx), webTypes(ctx))
}

// goTypes regenerates the Go types of the contract.
func goTypes(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "otklik-generated-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	config, err := os.ReadFile("api/oapi-codegen.yaml")
	if err != nil {
		return err
	}
	const file = "types.gen.go"
	made := filepath.Join(dir, file)
	elsewhere := filepath.Join(dir, "config.yaml")
	config = bytes.Replace(config, []byte("output: "+file), []byte("output: "+made), 1)
	if err := os.WriteFile(elsewhere, config, 0o644); err != nil {
		return err
	}
	var out bytes.Buffer
	err = command(ctx, "api", &out, "go", "tool", "-modfile=../tools/go.mod", "oapi-codegen", "-config", elsewhere, "openapi.yaml").Run()
	if err != nil {
		return fmt.Errorf("oapi-codegen: %w\n%s", err, out.String())
	}
	return same("api/"+file, made)
}

// webTypes regenerates the TypeScript types of the contract.
func webTypes(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "otklik-generated-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	made := filepath.Join(dir, "api.gen.ts")
	script, err := npmScript("web/shared/openapi", "generate")
	if err != nil {
		return err
	}
	args := strings.Fields(strings.Replace(script, "../api.gen.ts", made, 1))
	var out bytes.Buffer
	if err := command(ctx, "web/shared/openapi", &out, "npx", append([]string{"--no-install"}, args...)...).Run(); err != nil {
		return fmt.Errorf("%s: %w\n%s", args[0], err, out.String())
	}
	return same("web/shared/api.gen.ts", made)
}

func same(committed, made string) error {
	a, err := os.ReadFile(committed)
	if err != nil {
		return err
	}
	b, err := os.ReadFile(made)
	if err != nil {
		return err
	}
	if !bytes.Equal(a, b) {
		return fmt.Errorf("%s is not what api/openapi.yaml gives: type `make generate`", committed)
	}
	return nil
}
