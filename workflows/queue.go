package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"
)

// Queue is the workflow of one queue while it is a backlog (R-034, D-30, D-31). It counts nothing itself: each look is an
// activity that recounts by SQL, serves who is to be served, and says when time alone does something next: the next
// waiter crosses the limit, or the queue opens or closes (D-13). For that one timer is armed. A wake is a hint that
// something changed; the sweep gives one to every queue that is not looked at in time.
//
// As in Dialog, both ways out come right after a drain with no yield in between.
func Queue(ctx workflow.Context, in QueueStart) error {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	q := &queueRun{in: in, wakes: workflow.GetSignalChannel(ctx, SignalWake), unread: true}
	showQueue(ctx, in)
	for {
		q.drain()
		switch {
		case q.unread, q.timer.fired():
			if err := q.look(ctx); err != nil {
				return err
			}
		case q.seen.Next == nil:
			return nil
		case q.long(ctx):
			return workflow.NewContinueAsNewError(ctx, Queue, in)
		default:
			q.arm(ctx)
			q.showDetails(ctx)
			_ = workflow.Await(ctx, func() bool { return q.wakes.Len() > 0 || q.timer.fired() })
		}
	}
}

// queueRun is one run of the queue workflow.
type queueRun struct {
	in     QueueStart
	wakes  workflow.ReceiveChannel
	seen   LookResult // what the last look said
	dueAt  time.Time  // when seen.Next is due, by this workflow's clock
	timer  timer
	unread bool
	looks  int
}

// drain takes every wake there is, without blocking.
func (q *queueRun) drain() {
	if len(receive[struct{}](q.wakes)) > 0 {
		q.unread = true
	}
}

func (q *queueRun) long(ctx workflow.Context) bool {
	return workflow.GetInfo(ctx).GetContinueAsNewSuggested() || (q.in.MaxLooks > 0 && q.looks >= q.in.MaxLooks)
}

// look serves and recounts until everybody who is to be served now is.
func (q *queueRun) look(ctx workflow.Context) error {
	req := LookRequest{ProjectID: q.in.ProjectID, DepartmentID: q.in.DepartmentID}
	if q.timer.fired() {
		req.Why = q.timer.kind
		q.timer = timer{}
	}
	q.unread, q.looks = false, q.looks+1
	var res LookResult
	if err := call(ctx, ActivityLook, "look at the queue", req, &res); err != nil {
		return err
	}
	q.seen = res
	if next := res.Next; next != nil {
		in := next.In
		if in == 0 && res.Served == 0 {
			in = time.Second // somebody is due whom nobody could serve: try again, but do not spin
		}
		q.dueAt = workflow.Now(ctx).Add(in)
	}
	return nil
}

// arm sees to it that the one timer fires in time; one that fires earlier looks again by itself.
func (q *queueRun) arm(ctx workflow.Context) {
	if q.timer.armed() && !q.dueAt.Before(q.timer.fires) {
		return
	}
	q.timer.cancel()
	q.timer = newTimer(ctx, *q.seen.Next, q.dueAt)
}

func (q *queueRun) showDetails(ctx workflow.Context) {
	workflow.SetCurrentDetails(ctx, fmt.Sprintf("untaken: %d\n\nnext look: %s at %s", q.seen.Untaken, q.timer.kind, utc(q.timer.at)))
}

// showQueue lets ops find the queue among the workflows.
func showQueue(ctx workflow.Context, in QueueStart) {
	shown := Snapshot{ProjectID: in.ProjectID, DepartmentID: in.DepartmentID, State: StateBacklog}
	showAttributes(ctx, shown)
}
