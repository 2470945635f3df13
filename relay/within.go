package relay

import (
	"context"
	"time"
)

// A host that vanished ends no connection: a question without a deadline waits for as long as the kernel does, a quarter
// of an hour, and whatever asked stands still when PostgreSQL has long been back (design 2.8).
const (
	askTimeout      = 3 * time.Second  // of one step: more than a statement may take
	resettleTimeout = 10 * time.Second // of settings that changed: many pages and batches; what is left comes again
)

// within asks the store something that must not take longer.
func within[T any](ctx context.Context, limit time.Duration, ask func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return ask(ctx)
}
