package store_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/store"
	"github.com/otklik/otklik/store/storetest"
)

// house is a shop whose messages go in groups, with one dialog that Anna has taken and whose row is kept.
type house struct {
	*storetest.Shop
	t   *testing.T
	d   string
	run *fences
}

func newHouse(t *testing.T) *house {
	h := &house{Shop: storetest.New(t), t: t, run: &fences{at: time.Now()}}
	h.d = h.Dialog()
	h.Do(h.d, storetest.Write("Здравствуйте"))
	h.Do(h.d, storetest.Reply(h.Anna, "Добрый день"))
	h.write(h.Store, "раз")
	h.Exec(`UPDATE dialogs SET card_name = 'тихо' WHERE id = $1`, h.d) // no new version: whoever uses the kept row misses it
	if r := h.write(h.Store, "два"); r.Applied.Row.VisitorName != "" {
		t.Fatal("the row was read again: this test shows nothing")
	}
	h.Exec(`UPDATE dialogs SET card_name = '' WHERE id = $1`, h.d)
	return h
}

// group sends one command in a group of its own.
func (h *house) group(s *store.Store, do dialog.Command) (store.Outcome, bool) {
	h.t.Helper()
	out, answered, err := s.Group(h.t.Context(), []store.Command{{DialogID: h.d, ClientID: uuid.NewString(), Do: do}})
	if err != nil {
		h.t.Fatal(err)
	}
	return out[0], answered[0]
}

// accept sends one command in a group, which must record it; the row it leaves behind must be the one in the tables.
func (h *house) accept(s *store.Store, do dialog.Command) store.Result {
	h.t.Helper()
	out, answered := h.group(s, do)
	if !answered || out.Err != nil {
		h.t.Fatalf("answered %v, error %v", answered, out.Err)
	}
	return out.Result
}

func (h *house) write(s *store.Store, text string) store.Result {
	h.t.Helper()
	return h.accept(s, storetest.Write(text))
}

// same fails unless the row of the answer is the row in the tables.
func (h *house) same(r store.Result) {
	h.t.Helper()
	got, want := r.Applied.Row.Public(), h.Row(h.d).Public()
	got.Now, want.Now = time.Time{}, time.Time{}
	got.SignalStart = want.SignalStart // of an answer: as it was before
	if !reflect.DeepEqual(got, want) {
		h.t.Errorf("answered with\n%+v %+v\nstored is\n%+v %+v", got, got.State.Session, want, want.State.Session)
	}
}

func TestKeptRowIsTheStoredOne(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.same(h.write(h.Store, "три"))
	h.same(h.accept(h.Store, storetest.Reply(h.Anna, "четыре")))
	h.same(h.write(h.Store, "пять"))
}

// Another process writes between two groups of this one: in groups of its own, and singly.
func TestKeptRowAndAnotherProcess(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	other, err := store.Open(t.Context(), h.URL, store.Options{AppName: "other"})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	last := h.Row(h.d).State.Seq
	for i, s := range []*store.Store{other, h.Store, other, other, h.Store} {
		r := h.write(s, "ещё")
		if r.Event.Seq != last+1 {
			t.Fatalf("message %d is number %d, want %d", i, r.Event.Seq, last+1)
		}
		last = r.Event.Seq
		h.same(r)
	}
	out := other.Apply(t.Context(), []store.Command{{DialogID: h.d, ClientID: uuid.NewString(), Do: dialog.SetTags{By: storetest.By(h.Anna), Tags: []string{h.TagLead}}}})
	if out[0].Err != nil {
		t.Fatal(out[0].Err)
	}
	r := h.write(h.Store, "и ещё")
	if tags := r.Applied.Row.State.Session.Tags; len(tags) != 1 {
		t.Errorf("tags %v: not those that the other process set", tags)
	}
	h.same(r)
}

// The armed timer and the outbox change without a new version: with what was kept of them the second message would owe
// one more signal.
func TestKeptRowAndSync(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	row := h.Row(h.d)
	if row.SignalSeq == row.SignalAcked || !row.ArmedUntil.IsZero() {
		t.Fatalf("nothing is owed: %+v", row)
	}
	synced, stale, err := h.Sync(t.Context(), h.d, row.SignalSeq, time.Time{}, h.run.next())
	if err != nil || stale || synced.ArmedUntil.IsZero() {
		t.Fatalf("%v %v %v", synced.ArmedUntil, stale, err)
	}
	r := h.write(h.Store, "три")
	if r.Applied.Signal != dialog.NoSignal {
		t.Errorf("signal %v although the timer is armed", r.Applied.Signal)
	}
	if got := r.Applied.Row; got.SignalAcked != row.SignalSeq || !got.ArmedUntil.Equal(synced.ArmedUntil) {
		t.Errorf("acknowledged %d, armed until %v", got.SignalAcked, got.ArmedUntil)
	}
	h.same(r)
}

// Settings are read when a message is decided.
func TestKeptRowAndSettings(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.Exec(`UPDATE projects SET long_wait_seconds = 600, tagging = false`)
	r := h.write(h.Store, "три")
	if set := r.Applied.Row.Settings; set.LongWait != 10*time.Minute || set.Tagging {
		t.Errorf("settings %+v", set)
	}
	var next time.Time
	if err := h.Pool().QueryRow(t.Context(), `SELECT next_deadline_at FROM dialogs WHERE id = $1`, h.d).Scan(&next); err != nil {
		t.Fatal(err)
	}
	if since := r.Applied.Row.State.Session.WaitingSince; next.Sub(since).Round(time.Second) != 10*time.Minute {
		t.Errorf("next deadline %v after the wait began", next.Sub(since))
	}
	h.same(r)
}

// An operator's access ends between two of his replies.
func TestKeptRowAndAccess(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.accept(h.Store, storetest.Reply(h.Anna, "три"))
	before := h.Row(h.d)
	h.Exec(`DELETE FROM access WHERE operator_id = $1`, h.Anna)
	if out, _ := h.group(h.Store, storetest.Reply(h.Anna, "четыре")); out.Err == nil {
		t.Error("a reply without access was accepted")
	}
	if after := h.Row(h.d); after.Rev != before.Rev {
		t.Error("something was written")
	}
}

// A session ends and the next begins between two groups.
func TestKeptRowOfAnEndedSession(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ended := h.Row(h.d).State
	h.Do(h.d, dialog.Leave{By: storetest.By(h.Anna), LastSeen: ended.Seq, Tags: []string{h.TagSale}})
	if out, answered := h.group(h.Store, storetest.Write("три")); answered {
		t.Fatalf("a group answered a message that begins a session: %+v", out)
	}
	h.Do(h.d, storetest.Write("три"))
	r := h.write(h.Store, "четыре")
	if r.Event.SessionID == ended.Session.ID || r.Event.SessionNo != 2 {
		t.Errorf("the message went into session %d", r.Event.SessionNo)
	}
	h.same(r)
}

// R-084, D-48: a page that was loaded from another address changes the session's without a message: a kept row does not
// bring the old one back, and a group that holds the dialog is waited for.
func TestKeptRowAndSeenAddress(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	at := func(ip string) dialog.VisitorMessage {
		return dialog.VisitorMessage{Arrival: dialog.Arrival{IP: ip}, Text: "ещё"}
	}
	h.Do(h.d, at(ip1))
	h.same(h.accept(h.Store, at(ip1)))
	moved, err := h.SeeAddress(t.Context(), h.d, ip2)
	if err != nil || moved == nil || moved.Row.State.Session.IP != ip2 {
		t.Fatalf("%+v %v", moved, err)
	}
	for _, ip := range []string{ip2, ""} { // the same again, and none
		if again, err := h.SeeAddress(t.Context(), h.d, ip); err != nil || again != nil {
			t.Errorf("seen at %q: %+v %v", ip, again, err)
		}
	}
	h.same(h.accept(h.Store, at(ip2))) // in a group, which asks no list: it knows the address
	h.same(h.accept(h.Store, storetest.Reply(h.Anna, "Да?")))
	if ip := h.Row(h.d).State.Session.IP; ip != ip2 {
		t.Fatalf("the session's address is %s", ip)
	}
	h.Do(h.d, dialog.Block{By: storetest.By(h.Anna)})
	if _, listed := blocksOf(t, h.Shop)[[2]string{ip2, store.BlockedByOperator}]; !listed {
		t.Error("the address he has left was blocked")
	}
	if !h.Row(h.d).State.Blocked {
		t.Error("not blocked")
	}
	// Seen where nothing is listed he is not blocked; seen at a listed address he was not let in.
	if moved, err = h.SeeAddress(t.Context(), h.d, ip1); err != nil || moved == nil || h.Row(h.d).State.Blocked {
		t.Errorf("%+v %v", moved, err)
	}
	if moved, err = h.SeeAddress(t.Context(), h.d, ip2); err != nil || moved != nil || h.Row(h.d).State.Session.IP != ip1 {
		t.Errorf("%+v %v", moved, err)
	}
}

// A database that was restored under a running process counts the same versions again.
func TestKeptRowAndRestoredDatabase(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.Exec(`UPDATE dialogs SET last_at = last_at + interval '1 microsecond', card_name = 'Пётр' WHERE id = $1`, h.d)
	if r := h.write(h.Store, "три"); r.Applied.Row.VisitorName != "Пётр" {
		t.Error("the kept row was used although the last entry is another")
	}
}

// A dialog that somebody else has locked waits, also when its row is kept.
func TestKeptRowThatIsLocked(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	tx, err := h.Pool().Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), `SELECT FROM dialogs WHERE id = $1 FOR UPDATE`, h.d); err != nil {
		t.Fatal(err)
	}
	if out, answered := h.group(h.Store, storetest.Write("три")); answered {
		t.Errorf("answered without the lock: %+v", out)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.same(h.write(h.Store, "три"))
}

// Several messages of one dialog, and one that is no id, share a group.
func TestGroupOfOneDialog(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	last := h.Row(h.d).State.Seq
	var cmds []store.Command
	for _, d := range []string{h.d, h.d, "не номер", h.d} {
		cmds = append(cmds, store.Command{DialogID: d, ClientID: uuid.NewString(), Do: storetest.Write("ещё")})
	}
	out, answered, err := h.Group(t.Context(), cmds)
	if err != nil || !reflect.DeepEqual(answered, []bool{true, true, false, true}) {
		t.Fatalf("%v, answered %v", err, answered)
	}
	if out[3].Result.Event.Seq != last+3 {
		t.Errorf("the third is number %d after %d", out[3].Result.Event.Seq, last)
	}
	h.same(h.write(h.Store, "и ещё"))
}
