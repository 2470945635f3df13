package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/otklik/otklik/local"
	"github.com/otklik/otklik/worker"
)

const (
	devNamespace = "otklik"
	// devReady bounds the wait for the API to say that it is ready.
	devReady = 90 * time.Second
	// devOrphans is how long what a killed run left may take to end.
	devOrphans = 15 * time.Second
	// devChildStop bounds the stop of worker and API, together. With Temporal
	// and PostgreSQL after them a whole stop stays within 15 seconds.
	devChildStop = 5 * time.Second
)

// dev is one run of `otklik dev`.
type dev struct {
	m      *Main
	dir    string // data folder
	host   string
	port   int
	uiPort int
	empty  bool // without demo data
	open   int  // so many open dialogs in the demo data

	url string // where people reach it, without a slash at the end

	// Set by the first start and the same for every later one: what runs has
	// been told them.
	databaseURL     string
	temporalAddress string
	temporalUI      string
	children        []string // environment of our own programs

	mu      sync.Mutex  // guards stderr, which supervisors share
	running [][]*keeper // in order of start; what stands together stops together
}

func runDev(ctx context.Context, m *Main, args []string) error {
	f := m.Flags("dev")
	data := f.String("data", m.Env("OTKLIK_DATA"), "folder for data and logs (OTKLIK_DATA; default .otklik)")
	empty := f.Bool("empty", false, "no demo data: the console begins with its first setup")
	open := f.Int("open", 0, "so many open dialogs in the demo data, to look at long lists")
	if err := m.Parse(f, args); err != nil {
		return err
	}
	d := &dev{m: m, host: m.EnvOr("OTKLIK_HOST", "127.0.0.1"), empty: *empty, open: *open}
	var err error
	if d.port, err = m.portOf("OTKLIK_PORT", 7080); err != nil {
		return err
	}
	if d.uiPort, err = m.portOf("OTKLIK_TEMPORAL_UI_PORT", 7081); err != nil {
		return err
	}
	d.url = strings.TrimSuffix(m.EnvOr("OTKLIK_PUBLIC_URL", fmt.Sprintf("http://localhost:%d", d.port)), "/")
	return d.run(ctx, *data)
}

// portOf reads a port from the environment.
func (m *Main) portOf(name string, otherwise int) (int, error) {
	v := m.Env(name)
	if v == "" {
		return otherwise, nil
	}
	port, err := strconv.Atoi(v)
	if err != nil || port < 1 || port > 65535 {
		return 0, usageError(fmt.Sprintf("%s is %q, which is no port", name, v))
	}
	return port, nil
}

func (d *dev) run(ctx context.Context, data string) error {
	lock, err := d.prepare(data)
	if err != nil {
		return err
	}
	defer lock.Unlock()
	err = d.start(ctx)
	if err == nil {
		<-ctx.Done()
	}
	if ctx.Err() != nil {
		d.say("stopping")
		err = nil
	}
	return errors.Join(err, d.stop())
}

// prepare finds what would make the start fail before anything is started.
func (d *dev) prepare(data string) (*local.FileLock, error) {
	wd, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	var note string
	if d.dir, note, err = local.DataFolder(data, wd); err != nil {
		return nil, err
	}
	if note != "" {
		d.say("%s", note)
	}
	if err := local.MakeDataFolder(d.dir); err != nil {
		return nil, err
	}
	lock, err := local.Lock(filepath.Join(d.dir, "dev.lock"))
	var locked *local.LockedError
	if errors.As(err, &locked) {
		return nil, fmt.Errorf("otklik dev already runs on %s (process %s): stop it, or set OTKLIK_DATA to another folder", d.dir, locked.PID)
	}
	if err != nil {
		return nil, err
	}
	if err := d.portsFree(lock.Stale); err != nil {
		lock.Unlock()
		return nil, err
	}
	return lock, nil
}

// portsFree returns an error when a port is taken. After a run that was killed
// it waits a moment: what that run had started is just ending.
func (d *dev) portsFree(afterKill bool) error {
	deadline := time.Now().Add(devOrphans)
	for {
		err := local.CheckPort(d.host, d.port, "OTKLIK_PORT")
		if err == nil && d.m.Env("TEMPORAL_ADDRESS") == "" {
			err = local.CheckPort("127.0.0.1", d.uiPort, "OTKLIK_TEMPORAL_UI_PORT")
		}
		if err == nil || !afterKill || time.Now().After(deadline) {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// start starts everything in order and prints the ready line.
func (d *dev) start(ctx context.Context) error {
	d.say("data in %s", d.dir)
	if err := d.keep(ctx, service{"PostgreSQL", d.startPostgres}); err != nil {
		return err
	}
	if err := d.keep(ctx, service{"Temporal", d.startTemporal}); err != nil {
		return err
	}
	d.children = append(d.m.Environ,
		"DATABASE_URL="+d.databaseURL,
		"TEMPORAL_ADDRESS="+d.temporalAddress,
		"TEMPORAL_NAMESPACE="+devNamespace,
		"TEMPORAL_UI_URL="+d.temporalUI,
		"OTKLIK_LISTEN="+net.JoinHostPort(d.host, strconv.Itoa(d.port)),
		"OTKLIK_PUBLIC_URL="+d.url,
		"OTKLIK_DEMO=1",
	)
	for _, name := range worker.AccessVariables {
		d.children = append(d.children, name+"=") // what is in the shell is meant for another Temporal: ours has no TLS
	}
	if _, err := d.once(ctx, "migrate"); err != nil {
		return err
	}
	out, err := d.seed(ctx)
	if err != nil {
		return err
	}
	if err := d.keep(ctx, d.child("worker"), d.child("serve")); err != nil {
		return err
	}
	if err := d.waitReady(ctx); err != nil {
		return err
	}
	fmt.Fprintln(d.m.Stdout, d.readyLine(out))
	return nil
}

func (d *dev) startPostgres(ctx context.Context) (running, error) {
	pg, err := local.StartPostgres(ctx, local.PostgresOptions{
		DatabaseURL: d.m.Env("DATABASE_URL"), Dir: d.dir, Log: func(s string) { d.say("%s", s) },
	})
	if err != nil {
		return nil, err
	}
	if d.databaseURL == "" {
		d.databaseURL = pg.URL
	}
	return pg, nil
}

func (d *dev) startTemporal(ctx context.Context) (running, error) {
	log, err := local.OpenLog(d.logFile("temporal"))
	if err != nil {
		return nil, err
	}
	t, err := local.StartTemporal(ctx, local.TemporalOptions{
		Address: d.m.Env("TEMPORAL_ADDRESS"), UIURL: d.m.Env("TEMPORAL_UI_URL"), Namespace: devNamespace,
		Binary: d.m.EnvOr("OTKLIK_TEMPORAL_BIN", local.TemporalBinary()), DatabaseURL: d.databaseURL,
		Port: d.temporalPort(), UIPort: d.uiPort, Output: log,
	})
	if err != nil {
		_ = log.Close()
		return nil, err
	}
	if d.temporalAddress == "" {
		d.temporalAddress, d.temporalUI = t.Address, t.UIURL
		d.recordPort()
	}
	return &logged{t, log}, nil
}

// temporalPort is the port Temporal has to have in this run; at first the one
// of the run before, when it is free: an address noted in a terminal or a
// script stays true. 0 means any.
func (d *dev) temporalPort() int {
	if _, port, err := net.SplitHostPort(d.temporalAddress); err == nil {
		n, _ := strconv.Atoi(port) // it was a port when it started
		return n
	}
	b, err := os.ReadFile(filepath.Join(d.dir, "temporal.port"))
	if err != nil {
		return 0
	}
	port, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil || local.CheckPort("127.0.0.1", port, "") != nil {
		return 0
	}
	return port
}

// recordPort notes the port of our Temporal. Without the note the next run
// only has another one.
func (d *dev) recordPort() {
	if _, port, err := net.SplitHostPort(d.temporalAddress); err == nil && d.m.Env("TEMPORAL_ADDRESS") == "" {
		_ = os.WriteFile(filepath.Join(d.dir, "temporal.port"), []byte(port+"\n"), 0o644)
	}
}

// once runs one of our own commands to its end and returns what it printed.
func (d *dev) once(ctx context.Context, args ...string) (string, error) {
	d.say("otklik %s", strings.Join(args, " "))
	log, err := local.OpenLog(d.logFile(args[0]))
	if err != nil {
		return "", err
	}
	defer log.Close()
	var out bytes.Buffer
	cmd := exec.Command(d.m.Self, args...)
	cmd.Env = d.children
	cmd.Stdout, cmd.Stderr = io.MultiWriter(&out, log), log
	p, err := local.Start(cmd, syscall.SIGTERM)
	if err != nil {
		return "", err
	}
	select {
	case <-p.Done():
	case <-ctx.Done():
		return "", errors.Join(ctx.Err(), p.Stop(syscall.SIGTERM, devChildStop))
	}
	if p.Err() != nil {
		return "", fmt.Errorf("otklik %s: %w\n%s", strings.Join(args, " "), p.Err(), local.Tail(d.logFile(args[0]), 2000))
	}
	return out.String(), nil
}

// waitReady waits until the API says that it and what it needs is ready.
func (d *dev) waitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, devReady)
	defer cancel()
	address := d.host
	if ip := net.ParseIP(address); ip != nil && ip.IsUnspecified() {
		address = "127.0.0.1"
	}
	url := "http://" + net.JoinHostPort(address, strconv.Itoa(d.port)) + "/readyz"
	client := &http.Client{Timeout: 2 * time.Second}
	last := "no answer"
	for {
		if res, err := client.Get(url); err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
			last = res.Status
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready (%s); the end of %s:\n%s", url, last, d.logFile("serve"), local.Tail(d.logFile("serve"), 2000))
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// seed fills in the demo data, unless one wants to begin with nothing; it names the sign-ins.
func (d *dev) seed(ctx context.Context) (string, error) {
	if d.empty {
		return "logins: none yet, the code for the first one is in " + d.logFile("serve"), nil
	}
	return d.once(ctx, "seed", "--demo", "--open", strconv.Itoa(d.open))
}

// readyLine is the one line people and scripts wait for.
func (d *dev) readyLine(seed string) string {
	logins := "see `otklik seed`"
	for line := range strings.Lines(seed) {
		if rest, ok := strings.CutPrefix(line, "logins:"); ok {
			logins = strings.TrimSpace(rest)
		}
	}
	ui := d.temporalUI
	if ui == "" {
		ui = "not known"
	}
	return fmt.Sprintf("ready: console %s/console/ · demo shop %s/demo/ · Temporal %s · logins %s", d.url, d.url, ui, logins)
}

func (d *dev) logFile(name string) string { return filepath.Join(d.dir, name+".log") }

// say prints a line of progress.
func (d *dev) say(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	fmt.Fprintf(d.m.Stderr, "otklik dev: "+format+"\n", args...)
}
