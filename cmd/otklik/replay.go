package main

import (
	"context"
	"errors"

	"github.com/otklik/otklik/replay"
)

func runReplay(ctx context.Context, m *Main, args []string) error {
	err := replay.Command(ctx, m.Stdout, m.Stderr, args)
	var usage replay.UsageError
	if errors.As(err, &usage) {
		return usageError(usage)
	}
	return err
}
