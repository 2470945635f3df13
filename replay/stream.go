package replay

import (
	"context"
	"sync"
	"time"
)

// seen is an entry with the moment it came in over the socket.
type seen struct {
	Event
	when time.Time
}

// stream is the log of one dialog as one person saw it come in. The frames are kept as they came, faults included: mending
// happens by asking again, judging at the end.
type stream struct {
	mu      sync.Mutex
	got     []seen
	last    int64 // highest seq up to which nothing is missing
	asked   bool  // what is missing was asked for and has not come yet
	changed chan struct{}
}

func newStream() *stream { return &stream{changed: make(chan struct{})} }

// add takes an entry in. When entries before it are missing it is dropped, and the first time add answers true: the caller
// has to ask for everything after `after`, once.
func (s *stream) add(e Event, when time.Time) (ask bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case e.Seq > s.last+1:
		ask = !s.asked
		s.asked = true
		return ask
	case e.Seq == s.last+1:
		s.last = e.Seq
		s.asked = false
	}
	s.got = append(s.got, seen{e, when})
	close(s.changed)
	s.changed = make(chan struct{})
	return false
}

// after is the seq to resume from.
func (s *stream) after() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last
}

// resume is after for a new connection: on it everything is asked for.
func (s *stream) resume() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = false
	return s.last
}

// entries is everything that came, in the order in which it came.
func (s *stream) entries() []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Event, len(s.got))
	for i, e := range s.got {
		list[i] = e.Event
	}
	return list
}

// await waits until found finds what it looks for among what came.
func (s *stream) await(ctx context.Context, found func(got []seen) (seen, bool)) (seen, error) {
	for {
		s.mu.Lock()
		e, ok := found(s.got)
		changed := s.changed
		s.mu.Unlock()
		if ok {
			return e, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return seen{}, context.Cause(ctx)
		}
	}
}

// nth finds the n-th message (from 1) of one side, repeated frames counted once.
func nth(side Side, n int) func([]seen) (seen, bool) {
	return func(got []seen) (seen, bool) {
		count, top := 0, int64(0)
		for _, e := range got {
			if e.isMessage() && e.Author == string(side) && e.Seq > top {
				if count++; count == n {
					return e, true
				}
			}
			top = max(top, e.Seq)
		}
		return seen{}, false
	}
}

// system finds the first system entry with this key.
func system(key string) func([]seen) (seen, bool) {
	return func(got []seen) (seen, bool) {
		for _, e := range got {
			if e.Kind == "system" && e.Key == key {
				return e, true
			}
		}
		return seen{}, false
	}
}

// upTo finds the first entry that has this seq or a later one.
func upTo(seq int64) func([]seen) (seen, bool) {
	return func(got []seen) (seen, bool) {
		for _, e := range got {
			if e.Seq >= seq {
				return e, true
			}
		}
		return seen{}, seq == 0
	}
}
