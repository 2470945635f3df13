package relay

import (
	"context"
	"time"

	"github.com/otklik/otklik/store"
	"github.com/otklik/otklik/workflows"
)

// SweepQueues is how often all queues are counted (design 3).
const SweepQueues = 2 * time.Second

// hintRest is the pause between two countings that hints ask for.
const hintRest = 200 * time.Millisecond

// HintQueue says that an untaken dialog has come into a queue. It never blocks; what is lost the sweep finds.
func (r *Relay) HintQueue(q store.Queue) {
	select {
	case r.queues <- q:
	default:
	}
}

// WatchQueues wakes the workflows of queues that are a backlog: hinted ones at once, and all of them each sweep (0: it
// follows hints only), until ctx ends.
func (r *Relay) WatchQueues(ctx context.Context, sweep time.Duration) error {
	var ticks <-chan time.Time
	if sweep > 0 {
		tick := time.NewTicker(sweep)
		defer tick.Stop()
		ticks = tick.C
	}
	for {
		var hinted []store.Queue
		select {
		case <-ctx.Done():
			return nil
		case <-ticks:
		case q := <-r.queues:
			hinted = r.hinted(q)
		}
		if err := r.wakeQueues(ctx, hinted); err != nil && ctx.Err() == nil {
			r.o.Logger.Warn("queues: cannot look for backlogs", "error", err)
		}
		rest := time.NewTimer(hintRest)
		select {
		case <-ctx.Done():
		case <-rest.C:
		}
		rest.Stop()
	}
}

// hinted takes all hints there are, each queue once.
func (r *Relay) hinted(first store.Queue) []store.Queue {
	out, seen := []store.Queue{first}, map[store.Queue]bool{first: true}
	for {
		select {
		case q := <-r.queues:
			if !seen[q] {
				seen[q] = true
				out = append(out, q)
			}
		default:
			return out
		}
	}
}

// wakeQueues counts the queues (none: all) and wakes those that need it.
func (r *Relay) wakeQueues(ctx context.Context, only []store.Queue) error {
	queues, err := within(ctx, askTimeout, func(ctx context.Context) ([]store.Queue, error) { return r.store.WakeQueues(ctx, only...) })
	if err != nil {
		return err
	}
	for _, q := range queues {
		if err := r.wake(ctx, q); err != nil {
			r.o.Logger.Warn("queues: wake not sent; the sweep sends it again", "queue", q.WorkflowID(), "error", err)
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
			_ = r.store.Unwake(ctx, q) // else again after 10 s
			cancel()
		}
	}
	return nil
}

// wake starts the queue's workflow or signals the one that runs.
func (r *Relay) wake(ctx context.Context, q store.Queue) error {
	if err := r.limiter.Wait(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, r.o.CallTimeout)
	defer cancel()
	id := q.WorkflowID()
	_, err := r.client.SignalWithStartWorkflow(ctx, id, workflows.SignalWake, nil, r.startOptions(id),
		workflows.QueueType, workflows.QueueStart{ProjectID: q.ProjectID, DepartmentID: q.DepartmentID})
	return err
}
