package relay

import (
	"context"
	"time"
)

// WatchSettings lets changed settings act on dialogs that are open, within 5 s (R-035, D-59), until ctx ends.
func (r *Relay) WatchSettings(ctx context.Context) error {
	tick := time.NewTicker(watchPeriod)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		owed, err := within(ctx, resettleTimeout, r.store.ResettleDeadlines)
		if owed > 0 {
			r.Nudge()
		}
		if err != nil && ctx.Err() == nil {
			r.o.Logger.Warn("settings: deadlines of open dialogs not all set; tried again", "error", err)
		}
	}
}
