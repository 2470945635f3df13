// Command testenv starts one throwaway PostgreSQL and one Temporal, runs a
// command with their addresses in its environment, and stops both.
//
//	go run ./local/cmd/testenv -- go test ./...
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"github.com/otklik/otklik/local"
	"github.com/otklik/otklik/local/localtest"
)

func main() {
	temporal := flag.Bool("temporal", true, "start Temporal too")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: testenv [-temporal=false] -- command [argument ...]")
	}
	flag.Parse()
	if flag.NArg() == 0 {
		flag.Usage()
		os.Exit(2)
	}
	code, err := run(flag.Args(), *temporal)
	if err != nil {
		fmt.Fprintln(os.Stderr, "testenv:", err)
	}
	os.Exit(code)
}

// run returns the command's exit status, 1 when it never ran.
func run(args []string, temporal bool) (int, error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	env, err := localtest.NewEnv(ctx)
	if err != nil {
		return 1, err
	}
	if temporal {
		if err := env.StartTemporal(ctx); err != nil {
			return 1, errors.Join(err, env.Stop())
		}
	}
	code, err := command(ctx, args, append(os.Environ(),
		localtest.DatabaseEnv+"="+env.DatabaseURL, localtest.TemporalEnv+"="+env.TemporalAddress))
	return code, errors.Join(err, env.Stop())
}

func command(ctx context.Context, args, environ []string) (int, error) {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = environ
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	p, err := local.Start(cmd, syscall.SIGTERM)
	if err != nil {
		return 1, err
	}
	select {
	case <-p.Done():
	case <-ctx.Done():
		// The whole group: a test binary is a grandchild.
		_ = syscall.Kill(-p.PID(), syscall.SIGTERM)
		<-p.Done()
	}
	var exit *exec.ExitError
	if errors.As(p.Err(), &exit) {
		return max(exit.ExitCode(), 1), nil
	}
	return 0, p.Err()
}
