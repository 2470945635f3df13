package worker_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/relay"
	"github.com/otklik/otklik/worker"
	"github.com/otklik/otklik/workflows"
)

// TestActionsReachTheWorkflow: start, claim and end are signalled, acknowledged and shown to ops.
func TestActionsReachTheWorkflow(t *testing.T) {
	h := newHouse(t)
	h.work(h.options())
	id := h.visitor()
	h.do(id, dialog.ChooseDepartment{ID: h.department})
	h.acknowledged(id)
	h.detailsSay(id, "next check: untaken 3 min at "+h.row(id).State.Session.WaitingSince.Add(dialog.UntakenAfter+dialog.Tick).Format(time.RFC3339Nano))
	h.listed(id, workflows.StateUntaken, "")
	h.reply(id, "good day")
	h.acknowledged(id)
	h.listed(id, workflows.StateAnswered, h.anna)
	h.leave(id)
	h.acknowledged(id)
	h.listed(id, workflows.StateRating, h.anna)
	if !h.running(id) {
		t.Error("the workflow ended before its rating prompt")
	}
	h.pass(25 * time.Hour) // the watchdog sees that the prompt's end is overdue
	h.until("the rating prompt ends with its workflow", func() bool { return !h.running(id) })
	if !h.row(id).State.Session.PromptEnded {
		t.Error("the prompt did not end")
	}
}

// listed waits until ops find the dialog by its search attributes.
func (h *house) listed(dialogID string, state workflows.State, operator string) {
	h.t.Helper()
	query := fmt.Sprintf("OtklikState = '%s' AND OtklikProject = '%s' AND OtklikDepartment = '%s'", state, h.project, h.department)
	if operator != "" {
		query += fmt.Sprintf(" AND OtklikOperator = '%s'", operator)
	} else {
		query += " AND OtklikOperator IS NULL"
	}
	h.until(query, func() bool {
		list, err := h.client.ListWorkflow(context.Background(), &workflowservice.ListWorkflowExecutionsRequest{Query: query})
		return err == nil && len(list.Executions) == 1 && list.Executions[0].Execution.WorkflowId == dialogID
	})
}

// TestCommitWithoutSignal: the API process died between commit and signal; the worker's relay sends it.
func TestCommitWithoutSignal(t *testing.T) {
	h := newHouse(t)
	id := h.visitor()
	h.do(id, dialog.VisitorMessage{Text: "hello"})
	if r := h.row(id); r.SignalSeq != 1 || r.SignalAcked != 0 {
		t.Fatalf("signals %d of %d acknowledged", r.SignalAcked, r.SignalSeq)
	}
	h.work(h.options())
	h.acknowledged(id)
}

// TestTerminatedByHand: the deadline is kept although the workflow is gone (design 2.4).
func TestTerminatedByHand(t *testing.T) {
	h := newHouse(t)
	h.work(h.options())
	id := h.visitor()
	h.do(id, dialog.VisitorMessage{Text: "hello"})
	h.acknowledged(id)
	check(t, h.client.TerminateWorkflow(context.Background(), id, "", "by hand"))
	h.pass(dialog.UntakenAfter + 3*time.Second)
	h.until("the dialog is marked", func() bool { return h.row(id).State.Session.UnclaimedMarked })
	h.until("ops see it red", func() bool {
		list, err := h.client.ListWorkflow(context.Background(), &workflowservice.ListWorkflowExecutionsRequest{Query: "OtklikRed = 'unclaimed'"})
		return err == nil && len(list.Executions) == 1
	})
	if n := h.count(`SELECT count(*) FROM audit WHERE dialog_id = $1 AND action = 'deadline' AND source = 'system'`, id); n != 1 {
		t.Errorf("%d audit records of the deadline", n)
	}
}

// TestClockMoves: the armed timer of a living workflow follows the stored clock.
func TestClockMoves(t *testing.T) {
	h := newHouse(t)
	h.work(h.options())
	id := h.visitor()
	h.do(id, dialog.VisitorMessage{Text: "hello"})
	h.acknowledged(id)
	h.pass(dialog.UntakenAfter + 3*time.Second)
	h.until("the dialog is marked", func() bool { return h.row(id).State.Session.UnclaimedMarked })
}

// TestNewerSession: the next session of a dialog whose rating prompt still runs goes on in the same workflow.
func TestNewerSession(t *testing.T) {
	h := newHouse(t)
	h.work(h.options())
	id := h.visitor()
	h.do(id, dialog.VisitorMessage{Text: "hello"})
	h.reply(id, "good day")
	h.leave(id)
	h.acknowledged(id)
	h.detailsSay(id, "state: rating")
	h.do(id, dialog.VisitorMessage{Text: "one more thing"})
	h.acknowledged(id)
	h.detailsSay(id, "state: untaken")
	h.detailsSay(id, h.row(id).State.Session.ID)
	h.reply(id, "yes?")
	h.exec(`UPDATE projects SET rating = false`)
	h.leave(id)
	h.until("the workflow ends with the session", func() bool { return !h.running(id) })
	h.do(id, dialog.VisitorMessage{Text: "and another"})
	h.until("a new run starts", func() bool { return h.running(id) })
	h.acknowledged(id)
}

// TestOpsCommands: ops transfer, leave and rate by signals; the rules answer, refusals are shown and audited (design 2.6).
func TestOpsCommands(t *testing.T) {
	h := newHouse(t)
	h.work(h.options())
	id := h.visitor()
	h.do(id, dialog.VisitorMessage{Text: "hello"})
	h.acknowledged(id)
	h.signal(id, workflows.SignalTransfer, h.opsTransfer())
	h.detailsSay(id, "last refused: transfer ops-transfer-1: not_claimed")
	h.reply(id, "good day")
	for range 2 { // sent twice, done once
		c := h.opsTransfer()
		c.CommandID = "ops-transfer-2"
		h.signal(id, workflows.SignalTransfer, c)
	}
	h.until("the dialog is handed over", func() bool { return h.row(id).State.Session.AssigneeID == h.boris })
	h.signal(id, workflows.SignalLeave, workflows.OpsCommand{CommandID: "ops-leave-1", Actor: h.boris})
	h.detailsSay(id, "last refused: leave ops-leave-1: unseen_message")
	if n := h.count(`SELECT count(*) FROM audit WHERE dialog_id = $1 AND action = 'transfer' AND source = 'temporal'`, id); n != 1 {
		t.Errorf("%d audit records of the transfer", n)
	}
	h.signal(id, workflows.SignalLeave, workflows.OpsCommand{CommandID: "ops-leave-2", Actor: h.boris, LastSeen: h.row(id).State.Seq})
	h.until("the session ends", func() bool { return !h.row(id).State.Open() })
	session := h.row(id).State.Session.ID
	h.signal(id, workflows.SignalRate, workflows.OpsCommand{CommandID: "ops-rate-1", Actor: h.anna, SessionID: session, Stars: 6})
	h.detailsSay(id, "last refused: rate ops-rate-1: invalid (stars)")
	h.signal(id, workflows.SignalRate, workflows.OpsCommand{CommandID: "ops-rate-2", Actor: newID(), SessionID: session, Stars: 5})
	h.detailsSay(id, "last refused: rate ops-rate-2: not_found")
	h.signal(id, workflows.SignalRate, workflows.OpsCommand{CommandID: "ops-rate-3", Actor: h.anna, SessionID: session, Stars: 5})
	h.until("the session is rated", func() bool { return h.row(id).State.Session.Rating == 5 })
	if n := h.count(`SELECT count(*) FROM audit WHERE dialog_id = $1 AND action = 'refused' AND source = 'temporal'`, id); n != 4 {
		t.Errorf("%d audit records of refusals", n)
	}
}

// TestMalformedSignals are refused like any bad command and never hurt the workflow.
func TestMalformedSignals(t *testing.T) {
	h := newHouse(t)
	h.work(h.options())
	id := h.visitor()
	h.do(id, dialog.VisitorMessage{Text: "hello"})
	h.acknowledged(id)
	for i, bad := range []struct {
		payload any
		want    string
	}{
		{nil, "transfer: invalid (command_id)"},
		{"just text", "transfer: invalid (command_id)"},
		{[]int{1, 2}, "transfer: invalid (command_id)"},
		{map[string]any{"command_id": 7}, "transfer: invalid (command_id)"},
		{workflows.OpsCommand{CommandID: "a b c d e f"}, "transfer: invalid (command_id)"},
		{workflows.OpsCommand{CommandID: "bad-actor-1", Actor: "anna"}, "transfer bad-actor-1: invalid (actor)"},
		{workflows.OpsCommand{CommandID: "bad-target-1", Actor: h.anna, To: "' OR 1=1"}, "transfer bad-target-1: invalid (to)"},
		{workflows.OpsCommand{CommandID: "bad-actor-2", Actor: newID(), To: h.boris}, "transfer bad-actor-2: not_found"},
	} {
		h.signal(id, workflows.SignalTransfer, bad.payload)
		h.until("audited", func() bool {
			return h.count(`SELECT count(*) FROM audit WHERE dialog_id = $1 AND action = 'refused'`, id) == i+1
		})
		h.detailsSay(id, "last refused: "+bad.want)
	}
	h.signal(id, workflows.SignalSync, "not a sync")
	h.reply(id, "good day")
	h.acknowledged(id)
}

// TestNoSuchDialog: the workflow of a dialog that PostgreSQL does not know (started by hand, or an older backup was
// restored) ends with an error instead of asking for ever.
func TestNoSuchDialog(t *testing.T) {
	h := newHouse(t)
	h.work(h.options())
	for _, id := range []string{newID(), "by hand"} {
		run, err := h.client.ExecuteWorkflow(context.Background(), client.StartWorkflowOptions{ID: id, TaskQueue: workflows.TaskQueue},
			workflows.DialogType, workflows.Start{DialogID: id})
		check(t, err)
		var failed *temporal.ApplicationError
		if err := run.Get(context.Background(), nil); !errors.As(err, &failed) || failed.Type() != workflows.CodeNotFound {
			t.Errorf("%q: %v", id, err)
		}
	}
}

// TestReconcile finds the open session whose workflow is gone before any deadline tells.
func TestReconcile(t *testing.T) {
	h := newHouse(t)
	h.work(h.options())
	var ids []string
	for range 3 {
		id := h.visitor()
		h.do(id, dialog.VisitorMessage{Text: "hello"})
		h.acknowledged(id)
		ids = append(ids, id)
	}
	r := relay.New(h.store, h.client, relay.Options{})
	rep, err := r.Reconcile(context.Background())
	check(t, err)
	if rep != (relay.Report{Checked: 3}) {
		t.Errorf("all well, but reported %+v", rep)
	}
	check(t, h.client.TerminateWorkflow(context.Background(), ids[1], "", "by hand"))
	h.until("Temporal says it is gone", func() bool { return !h.running(ids[1]) })
	h.until("reconcile finds it", func() bool {
		rep, err = r.Reconcile(context.Background())
		check(t, err)
		return rep.Missing > 0 // the list of running workflows may still name it
	})
	if rep != (relay.Report{Checked: 3, Missing: 1, Owed: 1}) {
		t.Errorf("reported %+v", rep)
	}
	h.until("it runs again", func() bool { return h.running(ids[1]) })
	h.acknowledged(ids[1])
}

// TestSearchAttributesTwice: migrate and every worker register them.
func TestSearchAttributesTwice(t *testing.T) {
	h := newHouse(t)
	for range 2 {
		check(t, worker.RegisterSearchAttributes(context.Background(), h.client, h.namespace))
	}
	if strings.Contains(h.log.String(), "ERROR") {
		t.Error(h.log)
	}
}

// TestLostWorkflowsComeBack: an open session that nobody waits in has no deadline for the watchdog; its workflow comes back
// by itself all the same, whether it was terminated or Temporal knows nothing of it any more (design 9). So do search
// attributes that somebody removed.
func TestLostWorkflowsComeBack(t *testing.T) {
	h := newHouse(t)
	o := h.options()
	o.ReconcileEvery = time.Hour
	h.work(o)
	var ids []string
	for range 3 {
		id := h.visitor()
		h.do(id, dialog.VisitorMessage{Text: "hello"})
		h.reply(id, "good day")
		h.acknowledged(id)
		h.until("it is shown", func() bool { return h.running(id) && h.shown(id) == workflows.StateAnswered })
		ids = append(ids, id)
	}
	check(t, h.client.TerminateWorkflow(context.Background(), ids[0], "", "by hand"))
	h.until("the terminated one is back", func() bool { return h.running(ids[0]) })
	h.until("it is shown", func() bool { return h.shown(ids[0]) == workflows.StateAnswered })

	_, err := h.client.WorkflowService().DeleteWorkflowExecution(context.Background(), &workflowservice.DeleteWorkflowExecutionRequest{
		Namespace: h.namespace, WorkflowExecution: &commonpb.WorkflowExecution{WorkflowId: ids[1]}})
	check(t, err)
	h.until("it is gone", func() bool { return !h.running(ids[1]) })
	h.until("the deleted one is back", func() bool { return h.running(ids[1]) })

	name := workflows.AttributeState.GetName()
	_, err = h.client.OperatorService().RemoveSearchAttributes(context.Background(), &operatorservice.RemoveSearchAttributesRequest{
		Namespace: h.namespace, SearchAttributes: []string{name}})
	check(t, err)
	h.until("the search attribute is back", func() bool {
		res, err := h.client.OperatorService().ListSearchAttributes(context.Background(), &operatorservice.ListSearchAttributesRequest{Namespace: h.namespace})
		return err == nil && res.GetCustomAttributes()[name] != 0
	})
}

// shown is the state by which ops find the dialog.
func (h *house) shown(dialogID string) workflows.State {
	for _, s := range []workflows.State{workflows.StateUntaken, workflows.StateAnswered} {
		n, err := h.client.CountWorkflow(context.Background(), &workflowservice.CountWorkflowExecutionsRequest{
			Query: fmt.Sprintf("WorkflowId = '%s' AND ExecutionStatus = 'Running' AND OtklikState = '%s'", dialogID, s)})
		if err == nil && n.GetCount() == 1 {
			return s
		}
	}
	return ""
}
