package store

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/otklik/otklik/dialog"
)

// The grouped writer is on when messages queue and off when they do not: with few senders one transaction each is
// faster, with many the commits are what costs (design 4).
const (
	singles      = 4               // messages that go singly at a time before others queue
	maxUnderWay  = 2               // grouped transactions at a time
	besides      = 28              // messages that must wait before a group begins beside another: small ones cost more CPU
	maxGroup     = 64              // messages in one grouped transaction
	queueLength  = 4096            // messages that may wait; more are refused with ErrUnavailable
	groupTimeout = 5 * time.Second // of one grouped transaction
	maxGroups    = 5               // groups a message of a contended dialog tries before it may wait for the lock
	asides       = 4               // messages at a time that go singly because no group can answer them
	lockWaiters  = 2               // messages at a time that wait for a lock; each holds a connection while it does
	maxPause     = 50 * time.Millisecond
)

// writer takes messages into existing dialogs. The store owns it.
type writer struct {
	s       *Store
	cache   *cache
	line    *line
	singles chan struct{} // one for each message under way singly without having queued
	asides  chan struct{} // one for each message under way singly after a group
	waiters chan struct{} // one for each message that waits for the lock of a contended dialog
	stop    context.CancelFunc
	stopped <-chan struct{}
	done    sync.WaitGroup
	ended   chan struct{} // closed when nothing is under way any more
	count   struct{ single, groups, grouped, failed atomic.Int64 }
}

// WriterStats counts what the writer did with messages since the store was opened.
type WriterStats struct {
	Single  int64 // messages that had a transaction of their own
	Groups  int64 // grouped transactions
	Grouped int64 // messages answered by them
	Failed  int64 // grouped transactions that failed, so that their messages went singly
}

// WriterStats tells whether messages queue: then they are grouped.
func (s *Store) WriterStats() WriterStats {
	c := &s.writer.count
	return WriterStats{Single: c.single.Load(), Groups: c.groups.Load(), Grouped: c.grouped.Load(), Failed: c.failed.Load()}
}

type job struct {
	ctx    context.Context
	cmd    Command
	since  time.Time
	groups int          // that found its dialog locked
	answer chan Outcome // takes one without blocking
}

func newWriter(s *Store) *writer {
	ctx, stop := context.WithCancel(context.Background())
	w := &writer{s: s, cache: newCache(), line: newLine(), singles: make(chan struct{}, singles), stop: stop, stopped: ctx.Done(),
		asides: make(chan struct{}, asides), waiters: make(chan struct{}, lockWaiters), ended: make(chan struct{})}
	return w
}

// close lets what is under way end. Whoever still waits is told that the store closes.
func (w *writer) close() {
	w.stop()
	w.line.close()
	w.done.Wait()
	close(w.ended)
}

// groupable reports whether the command may be a message into an existing session: what grouping is for.
func groupable(c dialog.Command) bool {
	switch c.(type) {
	case dialog.VisitorMessage, dialog.Reply:
		return true
	}
	return false
}

// apply sends the message singly while few are under way, else it queues for a group. A caller who gives up does not
// know whether his message was recorded; his retry under the same client id does.
func (w *writer) apply(ctx context.Context, c Command) Outcome {
	if w.line.idle() { // while a group is under way the next one is gathering
		select {
		case w.singles <- struct{}{}:
			defer func() { <-w.singles }()
			w.count.single.Add(1)
			return w.s.single(ctx, c)
		default:
		}
	}
	j := &job{ctx: ctx, cmd: c, since: time.Now(), answer: make(chan Outcome, 1)}
	w.queue(j)
	select {
	case o := <-j.answer:
		return o
	case <-ctx.Done():
		return Outcome{Err: fmt.Errorf("%w: %w", ErrUnavailable, ctx.Err())}
	case <-w.ended:
	}
	select {
	case o := <-j.answer: // just before the end
		return o
	default:
		return Outcome{Err: fmt.Errorf("%w: the store closes", ErrUnavailable)}
	}
}

// queue lets the message wait for a group.
func (w *writer) queue(j *job) {
	group, ok := w.line.add(j)
	if !ok {
		j.answer <- Outcome{Err: fmt.Errorf("%w: %d messages wait", ErrUnavailable, queueLength)}
	}
	if len(group) > 0 {
		go w.run(group) // the line counts it
	}
}

// run records one group after the other while messages wait. A group under way is finished also when the store closes:
// cut off, nobody would know whether it was committed.
func (w *writer) run(group []*job) {
	for len(group) > 0 {
		w.group(group)
		group = w.line.ended()
	}
}

// group records the messages together and answers after the commit. When the transaction fails they go singly, so that
// one bad message fails alone.
func (w *writer) group(jobs []*job) {
	ctx, cancel := context.WithTimeout(context.Background(), groupTimeout)
	defer cancel()
	cmds := make([]Command, len(jobs))
	for i, j := range jobs {
		cmds[i] = j.cmd
	}
	out, next, err := w.s.applyGroup(ctx, cmds)
	w.count.groups.Add(1)
	if err != nil {
		w.count.failed.Add(1)
	}
	for i, j := range jobs {
		switch {
		case err != nil || next[i] == singly:
			w.aside(j)
		case next[i] == again:
			w.again(j)
		default:
			w.count.grouped.Add(1)
			j.answer <- out[i]
		}
	}
}

// aside gives a message a transaction of its own, a few at a time: the pool is not for them alone.
func (w *writer) aside(j *job) {
	w.done.Go(func() {
		select {
		case w.asides <- struct{}{}:
			defer func() { <-w.asides }()
			w.singly(j)
		case <-j.ctx.Done(): // nobody waits for the answer
		}
	})
}

func (w *writer) singly(j *job) {
	w.count.single.Add(1)
	j.answer <- w.s.single(j.ctx, j.cmd)
}

// again lets a message of a contended dialog wait for the next group. One that has waited for several may wait for the
// lock itself; there are few of these, so that a dialog that stays locked holds up no other dialog's messages.
func (w *writer) again(j *job) {
	j.groups++
	if time.Since(j.since) > lockTimeout {
		j.answer <- Outcome{Err: fmt.Errorf("%w: the dialog is locked", ErrUnavailable)}
		return
	}
	if j.groups >= maxGroups {
		select {
		case w.waiters <- struct{}{}:
			w.done.Go(func() {
				defer func() { <-w.waiters }()
				w.singly(j)
			})
			return
		default:
		}
	}
	w.done.Go(func() {
		pause := time.NewTimer(min(time.Duration(j.groups)*time.Millisecond, maxPause))
		defer pause.Stop()
		select {
		case <-pause.C:
		case <-j.ctx.Done():
			return
		case <-w.stopped:
			return
		}
		w.queue(j)
	})
}
