package store

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/otklik/otklik/dialog"
)

// The grouped writer is on when messages queue and off when they do not: with few senders one transaction each is
// faster, with many the commits are what costs (design 4).
const (
	singles      = 4               // messages that go singly at a time before others queue
	groupers     = 2               // grouped transactions at a time
	maxGroup     = 64              // messages in one grouped transaction
	queueLength  = 4096            // messages that may wait; more are refused with ErrUnavailable
	groupTimeout = 5 * time.Second // of one grouped transaction
	maxGroups    = 5               // groups a message of a contended dialog tries before it goes singly
)

// writer takes messages into existing dialogs. The store owns it.
type writer struct {
	s       *Store
	jobs    chan *job
	singles chan struct{} // one for each message under way singly without having queued
	stop    context.CancelFunc
	done    sync.WaitGroup
}

type job struct {
	ctx    context.Context
	cmd    Command
	groups int
	answer chan Outcome // takes one without blocking
}

func newWriter(s *Store) *writer {
	ctx, stop := context.WithCancel(context.Background())
	w := &writer{s: s, jobs: make(chan *job, queueLength), singles: make(chan struct{}, singles), stop: stop}
	for range groupers {
		w.done.Go(func() { w.run(ctx) })
	}
	return w
}

func (w *writer) close() {
	w.stop()
	w.done.Wait()
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
	if len(w.jobs) == 0 {
		select {
		case w.singles <- struct{}{}:
			defer func() { <-w.singles }()
			return w.s.single(ctx, c)
		default:
		}
	}
	j := &job{ctx: ctx, cmd: c, answer: make(chan Outcome, 1)}
	select {
	case w.jobs <- j:
	default:
		return Outcome{Err: fmt.Errorf("%w: %d messages wait", ErrUnavailable, queueLength)}
	}
	select {
	case o := <-j.answer:
		return o
	case <-ctx.Done():
		return Outcome{Err: fmt.Errorf("%w: %w", ErrUnavailable, ctx.Err())}
	}
}

// run makes groups of what waits until the store closes.
func (w *writer) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case j := <-w.jobs:
			w.group(ctx, w.more(j))
		}
	}
}

// more takes what waits now, without waiting for it.
func (w *writer) more(first *job) []*job {
	jobs := []*job{first}
	for len(jobs) < maxGroup {
		select {
		case j := <-w.jobs:
			jobs = append(jobs, j)
		default:
			return jobs
		}
	}
	return jobs
}

// group records the messages together and answers after the commit. When the transaction fails they go singly, so that
// one bad message fails alone.
func (w *writer) group(ctx context.Context, jobs []*job) {
	ctx, cancel := context.WithTimeout(ctx, groupTimeout)
	defer cancel()
	cmds := make([]Command, len(jobs))
	for i, j := range jobs {
		cmds[i] = j.cmd
	}
	out, next, err := w.s.applyGroup(ctx, cmds)
	for i, j := range jobs {
		switch {
		case err != nil || next[i] == singly || j.groups >= maxGroups:
			w.singly(j)
		case next[i] == again:
			j.groups++
			w.requeue(j)
		default:
			j.answer <- out[i]
		}
	}
}

// requeue lets a message of a contended dialog wait for the next group.
func (w *writer) requeue(j *job) {
	select {
	case w.jobs <- j:
	default:
		w.singly(j)
	}
}

func (w *writer) singly(j *job) {
	w.done.Go(func() { j.answer <- w.s.single(j.ctx, j.cmd) })
}
