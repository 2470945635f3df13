package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"syscall"
	"time"

	"github.com/otklik/otklik/local"
)

// running is something started that may end by itself. Done is nil for what is
// not ours to watch.
type running interface {
	Done() <-chan struct{}
	Stop() error
}

// service is something to keep running.
type service struct {
	name  string
	start func(context.Context) (running, error)
}

// keeper starts a service again when it has ended by itself.
type keeper struct {
	service
	cancel  context.CancelFunc
	stopped chan error
}

const (
	keepFirstPause = 500 * time.Millisecond
	keepLastPause  = 30 * time.Second
	// keepCalm is how long a thing must run for its next end to be a first one.
	keepCalm = time.Minute
)

// keep starts services and keeps them running until stop, which stops these
// together. The first start must succeed.
func (d *dev) keep(ctx context.Context, services ...service) error {
	d.running = append(d.running, nil)
	last := &d.running[len(d.running)-1]
	for _, s := range services {
		d.say("starting %s", s.name)
		r, err := s.start(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		// They outlive ctx: they are stopped in the reverse order of their start.
		watch, cancel := context.WithCancel(context.WithoutCancel(ctx))
		k := &keeper{service: s, cancel: cancel, stopped: make(chan error, 1)}
		*last = append(*last, k)
		go func() { k.stopped <- d.watch(watch, k, r) }()
	}
	return nil
}

// watch returns when ctx ends, after stopping what runs then.
func (d *dev) watch(ctx context.Context, k *keeper, r running) error {
	pause := keepFirstPause
	for {
		began := time.Now()
		select {
		case <-ctx.Done():
			return r.Stop()
		case <-r.Done():
		}
		if time.Since(began) > keepCalm {
			pause = keepFirstPause
		}
		err := r.Stop() // lets go of its lock and log
		for {
			if err == nil {
				err = errors.New("exit status 0")
			}
			d.say("%s ended (%v), logs are in %s: starting it again in %s", k.name, err, d.dir, pause)
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(pause):
			}
			pause = min(2*pause, keepLastPause)
			if r, err = k.start(ctx); err == nil {
				break
			}
		}
	}
}

// stop stops everything in the reverse order of its start.
func (d *dev) stop() error {
	var errs []error
	for i := len(d.running) - 1; i >= 0; i-- {
		for _, k := range d.running[i] {
			k.cancel()
		}
		for _, k := range d.running[i] {
			if err := <-k.stopped; err != nil {
				errs = append(errs, fmt.Errorf("stop %s: %w", k.name, err))
			}
		}
	}
	return errors.Join(errs...)
}

// logged is something running with a log of its own.
type logged struct {
	running
	log *local.LogFile
}

func (l *logged) Stop() error {
	defer l.log.Close()
	return l.running.Stop()
}

// ownProcess is one of our own commands.
type ownProcess struct{ *local.Process }

func (p ownProcess) Stop() error { return p.Process.Stop(syscall.SIGTERM, devChildStop) }

// child is one of our own commands that runs until it is stopped.
func (d *dev) child(name string) service {
	return service{name, func(context.Context) (running, error) {
		log, err := local.OpenLog(d.logFile(name))
		if err != nil {
			return nil, err
		}
		cmd := exec.Command(d.m.Self, name)
		cmd.Env = d.children
		cmd.Stdout, cmd.Stderr = log, log
		p, err := local.Start(cmd, syscall.SIGTERM)
		if err != nil {
			_ = log.Close()
			return nil, err
		}
		return &logged{ownProcess{p}, log}, nil
	}}
}
