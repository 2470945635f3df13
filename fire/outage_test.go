package fire

import (
	"context"
	"syscall"
	"testing"
	"time"
)

// TestPostgresRestartUnderLoad: PostgreSQL is shut down fast and at once, and started again, while people write.
func TestPostgresRestartUnderLoad(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{operators: 4, ownPostgres: true})
	api := []*process{h.serve(via{}), h.serve(via{})}
	w := h.worker(via{})
	c := h.converse(6, 60*time.Millisecond, func(n int) *process { return api[n%2] })
	c.goesOn(30, 20*time.Second)
	for range times(1, 4) {
		for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGQUIT} {
			h.endPostgres(sig)
			h.until(10*time.Second, "clients notice", func() bool { return c.refused.Load() > 0 })
			h.startPostgres()
			began := time.Now()
			c.goesOn(1, 20*time.Second)
			t.Logf("after %s: the next message was acknowledged %s after PostgreSQL was back", sig, time.Since(began).Round(time.Millisecond))
			c.goesOn(30, 20*time.Second)
		}
	}
	c.end()
	for _, p := range append(api, w) {
		if p.ended() {
			t.Errorf("%s ended: %v", p.name, p.Err())
		}
	}
	h.known(30 * time.Second)
	n := h.checkLogs()
	h.everyDeadlineIsMarked(promised)
	t.Logf("%d messages acknowledged, %d tries not", n, c.refused.Load())
}

// TestTemporalDownDuringChat: people go on working while Temporal is away; what was owed is delivered and what became due
// is pushed when it is back. Not beside the others: fifty signals to a Temporal that just started take half a second on
// two cores, and several when four tests share them.
func TestTemporalDownDuringChat(t *testing.T) {
	h := newHouse(t, plan{operators: 4, ownTemporal: true, rating: 5})
	h.witness()
	api := []*process{h.serve(via{}), h.serve(via{})}
	w := h.worker(via{})
	c := h.converse(6, 60*time.Millisecond, func(n int) *process { return api[n%2] })
	client := h.dialTemporal()
	// Prompts that end while Temporal is away, by their own timers.
	for range 5 {
		h.prompted(api[0], client)
	}
	c.goesOn(30, 20*time.Second)
	quiet := time.Now()
	port := h.killTemporal()
	down := time.Now()
	var fresh []*visitor
	for i := range 5 { // sessions that begin while it is away; a moved clock makes them overdue
		v := h.visitor(api[i%2])
		v.write(api[i%2], newID(), "is anybody there?").accepted(t)
		fresh = append(fresh, v)
	}
	one := h.visitor(api[0]) // and one is claimed, handed over and left
	one.write(api[0], newID(), "hello").accepted(t)
	h.operators[0].reply(api[1], one.dialogID, newID(), "good day").accepted(t)
	h.operators[0].transfer(api[0], one.dialogID, h.operators[1]).accepted(t)
	h.operators[1].leave(api[1], one.dialogID, 1<<40).accepted(t)
	if h.count(`SELECT count(*) FROM dialogs WHERE signal_acked < signal_seq`) < 6 {
		t.Error("somebody acknowledged signals that nobody can have received")
	}
	// So long that a client which waits longer from try to try, up to the SDK's 10 s, is in one of its long waits then.
	<-time.After(time.Until(down.Add(time.Duration(times(13, 60)) * time.Second)))
	h.pass(3*time.Minute + time.Second)
	h.startTemporal(port)
	back := time.Now()
	var pushed, ended, acked time.Duration
	h.until(60*time.Second, "everything due is pushed and everything owed acknowledged", func() bool {
		if ended == 0 && h.count(`SELECT count(*) FROM sessions WHERE rating_until < otklik_now() AND NOT prompt_ended`) == 0 {
			ended = time.Since(back)
		}
		if pushed == 0 && h.count(`SELECT count(*) FROM sessions WHERE closed_at IS NULL AND waiting_since < otklik_now() - interval '181 seconds'
 AND NOT unclaimed_marked AND NOT overdue_marked`) == 0 {
			pushed = time.Since(back)
		}
		if acked == 0 && h.count(`SELECT count(*) FROM dialogs WHERE id = ANY($1::text[]::uuid[]) AND signal_acked < signal_seq`, ids(fresh)) == 0 {
			acked = time.Since(back)
		}
		return ended > 0 && pushed > 0 && acked > 0
	})
	p99before, n := c.quantile(0.99, time.Time{}, quiet)
	p99down, m := c.quantile(0.99, quiet, back)
	t.Logf("acknowledgements p99: %s before (%d), %s while Temporal was down (%d); after its return prompts ended within %s, the rest was pushed within %s, new sessions had answered within %s",
		p99before, n, p99down, m, ended, pushed, acked)
	if p99down > time.Second || c.refused.Load() > 0 {
		t.Errorf("people noticed: p99 %s, %d tries not accepted", p99down, c.refused.Load())
	}
	if late := max(ended, pushed); late > 3*time.Second {
		t.Errorf("deadlines were pushed %s after Temporal's return", late)
	}
	c.end()
	for _, p := range append(api, w) {
		if p.ended() {
			t.Errorf("%s ended: %v", p.name, p.Err())
		}
	}
	h.known(30 * time.Second)
	h.testify()
	h.deadlinesOnce()
	h.checkLogs()
}

func ids(list []*visitor) (out []string) {
	for _, v := range list {
		out = append(out, v.dialogID)
	}
	return out
}

// TestDatabaseHostVanishes: a worker's PostgreSQL ends no connection and answers none. Its watchdog gives up each question
// in time, says so, and keeps deadlines as soon as PostgreSQL is back (design 2.8).
func TestDatabaseHostVanishes(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{operators: 1})
	api := h.serve(via{})
	wire, url := h.databaseProxy()
	w := h.worker(via{database: url})
	v := h.visitor(api)
	v.write(api, newID(), "hello").accepted(t)
	h.everySessionRuns(promised)
	wire.silence()
	for _, words := range []string{"watchdog: cannot look", "outer accounts: cannot look", "queues: cannot look", "settings: deadlines"} {
		h.until(promised, words, func() bool { return w.says(words) })
	}
	wire.release()
	check(t, h.dialTemporal().TerminateWorkflow(context.Background(), v.dialogID, "", "by hand"))
	t.Logf("the deadline of a lost workflow was kept %s after it came due", h.everyDeadlineIsMarked(promised))
}
