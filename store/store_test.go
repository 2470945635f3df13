package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/local/localtest"
	"github.com/otklik/otklik/store"
	"github.com/otklik/otklik/store/storetest"
)

func TestMain(m *testing.M) { localtest.Run(m) }

func refusal(t *testing.T, err error) dialog.Refusal {
	t.Helper()
	var r *dialog.Refusal
	if !errors.As(err, &r) || errors.Is(err, store.ErrUnavailable) {
		t.Fatalf("got %v, want a refusal", err)
	}
	return *r
}

// R-047, D-26: 20 operators answer one new dialog at once; one is the winner and 19 are told his name.
func TestTwentyAnswerAtOnce(t *testing.T) {
	t.Parallel()
	shop := storetest.New(t)
	d := shop.Dialog()
	shop.Do(d, storetest.Write("Здравствуйте"))
	operators := make([]string, 20)
	for i := range operators {
		operators[i] = shop.AddOperator(fmt.Sprintf("Оператор %d", i), dialog.LevelOperator)
	}
	results := make([]error, len(operators))
	var wg sync.WaitGroup
	for i, o := range operators {
		wg.Go(func() { _, results[i] = shop.Try(d, storetest.Reply(o, "Добрый день")) })
	}
	wg.Wait()
	row := shop.Row(d)
	won := 0
	for i, err := range results {
		if err == nil {
			won++
			if row.State.Session.AssigneeID != operators[i] {
				t.Errorf("operator %d was told he won, the row says %s", i, row.State.Session.AssigneeID)
			}
			continue
		}
		if r := refusal(t, err); r.Code != dialog.AlreadyClaimed || r.OperatorID != row.State.Session.AssigneeID {
			t.Errorf("operator %d: %+v", i, r)
		}
	}
	if won != 1 {
		t.Errorf("%d winners", won)
	}
	var messages, receipts int
	if err := shop.Pool().QueryRow(t.Context(), `SELECT count(*) FILTER (WHERE kind = 'message' AND author = 'operator'),
		(SELECT count(*) FROM receipts) FROM events`).Scan(&messages, &receipts); err != nil {
		t.Fatal(err)
	}
	if messages != 1 || receipts != 2 {
		t.Errorf("%d operator messages and %d receipts are stored", messages, receipts)
	}
}

// R-031, D-29: two operators of limit 1 and 10 new dialogs at once; nobody ever has two.
func TestLimitUnderConcurrency(t *testing.T) {
	t.Parallel()
	shop := storetest.New(t)
	shop.Exec(`UPDATE operators SET dialog_limit = 1`)
	var wg sync.WaitGroup
	for range 10 {
		d := shop.Dialog()
		shop.Do(d, storetest.Write("Здравствуйте"))
		for _, o := range []string{shop.Anna, shop.Oleg} {
			wg.Go(func() {
				_, err := shop.Try(d, storetest.Reply(o, "Добрый день"))
				if err != nil {
					if r := refusal(t, err); r.Code != dialog.LimitReached && r.Code != dialog.AlreadyClaimed {
						t.Error(err)
					}
				}
			})
		}
	}
	wg.Wait()
	for _, o := range []string{shop.Anna, shop.Oleg} {
		f, err := shop.OperatorFacts(t.Context(), o, shop.Project)
		if err != nil || f.OpenDialogs != 1 {
			t.Errorf("%s has %d dialogs, %v", f.Name, f.OpenDialogs, err)
		}
	}
}

// R-031, D-29, D-02, D-73: dialogs of a project that is switched off do not count, wherever the load is told or asked for;
// they count again with the project.
func TestLimitLeavesOutSwitchedOffProjects(t *testing.T) {
	t.Parallel()
	shop := storetest.New(t)
	shop.Exec(`UPDATE operators SET dialog_limit = 1`)
	const other = "00000000-0000-7000-8000-000000000009"
	shop.Exec(`INSERT INTO projects (id, name, widget_key) VALUES ($1, 'Вторая', 'second')`, other)
	shop.Exec(`INSERT INTO access (operator_id, project_id, level) SELECT operator_id, $1, 4 FROM access`, other)
	taken, free, mine := shop.Dialog(), shop.Dialog(), shop.Dialog()
	shop.Do(taken, storetest.Write("Здравствуйте"))
	shop.Do(taken, storetest.Reply(shop.Anna, "Добрый день"))
	shop.Exec(`UPDATE dialogs SET project_id = $2 WHERE id = $1`, taken, other)
	shop.Exec(`UPDATE sessions SET project_id = $2 WHERE dialog_id = $1`, taken, other)
	for _, d := range []string{free, mine} {
		shop.Do(d, storetest.Write("Здравствуйте"))
	}
	shop.Do(mine, storetest.Reply(shop.Oleg, "Добрый день"))
	load := func(what string, want int) {
		t.Helper()
		facts, err := shop.OperatorFacts(t.Context(), shop.Anna, shop.Project)
		seats, err2 := shop.Seats(t.Context(), []string{shop.Anna})
		self, err3 := shop.Self(t.Context(), shop.Anna)
		team, err4 := shop.Team(t.Context(), shop.Project)
		colleagues, _, err5 := shop.Operators(t.Context(), shop.Anna, store.Find{Limit: 10})
		if err := errors.Join(err, err2, err3, err4, err5); err != nil {
			t.Fatal(err)
		}
		got := []int{facts.OpenDialogs, self.OpenDialogs}
		for _, s := range seats {
			got = append(got, s.Operator.OpenDialogs)
		}
		for _, o := range team {
			if o.ID == shop.Anna {
				got = append(got, o.OpenDialogs)
			}
		}
		for _, o := range colleagues {
			if o.ID == shop.Anna {
				got = append(got, o.OpenDialogs)
			}
		}
		for _, n := range got {
			if n != want || len(got) < 5 {
				t.Errorf("%s: %v, want %d", what, got, want)
			}
		}
	}
	refused := func(d string, do dialog.Command) {
		t.Helper()
		if _, err := shop.Try(d, do); err == nil || refusal(t, err).Code != dialog.LimitReached {
			t.Errorf("%T: %v", do, err)
		}
	}
	transfer := dialog.Transfer{By: storetest.By(shop.Oleg), To: storetest.By(shop.Anna)}
	load("switched on", 1)
	refused(free, storetest.Reply(shop.Anna, "Беру"))
	refused(mine, transfer)
	shop.Exec(`UPDATE projects SET active = false WHERE id = $1`, other)
	load("switched off", 0)
	shop.Do(mine, transfer)
	refused(free, storetest.Reply(shop.Anna, "Беру")) // the one she has now counts
	shop.Exec(`UPDATE operators SET dialog_limit = 2`)
	shop.Do(free, storetest.Reply(shop.Anna, "Беру"))
	shop.Exec(`UPDATE projects SET active = true WHERE id = $1`, other)
	load("switched on again", 3)
}

// I-10: the same client id gives the first answer again; another body under it is refused; a refused command leaves nothing.
func TestIdempotency(t *testing.T) {
	t.Parallel()
	shop := storetest.New(t)
	d := shop.Dialog()
	apply := func(id string, do dialog.Command) store.Outcome {
		return shop.Apply(t.Context(), []store.Command{{DialogID: d, ClientID: id, Do: do}})[0]
	}
	first := apply("visitor-1", storetest.Write("Здравствуйте"))
	again := apply("visitor-1", storetest.Write("Здравствуйте"))
	if first.Err != nil || again.Err != nil || !again.Result.Replayed || again.Result.Event.Seq != first.Result.Event.Seq ||
		again.Result.Event.Text != "Здравствуйте" || !again.Result.Event.At.Equal(first.Result.Event.At) {
		t.Errorf("first %+v\nagain %+v", first, again)
	}
	if r := refusal(t, apply("visitor-1", storetest.Write("Другое")).Err); r.Code != dialog.ClientIDReused {
		t.Errorf("%+v", r)
	}
	win := apply("operator-1", storetest.Reply(shop.Anna, "Добрый день"))
	retry := apply("operator-1", storetest.Reply(shop.Anna, "Добрый день"))
	if win.Err != nil || retry.Err != nil || !retry.Result.Claimed || !retry.Result.Replayed {
		t.Errorf("the winner's retry is a success (D-26): %+v %+v", win, retry)
	}
	if r := refusal(t, apply("operator-2", storetest.Reply(shop.Oleg, "И я")).Err); r.Code != dialog.AlreadyClaimed {
		t.Errorf("%+v", r)
	}
	apply("leave-1", dialog.Leave{By: storetest.By(shop.Anna), LastSeen: 99, Tags: []string{shop.TagSale}})
	twice := apply("leave-1", dialog.Leave{By: storetest.By(shop.Anna), LastSeen: 99, Tags: []string{shop.TagSale}})
	if twice.Err != nil || !twice.Result.Replayed {
		t.Errorf("a double click on leave: %+v (R-058)", twice)
	}
	if seq := shop.Row(d).State.Seq; seq != 5 {
		t.Errorf("log has %d entries, want message, joined, reply and the two end texts", seq)
	}
}

// The same command from many connections at once is accepted once.
func TestIdempotencyUnderConcurrency(t *testing.T) {
	t.Parallel()
	shop := storetest.New(t)
	d := shop.Dialog()
	var wg sync.WaitGroup
	seqs := make([]int64, 12)
	for i := range seqs {
		wg.Go(func() {
			out := shop.Apply(t.Context(), []store.Command{{DialogID: d, ClientID: "same-client-id", Do: storetest.Write("Здравствуйте")}})[0]
			if out.Err != nil {
				t.Error(out.Err)
			}
			seqs[i] = out.Result.Event.Seq
		})
	}
	wg.Wait()
	for _, s := range seqs {
		if s != 1 {
			t.Fatalf("seqs %v", seqs)
		}
	}
}

// D-01: whatever comes at once, a dialog has at most one open session and a contiguous log.
func TestOneOpenSession(t *testing.T) {
	t.Parallel()
	shop := storetest.New(t)
	d := shop.Dialog()
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() { shop.Do(d, storetest.Write("раз")) })
		wg.Go(func() { shop.Do(d, dialog.ChooseDepartment{ID: shop.Sales}) })
	}
	wg.Wait()
	var sessions, events, last int
	if err := shop.Pool().QueryRow(t.Context(), `SELECT (SELECT count(*) FROM sessions), count(*), max(seq) FROM events`).Scan(&sessions, &events, &last); err != nil {
		t.Fatal(err)
	}
	if sessions != 1 || events != 20 || last != 20 {
		t.Errorf("%d sessions, %d events, last %d", sessions, events, last)
	}
	if row := shop.Row(d); row.DepartmentName != "Продажи" || row.State.VisitorMessages != 10 {
		t.Errorf("row %+v", row)
	}
}

// What was decided is what is read back: the row survives the tables.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	shop := storetest.New(t)
	d := shop.Dialog()
	steps := []dialog.Command{
		storetest.Write("Здравствуйте,\nмне писали"),
		dialog.SubmitForm{Consent: true, Name: "Тимур Асланов", Phone: "+7 900 000-18-42", Proof: dialog.ConsentProof{Text: "Даю", Version: "1", IP: "127.0.0.1"}},
		storetest.Reply(shop.Anna, "Добрый день"),
		dialog.SetTags{By: storetest.By(shop.Anna), Tags: []string{shop.TagLead}},
		dialog.Transfer{By: storetest.By(shop.Anna), To: storetest.By(shop.Oleg), Department: shop.Delivery},
		storetest.Write("Ещё вопрос"),
		storetest.Reply(shop.Oleg, "Да"),
		dialog.Leave{By: storetest.By(shop.Oleg), LastSeen: 100},
	}
	for _, c := range steps {
		r := shop.Do(d, c)
		if got, want := fmt.Sprintf("%+v", shop.Row(d).State), fmt.Sprintf("%+v", r.Applied.Row.State); stateText(shop.Row(d)) != stateText(r.Applied.Row) {
			t.Fatalf("%T\nread    %s\ndecided %s", c, got, want)
		}
		if r.Rev != shop.Row(d).Rev {
			t.Errorf("rev %d, row %d", r.Rev, shop.Row(d).Rev)
		}
	}
	row := shop.Row(d)
	if row.VisitorName != "Тимур Асланов" || row.State.ConsentAt.IsZero() || row.Last.Text != "Да" {
		t.Errorf("row %+v", row)
	}
	shop.Do(d, dialog.Rate{SessionID: row.State.Session.ID, Stars: 5, Comment: "Спасибо"})
	if ses := shop.Row(d).State.Session; ses.Rating != 5 || ses.RatingComment != "Спасибо" {
		t.Errorf("rating %+v", ses)
	}
	var consents, audits int
	if err := shop.Pool().QueryRow(t.Context(), `SELECT (SELECT count(*) FROM consents WHERE host(ip) = '127.0.0.1'), (SELECT count(*) FROM audit)`).Scan(&consents, &audits); err != nil {
		t.Fatal(err)
	}
	if consents != 1 || audits != 6 { // I-13: card, consent, claim, transfer, leave, rate
		t.Errorf("%d consents, %d audit records", consents, audits)
	}
}

func stateText(r store.Row) string {
	s := r.State
	ses := s.Session
	s.Session = nil
	return fmt.Sprintf("%+v %+v %s %s %+v", s, *ses, r.AssigneeName, r.VisitorName, r.Last)
}

// Foreign and unknown things look the same, and nothing of them is told.
func TestNotFound(t *testing.T) {
	t.Parallel()
	shop := storetest.New(t)
	d := shop.Dialog()
	shop.Do(d, dialog.ChooseDepartment{ID: shop.Sales})
	if _, err := shop.Try(uuid.NewString(), storetest.Write("x")); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("unknown dialog: %v", err)
	}
	stranger := shop.AddOperator("Чужой", dialog.LevelOperator) // no department
	if _, err := shop.Try(d, storetest.Reply(stranger, "x")); refusal(t, err).Code != dialog.NotFound {
		t.Errorf("other department: %v", err)
	}
	if _, err := shop.Try(d, storetest.Reply(uuid.NewString(), "x")); refusal(t, err).Code != dialog.NotFound {
		t.Errorf("unknown operator: %v", err)
	}
	if _, err := shop.Try(d, dialog.ChooseDepartment{ID: uuid.NewString()}); refusal(t, err).Field != "department_id" {
		t.Errorf("unknown department: %v", err)
	}
}

// A stopped process must not keep a lock: its transaction is ended after 2 s (design 2.2).
func TestStoppedProcessLosesItsLock(t *testing.T) {
	t.Parallel()
	shop := storetest.New(t)
	d := shop.Dialog()
	conn, err := shop.Pool().Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	if _, err := conn.Exec(t.Context(), "begin"); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), "SELECT FROM dialogs WHERE id = $1 FOR UPDATE", d); err != nil {
		t.Fatal(err)
	}
	// As a client does: again with the same id until it is accepted.
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for {
		out := shop.Apply(ctx, []store.Command{{DialogID: d, ClientID: "again-and-again", Do: storetest.Write("Здравствуйте")}})[0]
		if out.Err == nil {
			break
		}
		if !errors.Is(out.Err, store.ErrUnavailable) || ctx.Err() != nil {
			t.Fatal(out.Err)
		}
	}
	if seq := shop.Row(d).State.Seq; seq != 1 {
		t.Errorf("%d entries", seq)
	}
}
