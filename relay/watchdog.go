package relay

import (
	"context"
	"time"
)

const (
	// overdue is how late a deadline may be before the watchdog no longer trusts its workflow (design 2.4).
	overdue     = 2 * time.Second
	wakeAtOnce  = 100 // dialogs woken in one step
	watchPeriod = time.Second
)

// Watch gives dialogs whose deadline nobody kept a new signal, every second until ctx ends: their workflow was
// terminated or reset by hand, or Temporal is older than PostgreSQL after a restore.
func (r *Relay) Watch(ctx context.Context) error {
	tick := time.NewTicker(watchPeriod)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if _, err := r.WatchOnce(ctx); err != nil && ctx.Err() == nil {
				r.o.Logger.Warn("watchdog: cannot look for overdue deadlines", "error", err)
			}
		}
	}
}

// WatchOnce wakes what is overdue now, nearest deadline first, and says how many.
func (r *Relay) WatchOnce(ctx context.Context) (int, error) {
	n, err := within(ctx, askTimeout, func(ctx context.Context) (int, error) { return r.store.Wake(ctx, overdue, wakeAtOnce) })
	if n > 0 {
		r.o.Logger.Warn("watchdog: deadlines overdue, dialogs woken", "count", n)
		r.Nudge()
	}
	return n, err
}
