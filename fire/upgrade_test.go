package fire

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
)

// executions are all runs of the house's namespace, closed ones too, as soon as visibility knows of all dialogs.
func (h *house) executions(c client.Client, dialogs int) map[string][]run {
	h.t.Helper()
	var found map[string][]run
	h.until(20*time.Second, fmt.Sprintf("visibility knows %d dialogs", dialogs), func() bool {
		found = map[string][]run{}
		var token []byte
		for {
			page, err := c.ListWorkflow(context.Background(), &workflowservice.ListWorkflowExecutionsRequest{Namespace: h.namespace, NextPageToken: token})
			if err != nil {
				return false
			}
			for _, e := range page.Executions {
				id := e.Execution.WorkflowId
				found[id] = append(found[id], run{e.Execution.RunId, e.Status})
			}
			if token = page.NextPageToken; len(token) == 0 {
				return len(found) >= dialogs
			}
		}
	})
	return found
}

type run struct {
	id     string
	status enumspb.WorkflowExecutionStatus
}

// TestUpgradeUnderLoad: workers are replaced while sessions run: gracefully, the next one started before the last one
// ends, and then by kill -9. Every deadline of every session is kept, once; no workflow is stuck; no workflow task fails.
func TestUpgradeUnderLoad(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{operators: 4, rating: 2})
	h.exec(`ALTER TABLE projects DROP CONSTRAINT projects_long_wait_seconds_check`) // 30 s at least would take too long here
	h.exec(`UPDATE projects SET long_wait_seconds = 2`)
	api, worker := h.serve(via{}), h.worker(via{})
	deadlines := func() int { return h.count(`SELECT count(*) FROM audit WHERE action = 'deadline'`) }

	stop := make(chan struct{})
	var sessions atomic.Int64
	var lanes sync.WaitGroup
	for lane := range times(8, 16) {
		lanes.Go(func() {
			o := h.operators[lane%len(h.operators)]
			for {
				select {
				case <-stop:
					return
				default:
				}
				if err := h.session(api, o); err != nil {
					t.Error(err)
					return
				}
				sessions.Add(1)
			}
		})
	}
	flow := func(what string) {
		n := deadlines()
		h.until(40*time.Second, "deadlines are kept "+what, func() bool { return deadlines() >= n+times(8, 80) })
	}
	flow("by the first worker")
	var replaced []string
	for range times(1, 4) {
		next := h.worker(via{})
		worker.term()
		worker = next
		replaced = append(replaced, "gracefully")
		flow("after a graceful change")
		worker.kill()
		worker = h.worker(via{})
		replaced = append(replaced, "kill -9")
		flow("after kill -9")
	}
	close(stop)
	lanes.Wait()
	n := int(sessions.Load())
	h.until(40*time.Second, "every prompt ends", func() bool {
		return h.count(`SELECT count(*) FROM sessions WHERE prompt_ended`) == n && h.count(`SELECT count(*) FROM dialogs WHERE next_deadline_at IS NOT NULL`) == 0
	})
	if kept := h.count(`SELECT count(DISTINCT (session_id, detail->>'kind')) FROM audit WHERE action = 'deadline'`); kept != 2*n || deadlines() != 2*n {
		t.Errorf("%d sessions with two deadlines each: %d kept, %d audited", n, kept, deadlines())
	}
	h.until(20*time.Second, "every signal is acknowledged", func() bool { return h.yes(`NOT EXISTS (SELECT FROM dialogs WHERE signal_seq > signal_acked)`) })
	c := h.dialTemporal()
	for id := range h.executions(c, n) {
		h.until(20*time.Second, "the workflow ends: "+id, func() bool { return !running(c, id) })
	}
	crossed, timedOut := 0, 0
	for id, runs := range h.executions(c, n) {
		for _, r := range runs {
			it := c.GetWorkflowHistory(context.Background(), id, r.id, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
			for it.HasNext() {
				e, err := it.Next()
				check(t, err)
				switch e.EventType {
				case enumspb.EVENT_TYPE_WORKFLOW_TASK_FAILED:
					a := e.GetWorkflowTaskFailedEventAttributes()
					if a.Cause == enumspb.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND {
						crossed++ // a signal came while the run wanted to end: the server lets it look again, as it must
						continue
					}
					t.Errorf("dialog %s: workflow task failed, %s: %s", id, a.Cause, a.GetFailure().GetMessage())
				case enumspb.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT:
					timedOut++
				case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED, enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED, enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT:
					t.Errorf("dialog %s: the workflow ended with %s", id, e.EventType)
				}
			}
		}
	}
	late := h.latenesses()
	t.Logf("%d sessions, workers replaced %v; deadlines late by %s (median), %s (the latest); workflow tasks: none failed, %d timed out, %d crossed a signal",
		n, replaced, late[len(late)/2].Round(time.Millisecond), late[len(late)-1].Round(time.Millisecond), timedOut, crossed)
	if worst := late[len(late)-1]; worst > 20*time.Second {
		t.Errorf("a deadline was kept %s late", worst)
	}
}

// session is a dialog from the first question to the end: the visitor waits in it until he is overdue.
func (h *house) session(at *process, o *operator) error {
	v := h.visitor(at)
	var last answer
	steps := []func() answer{
		func() answer { return v.write(at, newID(), "вопрос") },
		func() answer { return o.reply(at, v.dialogID, newID(), "слушаю") },
		func() answer { return v.write(at, newID(), "ещё вопрос") },
		func() answer {
			for began := time.Now(); time.Since(began) < 40*time.Second; <-time.After(100 * time.Millisecond) {
				var marked bool
				err := h.pool.QueryRow(context.Background(), `SELECT overdue_marked FROM sessions WHERE dialog_id = $1`, v.dialogID).Scan(&marked)
				if err == nil && marked {
					return o.reply(at, v.dialogID, newID(), "простите")
				}
			}
			return answer{Code: "the visitor waits and nobody is told"}
		},
		func() answer { return o.leave(at, v.dialogID, last.Event.Seq) },
	}
	for i, step := range steps {
		if last = step(); !last.ok() {
			return fmt.Errorf("step %d of dialog %s: %s", i, v.dialogID, last)
		}
	}
	return nil
}

// latenesses of the deadlines that were kept, in order.
func (h *house) latenesses() (list []time.Duration) {
	h.t.Helper()
	rows, err := h.pool.Query(context.Background(), `SELECT (detail->>'late_us')::bigint FROM audit WHERE action = 'deadline'`)
	check(h.t, err)
	defer rows.Close()
	for rows.Next() {
		var us int64
		check(h.t, rows.Scan(&us))
		list = append(list, time.Duration(us)*time.Microsecond)
	}
	check(h.t, rows.Err())
	slices.Sort(list)
	return list
}
