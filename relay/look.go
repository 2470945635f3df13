package relay

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/otklik/otklik/workflows"
)

// Between two reconciles: a session without a deadline wakes no watchdog, and still is to have its workflow (design 9).
const (
	lookPeriod = 10 * time.Second
	// lookBack is how old an end may be when it is found: more than two looks, and clocks that differ.
	lookBack = time.Minute
	// lookAgain is the pause between two countings; Temporal's list is behind by less.
	lookAgain = time.Second
	// young is the age from which a session has its workflow, whether it has been acknowledged or not.
	young = 10 * time.Second
	// fruitlessRest is how long a count that was wrong causes no further reconcile.
	fruitlessRest = time.Minute
	// endedAtOnce is how many ends are looked at one by one; more are a matter for reconcile.
	endedAtOnce = 100
)

// MendEnded finds dialog workflows that were ended by something else than their own code in the last minute, and starts
// those of open sessions anew. It asks two cheap questions, however many sessions are open.
func (r *Relay) MendEnded(ctx context.Context) (owed int, many bool, err error) {
	page, err := r.list(ctx, &workflowservice.ListWorkflowExecutionsRequest{
		PageSize: endedAtOnce,
		Query: fmt.Sprintf("WorkflowType = '%s' AND ExecutionStatus IN ('Terminated', 'Canceled', 'Failed', 'TimedOut') AND CloseTime > '%s'",
			workflows.DialogType, time.Now().Add(-lookBack).UTC().Format(time.RFC3339)),
	})
	if err != nil {
		return 0, false, fmt.Errorf("list ended workflows: %w", err)
	}
	if len(page.GetExecutions()) == endedAtOnce {
		return 0, true, nil
	}
	var missing []string
	for _, e := range page.GetExecutions() {
		id := e.GetExecution().GetWorkflowId()
		runs, err := r.runs(ctx, id)
		if err != nil {
			return 0, false, fmt.Errorf("describe workflow: %w", err)
		}
		if !runs && uuid.Validate(id) == nil && len(id) == 36 {
			missing = append(missing, id)
		}
	}
	if len(missing) > 0 {
		owed, err = r.owe(ctx, missing)
	}
	return owed, false, err
}

// short reports whether fewer workflows of open sessions run than there are open sessions: Temporal lost some, or they
// were deleted. What it counts is a moment apart, and Temporal's list may be behind: so it counts twice before it says yes.
func (r *Relay) short(ctx context.Context) (bool, error) {
	for again := false; ; again = true {
		open, err := within(ctx, askTimeout, func(ctx context.Context) (int, error) { return r.store.CountRunning(ctx, young) })
		if err != nil {
			return false, fmt.Errorf("count open sessions: %w", err)
		}
		running, err := r.countOpen(ctx)
		if err != nil {
			return false, fmt.Errorf("count workflows: %w", err)
		}
		if running >= int64(open) || again {
			return running < int64(open), nil
		}
		pause(ctx, lookAgain)
	}
}

// countOpen asks Temporal how many running workflows show the state of an open session.
func (r *Relay) countOpen(ctx context.Context) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, r.o.CallTimeout)
	defer cancel()
	res, err := r.client.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{
		Query: fmt.Sprintf("WorkflowType = '%s' AND ExecutionStatus = 'Running' AND %s IN ('%s', '%s', '%s')", workflows.DialogType,
			workflows.AttributeState.GetName(), workflows.StateUntaken, workflows.StateWaiting, workflows.StateAnswered),
	})
	return res.GetCount(), err
}

// look mends what ended by hand and reports whether a reconcile is due: too many ended, too few run, or Temporal does not
// know what its workflows are told apart by (a namespace made anew).
func (r *Relay) look(ctx context.Context) (due bool) {
	owed, many, err := r.MendEnded(ctx)
	if owed > 0 {
		r.o.Logger.Warn("workflows of open sessions were ended by hand; started anew", "owed", owed)
	}
	if err == nil && !many {
		due, err = r.short(ctx)
	}
	var invalid *serviceerror.InvalidArgument
	if err != nil && ctx.Err() == nil {
		r.o.Logger.Warn("cannot look for sessions without a workflow", "error", err)
	}
	return due || many || errors.As(err, &invalid)
}
