// Package activities is what the workflows ask of the world: PostgreSQL's row, decided by package dialog. Inputs and
// results are ids, words and times (design 2.7).
package activities

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/worker"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/store"
	"github.com/otklik/otklik/workflows"
)

// Activities of the dialog workflow.
type Activities struct {
	Store *store.Store
	// Notify tells the consoles that these dialogs changed: a hint, best effort; a sweep is its fallback (design 5).
	Notify func(ctx context.Context, dialogIDs []string) error
	// Nudge wakes the relay of this process after a command that owes a signal.
	Nudge func()
}

// Register makes the activities known by the names the workflows use.
func (a *Activities) Register(w worker.ActivityRegistry) {
	w.RegisterActivityWithOptions(a.Sync, activity.RegisterOptions{Name: workflows.ActivitySync})
	w.RegisterActivityWithOptions(a.Due, activity.RegisterOptions{Name: workflows.ActivityDue})
	w.RegisterActivityWithOptions(a.Command, activity.RegisterOptions{Name: workflows.ActivityCommand})
	w.RegisterActivityWithOptions(a.Look, activity.RegisterOptions{Name: workflows.ActivityLook})
}

// Sync reads the row, acknowledges the signal the workflow was handed and records until when its timer is armed.
func (a *Activities) Sync(ctx context.Context, q workflows.SyncRequest) (workflows.SyncResult, error) {
	if !validUUID(q.DialogID) {
		return workflows.SyncResult{}, store.ErrNotFound // a workflow somebody started by hand
	}
	row, stale, err := a.Store.Sync(ctx, q.DialogID, q.SignalSeq, q.Armed, fence(ctx, q.Fence))
	if err != nil || stale {
		return workflows.SyncResult{Stale: stale}, err
	}
	return workflows.SyncResult{Snapshot: Snapshot(row)}, nil
}

// Due applies what the clock does to the dialog now, and pushes it to the consoles.
func (a *Activities) Due(ctx context.Context, q workflows.DueRequest) (workflows.DueResult, error) {
	outcome, applied, stale, err := a.Store.Due(ctx, q.DialogID, fence(ctx, q.Fence))
	if err != nil || stale {
		return workflows.DueResult{Stale: stale}, err
	}
	if outcome == dialog.Done {
		a.notify(ctx, q.DialogID)
	}
	return workflows.DueResult{Outcome: string(outcome), Snapshot: Snapshot(applied.Row)}, nil
}

// Command decides what ops sent, by the same rules and under the same lock as a person's command (design 2.6).
func (a *Activities) Command(ctx context.Context, q workflows.CommandRequest) (workflows.CommandResult, error) {
	c, err := command(q)
	if err == nil {
		err = a.mayRate(ctx, q)
	}
	if err == nil {
		err = a.Store.Apply(ctx, []store.Command{c})[0].Err
	}
	refusal, err := refused(err)
	if err != nil {
		return workflows.CommandResult{}, err
	}
	if refusal != nil {
		if err := a.Store.Refused(ctx, c, refusal.Code, call(ctx)); err != nil {
			return workflows.CommandResult{}, err
		}
		return workflows.CommandResult{Refused: string(refusal.Code), Field: refusal.Field}, nil
	}
	a.notify(ctx, q.DialogID)
	if a.Nudge != nil {
		a.Nudge()
	}
	return workflows.CommandResult{}, nil
}

// call names this call of an activity, whichever attempt of it.
func call(ctx context.Context) string {
	info := activity.GetInfo(ctx)
	return info.WorkflowExecution.RunID + "/" + info.ActivityID
}

// mayRate checks the actor of a rating that ops hand in: the command itself is the visitor's and names no operator.
func (a *Activities) mayRate(ctx context.Context, q workflows.CommandRequest) error {
	if q.Name != workflows.SignalRate {
		return nil
	}
	row, err := a.Store.Load(ctx, q.DialogID)
	if err != nil {
		return err
	}
	actor, err := a.Store.OperatorFacts(ctx, q.Command.Actor, row.ProjectID)
	if err != nil {
		return err
	}
	if !dialog.MaySee(row.State, actor) {
		return &dialog.Refusal{Code: dialog.NotFound}
	}
	return nil
}

// refused tells a refusal from a fault. No such dialog and no right to know of it look the same.
func refused(err error) (*dialog.Refusal, error) {
	var r *dialog.Refusal
	switch {
	case errors.As(err, &r):
		return r, nil
	case errors.Is(err, store.ErrNotFound):
		return &dialog.Refusal{Code: dialog.NotFound}, nil
	}
	return nil, err
}

func (a *Activities) notify(ctx context.Context, dialogID string) {
	if a.Notify != nil {
		_ = a.Notify(ctx, []string{dialogID}) // a hint: the sweep finds what it misses
	}
}

// fence completes the workflow's fence with what only the activity knows: attempt 0 is the local one.
func fence(ctx context.Context, f workflows.Fence) store.Fence {
	info := activity.GetInfo(ctx)
	attempt := int(info.Attempt)
	if info.IsLocalActivity {
		attempt = 0
	}
	// In microseconds, as the row keeps it: else a repeated call would look newer than itself.
	return store.Fence{At: f.At.Truncate(time.Microsecond), Ordinal: f.Ordinal, Attempt: attempt, Run: info.WorkflowExecution.RunID}
}
