package relay

import (
	"context"
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"

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
		page, err := r.store.OpenPage(ctx, after, openPage)
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
			owed, err := r.store.Owe(ctx, missing)
			if err != nil {
				return rep, fmt.Errorf("owe signals: %w", err)
			}
			rep.Owed += owed
			r.Nudge()
		}
		if len(page) < openPage {
			break
		}
	}
	rep.Woken, err = r.WatchOnce(ctx)
	return rep, err
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

// ReconcileEvery reconciles at once and then after each period, until ctx ends.
func (r *Relay) ReconcileEvery(ctx context.Context, period time.Duration) error {
	tick := time.NewTicker(period)
	defer tick.Stop()
	for {
		rep, err := r.Reconcile(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			r.o.Logger.Warn("reconcile failed; tried again later", "error", err, "period", period)
		case rep.Missing > 0:
			r.o.Logger.Warn("reconcile: open sessions had no workflow", "missing", rep.Missing, "owed", rep.Owed, "checked", rep.Checked)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
