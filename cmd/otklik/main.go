// Command otklik is the whole product in one binary: the API, the worker, and
// what is needed to run, fill and check them.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// Main is what a command gets from outside: tests run commands whole with
// other streams and another environment.
type Main struct {
	Environ        []string // as os.Environ
	Stdout, Stderr io.Writer
	Self           string // path of this program, for commands that start others of it
}

// command is one subcommand.
type command struct {
	name, summary string
	run           func(ctx context.Context, m *Main, args []string) error
}

// commands lists the subcommands in the order of the usage text.
func commands() []command {
	return []command{
		{"dev", "run everything on this machine, with demo data", runDev},
		{"serve", "answer browsers: API, sockets, console, widget", runServe},
		{"worker", "run workflows and activities", runWorker},
		{"migrate", "bring the schema and the search attributes up to date", runMigrate},
		{"seed", "fill in demo data", runSeed},
		{"password", "give an operator a new password", runPassword},
		{"revoke", "take the token from a visitor", runRevoke},
		{"reconcile", "compare open sessions with their workflows and mend what is missing", runReconcile},
		{"erase", "list erased contacts, or erase them again after a restore", runErase},
		{"bench", "measure a whole Otklik on this machine, beside pgbench", runBench},
		{"replay", "play real conversations against a running server and compare what came of them", runReplay},
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	// A second signal ends the process at once.
	context.AfterFunc(ctx, stop)
	self, err := os.Executable()
	if err != nil {
		fmt.Fprintln(os.Stderr, "otklik:", err)
		os.Exit(1)
	}
	m := &Main{Environ: os.Environ(), Stdout: os.Stdout, Stderr: os.Stderr, Self: self}
	os.Exit(m.Run(ctx, os.Args[1:]))
}

// usageError is a command line that cannot be understood.
type usageError string

func (e usageError) Error() string { return string(e) }

// Run runs one subcommand and returns the exit status: 0, 1 for a failure, 2
// for a command line that cannot be understood. It says on Stderr what failed.
func (m *Main) Run(ctx context.Context, args []string) int {
	if len(args) == 0 || args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		m.usage()
		return 2
	}
	for _, c := range commands() {
		if c.name != args[0] {
			continue
		}
		err := c.run(ctx, m, args[1:])
		var usage usageError
		switch {
		case err == nil:
			return 0
		case errors.Is(err, flag.ErrHelp):
			return 2 // the flag set has printed it
		case errors.As(err, &usage):
			fmt.Fprintf(m.Stderr, "otklik %s: %v\n", c.name, err)
			return 2
		}
		fmt.Fprintf(m.Stderr, "otklik %s: %v\n", c.name, err)
		return 1
	}
	fmt.Fprintf(m.Stderr, "otklik: there is no command %q\n", args[0])
	m.usage()
	return 2
}

func (m *Main) usage() {
	fmt.Fprintln(m.Stderr, "usage: otklik <command> [flags]")
	for _, c := range commands() {
		fmt.Fprintf(m.Stderr, "  %-10s %s\n", c.name, c.summary)
	}
}

// Env is the value of an environment variable, "" when it is not set.
func (m *Main) Env(name string) string {
	value := ""
	for _, kv := range m.Environ {
		if v, ok := strings.CutPrefix(kv, name+"="); ok {
			value = v // the last one counts, as for a child process
		}
	}
	return value
}

// EnvOr is Env with a default.
func (m *Main) EnvOr(name, otherwise string) string {
	if v := m.Env(name); v != "" {
		return v
	}
	return otherwise
}

// Flags makes the flag set of a command.
func (m *Main) Flags(name string) *flag.FlagSet {
	f := flag.NewFlagSet("otklik "+name, flag.ContinueOnError)
	f.SetOutput(m.Stderr)
	return f
}

// Parse parses the arguments of a command that takes flags only. The error is
// a usage error, or flag.ErrHelp.
func (m *Main) Parse(f *flag.FlagSet, args []string) error {
	if err := f.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return usageError(err.Error())
	}
	if f.NArg() > 0 {
		return usageError(fmt.Sprintf("unexpected argument %q", f.Arg(0)))
	}
	return nil
}
