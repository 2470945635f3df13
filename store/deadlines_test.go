package store_test

import (
	"testing"
	"time"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/store/storetest"
)

// R-035, D-40: changed settings reach the deadlines of open dialogs, and workflows that would look too late are owed a
// signal; nobody else is.
func TestSettingsReachOpenDialogs(t *testing.T) {
	t.Parallel()
	shop := storetest.New(t)
	resettle := func() int {
		t.Helper()
		n, err := shop.ResettleDeadlines(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	change := func(sql string) { shop.Exec(`UPDATE projects SET rev = rev + 1, ` + sql) }
	next := func(id string) (at time.Time, kind string) {
		t.Helper()
		if err := shop.Pool().QueryRow(t.Context(), `SELECT coalesce(next_deadline_at, 'epoch'), coalesce(next_deadline_kind, '') FROM dialogs WHERE id = $1`, id).Scan(&at, &kind); err != nil {
			t.Fatal(err)
		}
		return at.UTC(), kind
	}
	run := &fences{at: time.Now()}
	acknowledge := func(id string) {
		t.Helper()
		if _, stale, err := shop.Sync(t.Context(), id, shop.Row(id).SignalSeq, time.Time{}, run.next()); err != nil || stale {
			t.Fatal(stale, err)
		}
	}
	shop.Exec(`UPDATE projects SET long_wait_seconds = 120, tagging = false`)
	untaken, waiting, answered := shop.Dialog(), shop.Dialog(), shop.Dialog()
	for _, id := range []string{untaken, waiting, answered} {
		shop.Do(id, storetest.Write("вопрос"))
	}
	shop.Do(waiting, storetest.Reply(shop.Anna, "да?"))
	shop.Do(answered, storetest.Reply(shop.Anna, "да?"))
	shop.Do(waiting, storetest.Write("ещё"))
	for _, id := range []string{untaken, waiting, answered} {
		acknowledge(id)
	}
	if n := resettle(); n != 0 {
		t.Fatalf("%d signals, nothing has changed", n)
	}
	since := shop.Row(waiting).State.Session.WaitingSince

	change(`long_wait_seconds = 60, auto_close_minutes = 5`)
	if n := resettle(); n != 2 {
		t.Errorf("%d signals, want those of the waiting and the answered one", n)
	}
	if at, kind := next(waiting); !at.Equal(since.Add(60*time.Second+dialog.Tick)) || kind != string(dialog.LongWait) {
		t.Errorf("waiting: %s at %v", kind, at)
	}
	if at, kind := next(answered); !at.Equal(shop.Row(answered).State.Session.LastMessageAt.Add(5*time.Minute)) || kind != string(dialog.AutoClosing) {
		t.Errorf("answered: %s at %v", kind, at)
	}
	if _, kind := next(untaken); kind != string(dialog.Untaken) || shop.Row(untaken).SignalSeq != 1 {
		t.Errorf("untaken: %s, three minutes are fixed (D-07)", kind)
	}
	acknowledge(waiting)
	acknowledge(answered)
	if n := resettle(); n != 0 {
		t.Errorf("%d signals for the same change", n)
	}

	shop.Later(61 * time.Second) // red by 60 s
	if o, _, _, err := shop.Due(t.Context(), waiting, run.next()); err != nil || o != dialog.Done {
		t.Fatal(o, err)
	}
	before := shop.Row(waiting)
	change(`long_wait_seconds = 120, auto_close_minutes = 0`) // and back
	if n := resettle(); n != 1 {
		t.Errorf("%d signals, want that of the mark that is over", n)
	}
	row := shop.Row(waiting)
	if at, _ := next(waiting); row.State.Session.OverdueMarked || row.Rev <= before.Rev || !at.Equal(since.Add(120*time.Second+dialog.Tick)) {
		t.Errorf("marked %v, revision %d after %d, next at %v", row.State.Session.OverdueMarked, row.Rev, before.Rev, at)
	}
	if _, kind := next(answered); kind != "" {
		t.Errorf("answered: %s, automatic closing is off", kind)
	}
}

// A transaction that had read the old settings may end after the sweep: it is looked at again, and a crash before the end
// only means that all is done again.
func TestSettingsAreSweptAgain(t *testing.T) {
	t.Parallel()
	shop := storetest.New(t)
	shop.Exec(`UPDATE projects SET long_wait_seconds = 120`)
	id := shop.Dialog()
	shop.Do(id, storetest.Write("вопрос"))
	shop.Do(id, storetest.Reply(shop.Anna, "да?"))
	shop.Do(id, storetest.Write("ещё"))
	shop.Exec(`UPDATE projects SET long_wait_seconds = 60, rev = rev + 1`)
	if n, err := shop.ResettleDeadlines(t.Context()); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	late := func() { // a message decided by the old settings is committed now
		shop.Exec(`UPDATE dialogs SET next_deadline_at = next_deadline_at + interval '60 seconds' WHERE id = $1`, id)
	}
	want := shop.Row(id).State.Session.WaitingSince.Add(60*time.Second + dialog.Tick)
	is := func() (at time.Time) {
		if err := shop.Pool().QueryRow(t.Context(), `SELECT next_deadline_at FROM dialogs WHERE id = $1`, id).Scan(&at); err != nil {
			t.Fatal(err)
		}
		return at
	}
	late()
	shop.Exec(`UPDATE projects SET deadlines_again = clock_timestamp()`) // 5 s later
	if _, err := shop.ResettleDeadlines(t.Context()); err != nil || !is().Equal(want) {
		t.Errorf("%v: %v, want %v", err, is(), want)
	}
	late()
	shop.Exec(`UPDATE projects SET deadlines_rev = 0`) // it crashed before it noted what it had done
	if _, err := shop.ResettleDeadlines(t.Context()); err != nil || !is().Equal(want) {
		t.Errorf("%v: %v, want %v", err, is(), want)
	}
	late()
	shop.Exec(`UPDATE projects SET deadlines_again = NULL`)
	if _, err := shop.ResettleDeadlines(t.Context()); err != nil || is().Equal(want) {
		t.Errorf("%v: looked at without a reason", err)
	}
}

// more dialogs than a page, nearest deadline first out of the outbox.
func TestSettingsOfManyDialogs(t *testing.T) {
	t.Parallel()
	shop := storetest.New(t)
	const many = 1100
	shop.Exec(`INSERT INTO visitors (id, project_id, token_hash, number) SELECT gen_random_uuid(), $1, int4send(n), '1' FROM generate_series(1, $2::int) n`, shop.Project, many)
	shop.Exec(`INSERT INTO dialogs (id, project_id, visitor_id, session_id, session_no, seq, signal_seq, signal_acked, armed_until)
SELECT gen_random_uuid(), project_id, id, gen_random_uuid(), 1, 1, 1, 1, otklik_now() + interval '1 hour' FROM visitors`)
	shop.Exec(`INSERT INTO sessions (id, dialog_id, project_id, no, started_at, first_seq, last_seq, assignee_id, claimed_by, waiting_since)
SELECT session_id, id, project_id, 1, otklik_now(), 1, 1, $1, $1, otklik_now() - make_interval(secs => row_number() OVER (ORDER BY id) * 0.01) FROM dialogs`, shop.Anna)
	shop.Exec(`UPDATE projects SET rev = rev + 1`)
	if n, err := shop.ResettleDeadlines(t.Context()); n != many || err != nil {
		t.Fatal(n, err)
	}
	var nearest []string
	rows, err := shop.Pool().Query(t.Context(), `SELECT array_agg(dialog_id::text) FROM (SELECT dialog_id FROM sessions ORDER BY waiting_since LIMIT 16) x`)
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		if err := rows.Scan(&nearest); err != nil {
			t.Fatal(err)
		}
	}
	owed, err := shop.LeaseOwed(t.Context(), 16, time.Second)
	if err != nil || len(owed) != 16 {
		t.Fatal(len(owed), err)
	}
	leased := map[string]bool{}
	for _, o := range owed {
		leased[o.DialogID] = true
	}
	for _, id := range nearest {
		if !leased[id] {
			t.Errorf("%s is among the nearest and was not leased first", id)
		}
	}
}
