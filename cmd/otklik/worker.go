package main

import (
	"context"
	"log/slog"

	"go.temporal.io/sdk/client"

	"github.com/otklik/otklik/store"
	"github.com/otklik/otklik/worker"
)

// runWorker runs the Temporal worker with relay and watchdog until it is told to stop. It starts before PostgreSQL or
// Temporal are up and waits for them.
func runWorker(ctx context.Context, m *Main, args []string) error {
	if err := m.Parse(m.Flags("worker"), args); err != nil {
		return err
	}
	logger := slog.New(slog.NewTextHandler(m.Stderr, nil))
	slog.SetDefault(logger)
	t, err := m.temporal()
	if err != nil {
		return err
	}
	s, err := m.openStore(ctx, "otklik worker")
	if err != nil {
		return err
	}
	defer s.Close()
	c, err := t.dial(ctx, logger)
	if err != nil {
		return stopped(ctx, err)
	}
	defer c.Close()
	return stopped(ctx, worker.Run(ctx, worker.Options{
		Store: s, Client: c, Namespace: t.namespace, Notify: s.Notify, Logger: logger,
	}))
}

// temporal is where Temporal is and what of it is ours.
type temporal struct {
	address, namespace string
	access             worker.Access
}

// temporal reads TEMPORAL_ADDRESS, which is required, TEMPORAL_NAMESPACE, and what a Temporal with TLS wants.
func (m *Main) temporal() (temporal, error) {
	t := temporal{address: m.Env("TEMPORAL_ADDRESS"), namespace: m.EnvOr("TEMPORAL_NAMESPACE", "otklik")}
	if t.address == "" {
		return t, usageError("TEMPORAL_ADDRESS is not set, for example 127.0.0.1:7233")
	}
	var err error
	if t.access, err = worker.AccessFrom(m.Env); err != nil {
		return t, usageError(err.Error())
	}
	return t, nil
}

// dial waits until Temporal is up.
func (t temporal) dial(ctx context.Context, logger *slog.Logger) (client.Client, error) {
	return worker.Dial(ctx, t.address, t.namespace, t.access, logger)
}

// openStore opens the database named by DATABASE_URL; whether it is up shows with the first question.
func (m *Main) openStore(ctx context.Context, name string) (*store.Store, error) {
	url := m.Env("DATABASE_URL")
	if url == "" {
		return nil, usageError("DATABASE_URL is not set, for example postgres://user@host/otklik")
	}
	return store.Open(ctx, url, store.Options{AppName: name})
}

// stopped forgets the error of a command that was told to stop.
func stopped(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}
