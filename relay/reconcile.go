package relay

import (
	"context"
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/otklik/otklik/store"
	"github.com/otklik/otklik/workflows"
)

// Report says what a reconcile found and did.
type Report struct {
	Checked int `json:"checked"` // open sessions
	Missing int `json:"missing"` // of them without a running workflow
	Owed    int `json:"owed"`    // given a signal that starts one
	Woken   int `json:"woken"`   // overdue deadlines that were given a signal
}

const (
	listPage = 1000
	openPage = 500
)

// Reconcile compares the open sessions with Temporal's list of running workflows. The list may be behind, so a missing
// workflow is asked for by its id before anything is done.
func (r *Relay) Reconcile(ctx context.Context) (Report, error) {
	var rep Report
	running, err := r.running(ctx)
	if err != nil {
		return rep, fmt.Errorf("list workflows: %w", err)
	}
	for after := ""; ; {
		page, err := within(ctx, askTimeout, func(ctx context.Context) ([]store.OpenDialog, error) {
			return r.store.OpenPage(ctx, after, openPage)
		})
		if err != nil {
			return rep, fmt.Errorf("list open sessions: %w", err)
		}
		var missing []string
		for _, d := range page {
			after = d.DialogID
			rep.Checked++
			if running[d.DialogID] {
				continue
			}
			runs, err := r.runs(ctx, d.DialogID)
			if err != nil {
				return rep, fmt.Errorf("describe workflow: %w", err)
			}
			if !runs {
				missing = append(missing, d.DialogID)
			}
		}
		rep.Missing += len(missing)
		if len(missing) > 0 {
			owed, err := r.owe(ctx, missing)
			if err != nil {
				return rep, err
			}
			rep.Owed += owed
		}
		if len(page) < openPage {
			break
		}
	}
	rep.Woken, err = r.WatchOnce(ctx)
	return rep, err
}

// owe gives the dialogs a signal that starts a run.
func (r *Relay) owe(ctx context.Context, dialogIDs []string) (int, error) {
	owed, err := within(ctx, askTimeout, func(ctx context.Context) (int, error) { return r.store.Owe(ctx, dialogIDs) })
	if err != nil {
		return 0, fmt.Errorf("owe signals: %w", err)
	}
	r.Nudge()
	return owed, nil
}

// running is Temporal's list of running dialog workflows, page by page.
func (r *Relay) running(ctx context.Context) (map[string]bool, error) {
	out := map[string]bool{}
	q := &workflowservice.ListWorkflowExecutionsRequest{
		PageSize: listPage,
		Query:    fmt.Sprintf("WorkflowType = '%s' AND ExecutionStatus = 'Running'", workflows.DialogType),
	}
	for {
		page, err := r.list(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, e := range page.GetExecutions() {
			out[e.GetExecution().GetWorkflowId()] = true
		}
		if q.NextPageToken = page.GetNextPageToken(); len(q.NextPageToken) == 0 {
			return out, nil
		}
	}
}

func (r *Relay) list(ctx context.Context, q *workflowservice.ListWorkflowExecutionsRequest) (*workflowservice.ListWorkflowExecutionsResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*r.o.CallTimeout)
	defer cancel()
	return r.client.ListWorkflow(ctx, q)
}

// runs asks Temporal for one workflow by its id.
func (r *Relay) runs(ctx context.Context, dialogID string) (bool, error) {
	if err := r.limiter.Wait(ctx); err != nil {
		return false, err
	}
	ctx, cancel := context.WithTimeout(ctx, r.o.CallTimeout)
	defer cancel()
	d, err := r.client.DescribeWorkflowExecution(ctx, dialogID, "")
	var none *serviceerror.NotFound
	if errors.As(err, &none) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return d.GetWorkflowExecutionInfo().GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, nil
}

// ReconcileEvery reconciles at once and then after each period, until ctx ends; between two of them it looks every ten
// seconds whether that is due earlier. prepare runs before each.
func (r *Relay) ReconcileEvery(ctx context.Context, period time.Duration, prepare func(context.Context) error) error {
	every, look := time.NewTicker(period), time.NewTicker(lookPeriod)
	defer every.Stop()
	defer look.Stop()
	for looked := false; ; {
		rest := time.Time{}
		if found := r.reconcile(ctx, prepare); looked && !found {
			rest = time.Now().Add(fruitlessRest)
		}
		looked = false
		for due := false; !due; due = due || looked {
			select {
			case <-ctx.Done():
				return nil
			case <-every.C:
				due = true
			case <-look.C:
				looked = r.look(ctx) && time.Now().After(rest)
			}
		}
	}
}

// reconcile reports whether there was something to mend, or may still be.
func (r *Relay) reconcile(ctx context.Context, prepare func(context.Context) error) bool {
	if err := prepare(ctx); err != nil && ctx.Err() == nil {
		r.o.Logger.Warn("reconcile: Temporal is not prepared", "error", err)
	}
	rep, err := r.Reconcile(ctx)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		r.o.Logger.Warn("reconcile failed; tried again later", "error", err)
	case rep.Missing > 0:
		r.o.Logger.Warn("reconcile: open sessions had no workflow", "missing", rep.Missing, "owed", rep.Owed, "checked", rep.Checked)
	}
	return err != nil || rep.Missing > 0
}
