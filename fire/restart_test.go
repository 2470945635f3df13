package fire

import (
	"testing"
	"time"
)

// I-09, D-60, R-043, R-034: the server is stopped 100 s after ten dialogs have begun and started again at 200 s. They are
// red on the first page that is asked for, before any worker runs; each deadline passes once; the automatic message, which
// was sent at 60 s, is sent to nobody a second time, also when the queue is looked at again.
func TestServerStoppedAt100StartedAt200(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{operators: 1})
	h.exec(`UPDATE projects SET long_wait_seconds = 60, form = form || '{"enabled": true}'`)
	api, worker := h.serve(via{}), h.worker(via{})
	for range 10 {
		h.visitor(api).write(api, newID(), "hello").accepted(t)
	}
	served := func(n int) func() bool {
		return func() bool { return h.count(`SELECT count(*) FROM events WHERE key = 'backlog.visitor'`) >= n }
	}
	h.pass(61 * time.Second)
	h.until(promised, "all ten are served", served(10))
	h.everySessionRuns(promised)
	if n := h.red(api); n != 0 {
		t.Fatalf("%d are red before 180 s", n)
	}
	h.pass(39 * time.Second)
	api.term()
	worker.term()
	h.pass(100 * time.Second)

	api = h.serve(via{})
	if n := h.red(api); n != 10 {
		t.Errorf("%d are red at once, want 10", n)
	}
	h.worker(via{})
	h.until(promised, "the deadlines that passed meanwhile are pushed", func() bool {
		return h.count(`SELECT count(*) FROM sessions WHERE unclaimed_marked`) == 10
	})
	h.deadlinesOnce()
	h.visitor(api).write(api, newID(), "hello").accepted(t)
	h.pass(61 * time.Second)
	h.until(promised, "the eleventh is served", served(11))
	if n := h.count(`SELECT count(*) FROM (SELECT FROM events WHERE key = 'backlog.visitor' OR kind = 'form_request' GROUP BY dialog_id, kind HAVING count(*) > 1) x`); n != 0 {
		t.Errorf("%d messages or forms were sent twice", n)
	}
}

// red is how many rows are red because nobody took them, as the operator's list has them.
func (h *house) red(at *process) (n int) {
	h.t.Helper()
	for _, row := range (&console{operator: h.operators[0]}).list(at) {
		for _, reason := range row["reasons"].([]any) {
			if reason == "unclaimed" {
				n++
			}
		}
	}
	return n
}
