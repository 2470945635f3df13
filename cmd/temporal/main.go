// Command temporal is a whole Temporal for one machine: the four services of
// the server and its Web UI in one process, stored in the PostgreSQL that also
// holds Otklik's data. One store means one backup.
//
// It has no sign-in, so it listens on loopback only. Larger installations run
// Temporal's own images, see docker-compose.yml.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// options are what the command line and the environment decide.
type options struct {
	databaseURL string
	dbPrefix    string
	host        string
	port        int
	uiPort      int
	namespace   string
	logLevel    string
	exitOnEOF   bool
}

// stopLimit bounds a clean stop. Whatever is left after it is safe to drop:
// Temporal's truth is in PostgreSQL.
const stopLimit = 10 * time.Second

func main() {
	args := os.Args[1:]
	if len(args) > 0 && args[0] == "schema" {
		exit(runSchema(args[1:]))
	}
	exit(run(args, os.Stdin, os.Stdout, os.Stderr))
}

func exit(err error) {
	switch {
	case err == nil:
		os.Exit(0)
	case errors.Is(err, flag.ErrHelp):
		os.Exit(2)
	}
	fmt.Fprintln(os.Stderr, "temporal:", err)
	os.Exit(1)
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("temporal", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&o.databaseURL, "database-url", "", "postgres:// URL of a database in the cluster to use (default $DATABASE_URL; a password is safer there)")
	f.StringVar(&o.dbPrefix, "db-prefix", "temporal", "name of the main database; the visibility database adds _visibility")
	f.StringVar(&o.host, "host", "127.0.0.1", "loopback address to listen on")
	f.IntVar(&o.port, "port", 7233, "port of the gRPC frontend")
	f.IntVar(&o.uiPort, "ui-port", 8233, "port of the Web UI, 0 for none")
	f.StringVar(&o.namespace, "namespace", "otklik", "namespace to register")
	f.StringVar(&o.logLevel, "log-level", "error", "debug, info, warn or error")
	f.BoolVar(&o.exitOnEOF, "exit-on-eof", false, "stop when standard input ends: a parent that dies takes this process with it")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	if o.databaseURL == "" {
		o.databaseURL = os.Getenv("DATABASE_URL")
	}
	if o.databaseURL == "" {
		return o, errors.New("no database: give --database-url or DATABASE_URL")
	}
	if ip := net.ParseIP(o.host); ip == nil || !ip.IsLoopback() {
		return o, fmt.Errorf("--host %s is not a loopback address; Temporal has no sign-in and must not be reachable from outside", o.host)
	}
	if !validName(o.dbPrefix) {
		return o, fmt.Errorf("--db-prefix %q: use lower-case letters, digits and _", o.dbPrefix)
	}
	return o, nil
}

// validName keeps database names to what needs no quoting, in SQL and in URLs.
func validName(s string) bool {
	return s != "" && len(s) <= 50 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789_") == ""
}

func run(args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if o.exitOnEOF {
		ctx = untilEOF(ctx, stdin)
	}
	return serve(ctx, o, stdout)
}

// untilEOF returns a context that also ends when in does.
func untilEOF(ctx context.Context, in io.Reader) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		defer cancel()
		_, _ = io.Copy(io.Discard, in)
	}()
	return ctx
}

// serve runs everything until ctx ends, in order: ports, databases, schema,
// server, namespace, UI, the ready line.
func serve(ctx context.Context, o options, stdout io.Writer) error {
	if err := portsFree(o); err != nil {
		return err
	}
	db, err := parseDatabase(o.databaseURL, o.dbPrefix)
	if err != nil {
		return err
	}
	release, err := db.claim(ctx)
	if err != nil {
		return err
	}
	defer release()
	if err := db.prepare(ctx); err != nil {
		return err
	}
	srv, err := newServer(o, db)
	if err != nil {
		return err
	}
	if err := srv.Start(); err != nil {
		return fmt.Errorf("start: %w", err)
	}
	address := net.JoinHostPort(o.host, fmt.Sprint(o.port))
	err = registerNamespace(ctx, address, o.namespace)
	var ui *webUI
	if err == nil && o.uiPort != 0 {
		ui, err = startUI(ctx, o)
	}
	if err == nil {
		fmt.Fprintf(stdout, "temporal: ready address=%s ui=%s namespace=%s\n", address, ui.url(), o.namespace)
		<-ctx.Done()
	} else if ctx.Err() != nil {
		err = nil // told to stop while starting: not a failure
	}
	ui.stop()
	if stopErr := stopServer(srv); err == nil {
		err = stopErr
	}
	return err
}

// stopServer stops the services and gives up waiting after stopLimit.
func stopServer(srv interface{ Stop() error }) error {
	done := make(chan error, 1)
	go func() { done <- srv.Stop() }()
	select {
	case err := <-done:
		return err
	case <-time.After(stopLimit):
		return fmt.Errorf("services did not stop within %s", stopLimit)
	}
}
