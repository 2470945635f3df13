package store_test

import (
	"testing"
	"time"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/store"
	"github.com/otklik/otklik/store/storetest"
)

// fences makes the calls of one run, each newer than the one before.
type fences struct {
	at time.Time
	n  int64
}

func (f *fences) next() store.Fence {
	f.n++
	return store.Fence{At: f.at, Ordinal: f.n, Run: "run"}
}

// The outbox: owed until the workflow acknowledges the number it was handed, never a newer one.
func TestOutbox(t *testing.T) {
	t.Parallel()
	shop := storetest.New(t)
	d := shop.Dialog()
	run := &fences{at: time.Now()}
	lease := func() []store.Owed {
		owed, err := shop.LeaseOwed(t.Context(), 10, 5*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		return owed
	}
	if owed := lease(); len(owed) != 0 {
		t.Fatalf("an empty dialog owes %+v", owed)
	}
	shop.Do(d, storetest.Write("Здравствуйте"))
	owed := lease()
	if len(owed) != 1 || owed[0].DialogID != d || owed[0].SignalSeq != 1 || !owed[0].Start {
		t.Fatalf("owed %+v", owed)
	}
	if again := lease(); len(again) != 0 {
		t.Errorf("leased twice: %+v", again)
	}
	shop.Do(d, storetest.Reply(shop.Anna, "Добрый день"))
	if owed = lease(); len(owed) != 1 || owed[0].SignalSeq != 2 {
		t.Fatalf("a new signal goes at once: %+v", owed)
	}
	row, stale, err := shop.Sync(t.Context(), d, 1, time.Time{}, run.next())
	if err != nil || stale || row.State.Session.AssigneeID != shop.Anna {
		t.Fatalf("%+v %v %v", row, stale, err)
	}
	if r := shop.Row(d); r.SignalAcked != 1 || !r.SignalStart {
		t.Errorf("acknowledged %d of %d, start %v: only what was handed over", r.SignalAcked, r.SignalSeq, r.SignalStart)
	}
	if _, _, err := shop.Sync(t.Context(), d, 2, time.Time{}, run.next()); err != nil {
		t.Fatal(err)
	}
	if r := shop.Row(d); r.SignalAcked != 2 || r.SignalStart {
		t.Errorf("acknowledged %d, start %v", r.SignalAcked, r.SignalStart)
	}
	if owed := lease(); len(owed) != 0 {
		t.Errorf("still owed: %+v", owed)
	}
}

// The fence: a late attempt of a dead worker acknowledges and arms nothing (design 2.4).
func TestFence(t *testing.T) {
	t.Parallel()
	shop := storetest.New(t)
	d := shop.Dialog()
	shop.Do(d, storetest.Write("Здравствуйте"))
	at := time.Now()
	sync := func(f store.Fence, seq int64) bool {
		_, stale, err := shop.Sync(t.Context(), d, seq, time.Time{}, f)
		if err != nil {
			t.Fatal(err)
		}
		return stale
	}
	late := store.Fence{At: at, Ordinal: 2, Attempt: 1}
	if sync(store.Fence{At: at, Ordinal: 1}, 0) || sync(store.Fence{At: at, Ordinal: 2, Attempt: 2}, 0) {
		t.Fatal("newer calls were turned away")
	}
	if !sync(late, 1) || !sync(store.Fence{At: at, Ordinal: 1, Attempt: 9}, 1) || !sync(store.Fence{At: at.Add(-time.Second), Ordinal: 99}, 1) {
		t.Error("a late attempt was taken")
	}
	if r := shop.Row(d); r.SignalAcked != 0 {
		t.Errorf("a late attempt acknowledged %d", r.SignalAcked)
	}
	if _, _, stale, err := shop.Due(t.Context(), d, late); err != nil || !stale {
		t.Errorf("due: stale %v, %v", stale, err)
	}
	if sync(store.Fence{At: at.Add(time.Second), Ordinal: 1}, 1) { // a new run, or one that was reset
		t.Error("a new run was turned away")
	}
}

// R-043, I-09: what the clock does is recorded once, with its lateness; at the watchdog's word when nobody came.
func TestDueAndWatchdog(t *testing.T) {
	t.Parallel()
	shop := storetest.New(t)
	d := shop.Dialog()
	run := &fences{at: time.Now()}
	shop.Do(d, storetest.Write("Здравствуйте"))
	if _, _, err := shop.Sync(t.Context(), d, 1, time.Time{}, run.next()); err != nil {
		t.Fatal(err)
	}
	if r := shop.Row(d); !r.ArmedUntil.Equal(r.State.Session.WaitingSince.Add(180*time.Second + dialog.Tick)) {
		t.Errorf("armed until %v, waiting since %v", r.ArmedUntil, r.State.Session.WaitingSince)
	}
	due := func() dialog.Outcome {
		o, _, stale, err := shop.Due(t.Context(), d, run.next())
		if err != nil || stale {
			t.Fatal(stale, err)
		}
		return o
	}
	wake := func() int {
		n, err := shop.Wake(t.Context(), 2*time.Second, 10)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	shop.Later(179 * time.Second)
	if o := due(); o != dialog.Wait || wake() != 0 {
		t.Fatalf("before 180 s: %s", o)
	}
	shop.Later(5 * time.Second)
	if late, err := shop.TimersLate(t.Context(), 2*time.Second); err != nil || !late {
		t.Errorf("late %v %v", late, err)
	}
	if wake() != 1 || wake() != 0 {
		t.Error("the watchdog wakes once, then waits")
	}
	if r := shop.Row(d); r.SignalSeq != 2 || !r.SignalStart {
		t.Errorf("signal %d, start %v", r.SignalSeq, r.SignalStart)
	}
	if o := due(); o != dialog.Done || !shop.Row(d).State.Session.UnclaimedMarked {
		t.Fatalf("after 180 s: %s", o)
	}
	if o := due(); o != dialog.Obsolete {
		t.Errorf("twice: %s", o)
	}
	if late, _ := shop.TimersLate(t.Context(), 2*time.Second); late {
		t.Error("still late")
	}
	var n int
	if err := shop.Pool().QueryRow(t.Context(), `SELECT count(*) FROM audit WHERE action = 'deadline' AND (detail->>'late_us')::bigint > 3000000 AND source = 'system'`).Scan(&n); err != nil || n != 1 {
		t.Errorf("%d audited, %v", n, err)
	}
}

// ADR 4: a Temporal whose clock was set back is turned away by the fence; where that holds a deadline up, the watchdog sets
// the fence back, once, and not while the signal has only not been sent.
func TestWatchdogSetsTheFenceBack(t *testing.T) {
	t.Parallel()
	shop := storetest.New(t)
	d := shop.Dialog()
	shop.Do(d, storetest.Write("Здравствуйте"))
	now := time.Now()
	sync := func(at time.Time) bool {
		_, stale, err := shop.Sync(t.Context(), d, shop.Row(d).SignalSeq, time.Time{}, store.Fence{At: at, Ordinal: 1})
		if err != nil {
			t.Fatal(err)
		}
		return stale
	}
	wake := func() int {
		if _, err := shop.Pool().Exec(t.Context(), `UPDATE dialogs SET woken_at = woken_at - interval '11 seconds'`); err != nil {
			t.Fatal(err)
		}
		n, err := shop.Wake(t.Context(), 2*time.Second, 10)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	lease := func() {
		if _, err := shop.Pool().Exec(t.Context(), `UPDATE dialogs SET relay_at = '-infinity'`); err != nil {
			t.Fatal(err)
		}
		if owed, err := shop.LeaseOwed(t.Context(), 10, time.Second); err != nil || len(owed) != 1 {
			t.Fatal(owed, err)
		}
	}
	if sync(now.Add(time.Hour)) { // Temporal was an hour ahead
		t.Fatal("turned away at once")
	}
	shop.Later(4 * time.Minute)
	if wake() != 1 || !sync(now) {
		t.Fatal("the watchdog wakes, and the run of the earlier clock is turned away")
	}
	lease()
	if wake() != 0 || !sync(now) {
		t.Error("one lease may be on its way")
	}
	lease()
	if wake() != 1 || sync(now) {
		t.Error("acknowledgements stand still: the fence stays in the way")
	}
	if _, _, stale, err := shop.Due(t.Context(), d, store.Fence{At: now, Ordinal: 2}); err != nil || stale || !shop.Row(d).State.Session.UnclaimedMarked {
		t.Errorf("the deadline: stale %v, %v", stale, err)
	}
	if !sync(now.Add(-time.Second)) {
		t.Error("the fence holds no longer")
	}
}

// An earlier timer of the workflow is kept, and armed_until says so (design 2.4).
func TestEarlierTimerIsKept(t *testing.T) {
	t.Parallel()
	shop := storetest.New(t)
	d := shop.Dialog()
	run := &fences{at: time.Now()}
	shop.Do(d, storetest.Write("Здравствуйте"))
	armed := shop.Row(d).Now.Add(30 * time.Second)
	if _, _, err := shop.Sync(t.Context(), d, 1, armed, run.next()); err != nil {
		t.Fatal(err)
	}
	if got := shop.Row(d).ArmedUntil; !got.Equal(armed) {
		t.Errorf("armed until %v, want the earlier timer %v", got, armed)
	}
	if _, _, err := shop.Sync(t.Context(), d, 1, shop.Row(d).Now.Add(time.Hour), run.next()); err != nil {
		t.Fatal(err)
	}
	if got := shop.Row(d).ArmedUntil; got.After(armed.Add(time.Hour / 2)) {
		t.Errorf("armed until %v: the deadline is earlier than the timer", got)
	}
}

// D-39: a rating is for a run that exists; when there is none it is dropped and starts nothing.
func TestRatingStartsNoRun(t *testing.T) {
	t.Parallel()
	shop := storetest.New(t)
	d := shop.Dialog()
	run := &fences{at: time.Now()}
	shop.Do(d, storetest.Write("Здравствуйте"))
	shop.Do(d, storetest.Reply(shop.Anna, "Добрый день"))
	shop.Do(d, dialog.Leave{By: storetest.By(shop.Anna), LastSeen: 99, Tags: []string{shop.TagSale}})
	if _, _, err := shop.Sync(t.Context(), d, 3, time.Time{}, run.next()); err != nil {
		t.Fatal(err)
	}
	shop.Do(d, dialog.Rate{SessionID: shop.Row(d).State.Session.ID, Stars: 5})
	owed, err := shop.LeaseOwed(t.Context(), 10, time.Second)
	if err != nil || len(owed) != 1 || owed[0].Start {
		t.Fatalf("%+v %v", owed, err)
	}
	if err := shop.DropOwed(t.Context(), d, owed[0].SignalSeq); err != nil {
		t.Fatal(err)
	}
	if r := shop.Row(d); r.SignalAcked != r.SignalSeq {
		t.Errorf("acked %d of %d", r.SignalAcked, r.SignalSeq)
	}
}

// reconcile's side: open sessions by page, and a new signal for those that lost their workflow.
func TestOpenPageAndOwe(t *testing.T) {
	t.Parallel()
	shop := storetest.New(t)
	var ids []string
	for range 5 {
		d := shop.Dialog()
		shop.Do(d, storetest.Write("Здравствуйте"))
		ids = append(ids, d)
	}
	seen := map[string]bool{}
	for after := ""; ; {
		page, err := shop.OpenPage(t.Context(), after, 2)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, o := range page {
			seen[o.DialogID] = true
			after = o.DialogID
		}
	}
	if len(seen) != len(ids) {
		t.Errorf("saw %d of %d", len(seen), len(ids))
	}
	if n, err := shop.Owe(t.Context(), append(ids[:2:2], shop.Dialog())); err != nil || n != 2 {
		t.Errorf("owed %d, %v", n, err)
	}
}

// Design 2.6, R-058: a rating that ops hand in takes the visitor's words not away; one that is refused is audited with the
// operator, once for each call.
func TestRatingByOps(t *testing.T) {
	t.Parallel()
	shop := storetest.New(t)
	d := shop.Dialog()
	shop.Do(d, storetest.Write("Здравствуйте"))
	shop.Do(d, storetest.Reply(shop.Anna, "Добрый день"))
	shop.Do(d, dialog.Leave{By: storetest.By(shop.Anna), LastSeen: 99, Tags: []string{shop.TagSale}})
	session := shop.Row(d).State.Session.ID
	shop.Do(d, dialog.Rate{SessionID: session, Stars: 2, Comment: "Долго"})
	shop.Do(d, dialog.Rate{SessionID: session, Stars: 5, By: shop.Anna})
	if ses := shop.Row(d).State.Session; ses.Rating != 5 || ses.RatingComment != "Долго" {
		t.Errorf("rated %d, %q", ses.Rating, ses.RatingComment)
	}
	c := store.Command{DialogID: d, ClientID: "rate-1", Source: "temporal", Do: dialog.Rate{SessionID: session, Stars: 9, By: shop.Anna}}
	for _, call := range []string{"run/5", "run/5", "run/11"} {
		if err := shop.Refused(t.Context(), c, dialog.Invalid, call); err != nil {
			t.Fatal(err)
		}
	}
	var n, hers int
	if err := shop.Pool().QueryRow(t.Context(), `SELECT count(*), count(*) FILTER (WHERE operator_id = $1) FROM audit WHERE action = 'refused'`,
		shop.Anna).Scan(&n, &hers); err != nil || n != 2 || hers != 2 {
		t.Errorf("%d refusals audited, %d of the operator: %v", n, hers, err)
	}
}
