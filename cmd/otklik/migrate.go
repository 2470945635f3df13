package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/otklik/otklik/store"
	"github.com/otklik/otklik/worker"
)

// temporalLimit bounds how long migrate waits for a Temporal that is just starting.
const temporalLimit = 2 * time.Minute

// runMigrate brings the schema up to date, and registers the search attributes when TEMPORAL_ADDRESS is set. Both may
// be done again at any time.
func runMigrate(ctx context.Context, m *Main, args []string) error {
	if err := m.Parse(m.Flags("migrate"), args); err != nil {
		return err
	}
	url := m.Env("DATABASE_URL")
	if url == "" {
		return usageError("DATABASE_URL is not set, for example postgres://user@host/otklik")
	}
	if err := store.Migrate(ctx, url); err != nil {
		return err
	}
	fmt.Fprintln(m.Stdout, "migrate: schema is up to date")
	if m.Env("TEMPORAL_ADDRESS") == "" {
		return nil
	}
	t, err := m.temporal()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, temporalLimit)
	defer cancel()
	c, err := t.dial(ctx, slog.New(slog.NewTextHandler(m.Stderr, nil)))
	if err != nil {
		return err
	}
	defer c.Close()
	if err := worker.RegisterSearchAttributes(ctx, c, t.namespace); err != nil {
		return err
	}
	fmt.Fprintln(m.Stdout, "migrate: search attributes are usable")
	return nil
}
