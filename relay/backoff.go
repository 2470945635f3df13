package relay

import (
	"context"
	"time"
)

// backoff waits longer each time, up to max.
type backoff struct{ first, max, next time.Duration }

func (b *backoff) reset() { b.next = 0 }

func (b *backoff) wait(ctx context.Context) {
	if b.next == 0 {
		b.next = b.first
	}
	t := time.NewTimer(b.next)
	defer t.Stop()
	b.next = min(2*b.next, b.max)
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
