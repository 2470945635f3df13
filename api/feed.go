package api

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/otklik/otklik/store"
)

// feed is how changes made by other processes get here, and how ours get there. A notification is a hint that comes at
// once; the sweep finds what no hint told.
type feed struct {
	s      *Server
	origin string // names this process in its own hints

	mu      sync.Mutex
	revs    map[string]seen     // revisions known here
	pending map[string]struct{} // dialogs to hint at
	signs   map[signer]int64    // to hint at
	since   time.Time           // how far the sweep has looked, in the database's real time
	wake    chan struct{}       // hints to send
	signed  chan struct{}       // there are signs
	now     chan struct{}       // sweep at once
}

type seen struct {
	rev int64
	at  time.Time
}

// signer is who gave a sign where; of what he has read only the furthest is hinted at.
type signer struct {
	dialog, operator string
	reads            bool
}

const (
	sweepEvery   = 2 * time.Second
	sweepOverlap = 8 * time.Second // a change is stamped when written, up to 2 s early, and seen when committed
	sweepPage    = 2000
	notifyEvery  = 40 * time.Millisecond
	signsEvery   = 250 * time.Millisecond
	maxSigns     = 1000 // waiting to be hinted at; what is more is dropped
	rememberRevs = 15 * time.Second
)

func newFeed(s *Server) *feed {
	return &feed{s: s, origin: uuid.NewString(), revs: map[string]seen{}, pending: map[string]struct{}{},
		signs: map[signer]int64{}, signed: make(chan struct{}, 1), wake: make(chan struct{}, 1), now: make(chan struct{}, 1)}
}

// own records a change of this process and hints at it to others.
func (f *feed) own(dialogID string, rev int64) {
	f.mu.Lock()
	f.revs[dialogID] = seen{max(rev, f.revs[dialogID].rev), time.Now()}
	f.mu.Unlock()
	f.hint(dialogID)
}

func (f *feed) hint(dialogID string) {
	f.mu.Lock()
	f.pending[dialogID] = struct{}{}
	f.mu.Unlock()
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// notify sends the hints in batches, outside of every message's transaction: NOTIFY takes a lock at commit (design 5).
func (f *feed) notify(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-f.wake:
		}
		f.mu.Lock()
		ids := make([]string, 0, len(f.pending))
		for id := range f.pending {
			ids = append(ids, id)
		}
		clear(f.pending)
		f.mu.Unlock()
		if !f.s.breaker.open.Load() {
			c, cancel := f.s.within()
			if err := f.s.store.NotifyFrom(c, f.origin, ids); err != nil {
				f.s.log.Debug("hint lost; the sweep finds it", "error", err)
			}
			cancel()
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(notifyEvery):
		}
	}
}

// sign hints to others that somebody writes or has read: coalesced and bounded.
func (f *feed) sign(x store.Sign) {
	by := signer{x.DialogID, x.OperatorID, x.Read > 0}
	f.mu.Lock()
	if _, known := f.signs[by]; known || len(f.signs) < maxSigns {
		f.signs[by] = max(f.signs[by], x.Read)
	}
	f.mu.Unlock()
	select {
	case f.signed <- struct{}{}:
	default:
	}
}

// notifySigns sends them, beside the hints that are waited for.
func (f *feed) notifySigns(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-f.signed:
		}
		f.mu.Lock()
		now := make([]store.Sign, 0, len(f.signs))
		for by, read := range f.signs {
			now = append(now, store.Sign{DialogID: by.dialog, OperatorID: by.operator, Read: read})
		}
		clear(f.signs)
		f.mu.Unlock()
		if !f.s.breaker.open.Load() && len(now) > 0 {
			c, cancel := f.s.within()
			// One that is lost is made good by the next, or when the dialog is opened again.
			_ = f.s.store.NotifySigns(c, f.origin, now)
			cancel()
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(signsEvery):
		}
	}
}

func (f *feed) listen(ctx context.Context) {
	f.s.store.Listen(ctx, f.origin, store.Hints{
		Connected: func() {
			select {
			case f.now <- struct{}{}: // hints from before the connection are lost
			default:
			}
		},
		Changed: func(ids []string) { f.load(ids) }, // what fails the sweep finds
		Signs: func(list []store.Sign) {
			for _, x := range list {
				f.s.hub.signed(x)
			}
		},
	})
}

// load reads dialogs that changed elsewhere and tells everybody here.
func (f *feed) load(ids []string) bool {
	ctx, cancel := f.s.within()
	defer cancel()
	rows, err := f.s.store.LoadMany(ctx, ids)
	if err != nil {
		f.s.breaker.suspect()
		return false
	}
	f.mu.Lock()
	for i := range rows {
		id := rows[i].State.ID
		f.revs[id] = seen{max(rows[i].Rev, f.revs[id].rev), time.Now()}
	}
	f.mu.Unlock()
	for i := range rows {
		f.s.hub.reached(&rows[i])
		f.s.desks.arrived(rows[i])
	}
	return true
}

// sweep looks every two seconds for revisions not known here, and keeps the clock.
func (f *feed) sweep(ctx context.Context) {
	t := time.NewTicker(sweepEvery)
	defer t.Stop()
	for {
		f.sweepOnce()
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		case <-f.now:
		}
	}
}

func (f *feed) sweepOnce() {
	if f.s.breaker.open.Load() {
		return
	}
	ctx, cancel := f.s.within()
	defer cancel()
	before := time.Now()
	real, now, err := f.s.store.Clocks(ctx)
	if err != nil {
		f.s.breaker.suspect()
		return
	}
	middle := before.Add(time.Since(before) / 2)
	if moved := now.Sub(middle) - time.Duration(f.s.clock.Swap(int64(now.Sub(middle)))); moved.Abs() > 50*time.Millisecond {
		f.s.desks.poke() // tests move the clock
	}
	if f.since.IsZero() {
		f.since = real.Add(-sweepOverlap)
	}
	for {
		changed, err := f.s.store.ChangedSince(ctx, f.since.Add(-sweepOverlap), sweepPage)
		if err != nil {
			f.s.breaker.suspect()
			return
		}
		if ids := f.unknown(changed); len(ids) > 0 && !f.load(ids) {
			return // looked at again from the same point
		}
		if len(changed) < sweepPage {
			f.since = real
			return
		}
		// A full page: go on behind its end. The overlap is looked at again then, by revision and so for nothing.
		next := changed[len(changed)-1].At.Add(sweepOverlap)
		if !next.After(f.since) {
			f.since = real
			return
		}
		f.since = next
	}
}

// unknown returns the dialogs whose revision is news here, and forgets what the sweep cannot meet again.
func (f *feed) unknown(changed []store.Changed) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var ids []string
	for _, c := range changed {
		if f.revs[c.DialogID].rev < c.Rev {
			ids = append(ids, c.DialogID)
		}
	}
	for id, s := range f.revs {
		if time.Since(s.at) > rememberRevs {
			delete(f.revs, id)
		}
	}
	return ids
}
