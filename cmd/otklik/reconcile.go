package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/otklik/otklik/relay"
)

// reconcileLimit bounds how long reconcile waits for a Temporal that is down.
const reconcileLimit = 30 * time.Second

// runReconcile compares open sessions with running workflows and gives a signal to those without one. The signals are
// sent by the relays of the running API and workers.
func runReconcile(ctx context.Context, m *Main, args []string) error {
	f := m.Flags("reconcile")
	asJSON := f.Bool("json", false, "print the report as JSON")
	if err := m.Parse(f, args); err != nil {
		return err
	}
	logger := slog.New(slog.NewTextHandler(m.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	t, err := m.temporal()
	if err != nil {
		return err
	}
	s, err := m.openStore(ctx, "otklik reconcile")
	if err != nil {
		return err
	}
	defer s.Close()
	dial, cancel := context.WithTimeout(ctx, reconcileLimit)
	defer cancel()
	c, err := t.dial(dial, logger)
	if err != nil {
		return err
	}
	defer c.Close()
	rep, err := relay.New(s, c, relay.Options{Logger: logger}).Reconcile(ctx)
	if err != nil {
		return err
	}
	if *asJSON {
		return json.NewEncoder(m.Stdout).Encode(rep)
	}
	_, err = fmt.Fprintf(m.Stdout, "checked %d open sessions: %d without a workflow, %d given a signal; %d overdue deadlines woken\n",
		rep.Checked, rep.Missing, rep.Owed, rep.Woken)
	return err
}
