package worker

import (
	"context"
	"log/slog"
	"time"

	"github.com/otklik/otklik/store"
)

const (
	retainAtOnce  = 50               // sessions of one look, or visitors
	retainTimeout = 30 * time.Second // of it
)

// retainEvery empties what projects do not keep any longer, after each period until ctx ends (D-64). Whatever fails is
// tried again: nobody waits for it.
func retainEvery(ctx context.Context, s *store.Store, log *slog.Logger, period time.Duration) error {
	t := time.NewTicker(period)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
		retainAll(ctx, s.Retain, log)
		retainAll(ctx, s.RetainVisits, log)
	}
}

func retainAll(ctx context.Context, retain func(context.Context, int) (int, error), log *slog.Logger) {
	for n := retainAtOnce; n == retainAtOnce && ctx.Err() == nil; {
		c, cancel := context.WithTimeout(ctx, retainTimeout)
		var err error
		if n, err = retain(c, retainAtOnce); err != nil && ctx.Err() == nil {
			log.Warn("retention", "error", err)
		}
		cancel()
	}
}
