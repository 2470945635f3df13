package api

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/otklik/otklik/store"
)

// timetable is hours as they are kept: the same every day.
func timetable(intervals ...string) string {
	day := "["
	for i, x := range intervals {
		if i > 0 {
			day += ","
		}
		day += fmt.Sprintf(`{"from":%q,"to":%q}`, x[:5], x[6:])
	}
	day += "]"
	return fmt.Sprintf(`{"week":[%s,%s,%s,%s,%s,%s,%s],"exceptions":[]}`, day, day, day, day, day, day, day)
}

// shiftEnd is a full minute that is soon, and the hours of a project that end then and begin again a minute later.
func (w *world) shiftEnd() (end time.Time, hours string) {
	w.t.Helper()
	now, err := w.store.Now(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	end = now.Truncate(time.Minute).Add(2 * time.Minute)
	clock := func(t time.Time) string { return t.In(store.Zone("Europe/Moscow")).Format("15:04") }
	return end, timetable(clock(end.Add(-3*time.Hour))+"-"+clock(end), clock(end.Add(time.Minute))+"-"+clock(end.Add(3*time.Hour)))
}

// goTo moves the clock to a moment and waits until the server knows.
func (w *world) goTo(at time.Time) {
	w.t.Helper()
	w.exec(`UPDATE clock SET "offset" = $1 - clock_timestamp()`, at)
	until(w.t, "the server knows the clock", func() bool { return !w.server.now().Before(at) })
}

// all waits for frames of all these kinds, in any order.
func (s *socket) all(wanted map[string]func(map[string]any) bool) {
	s.t.Helper()
	s.collect(after(patience), patience, wanted)
}

func (s *socket) collect(over <-chan struct{}, limit time.Duration, wanted map[string]func(map[string]any) bool) {
	s.t.Helper()
	for len(wanted) > 0 {
		s.await(over, limit, fmt.Sprint(names(wanted)), func(f map[string]any) bool {
			for name, fits := range wanted {
				if fits(f) {
					delete(wanted, name)
					return true
				}
			}
			return false
		})
	}
}

func names(m map[string]func(map[string]any) bool) (out []string) {
	for k := range m {
		out = append(out, k)
	}
	return out
}

func frameGone(id string) func(map[string]any) bool {
	return func(f map[string]any) bool { return f["type"] == "gone" && f["dialog_id"] == id }
}

func frameRow(id string) func(map[string]any) bool {
	return func(f map[string]any) bool {
		if f["type"] != "row" {
			return false
		}
		r := f["row"].(map[string]any)
		return r["id"] == id && r["can"].(map[string]any)["write"] == "ok"
	}
}

func frameCounts(unassigned, all int) func(map[string]any) bool {
	return func(f map[string]any) bool {
		c, ok := f["counts"].(map[string]any)
		return ok && c["unassigned"] == float64(unassigned) && c["all"] == float64(all) && f["changes_at"] != nil
	}
}

func frameHours(open bool) func(map[string]any) bool {
	return func(f map[string]any) bool {
		h, ok := f["hours"].(map[string]any)
		return ok && f["type"] == "hours" && h["open"] == open
	}
}

func frameDot(dot string) func(map[string]any) bool {
	return func(f map[string]any) bool {
		return f["type"] == "projects" && f["projects"].([]any)[0].(map[string]any)["dot"] == dot
	}
}

// D-40, D-08: the row says when automatic closing ends the session, which is what the server keeps: counted from a contact
// request, not at all without an answer, and by new settings at once.
func TestRowSaysWhenItCloses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(`UPDATE projects SET auto_close_minutes = 5, tagging = false, form = form || '{"enabled": true}', rev = rev + 1`)
	v := w.visitor()
	v.says("Здравствуйте")
	closes := func() time.Time { t.Helper(); return w.anna.dialog(v.dialog).Row.Session.ClosesAt }
	if at := closes(); !at.IsZero() {
		t.Errorf("unanswered it closes at %v", at)
	}
	w.exec(`UPDATE clock SET "offset" = interval '6 minutes'`)
	w.anna.post(v.path()+"/contact-request", map[string]any{"client_id": uuid.NewString()}).want(200)
	at := closes()
	if ends := at.Sub(w.anna.dialog(v.dialog).Now).Seconds(); ends < 270 || ends > 300 {
		t.Errorf("closes in %v s", ends)
	}
	var kept time.Time
	if err := w.store.Pool().QueryRow(t.Context(), `SELECT next_deadline_at FROM dialogs WHERE id = $1`, v.dialog).Scan(&kept); err != nil || !kept.Equal(at) {
		t.Errorf("the server keeps %v, the screen shows %v: %v", kept, at, err)
	}
	v.says("Не хочу")
	if at := closes(); !at.IsZero() {
		t.Errorf("after his message it closes at %v", at)
	}
}

// I-09, R-027, R-028, R-029, D-12, D-22, D-23: at the boundary of his own hours, the department's, or the widget's, what
// an operator sees changes to the second, with nobody touching anything and without Temporal.
func TestShiftBoundary(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		sql                    string // $1 hours, $2 whose
		of                     func(*world) string
		sales, common          bool // visible after the end
		unassigned, all        int
		notice                 bool
		dot                    string
		writeSales, writeOther string
	}{
		"own": {sql: `UPDATE operators SET hours = $1 WHERE id = $2`, of: func(w *world) string { return w.oleg.id },
			unassigned: 0, all: 1, notice: true, dot: "none"},
		"department": {sql: `UPDATE departments SET hours = $1 WHERE id = $2`, of: func(w *world) string { return w.sales },
			common: true, unassigned: 1, all: 2, dot: "blue"},
		"widget": {sql: `UPDATE projects SET hours = $1 WHERE id = $2`, of: func(w *world) string { return w.shop },
			sales: true, unassigned: 1, all: 2, dot: "blue"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.oleg.socket() // somebody is there
			end, hours := w.shiftEnd()
			sales, common, own := w.visitor(), w.visitor(), w.visitor()
			sales.post("/visitor/department", map[string]any{"client_id": "dept-00001", "department_id": w.sales}).want(200)
			common.says("кто-нибудь?")
			own.says("мне")
			w.oleg.says(own, "слушаю")
			w.oleg.post("/operator/dialogs/"+own.dialog+"/read", map[string]any{"seq": 99}).want(204)
			w.exec(c.sql, hours, c.of(w))
			w.goTo(end.Add(-4 * time.Second))
			desk := w.oleg.watching(w.shop)
			page := as[DialogPage](w.oleg.get("/operator/projects/" + w.shop + "/dialogs").want(200))
			if page.Counts != (Counts{Mine: 1, Unassigned: 2, All: 3}) || !page.ChangesAt.Equal(end) {
				t.Fatalf("before: %+v until %s, want %s", page.Counts, page.ChangesAt, end)
			}
			for _, r := range page.Rows {
				wants := r.ID == sales.dialog && !c.sales || r.ID == common.dialog && !c.common
				if wants != r.ChangesAt.Equal(end) {
					t.Errorf("row %s changes at %s, the shift ends at %s", r.ID, r.ChangesAt, end)
				}
			}
			me := func() HoursState { return as[Me](w.oleg.get("/operator/me").want(200)).Projects[0].Hours }
			if h := me(); !h.Open || (c.notice && (!h.ChangesAt.Equal(end) || !h.OwnUntil.Equal(end))) || (!c.notice && !h.ChangesAt.IsZero()) {
				t.Errorf("me before: %+v, want %s", h, end)
			}
			first := map[string]func(map[string]any) bool{"counts": frameCounts(c.unassigned, c.all)}
			back := map[string]func(map[string]any) bool{"counts": frameCounts(2, 3)}
			closed := map[string]string{}
			if c.notice {
				first["hours"], back["hours"] = frameHours(false), frameHours(true)
				first["dot"], back["dot"] = frameDot(c.dot), frameDot("blue")
			}
			if !c.sales {
				first["gone sales"], back["row sales"] = frameGone(sales.dialog), frameRow(sales.dialog)
				closed[sales.dialog] = "outside_working_hours"
			}
			if !c.common {
				first["gone common"], back["row common"] = frameGone(common.dialog), frameRow(common.dialog)
				closed[common.dialog] = "outside_working_hours"
			}
			desk.all(first)
			if late := w.server.now().Sub(end); late < 0 || late > 2*time.Second { // counts follow within a second
				t.Errorf("%s after the end of the shift", late)
			}
			page = as[DialogPage](w.oleg.get("/operator/projects/" + w.shop + "/dialogs").want(200))
			if page.Counts != (Counts{Mine: 1, Unassigned: c.unassigned, All: c.all}) || !page.ChangesAt.Equal(end.Add(time.Minute)) {
				t.Errorf("after: %+v until %s", page.Counts, page.ChangesAt)
			}
			if h := me(); h.Open == c.notice || (c.notice && !h.ChangesAt.Equal(end.Add(time.Minute))) {
				t.Errorf("me after: %+v", h)
			}
			for id, code := range closed { // a claim by a direct call; his own stays usable
				w.oleg.post("/operator/dialogs/"+id+"/messages", message("беру")).want(403, code)
			}
			w.oleg.says(own, "я ещё здесь")
			w.goTo(end.Add(56 * time.Second))
			desk.all(back)
		})
	}
}

// Hours that an admin changes act on open consoles within 5 s (D-59).
func TestChangedHoursActOnConsoles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.visitor()
	v.says("кто-нибудь?")
	desk := w.oleg.watching(w.shop)
	desk.next("hours", frameHours(true))
	desk.next("counts")
	never := timetable()
	for sql, id := range map[string]string{
		`UPDATE operators SET hours = $1 WHERE id = $2`: w.oleg.id,
		`UPDATE projects SET hours = $1 WHERE id = $2`:  w.shop,
	} {
		w.exec(sql, never, id)
		p := w.promise(actIn)
		wanted := map[string]func(map[string]any) bool{"gone": frameGone(v.dialog)}
		if id == w.oleg.id { // sales works on when the widget does not
			wanted["hours"] = frameHours(false)
		}
		desk.allWithin(p, wanted)
		w.exec(sql, nil, id)
		desk.allWithin(w.promise(actIn), map[string]func(map[string]any) bool{"row": frameRow(v.dialog)})
	}
	// His department's hours, and the right to another one.
	v.post("/visitor/department", map[string]any{"client_id": "dept-00001", "department_id": w.sales}).want(200)
	w.exec(`UPDATE departments SET hours = $1 WHERE id = $2`, never, w.sales)
	desk.allWithin(w.promise(actIn), map[string]func(map[string]any) bool{"gone": frameGone(v.dialog)})
	w.exec(`UPDATE access SET level = 3 WHERE operator_id = $1`, w.oleg.id) // senior: still its hours
	w.exec(`UPDATE departments SET hours = NULL WHERE id = $1`, w.sales)
	desk.allWithin(w.promise(actIn), map[string]func(map[string]any) bool{"row": frameRow(v.dialog)})
}
