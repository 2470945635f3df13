package fire

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
)

// promised is how long an open session may be without its workflow: 15 s, and as much again for cores that are shared by
// many tests. What it took is logged.
const promised = 30 * time.Second

// everySessionRuns waits until each open session has a running workflow that has answered for every signal.
func (h *house) everySessionRuns(limit time.Duration) (took time.Duration) {
	h.t.Helper()
	c := h.dialTemporal()
	began := time.Now()
	rows, err := h.pool.Query(context.Background(), `SELECT dialog_id::text FROM sessions WHERE closed_at IS NULL`)
	check(h.t, err)
	defer rows.Close()
	for rows.Next() {
		var id string
		check(h.t, rows.Scan(&id))
		h.until(limit-time.Since(began), "dialog "+id+" has a running workflow", func() bool { return running(c, id) })
	}
	check(h.t, rows.Err())
	h.until(limit-time.Since(began), "every signal is acknowledged", func() bool {
		return h.count(`SELECT count(*) FROM dialogs WHERE signal_seq > signal_acked`) == 0
	})
	return time.Since(began)
}

// everyDeadlineIsMarked moves the clock past all waits and waits until each is marked, once.
func (h *house) everyDeadlineIsMarked(limit time.Duration) (took time.Duration) {
	h.t.Helper()
	h.pass(3*time.Minute + time.Second)
	took = h.until(limit, "every untaken dialog is marked", func() bool {
		return h.count(`SELECT count(*) FROM sessions WHERE closed_at IS NULL AND waiting_since IS NOT NULL
 AND NOT unclaimed_marked AND NOT overdue_marked`) == 0
	})
	h.deadlinesOnce()
	return took
}

// deadlinesOnce: what time did stands in the audit once for each wait and each prompt.
func (h *house) deadlinesOnce() {
	h.t.Helper()
	if n := h.count(`SELECT count(*) FROM (SELECT FROM audit WHERE action = 'deadline' GROUP BY session_id, detail HAVING count(*) > 1) x`); n > 0 {
		h.t.Errorf("%d deadlines were applied more than once", n)
	}
}

// TestNoStartIsLostAtThePromptsEnd: visitors write again in the instant their rating prompt ends, while the worker is
// killed and started again and again. The ending run and the new session's signal meet in every way (design 3).
func TestNoStartIsLostAtThePromptsEnd(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{operators: 1, rating: 1})
	api, w := h.serve(via{}), h.worker(via{})
	const crowd = 20
	rounds := times(1, 10)
	stop := make(chan struct{})
	var killer sync.WaitGroup
	kills := 0
	killer.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(time.Duration(300+rand.IntN(900)) * time.Millisecond): // the fault itself
			}
			w.kill()
			kills++
			w = h.worker(via{})
		}
	})
	o := h.operators[0]
	var done, arrived sync.WaitGroup
	arrived.Add(crowd)
	calm := make(chan struct{}) // the last time the worker lives: what is lost then, no starting worker finds
	for range crowd {
		done.Go(func() {
			arrive := sync.OnceFunc(arrived.Done)
			defer arrive()
			v := h.visitor(api)
			for round := range rounds + 1 {
				if round == rounds {
					arrive()
					<-calm
				}
				if a := v.write(api, newID(), "hello"); !a.ok() {
					t.Errorf("hello: %s", a)
					return
				}
				if a := o.reply(api, v.dialogID, newID(), "good day"); !a.ok() {
					t.Errorf("good day: %s", a)
					return
				}
				if a := o.leave(api, v.dialogID, 1<<40); !a.ok() {
					t.Errorf("leave: %s", a)
					return
				}
				var until time.Time
				if err := h.pool.QueryRow(context.Background(), `SELECT s.rating_until FROM sessions s JOIN dialogs d ON d.session_id = s.id
 WHERE d.id = $1`, v.dialogID).Scan(&until); err != nil {
					t.Error(err)
					return
				}
				// The instant itself, some before, some after; a timer reaches its workflow a few ms late.
				<-time.After(time.Until(until) + time.Duration(rand.IntN(80)-20)*time.Millisecond)
				if a := v.write(api, newID(), "one more thing"); !a.ok() {
					t.Errorf("one more thing: %s", a)
					return
				}
				if a := o.reply(api, v.dialogID, newID(), "yes?"); !a.ok() {
					t.Errorf("yes?: %s", a)
					return
				}
				if a := o.leave(api, v.dialogID, 1<<40); !a.ok() {
					t.Errorf("leave: %s", a)
					return
				}
				if err := h.pool.QueryRow(context.Background(), `SELECT s.rating_until FROM sessions s JOIN dialogs d ON d.session_id = s.id
 WHERE d.id = $1`, v.dialogID).Scan(&until); err != nil {
					t.Error(err)
					return
				}
				<-time.After(time.Until(until) + time.Duration(rand.IntN(80)-20)*time.Millisecond)
			}
			if a := v.write(api, newID(), "and still one"); !a.ok() { // the last: nobody answers it
				t.Errorf("and still one: %s", a)
			}
		})
	}
	arrived.Wait()
	close(stop)
	killer.Wait()
	close(calm)
	done.Wait()
	if t.Failed() {
		return
	}
	ran := h.everySessionRuns(promised)
	marked := h.everyDeadlineIsMarked(promised)
	open := h.count(`SELECT count(*) FROM sessions WHERE closed_at IS NULL`)
	starts := h.count(`SELECT count(*) FROM sessions`)
	if open != crowd {
		t.Errorf("%d open sessions", open)
	}
	t.Logf("%d starts, worker killed %d times; all run after %s, all marked %s after the clock moved", starts, kills, ran, marked)
	h.checkLogs()
}

// TestTerminatedWorkflowKeepsItsNextDeadline: by hand, in real time: the prompt ends although its workflow is gone.
func TestTerminatedWorkflowKeepsItsNextDeadline(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{operators: 1, rating: 2})
	api := h.serve(via{})
	h.worker(via{})
	c := h.dialTemporal()
	v := h.prompted(api, c)
	began := time.Now()
	check(t, c.TerminateWorkflow(context.Background(), v.dialogID, "", "by hand"))
	h.until(promised, "the prompt ends", func() bool {
		return h.yes(`SELECT prompt_ended FROM sessions WHERE dialog_id = $1`, v.dialogID)
	})
	t.Logf("a prompt of 2 s ended %s after its workflow was terminated", time.Since(began).Round(time.Millisecond))

	// Of an open session without a deadline, which no watchdog sees: within 15 s it runs again (design 9).
	v = h.visitor(api)
	v.write(api, newID(), "hello").accepted(t)
	h.operators[0].reply(api, v.dialogID, newID(), "good day").accepted(t)
	h.everySessionRuns(promised)
	if !h.yes(`SELECT next_deadline_at IS NULL FROM dialogs WHERE id = $1`, v.dialogID) {
		t.Fatal("an answered dialog has a deadline")
	}
	check(t, c.TerminateWorkflow(context.Background(), v.dialogID, "", "by hand"))
	took := h.until(promised, "its workflow is back", func() bool { return running(c, v.dialogID) })
	t.Logf("an answered session was without its workflow for %s", took.Round(time.Millisecond))

	// And of one whose deadline the moved clock brings.
	v = h.visitor(api)
	v.write(api, newID(), "hello").accepted(t)
	h.everySessionRuns(promised)
	check(t, c.TerminateWorkflow(context.Background(), v.dialogID, "", "by hand"))
	h.everyDeadlineIsMarked(promised)
	h.everySessionRuns(promised)
}

// prompted is a visitor whose rating prompt runs, and whose workflow knows it.
func (h *house) prompted(api *process, c client.Client) *visitor {
	h.t.Helper()
	v, o := h.visitor(api), h.operators[0]
	v.write(api, newID(), "hello").accepted(h.t)
	o.reply(api, v.dialogID, newID(), "good day").accepted(h.t)
	o.leave(api, v.dialogID, 1<<40).accepted(h.t)
	h.until(promised, "the workflow knows of the prompt", func() bool {
		return h.yes(`SELECT signal_acked = signal_seq FROM dialogs WHERE id = $1`, v.dialogID) && running(c, v.dialogID)
	})
	return v
}

// TestResetWorkflowKeepsItsNextDeadline: a run reset to its beginning starts from the row, and is not held up by its
// older run's fence.
func TestResetWorkflowKeepsItsNextDeadline(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{operators: 1})
	api := h.serve(via{})
	h.worker(via{})
	c := h.dialTemporal()
	v := h.visitor(api)
	v.write(api, newID(), "hello").accepted(t)
	h.operators[0].reply(api, v.dialogID, newID(), "good day").accepted(t)
	v.write(api, newID(), "well").accepted(t)
	h.everySessionRuns(promised)
	first := h.run(c, v.dialogID)
	_, err := c.ResetWorkflowExecution(context.Background(), &workflowservice.ResetWorkflowExecutionRequest{
		Namespace: h.namespace, WorkflowExecution: &commonpb.WorkflowExecution{WorkflowId: v.dialogID, RunId: first},
		Reason: "by hand", RequestId: newID(), WorkflowTaskFinishEventId: h.firstTask(c, v.dialogID),
		ResetReapplyExcludeTypes: []enumspb.ResetReapplyExcludeType{enumspb.RESET_REAPPLY_EXCLUDE_TYPE_SIGNAL},
	})
	check(t, err)
	h.until(promised, "another run goes on", func() bool { return running(c, v.dialogID) && h.run(c, v.dialogID) != first })
	h.everyDeadlineIsMarked(promised)
	// The next wait's deadline too, which the new run itself has to arm.
	h.operators[0].reply(api, v.dialogID, newID(), "so").accepted(t)
	v.write(api, newID(), "and?").accepted(t)
	h.everySessionRuns(promised)
	h.everyDeadlineIsMarked(promised)
}

func (h *house) run(c client.Client, dialogID string) string {
	h.t.Helper()
	d, err := c.DescribeWorkflowExecution(context.Background(), dialogID, "")
	check(h.t, err)
	return d.GetWorkflowExecutionInfo().GetExecution().GetRunId()
}

// firstTask is the event id of the first workflow task's completion, to which a run can be reset.
func (h *house) firstTask(c client.Client, dialogID string) int64 {
	h.t.Helper()
	it := c.GetWorkflowHistory(context.Background(), dialogID, "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for it.HasNext() {
		e, err := it.Next()
		check(h.t, err)
		if e.GetEventType() == enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED {
			return e.GetEventId()
		}
	}
	h.t.Fatal("no completed workflow task")
	return 0
}
