package main

import (
	"context"

	"github.com/otklik/otklik/bench"
)

// runBench measures a whole Otklik of its own on this machine.
func runBench(ctx context.Context, m *Main, args []string) error {
	return bench.Command(ctx, m.Self, m.Stdout, m.Stderr, args)
}
