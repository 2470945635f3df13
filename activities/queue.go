package activities

import (
	"context"
	"errors"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/store"
	"github.com/otklik/otklik/workflows"
)

const (
	servedAtOnce = 25  // visitors served in one look: well within the time of an activity
	hintedAtOnce = 200 // dialogs hinted at when a queue opens or closes
)

// Look serves those who wait long in a backlog and says how the queue stands after it. It may run twice: each visitor is
// decided under his dialog's lock, once per session (D-31).
func (a *Activities) Look(ctx context.Context, q workflows.LookRequest) (workflows.LookResult, error) {
	queue := store.Queue{ProjectID: q.ProjectID, DepartmentID: q.DepartmentID}
	if !validUUID(q.ProjectID) || (q.DepartmentID != "" && !validUUID(q.DepartmentID)) {
		return workflows.LookResult{}, nil // a workflow somebody started by hand
	}
	served, err := a.serve(ctx, queue)
	if err != nil {
		return workflows.LookResult{}, err
	}
	if q.Why == dialog.ShiftBoundary {
		if err := a.hintAt(ctx, queue); err != nil {
			return workflows.LookResult{}, err
		}
	}
	look, err := a.Store.LookAtQueue(ctx, queue)
	if err != nil {
		return workflows.LookResult{}, err
	}
	out := workflows.LookResult{Untaken: look.Untaken, Served: served}
	if !look.At.IsZero() {
		out.Next = &workflows.Deadline{Kind: look.Why, At: look.At, In: look.In}
	}
	return out, nil
}

// serve gives the longest waiting visitors the message with the form. A refusal means that something changed meanwhile:
// the dialog was taken, or the backlog ended.
func (a *Activities) serve(ctx context.Context, queue store.Queue) (served int, err error) {
	waiters, err := a.Store.LongWaiters(ctx, queue, servedAtOnce)
	if err != nil {
		return 0, err
	}
	var ids []string
	defer func() {
		if len(ids) > 0 && a.Notify != nil {
			_ = a.Notify(ctx, ids) // a hint: the sweep finds what it misses
		}
	}()
	for _, w := range waiters {
		out := a.Store.Apply(ctx, []store.Command{{DialogID: w.DialogID, ClientID: "backlog-" + w.SessionID, Source: "system",
			Do: dialog.OfferContacts{}}})[0]
		var refusal *dialog.Refusal
		switch {
		case out.Err == nil:
			ids = append(ids, w.DialogID)
		case !errors.As(out.Err, &refusal):
			return len(ids), out.Err
		}
	}
	return len(ids), nil
}

// hintAt tells the consoles that the queue opened or closed: they look at their rows again (D-22).
func (a *Activities) hintAt(ctx context.Context, queue store.Queue) error {
	ids, err := a.Store.UntakenOf(ctx, queue, hintedAtOnce)
	if err == nil && len(ids) > 0 && a.Notify != nil {
		_ = a.Notify(ctx, ids)
	}
	return err
}
