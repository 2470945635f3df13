package api

import (
	"slices"
	"testing"
	"time"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/store"
)

// crowd starts n dialogs in a department; without one in the common queue.
func (w *world) crowd(department string, n int) []*visitor {
	w.t.Helper()
	out := make([]*visitor, n)
	for i := range out {
		out[i] = w.visitor()
		if department == "" {
			out[i].says("есть кто?")
		} else {
			out[i].post("/visitor/department", map[string]any{"client_id": "department-1", "department_id": department}).want(200)
		}
	}
	return out
}

// backlog is the number `me` says for the shop.
func (p *person) backlog() int {
	p.w.t.Helper()
	for _, project := range as[Me](p.get("/operator/me").want(200)).Projects {
		if project.ID == p.w.shop {
			return project.Backlog
		}
	}
	p.w.t.Fatal("the shop is not among the projects")
	return 0
}

func frameBacklog(n int) func(map[string]any) bool {
	return func(f map[string]any) bool { return f["backlog"] == float64(n) }
}

// D-32: ten untaken in a department warn who sees that queue, within 3 s, and nobody else; who comes later
// is warned at entry; the number follows, and at nine it is over. The hint that starts the queue's workflow is given.
func TestBacklogWarning(t *testing.T) {
	t.Parallel()
	hints := make(chan store.Queue, 1000)
	w := newWorld(t, func(o *Options) { o.HintQueue = func(q store.Queue) { hints <- q } })
	oleg, vera := w.oleg.watching(w.shop), w.vera.watching(w.shop)
	oleg.next("backlog", frameBacklog(0))
	vera.next("backlog", frameBacklog(0))
	ids := w.crowd(w.sales, 9)
	w.crowd("", 3) // a queue of its own
	if q := <-hints; q != (store.Queue{ProjectID: w.shop, DepartmentID: w.sales}) {
		t.Errorf("hinted at %+v", q)
	}
	if n := w.oleg.backlog(); n != 0 {
		t.Errorf("warned of %d at nine", n)
	}
	ids = append(ids, w.crowd(w.sales, 1)...)
	began := time.Now()
	oleg.next("backlog", frameBacklog(10))
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("warned after %s", took)
	}
	for who, want := range map[*person]int{w.oleg: 10, w.anna: 10, w.vera: 0} {
		if n := who.backlog(); n != want {
			t.Errorf("%s: %d, want %d", who.name, n, want)
		}
	}
	w.anna.watching(w.shop).next("backlog", frameBacklog(10)) // later, at entry
	w.crowd(w.sales, 1)
	oleg.next("backlog", frameBacklog(11))
	w.oleg.says(ids[0], "слушаю")
	oleg.next("backlog", frameBacklog(10))
	w.oleg.says(ids[1], "слушаю")
	oleg.next("backlog", frameBacklog(0))
	w.crowd(w.delivery, 10)
	vera.next("backlog", func(f map[string]any) bool { // all that time nothing but the first nought
		if f["backlog"] != 10.0 {
			t.Errorf("Vera was told %v", f)
		}
		return true
	})
}

// R-034, D-31, D-71: the warning says when the next form goes, each row when its own, by the setting; ten from one address
// are announced nothing, whoever asks.
func TestNextFormIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(`UPDATE projects SET long_wait_seconds = 600 WHERE id = $1`, w.shop)
	crowd := w.crowd(w.sales, 9)
	oleg := w.oleg.watching(w.shop)
	oleg.next("backlog", frameBacklog(0))
	last := w.crowd(w.sales, 1)[0]
	warning := oleg.next("backlog", frameBacklog(10))
	project := func() Project { return as[Me](w.oleg.get("/operator/me").want(200)).Projects[0] }
	offer := func(v *visitor) RowOffer { return as[Dialog](w.oleg.get(v.path()).want(200)).Row.Offer }
	since := as[Dialog](w.oleg.get(crowd[0].path()).want(200)).Row.Session.WaitingSince
	at := since.Add(600*time.Second + dialog.Tick)
	if p := project(); !p.OfferAt.Equal(at) || !slices.Equal(p.BacklogQueues, []string{w.sales}) || offer(crowd[0]) != (RowOffer{Queue: w.sales, At: at}) {
		t.Errorf("ten wait since %s: %+v, %+v", since, p, offer(crowd[0]))
	}
	if warning["offer_at"] == nil || len(warning["backlog_queues"].([]any)) != 1 {
		t.Errorf("%v", warning)
	}
	w.oleg.says(last, "слушаю")
	oleg.next("backlog", frameBacklog(0))
	if o := offer(last); o != (RowOffer{}) {
		t.Errorf("taken: %+v", o)
	}
	w.crowd(w.sales, 1)
	oleg.next("backlog", frameBacklog(10))
	w.exec(`UPDATE sessions SET ip = '203.0.113.7'`)
	if p := project(); p.Backlog != 0 || !p.OfferAt.IsZero() {
		t.Errorf("ten from one address: %+v", p)
	}
}

// R-036, D-04, D-22: no warning for who is «Не в сети», and none out of hours, though nobody does anything.
func TestBacklogWarningByTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.crowd(w.sales, 10)
	oleg := w.oleg.watching(w.shop)
	oleg.next("backlog", frameBacklog(10))
	w.do("PATCH", "/operator/me", w.oleg.headers(), map[string]any{"away": true}).want(200)
	oleg.next("backlog", frameBacklog(0))
	if n := w.oleg.backlog(); n != 0 {
		t.Errorf("away, and warned of %d", n)
	}
	w.do("PATCH", "/operator/me", w.oleg.headers(), map[string]any{"away": false}).want(200)
	oleg.next("backlog", frameBacklog(10))
	end, hours := w.shiftEnd()
	w.exec(`UPDATE departments SET hours = $1 WHERE id = $2`, hours, w.sales)
	w.exec(`UPDATE projects SET hours = $1, rev = rev + 1 WHERE id = $2`, hours, w.shop)
	until(t, "the hours are known", func() bool { return !as[Me](w.oleg.get("/operator/me").want(200)).Projects[0].Hours.ChangesAt.IsZero() })
	w.goTo(end)
	oleg.next("backlog", frameBacklog(0))
	w.goTo(end.Add(time.Minute))
	oleg.next("backlog", frameBacklog(10))
}

// D-21: the visitor is told whether somebody would answer, before he writes and while his widget is open; a message to
// nobody is kept and is there for who comes.
func TestVisitorKnowsWhoIsThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	widget := func() WidgetConfig { return as[WidgetConfig](w.do("GET", "/widgets/"+w.key, nil, nil).want(200)) }
	v := w.visitor()
	online := func(want bool) func(map[string]any) bool {
		return func(f map[string]any) bool { return f["state"].(map[string]any)["operator_online"] == want }
	}
	if !widget().Online || !as[VisitorState](v.get("/visitor").want(200)).OperatorOnline {
		t.Error("the administrator is there")
	}
	s := v.socket(0)
	w.nobodyOnline()
	s.next("state", online(false))
	until(t, "the widget knows", func() bool { return !widget().Online })
	if as[VisitorState](v.get("/visitor").want(200)).OperatorOnline {
		t.Error("somebody is there, it says")
	}
	v.says("есть кто?")
	s.next("event", func(f map[string]any) bool { return f["event"].(map[string]any)["key"] == "offline.visitor" })
	w.oleg.watching(w.shop)
	s.next("state", online(true))
	page := as[DialogPage](w.oleg.get("/operator/projects/" + w.shop + "/dialogs?group=unassigned").want(200))
	if len(page.Rows) != 1 || page.Rows[0].ID != v.dialog {
		t.Errorf("who comes sees %+v", page.Rows)
	}
	w.exec(`UPDATE projects SET hours = $1`, timetable())
	until(t, "closed", func() bool { return !widget().Online && !widget().Open })
	s.next("state", online(false))
	late := w.visitor()
	late.says("а сейчас?")
	keys := []string{}
	for _, e := range as[EventPage](late.get("/visitor/events").want(200)).Events {
		keys = append(keys, e.Key)
	}
	if len(keys) < 2 || keys[1] != "hours.visitor" {
		t.Errorf("told %q", keys)
	}
}
