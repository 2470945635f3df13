package worker_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/store"
	"github.com/otklik/otklik/workflows"
)

// crowd starts n dialogs in a department; without one in the common queue.
func (h *house) crowd(department string, n int) []string {
	h.t.Helper()
	ids := make([]string, n)
	for i := range ids {
		ids[i] = h.visitor()
		if department == "" {
			h.do(ids[i], dialog.VisitorMessage{Text: "anybody there?"})
		} else {
			h.do(ids[i], dialog.ChooseDepartment{ID: department})
		}
	}
	return ids
}

// offers counts what visitors got of the backlog: messages and forms, of those dialogs.
func (h *house) offers(ids []string) (messages, forms int) {
	h.t.Helper()
	const sql = `SELECT count(*) FROM events WHERE dialog_id = ANY($1::text[]::uuid[]) AND author = 'system' AND `
	return h.count(sql+`key = 'backlog.visitor'`, ids), h.count(sql+`kind = 'form_request'`, ids)
}

// wantOffers waits until each of the dialogs has one message with one form.
func (h *house) wantOffers(ids []string) {
	h.t.Helper()
	h.until("everybody is served", func() bool { m, _ := h.offers(ids); return m >= len(ids) })
	if m, f := h.offers(ids); m != len(ids) || f != len(ids) {
		h.t.Errorf("%d messages and %d forms for %d visitors", m, f, len(ids))
	}
}

// TestBacklog on the real thing, with every console closed (I-09, R-032, R-033, R-034, D-30, D-31, D-33): nine get nothing; with the
// tenth each long waiter gets one message with one form; the eleventh gets his when he crosses the limit; another
// department counts for itself; taken down to nine, nobody gets anything more; and nobody twice, whatever happens.
func TestBacklog(t *testing.T) {
	h := newHouse(t)
	h.exec(`UPDATE projects SET form = form || '{"enabled": true}'`)
	other := newID()
	h.exec(`INSERT INTO departments (id, project_id, name) VALUES ($1, $2, 'delivery')`, other, h.project)
	queue := store.Queue{ProjectID: h.project, DepartmentID: h.department}
	stop := h.work(h.options())
	nine := h.crowd(h.department, 9)
	theirs := h.crowd(other, 9)
	h.pass(200 * time.Second)
	// Their own three minutes have been pushed: sweeps of queues came and went meanwhile.
	h.until("all are red", func() bool { return h.count(`SELECT count(*) FROM sessions WHERE unclaimed_marked`) == 18 })
	if m, _ := h.offers(nine); m != 0 {
		t.Fatalf("%d served at nine", m)
	}
	ten := append(nine, h.crowd(h.department, 1)...)
	h.wantOffers(nine)
	h.until("the queue's workflow waits for the tenth", func() bool { return h.running(queue.WorkflowID()) })
	h.pass(181 * time.Second)
	h.wantOffers(ten)

	eleventh := h.crowd(h.department, 1)
	h.pass(100 * time.Second)
	check(t, h.client.SignalWorkflow(context.Background(), h.queueRun(queue), "", workflows.SignalWake, nil))
	stop() // a restart in the middle
	h.pass(81 * time.Second)
	h.work(h.options())
	h.wantOffers(append(ten, eleventh...))

	twelfth := h.crowd(h.department, 1)
	check(t, h.client.TerminateWorkflow(context.Background(), h.queueRun(queue), "", "by hand"))
	h.pass(181 * time.Second)
	h.wantOffers(append(ten, eleventh[0], twelfth[0])) // the sweep found that nobody looked
	thirteenth := h.crowd(h.department, 1)
	h.queueRun(queue)
	for _, id := range ten[:4] {
		h.reply(id, "good day") // nine are left
	}
	h.pass(181 * time.Second)
	check(t, h.client.SignalWorkflow(context.Background(), queue.WorkflowID(), "", workflows.SignalWake, nil))
	h.until("the queue's workflow ends with its backlog", func() bool { return !h.running(queue.WorkflowID()) })
	if m, _ := h.offers(thirteenth); m != 0 {
		t.Error("served at nine")
	}
	if m, _ := h.offers(theirs); m != 0 {
		t.Errorf("%d of the other department served", m)
	}
	row := h.row(eleventh[0])
	if row.State.Session.WaitingSince.IsZero() || row.State.Session.AssigneeID != "" || row.State.VisitorEvents != 1 {
		t.Errorf("the message is no answer, no claim and not unread: %+v", row.State)
	}
	if n := h.count(`SELECT count(*) FROM audit WHERE action = 'backlog' AND source = 'system'`); n != 12 {
		t.Errorf("%d audit records", n)
	}
}

// queueRun waits until the queue has a running workflow and returns its id.
func (h *house) queueRun(q store.Queue) string {
	h.t.Helper()
	h.until("the queue's workflow runs", func() bool { return h.running(q.WorkflowID()) })
	return q.WorkflowID()
}

// TestSettingsActOnRunningDialogs (R-035, R-042, D-40): 120 s made 60 s and back, automatic closing switched on, while
// the dialogs are open and without a restart.
func TestSettingsActOnRunningDialogs(t *testing.T) {
	h := newHouse(t)
	h.exec(`UPDATE projects SET long_wait_seconds = 120`)
	h.work(h.options())
	taken, answered := h.visitor(), h.visitor()
	for _, id := range []string{taken, answered} {
		h.do(id, dialog.VisitorMessage{Text: "hello"})
		h.reply(id, "good day")
	}
	h.do(taken, dialog.VisitorMessage{Text: "a question"})
	h.acknowledged(taken)
	since := h.row(taken).State.Session.WaitingSince
	armed := func(longWait time.Duration) string {
		return "next check: long wait at " + since.Add(longWait+dialog.Tick).Format(time.RFC3339Nano)
	}
	h.detailsSay(taken, armed(120*time.Second))
	h.exec(`UPDATE projects SET long_wait_seconds = 60, rev = rev + 1`)
	h.detailsSay(taken, armed(60*time.Second))
	h.pass(61 * time.Second)
	h.until("red at 61 s", func() bool { return h.row(taken).State.Session.OverdueMarked })
	h.exec(`UPDATE projects SET long_wait_seconds = 120, rev = rev + 1`)
	h.until("not red any more", func() bool { return !h.row(taken).State.Session.OverdueMarked })
	h.detailsSay(taken, armed(120*time.Second))
	h.pass(60 * time.Second)
	h.until("red at 121 s", func() bool { return h.row(taken).State.Session.OverdueMarked })

	h.exec(`UPDATE projects SET auto_close_minutes = 2, rev = rev + 1`) // its last message is two minutes old
	h.until("closed", func() bool { return !h.row(answered).State.Open() })
	ses := h.row(answered).State.Session
	if ses.ClosedBy != "" || ses.RatingUntil.IsZero() || !h.row(taken).State.Open() {
		t.Errorf("closed by %q, rating until %v", ses.ClosedBy, ses.RatingUntil)
	}
	if n := h.count(`SELECT count(*) FROM events WHERE dialog_id = $1 AND (key = 'dialog.ended.visitor' OR key = 'dialog.ended.operator' AND params->>'name' = 'anna')`, answered); n != 2 {
		t.Errorf("%d texts of the end", n)
	}
}

// TestRecordQueue records the histories of queues that package workflows replays, with OTKLIK_RECORD=1.
func TestRecordQueue(t *testing.T) {
	if os.Getenv("OTKLIK_RECORD") == "" {
		t.Skip("set OTKLIK_RECORD=1 to record histories")
	}
	h := newHouse(t)
	queue := store.Queue{ProjectID: h.project, DepartmentID: h.department}
	h.exec(`UPDATE projects SET long_wait_seconds = 30, form = form || '{"enabled": true}'`)
	stop := h.work(h.options())
	ids := h.crowd(h.department, 10)
	h.queueRun(queue)
	h.exec(`UPDATE sessions SET waiting_since = waiting_since - interval '22 seconds'`) // an earlier timer
	h.signal(queue.WorkflowID(), workflows.SignalWake, nil)
	ids = append(ids, h.crowd(h.department, 1)...)
	h.wantOffers(ids[:10]) // the timer fired; the run goes on for the eleventh
	h.crowd(h.department, 1)
	h.queueRun(queue)
	for _, id := range ids[:3] {
		h.reply(id, "good day")
	}
	h.signal(queue.WorkflowID(), workflows.SignalWake, nil)
	h.until("the workflow ends", func() bool { return !h.running(queue.WorkflowID()) })
	stop()
	h.recordIn("queues", "backlog", queue.WorkflowID())
}
