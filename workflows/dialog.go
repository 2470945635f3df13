// Package workflows is time and consequence: one run (chain) per session of a dialog (design 2.3). A workflow decides
// nothing: it arms the timer of the nearest deadline, and when it fires an activity asks the same rules under the same
// lock as every command. What it keeps is a cache for ops to read.
//
// Changing a workflow: open dialogs were recorded by the old code, so a change of what it commands (order, kind or
// number of timers, activities, upserts) is guarded by workflow.GetVersion, and the recorded histories in testdata
// must keep replaying; see docs/adr on changed workflows.
package workflows

import (
	"errors"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

const (
	// minTimer is the shortest timer: one that fired a hair early must not spin (design 2.3).
	minTimer = 50 * time.Millisecond
	// clockSlack is how far the stored clock may drift from an armed timer before it is armed anew.
	clockSlack = time.Second
)

// Dialog is the workflow of one dialog; its ID is the dialog's.
//
// Each round drains the signals without blocking and takes one step. So both ways out, return and continue-as-new,
// come right after a drain with no yield in between: a rating timer and the signal of a new session in one workflow
// task lose nothing (design 3). A newer session needs no switch: every call re-reads the row.
func Dialog(ctx workflow.Context, in Start) error {
	// A conversation ends by leaving it: cancelling the workflow by hand must not stop its clock.
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	r := newRun(ctx, in)
	for {
		r.drain()
		r.startCommand(ctx)
		switch {
		case r.timer.fired():
			if err := r.due(ctx); err != nil {
				return r.left(ctx, err)
			}
		case r.unread:
			if err := r.sync(ctx); err != nil {
				return r.left(ctx, err)
			}
		case r.quiet() && r.row.Finished():
			return nil
		case r.quiet() && r.long(ctx):
			return workflow.NewContinueAsNewError(ctx, Dialog, r.next())
		default:
			r.arm(ctx)
			r.showDetails(ctx)
			r.wait(ctx)
		}
	}
}

// run is one run of the dialog workflow.
type run struct {
	in     Start
	inbox  inbox
	row    Snapshot  // as the last call returned it
	dueAt  time.Time // when row.Deadline is due, by this workflow's clock
	timer  timer
	unread bool  // the row may have changed since it was read
	seq    int64 // the highest signal number not handed on yet

	ordinal int64
	fenceAt time.Time
	rounds  int

	commands []CommandRequest // of ops, waiting
	command  workflow.Future  // the one being decided
	deciding CommandRequest
	refused  string // the last refused one
}

func newRun(ctx workflow.Context, in Start) *run {
	r := &run{in: in, inbox: newInbox(ctx), unread: true} // whatever a run is told, it starts from the row
	if c := in.Carried; c != nil {
		r.ordinal, r.row, r.refused, r.seq = c.Ordinal, c.Snapshot, c.Refused, c.SignalSeq
	}
	return r
}

// next is the input of the run that continues this one.
func (r *run) next() Start {
	s := r.in
	s.Carried = &Carried{Ordinal: r.ordinal, Snapshot: r.row, Refused: r.refused, SignalSeq: r.seq}
	return s
}

// drain takes every signal there is, without blocking.
func (r *run) drain() {
	for _, s := range r.inbox.syncs() {
		r.unread = true
		r.seq = max(r.seq, s.SignalSeq)
	}
	for _, c := range r.inbox.commands() {
		c.DialogID = r.in.DialogID
		r.commands = append(r.commands, c)
	}
}

// quiet reports whether nothing is pending, so that the run may end.
func (r *run) quiet() bool { return !r.unread && r.command == nil && len(r.commands) == 0 }

func (r *run) long(ctx workflow.Context) bool {
	return workflow.GetInfo(ctx).GetContinueAsNewSuggested() || (r.in.MaxRounds > 0 && r.rounds >= r.in.MaxRounds)
}

// sync reads the row and acknowledges the highest signal that was handed over.
func (r *run) sync(ctx workflow.Context) error {
	for stale := 0; ; stale++ {
		r.drain()
		r.unread = false
		req := SyncRequest{DialogID: r.in.DialogID, SignalSeq: r.seq, Fence: r.fence(ctx), Armed: r.timer.at}
		var res SyncResult
		if err := call(ctx, ActivitySync, "read the dialog", req, &res); err != nil {
			return err
		}
		if !res.Stale {
			if r.seq == req.SignalSeq {
				r.seq = 0 // an older database (restored) counts from lower numbers
			}
			r.adopt(ctx, res.Snapshot)
			return nil
		}
		if err := r.rest(ctx, stale); err != nil {
			return err
		}
	}
}

// due tells that the timer fired. It matters neither what it was armed for nor what the answer is called (done,
// obsolete, wait): the row that comes back holds what is next.
func (r *run) due(ctx workflow.Context) error {
	kind := r.timer.kind
	r.timer = timer{}
	for stale := 0; ; stale++ {
		var res DueResult
		req := DueRequest{DialogID: r.in.DialogID, Fence: r.fence(ctx)}
		if err := call(ctx, ActivityDue, "timer: "+kind, req, &res); err != nil {
			return err
		}
		if !res.Stale {
			r.adopt(ctx, res.Snapshot)
			return nil
		}
		if err := r.rest(ctx, stale); err != nil {
			return err
		}
	}
}

// fence is newer than every fence before it, whichever run or worker made those.
func (r *run) fence(ctx workflow.Context) Fence {
	r.ordinal++
	r.rounds++
	if now := workflow.Now(ctx); now.After(r.fenceAt) {
		r.fenceAt = now
	}
	return Fence{At: r.fenceAt, Ordinal: r.ordinal}
}

// errLong says that a run that is turned away again and again must not grow any longer.
var errLong = errors.New("long")

// rest is a pause after a stale answer that was not the first in a row: the clock of this run is behind another's. That
// may last hours (ADR 4): what ops send is decided meanwhile, and a long history is left behind.
func (r *run) rest(ctx workflow.Context, stale int) error {
	if stale == 0 {
		return nil
	}
	_ = workflow.Sleep(ctx, time.Second)
	if workflow.GetVersion(ctx, "turned-away", workflow.DefaultVersion, 1) == workflow.DefaultVersion {
		return nil
	}
	r.drain()
	r.startCommand(ctx)
	if r.command == nil && len(r.commands) == 0 && r.long(ctx) {
		return errLong
	}
	return nil
}

// left is how the run ends after err. The run that continues a long one reads the row first and acknowledges what this
// one could not. Between the drain of rest and here nothing yields.
func (r *run) left(ctx workflow.Context, err error) error {
	if errors.Is(err, errLong) {
		return workflow.NewContinueAsNewError(ctx, Dialog, r.next())
	}
	return err
}

// adopt makes the row this run's own view, and shows ops what changed.
func (r *run) adopt(ctx workflow.Context, row Snapshot) {
	r.row = row
	if row.Deadline != nil {
		r.dueAt = workflow.Now(ctx).Add(row.Deadline.In)
	}
	showAttributes(ctx, row)
}

// arm sees to it that a timer looks at the nearest deadline in time. An earlier or absent deadline costs nothing: the
// armed timer fires and the row is asked again, which is cheaper than cancelling for every answer.
func (r *run) arm(ctx workflow.Context) {
	next := r.row.Deadline
	if next == nil || (r.timer.armed() && !next.At.Before(r.timer.at) && !r.dueAt.Before(r.timer.fires.Add(-clockSlack))) {
		return
	}
	r.timer.cancel()
	r.timer = newTimer(ctx, *next, r.dueAt)
}

// wait sleeps until a signal, the timer or the answer to an ops command. No timer but the armed one is made.
func (r *run) wait(ctx workflow.Context) {
	_ = workflow.Await(ctx, func() bool {
		return r.inbox.pending() || r.timer.fired() || (r.command != nil && r.command.IsReady())
	})
}

// call runs a short local activity, which saves half the history; when it fails, an ordinary one that is retried
// without end. The fence makes a local one that committed and was lost harmless (design 3).
func call(ctx workflow.Context, name, summary string, req, res any) error {
	local := workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		StartToCloseTimeout:    1500 * time.Millisecond,
		ScheduleToCloseTimeout: 2 * time.Second,
		RetryPolicy:            &temporal.RetryPolicy{MaximumAttempts: 1},
		Summary:                summary,
	})
	if err := workflow.ExecuteLocalActivity(local, name, req).Get(ctx, res); err == nil {
		return nil
	}
	return workflow.ExecuteActivity(ordinary(ctx, summary), name, req).Get(ctx, res)
}

// ordinary are the options of activities that are retried until PostgreSQL answers (every 2 to 5 s).
func ordinary(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: 3 * time.Second,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval: 2 * time.Second, BackoffCoefficient: 1.5, MaximumInterval: 5 * time.Second,
			NonRetryableErrorTypes: []string{CodeNotFound},
		},
		Summary: summary,
	})
}
