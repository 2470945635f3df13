package workflows_test

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/otklik/otklik/activities"
	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/store"
	"github.com/otklik/otklik/workflows"
)

func (w *world) row() store.Row {
	return store.Row{State: w.state, Settings: w.set, ProjectID: projectID, Now: w.clock()}
}

func (w *world) armedUntil() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.armed
}

// called counts a call and says whether it fails, as told.
func (w *world) called(ctx context.Context, f workflows.Fence) (store.Fence, bool, error) {
	info := activity.GetInfo(ctx)
	name := info.ActivityType.Name
	if info.IsLocalActivity {
		name = "local " + name
	}
	w.calls = append(w.calls, name)
	w.ordinals = append(w.ordinals, f.Ordinal)
	full := store.Fence{At: f.At, Ordinal: f.Ordinal}
	if info.IsLocalActivity {
		if w.localFails {
			return full, false, errors.New("local activity fails")
		}
	} else {
		full.Attempt = int(info.Attempt)
		if w.fails > 0 {
			w.fails--
			return full, false, errors.New("database away")
		}
	}
	if w.stale > 0 {
		w.stale, w.rests = w.stale-1, true
		return full, true, nil
	}
	if !newer(full, w.fence) {
		w.t.Errorf("%s: fence %+v is not newer than %+v", name, full, w.fence)
	}
	w.fence = full
	return full, false, nil
}

func newer(a, b store.Fence) bool {
	if !a.At.Equal(b.At) {
		return a.At.After(b.At)
	}
	if a.Ordinal != b.Ordinal {
		return a.Ordinal > b.Ordinal
	}
	return a.Attempt > b.Attempt
}

// sync is what store.Sync does.
func (w *world) sync(ctx context.Context, q workflows.SyncRequest) (workflows.SyncResult, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, stale, err := w.called(ctx, q.Fence)
	if err != nil || stale {
		return workflows.SyncResult{Stale: stale}, err
	}
	if q.SignalSeq > w.seq {
		w.t.Errorf("acknowledged %d of %d signals", q.SignalSeq, w.seq)
	}
	w.acked = max(w.acked, q.SignalSeq)
	next, ok := dialog.NextDeadline(w.state, w.set)
	switch keep := q.Armed.After(w.clock()); {
	case keep && (!ok || q.Armed.Before(next.At)):
		w.armed = q.Armed
	default:
		w.armed = next.At
	}
	res := workflows.SyncResult{Snapshot: activities.Snapshot(w.row())}
	w.once(&w.afterSync)
	return res, w.lose(ctx)
}

// due is what store.Due does.
func (w *world) due(ctx context.Context, q workflows.DueRequest) (workflows.DueResult, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, stale, err := w.called(ctx, q.Fence)
	if err != nil || stale {
		return workflows.DueResult{Stale: stale}, err
	}
	ch, outcome, _ := dialog.Due(w.state, dialog.Env{Now: w.clock(), Settings: w.set})
	if outcome == dialog.Done {
		w.state = ch.State
		w.audits = append(w.audits, ch.Audit...)
	}
	next, _ := dialog.NextDeadline(w.state, w.set)
	w.armed = next.At
	res := workflows.DueResult{Outcome: string(outcome), Snapshot: activities.Snapshot(w.row())}
	w.once(&w.afterDue)
	return res, w.lose(ctx)
}

func (w *world) lose(ctx context.Context) error {
	if w.lost != nil && activity.GetInfo(ctx).IsLocalActivity && w.lost() {
		return errors.New("lost on the way back")
	}
	return nil
}

// once runs what a test wants to happen between a decision and its answer.
func (w *world) once(f *func()) {
	if do := *f; do != nil {
		*f = nil
		w.mu.Unlock()
		do()
		w.mu.Lock()
	}
}

// command is what the command activity does, with receipts.
func (w *world) command(ctx context.Context, q workflows.CommandRequest) (workflows.CommandResult, error) {
	res, err := w.decide(ctx, q)
	w.mu.Lock()
	defer w.mu.Unlock()
	if err == nil {
		w.answers = append(w.answers, q.Command.CommandID+": "+res.Refused)
	}
	return res, err
}

func (w *world) decide(ctx context.Context, q workflows.CommandRequest) (workflows.CommandResult, error) {
	w.mu.Lock()
	w.calls = append(w.calls, activity.GetInfo(ctx).ActivityType.Name)
	seen := w.receipts[q.Command.CommandID]
	failing := w.fails > 0
	if failing {
		w.fails--
	}
	w.mu.Unlock()
	if failing {
		return workflows.CommandResult{}, errors.New("database away")
	}
	if !q.Command.ValidID() {
		return workflows.CommandResult{Refused: "invalid", Field: "command_id"}, nil
	}
	if seen {
		return workflows.CommandResult{}, nil
	}
	people := map[string]dialog.Operator{anna.ID: anna, bob.ID: bob}
	var c dialog.Command
	switch q.Name {
	case workflows.SignalTransfer:
		c = dialog.Transfer{By: people[q.Command.Actor], To: people[q.Command.To]}
	case workflows.SignalLeave:
		c = dialog.Leave{By: people[q.Command.Actor], LastSeen: q.Command.LastSeen}
	case workflows.SignalRate:
		c = dialog.Rate{SessionID: q.Command.SessionID, Stars: q.Command.Stars}
	}
	err := w.apply(c)
	var refusal *dialog.Refusal
	if errors.As(err, &refusal) {
		return workflows.CommandResult{Refused: string(refusal.Code), Field: refusal.Field}, nil
	}
	w.mu.Lock()
	w.receipts[q.Command.CommandID] = true
	w.mu.Unlock()
	return workflows.CommandResult{}, err
}
