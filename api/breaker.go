package api

import (
	"context"
	"sync/atomic"
	"time"
)

// breaker lets requests fail at once while PostgreSQL is down (design 2.8). It opens only when a probe failed, so that
// one slow statement does not turn into an outage, and closes with the first probe that succeeds.
type breaker struct {
	probe func(context.Context) error
	open  atomic.Bool
	wake  chan struct{}
}

// probeTimeout is less than the budget of a request.
const probeTimeout = time.Second

func newBreaker(probe func(context.Context) error) *breaker {
	return &breaker{probe: probe, wake: make(chan struct{}, 1)}
}

// suspect asks for a probe: some call could not reach the database.
func (b *breaker) suspect() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// run probes when asked to, and again and again while the database is down.
func (b *breaker) run(ctx context.Context) {
	for {
		var again <-chan time.Time
		if b.open.Load() {
			again = time.After(300 * time.Millisecond)
		}
		select {
		case <-ctx.Done():
			return
		case <-b.wake:
			if b.open.Load() {
				continue // the next probe is due anyway
			}
		case <-again:
		}
		probe, cancel := context.WithTimeout(ctx, probeTimeout)
		err := b.probe(probe)
		cancel()
		b.open.Store(err != nil)
	}
}
