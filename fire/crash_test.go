package fire

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/otklik/otklik/workflows"
)

// witness makes the database itself write down every acknowledgement and every fence, from now on.
func (h *house) witness() {
	h.t.Helper()
	h.exec(`CREATE TABLE witnessed (n bigserial, dialog_id uuid, seq bigint, acked bigint, was_acked bigint,
 at timestamptz, ordinal bigint, attempt int, was_at timestamptz, was_ordinal bigint, was_attempt int)`)
	h.exec(`CREATE FUNCTION witness() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
 INSERT INTO witnessed (dialog_id, seq, acked, was_acked, at, ordinal, attempt, was_at, was_ordinal, was_attempt)
 VALUES (NEW.id, NEW.signal_seq, NEW.signal_acked, OLD.signal_acked, NEW.fence_at, NEW.fence_ordinal, NEW.fence_attempt,
  OLD.fence_at, OLD.fence_ordinal, OLD.fence_attempt); RETURN NULL; END $$`)
	h.exec(`CREATE TRIGGER witness AFTER UPDATE ON dialogs FOR EACH ROW
 WHEN (NEW.signal_acked <> OLD.signal_acked OR NEW.fence_at <> OLD.fence_at OR NEW.fence_ordinal <> OLD.fence_ordinal
  OR NEW.fence_attempt <> OLD.fence_attempt) EXECUTE FUNCTION witness()`)
}

// testify: no write of a workflow came after a newer one, and no acknowledgement went back. The watchdog may set a fence
// back where acknowledgements stand still.
func (h *house) testify() {
	h.t.Helper()
	if n := h.count(`SELECT count(*) FROM witnessed WHERE acked < was_acked
 OR (acked <> was_acked OR at <> was_at) AND at <> 'epoch' AND (at, ordinal, attempt) <= (was_at, was_ordinal, was_attempt)`); n > 0 {
		h.t.Errorf("%d writes of workflows came late and were taken", n)
	}
}

// known checks that each open dialog's workflow knows its row: it runs, has answered for every signal, and shows ops the
// session and the operator that the row has.
func (h *house) known(limit time.Duration) (took time.Duration) {
	h.t.Helper()
	took = h.everySessionRuns(limit)
	c := h.dialTemporal()
	rows, err := h.pool.Query(context.Background(), `SELECT dialog_id::text, coalesce(assignee_id::text, '') FROM sessions WHERE closed_at IS NULL`)
	check(h.t, err)
	defer rows.Close()
	for rows.Next() {
		var id, assignee string
		check(h.t, rows.Scan(&id, &assignee))
		var shown string
		h.until(limit, "the workflow of "+id+" knows who has it", func() bool {
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
			defer cancel()
			d, err := c.DescribeWorkflow(ctx, id, "")
			if err != nil {
				return false
			}
			shown, _ = d.TypedSearchAttributes.GetKeyword(workflows.AttributeOperator)
			return shown == assignee
		})
	}
	check(h.t, rows.Err())
	return took
}

// chat is visitors and operators who talk until told to stop, and what they measured.
type chat struct {
	h        *house
	visitors []*visitor
	done     sync.WaitGroup
	stop     chan struct{}
	mu       sync.Mutex
	acks     []ack
	refused  atomic.Int64 // tries that were not answered with yes
}

type ack struct {
	when time.Time // of the first try
	took time.Duration
}

// converse lets pairs talk; each message is sent again until it is acknowledged. at says whom the n-th message asks.
func (h *house) converse(pairs int, every time.Duration, at func(n int) *process) *chat {
	h.t.Helper()
	c := &chat{h: h, stop: make(chan struct{})}
	for i := range pairs {
		v, o := h.visitor(at(0)), h.operators[i%len(h.operators)]
		c.visitors = append(c.visitors, v)
		c.done.Go(func() {
			tick := time.NewTicker(every)
			defer tick.Stop()
			for n := 0; ; n++ {
				id := newID()
				sent := time.Now()
				a := insist(60*time.Second, func() answer {
					var a answer
					if n%3 == 2 {
						a = o.reply(at(n), v.dialogID, id, fmt.Sprintf("answer %d", n))
					} else {
						a = v.write(at(n), id, fmt.Sprintf("line %d", n))
					}
					if !a.ok() {
						c.refused.Add(1)
					}
					return a
				})
				if !a.ok() {
					h.t.Errorf("message %d was never taken: %s", n, a)
					return
				}
				c.mu.Lock()
				c.acks = append(c.acks, ack{sent, time.Since(sent)})
				c.mu.Unlock()
				select {
				case <-c.stop:
					return
				case <-tick.C:
				}
			}
		})
	}
	return c
}

func (c *chat) end() {
	close(c.stop)
	c.done.Wait()
}

// said is how many were acknowledged until now.
func (c *chat) said() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.acks)
}

// goesOn waits until n more are acknowledged.
func (c *chat) goesOn(n int, limit time.Duration) {
	c.h.t.Helper()
	goal := c.said() + n
	c.h.until(limit, fmt.Sprintf("%d more messages are acknowledged", n), func() bool { return c.said() >= goal })
}

// quantile of the acknowledgements of messages sent between two times.
func (c *chat) quantile(q float64, from, to time.Time) (time.Duration, int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []time.Duration
	for _, a := range c.acks {
		if !a.when.Before(from) && a.when.Before(to) {
			list = append(list, a.took)
		}
	}
	if len(list) == 0 {
		return 0, 0
	}
	slices.Sort(list)
	return list[min(len(list)-1, int(q*float64(len(list))))], len(list)
}

// TestAPIKilledBetweenCommitAndSignal: the API that took the message cannot reach Temporal and is killed; the worker's
// relay delivers what it owed.
func TestAPIKilledBetweenCommitAndSignal(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{operators: 1})
	h.witness()
	way := h.temporalProxy()
	way.sever()
	api := h.serve(via{temporal: way.address()})
	v := h.visitor(api)
	v.write(api, newID(), "hello").accepted(t)
	h.operators[0].reply(api, v.dialogID, newID(), "good day").accepted(t)
	api.kill()
	if !h.yes(`SELECT signal_seq = 2 AND signal_acked = 0 FROM dialogs WHERE id = $1`, v.dialogID) {
		t.Fatal("the signals are not owed")
	}
	h.worker(via{})
	took := h.known(promised)
	t.Logf("the worker's relay delivered within %s of its start", took)
	h.testify()
	h.checkLogs()
}

// TestRelayKilledWhileItHoldsALease: the API has leased the signal and its call hangs when it is killed; the lease runs
// out and the worker's relay sends.
func TestRelayKilledWhileItHoldsALease(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{operators: 1})
	way := h.temporalProxy()
	api := h.serve(via{temporal: way.address()})
	h.worker(via{}) // first: when it starts it reconciles, which waits for no lease
	way.holdUp()
	v := h.visitor(api)
	v.write(api, newID(), "hello").accepted(t)
	h.until(5*time.Second, "the signal is leased", func() bool {
		return h.yes(`SELECT relay_tries = 1 AND relay_at > clock_timestamp() FROM dialogs WHERE id = $1`, v.dialogID)
	})
	api.kill()
	took := h.known(promised)
	t.Logf("delivered %s after the death of the one who held the lease", took)
}

// TestSignalTakenButNotAcknowledgedIsSentAgain: without a worker nobody acknowledges; the signal is sent again and again,
// which changes nothing once a worker comes.
func TestSignalTakenButNotAcknowledgedIsSentAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{operators: 1})
	h.witness()
	api := h.serve(via{})
	v := h.visitor(api)
	v.write(api, newID(), "hello").accepted(t)
	h.until(20*time.Second, "it was sent twice", func() bool {
		return h.yes(`SELECT relay_tries >= 2 FROM dialogs WHERE id = $1`, v.dialogID)
	})
	if !h.yes(`SELECT signal_acked = 0 FROM dialogs WHERE id = $1`, v.dialogID) {
		t.Error("acknowledged by nobody")
	}
	h.worker(via{})
	h.known(promised)
	h.testify()
	h.everyDeadlineIsMarked(promised)
}

// TestOnlyTheNumberHandedOverIsAcknowledged: while the workflow reads the row for signal 1, a claim owes signal 2 that
// nobody can deliver. Reading the row of 2 acknowledges 1 (design 2.4).
func TestOnlyTheNumberHandedOverIsAcknowledged(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{operators: 1})
	h.witness()
	apiWay := h.temporalProxy()
	api := h.serve(via{temporal: apiWay.address()})
	way, url := h.databaseProxy()
	h.worker(via{database: url})
	v := h.visitor(api)
	// The worker may ask Temporal, not the database: the workflow's call for signal 1 stands at the door. Its relay and
	// watchdog stand there too.
	way.holdUp()
	v.write(api, newID(), "hello").accepted(t)
	c := h.dialTemporal()
	h.until(10*time.Second, "signal 1 is delivered", func() bool { return running(c, v.dialogID) })
	apiWay.sever()
	h.operators[0].reply(api, v.dialogID, newID(), "good day").accepted(t)
	api.kill()
	way.release()
	h.known(promised)
	if n := h.count(`SELECT count(*) FROM witnessed WHERE acked = 2 AND was_acked = 0`); n > 0 {
		t.Error("signal 2 was acknowledged before it was delivered")
	}
	if n := h.count(`SELECT count(*) FROM witnessed WHERE acked = 1 AND seq = 2`); n != 1 {
		t.Errorf("signal 1 was acknowledged %d times while 2 was owed", n)
	}
	h.testify()
}

// TestWorkerKilledBetweenSyncAndItsCompletion: the acknowledgement is committed and Temporal never hears of it.
func TestWorkerKilledBetweenSyncAndItsCompletion(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{operators: 1})
	h.witness()
	api := h.serve(via{})
	way := h.temporalProxy()
	w := h.worker(via{temporal: way.address()})
	v := h.visitor(api)
	way.holdUp() // its polls wait at Temporal already: a task comes down, nothing goes up
	v.write(api, newID(), "hello").accepted(t)
	h.until(10*time.Second, "the activity is committed", func() bool {
		return h.yes(`SELECT signal_acked = signal_seq AND signal_seq > 0 FROM dialogs WHERE id = $1`, v.dialogID)
	})
	w.kill()
	way.sever() // else its polls would stay at Temporal and swallow tasks, as if it were only cut off
	h.worker(via{})
	c := h.dialTemporal()
	h.until(30*time.Second, "the workflow has done its first task", func() bool {
		return running(c, v.dialogID) && h.armed(c, v.dialogID)
	})
	h.known(promised)
	h.everyDeadlineIsMarked(promised)
	h.testify()
}

// armed reports whether the workflow has a timer.
func (h *house) armed(c client.Client, dialogID string) bool {
	it := c.GetWorkflowHistory(context.Background(), dialogID, "", false, 1)
	for it.HasNext() {
		e, err := it.Next()
		if err != nil {
			return false
		}
		if e.GetTimerStartedEventAttributes() != nil {
			return true
		}
	}
	return false
}

// TestWorkerKilledBetweenDeadlineAndItsCompletion: the deadline is applied and committed, the worker never learns of its
// own commit and dies. It is applied once, by whoever.
func TestWorkerKilledBetweenDeadlineAndItsCompletion(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{operators: 1, rating: 2})
	h.witness()
	api := h.serve(via{})
	way, url := h.databaseProxy()
	w := h.worker(via{database: url})
	c := h.dialTemporal()
	v := h.prompted(api, c)
	tr := way.catch(true, func() bool { return h.yes(`SELECT prompt_ended FROM sessions WHERE dialog_id = $1`, v.dialogID) })
	tr.wait(h, "the end of the prompt")
	w.kill()
	tr.open()
	h.worker(via{})
	h.until(40*time.Second, "the workflow ends with its session", func() bool { return !running(c, v.dialogID) })
	h.deadlinesOnce()
	h.testify()
}

// TestWorkerKilledBetweenOpsCommandAndItsCompletion: a transfer that ops sent is committed when the worker dies; the
// next attempt gets the first answer.
func TestWorkerKilledBetweenOpsCommandAndItsCompletion(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{operators: 2})
	api := h.serve(via{})
	way, url := h.databaseProxy()
	w := h.worker(via{database: url})
	c := h.dialTemporal()
	v, a, b := h.visitor(api), h.operators[0], h.operators[1]
	v.write(api, newID(), "hello").accepted(t)
	a.reply(api, v.dialogID, newID(), "good day").accepted(t)
	h.known(promised)
	tr := way.catch(true, func() bool {
		return h.yes(`SELECT assignee_id = $2 FROM sessions WHERE dialog_id = $1`, v.dialogID, b.id)
	})
	check(t, c.SignalWorkflow(context.Background(), v.dialogID, "", workflows.SignalTransfer,
		workflows.OpsCommand{CommandID: "ops-transfer-1", Actor: a.id, To: b.id}))
	tr.wait(h, "the transfer")
	w.kill()
	tr.open()
	h.worker(via{})
	h.until(40*time.Second, "the command's activity is done", func() bool { return h.completed(c, v.dialogID) })
	h.known(promised)
	handed := 0
	for _, e := range h.entries(v.dialogID) {
		if e.key == "transfer.done" {
			handed++
		}
	}
	if refused := h.count(`SELECT count(*) FROM audit WHERE action = 'refused'`); handed != 1 || refused != 0 {
		t.Errorf("handed over %d times, refused %d times", handed, refused)
	}
}

// completed reports whether an ordinary activity has completed in the dialog's workflow.
func (h *house) completed(c client.Client, dialogID string) bool {
	it := c.GetWorkflowHistory(context.Background(), dialogID, "", false, 1)
	for it.HasNext() {
		e, err := it.Next()
		if err != nil {
			return false
		}
		if e.GetActivityTaskCompletedEventAttributes() != nil {
			return true
		}
	}
	return false
}

// TestAPIStoppedInsideATransaction: an API stands still while it has the dialog's lock. The database ends its transaction
// after 2 s and others go on; when it wakes, nothing is doubled.
func TestAPIStoppedInsideATransaction(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{operators: 1})
	way, url := h.databaseProxy()
	stuck, api := h.serve(via{database: url}), h.serve(via{})
	h.worker(via{})
	v := h.visitor(api)
	v.write(api, newID(), "hello").accepted(t)
	h.known(promised)
	tr := way.catch(false, func() bool { return true })
	id := newID()
	first := make(chan answer, 1)
	go func() { first <- v.write(stuck, id, "from the one that stands still") }()
	tr.wait(h, "the message's transaction")
	stuck.freeze()
	froze := time.Now()
	tr.open()
	a := insist(20*time.Second, func() answer { return h.operators[0].reply(api, v.dialogID, newID(), "others go on") }).accepted(t)
	went := a.ended.Sub(froze)
	if went > 4*time.Second {
		t.Errorf("others were held up for %s", went)
	}
	<-time.After(time.Until(froze.Add(time.Duration(times(4, 20)) * time.Second))) // it stands still for so long
	stuck.wake()
	if a := <-first; a.ok() {
		t.Logf("the stopped API's client was told %s", a) // then it must be in the log; checkLogs says
	}
	insist(20*time.Second, func() answer { return v.write(stuck, id, "from the one that stands still") }).accepted(t)
	h.known(promised)
	h.checkLogs()
	t.Logf("others went on %s after the stop", went.Round(time.Millisecond))
}

// TestWorkerStoppedInsideATransaction: a worker stands still while it ends a prompt. Another one takes over; when the
// first wakes, nothing is doubled and nothing of it is taken late.
func TestWorkerStoppedInsideATransaction(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{operators: 1, rating: 2})
	h.witness()
	api := h.serve(via{})
	way, url := h.databaseProxy()
	stuck := h.worker(via{database: url})
	c := h.dialTemporal()
	v := h.prompted(api, c)
	tr := way.catch(false, func() bool {
		return h.yes(`SELECT rating_until < otklik_now() FROM sessions WHERE dialog_id = $1`, v.dialogID)
	})
	tr.wait(h, "the end of the prompt")
	stuck.freeze()
	froze := time.Now()
	tr.open()
	h.worker(via{})
	a := insist(20*time.Second, func() answer { return v.write(api, newID(), "one more thing") }).accepted(t)
	went := a.ended.Sub(froze)
	if went > 4*time.Second {
		t.Errorf("people were held up for %s", went)
	}
	<-time.After(time.Until(froze.Add(time.Duration(times(4, 20)) * time.Second))) // it stands still for so long
	stuck.wake()
	took := h.known(promised)
	h.everyDeadlineIsMarked(promised)
	h.testify()
	h.checkLogs()
	t.Logf("people went on %s after the stop, the workflow knew of it %s after the worker woke", went.Round(time.Millisecond), took.Round(time.Millisecond))
}

// TestAnotherWorkerTakesOverFromAStoppedOne: a worker stands still for good, with its connection and its polls, which
// swallow tasks. Temporal cuts it off, and another worker keeps the deadline.
func TestAnotherWorkerTakesOverFromAStoppedOne(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{operators: 1, rating: 2})
	h.witness()
	api := h.serve(via{})
	stuck := h.worker(via{})
	c := h.dialTemporal()
	v := h.prompted(api, c)
	stuck.freeze()
	h.worker(via{})
	h.until(60*time.Second, "another worker ends the prompt", func() bool {
		return h.yes(`SELECT prompt_ended FROM sessions WHERE dialog_id = $1`, v.dialogID)
	})
	var late time.Duration
	check(t, h.pool.QueryRow(context.Background(), `SELECT otklik_now() - rating_until FROM sessions WHERE dialog_id = $1`, v.dialogID).Scan(&late))
	t.Logf("the prompt ended %s late", late.Round(time.Millisecond))
	if late > 30*time.Second {
		t.Errorf("a deadline came %s late for a worker that stands still", late)
	}
	stuck.wake()
	h.until(promised, "the workflow ends with its session", func() bool { return !running(c, v.dialogID) })
	h.deadlinesOnce()
	h.testify()
}
