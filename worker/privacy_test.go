package worker_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.temporal.io/api/workflowservice/v1"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/workflows"
)

// planted is everything personal that goes into PostgreSQL in this test.
var planted = []string{"PLANTED", "79990001122", "planted@example.org", "203.0.113.77"}

// TestNothingPersonalInTemporal: texts, names, phones, e-mails and addresses stay out of histories, also when
// PostgreSQL quotes rows in its errors and when activities panic with them (design 2.7).
func TestNothingPersonalInTemporal(t *testing.T) {
	h := newHouse(t)
	h.exec(`UPDATE operators SET name = 'PLANTED ' || login`)
	h.exec(`UPDATE departments SET name = 'PLANTED department'`)
	h.exec(`UPDATE tags SET name = 'PLANTED tag'`)
	o := h.options()
	var panics atomic.Int32
	o.Notify = func(context.Context, []string) error {
		if panics.Add(1) > 2 {
			return nil
		}
		panic("PLANTED panic")
	}
	h.work(o)
	id := h.visitor()
	h.do(id, dialog.SubmitForm{Name: "PLANTED visitor", Phone: "+79990001122", Email: "planted@example.org", Consent: true,
		Proof: dialog.ConsentProof{Text: "PLANTED consent", Version: "1", IP: "203.0.113.77", UserAgent: "PLANTED agent"}})
	h.do(id, dialog.VisitorMessage{Text: "PLANTED message"})
	h.acknowledged(id)

	// PostgreSQL fails and says what was in the row.
	h.exec(`CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		RAISE EXCEPTION 'PLANTED % % %', NEW.last_text, NEW.card_name, NEW.card_phone USING DETAIL = NEW.card_email, HINT = '203.0.113.77'; END $$`)
	h.exec(`CREATE TRIGGER fail BEFORE UPDATE OF fence_at ON dialogs FOR EACH ROW EXECUTE FUNCTION fail()`)
	h.do(id, dialog.ChooseDepartment{ID: h.department})
	h.until("an activity is being tried again", func() bool {
		return strings.Contains(h.pending(id), "sqlstate_P0001")
	})
	h.clean(h.pending(id))
	h.clean(h.details(id))
	h.exec(`DROP TRIGGER fail ON dialogs`)
	h.acknowledged(id)

	// An activity panics after it has committed: nothing is done twice.
	h.pass(dialog.UntakenAfter + 3*time.Second)
	h.until("the dialog is marked", func() bool { return h.row(id).State.Session.UnclaimedMarked })
	h.until("the panic was survived", func() bool { return panics.Load() > 0 && strings.Contains(h.details(id), "red: unclaimed") })
	if n := h.count(`SELECT count(*) FROM audit WHERE dialog_id = $1 AND action = 'deadline'`, id); n != 1 {
		t.Errorf("the deadline was recorded %d times", n)
	}

	h.reply(id, "PLANTED answer")
	h.exec(`UPDATE projects SET form = form || '{"enabled":true,"title":"PLANTED title"}', label_level = 2`)
	by := h.row(id).State.Session.AssigneeID
	h.do(id, dialog.RequestContacts{By: dialog.Operator{ID: by}, SeenSeq: -1})
	h.do(id, dialog.EditCard{By: dialog.Operator{ID: by}, Field: dialog.CardComment, Value: "PLANTED comment", Rev: 1})
	h.do(id, dialog.AttachLabel{By: dialog.Operator{ID: by}, Label: dialog.Label{Text: "PLANTED label"}})
	h.signal(id, workflows.SignalTransfer, h.opsTransfer())
	h.until("the dialog is handed over", func() bool { return h.row(id).State.Session.AssigneeID == h.boris })
	h.exec(`UPDATE projects SET rating = false`)
	h.do(id, dialog.Leave{By: dialog.Operator{ID: h.boris}, LastSeen: h.row(id).State.Seq})
	h.until("the workflow ends", func() bool { return !h.running(id) })

	text := h.history(id, "").String()
	for _, failed := range []string{"sqlstate_P0001", "activity failed: panic"} {
		if !strings.Contains(text, failed) {
			t.Errorf("the history holds no failed activity %q", failed)
		}
	}
	h.clean(text)
	list, err := h.client.ListWorkflow(context.Background(), &workflowservice.ListWorkflowExecutionsRequest{})
	check(t, err)
	h.clean(list.String())
	h.clean(h.log.String())
}

// pending is what Temporal says of a workflow that is waiting for its activities.
func (h *house) pending(dialogID string) string {
	h.t.Helper()
	d, err := h.client.DescribeWorkflowExecution(context.Background(), dialogID, "")
	check(h.t, err)
	return d.String()
}

// clean checks that nothing planted is in a text.
func (h *house) clean(text string) {
	h.t.Helper()
	for _, p := range planted {
		if i := strings.Index(text, p); i >= 0 {
			h.t.Errorf("found %q: … %s …", p, text[max(0, i-300):min(len(text), i+100)])
		}
	}
}
