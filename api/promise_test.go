package api

import (
	"context"
	"testing"
	"time"
)

// promise is how long something may take after what was accepted just now (D-59). Its clock goes in beats, and a beat
// ends when the database has answered to it: while the machine lets neither this process nor PostgreSQL work, no time of
// the server's own goes by. With a free machine 2 s are 2 s, and they are never more than ten.
type promise struct {
	t     testing.TB
	limit time.Duration
	over  chan struct{}
}

const beat = 50 * time.Millisecond

// promise begins to count.
func (w *world) promise(limit time.Duration) *promise {
	p := &promise{w.t, limit, make(chan struct{})}
	ctx := w.t.Context()
	go func() {
		defer close(p.over)
		for range int(limit / beat) {
			select {
			case <-ctx.Done():
				return
			case <-time.After(beat):
			}
			answer, cancel := context.WithTimeout(ctx, 4*beat)
			_, _ = w.store.Pool().Exec(answer, `SELECT`)
			cancel()
		}
	}()
	return p
}

// until polls a condition that must come true in time.
func (p *promise) until(what string, ok func() bool) {
	p.t.Helper()
	for !ok() {
		select {
		case <-p.over:
			p.t.Fatalf("not within %s: %s", p.limit, what)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// within waits for a frame that must come in time.
func (s *socket) within(p *promise, kind string, fits ...func(map[string]any) bool) map[string]any {
	s.t.Helper()
	return s.await(p.over, p.limit, kind, ofKind(kind, fits))
}

// allWithin waits for frames of all these kinds, in any order, that must come in time.
func (s *socket) allWithin(p *promise, wanted map[string]func(map[string]any) bool) {
	s.t.Helper()
	s.collect(p.over, p.limit, wanted)
}

// endsWithin waits for the close, which must come in time.
func (s *socket) endsWithin(p *promise, code int) {
	s.t.Helper()
	s.closes(p.over, p.limit, code)
}
