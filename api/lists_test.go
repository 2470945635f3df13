package api

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/otklik/otklik/dialog"
)

// four groups, each row in those it belongs to; counts of all four with every page.
func TestGroups(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mine, red, colleague, free, freeRed, ended := w.visitor(), w.visitor(), w.visitor(), w.visitor(), w.visitor(), w.visitor()
	for _, v := range []*visitor{mine, red, colleague, free, freeRed, ended} {
		v.says("привет")
	}
	w.anna.says(mine, "да")
	w.anna.says(red, "да")
	red.says("и?")
	w.oleg.says(colleague, "да")
	w.exec(`UPDATE sessions SET department_id = NULL`)
	w.anna.says(ended, "да")
	w.anna.post("/operator/dialogs/"+ended.dialog+"/leave", map[string]any{"client_id": "leave-0001", "last_seen_seq": 9, "tags": []string{w.sale}}).want(200)
	w.exec(`UPDATE sessions SET waiting_since = waiting_since - interval '200 seconds' WHERE dialog_id = ANY($1::text[]::uuid[]) AND closed_at IS NULL`,
		[]string{red.dialog, freeRed.dialog})
	want := map[string][]string{
		"mine":       {red.dialog, mine.dialog},
		"important":  {red.dialog},
		"unassigned": {freeRed.dialog, free.dialog},
		"all":        {red.dialog, freeRed.dialog, free.dialog, colleague.dialog, mine.dialog},
	}
	for group, ids := range want {
		page := as[DialogPage](w.anna.get("/operator/projects/" + w.shop + "/dialogs?group=" + group).want(200))
		if page.Counts != (Counts{Mine: 2, Important: 1, Unassigned: 2, All: 5}) {
			t.Errorf("counts %+v", page.Counts)
		}
		got := map[string]bool{}
		for _, r := range page.Rows {
			got[r.ID] = true
		}
		for _, id := range ids {
			if !got[id] || len(got) != len(ids) {
				t.Errorf("%s: %v, want %v", group, got, ids)
			}
		}
		if page.Rows[0].ID != ids[0] && group != "all" {
			t.Errorf("%s begins with %s", group, page.Rows[0].ID)
		}
	}
}

// Pages of any size and order put together are the list (D-15, D-16), also when rows come and go between them.
func TestPaging(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var vs []*visitor
	for i := range 23 {
		v := w.visitor()
		v.says(fmt.Sprint("привет ", i))
		vs = append(vs, v)
	}
	for _, sort := range []string{"priority", "newest", "oldest"} {
		url := "/operator/projects/" + w.shop + "/dialogs?sort=" + sort
		whole := as[DialogPage](w.anna.get(url + "&limit=200").want(200))
		if len(whole.Rows) != len(vs) || whole.NextCursor != "" {
			t.Fatalf("%s: %d rows", sort, len(whole.Rows))
		}
		first, last := whole.Rows[0].ID, whole.Rows[len(vs)-1].ID
		if sort == "newest" {
			first, last = last, first
		}
		if first != vs[0].dialog || last != vs[len(vs)-1].dialog { // priority: longest wait first
			t.Errorf("%s: from %s to %s", sort, first, last)
		}
		var got []string
		more := ""
		for {
			page := as[DialogPage](w.anna.get(url + "&limit=5" + more).want(200))
			for _, r := range page.Rows {
				got = append(got, r.ID)
			}
			if page.NextCursor == "" {
				break
			}
			more = "&cursor=" + page.NextCursor
		}
		for i, r := range whole.Rows {
			if i >= len(got) || got[i] != r.ID {
				t.Fatalf("%s: pages %v", sort, got)
			}
		}
		// A row before the cursor goes: nothing of the rest is skipped or doubled.
		page := as[DialogPage](w.oleg.get(url + "&limit=5").want(200))
		gone := page.Rows[2].ID
		w.exec(`UPDATE sessions SET department_id = $1 WHERE dialog_id = $2`, w.delivery, gone)
		next := as[DialogPage](w.oleg.get(url + "&limit=5&cursor=" + page.NextCursor).want(200))
		if next.Rows[0].ID != whole.Rows[5].ID {
			t.Errorf("%s: the next page begins with %s, want %s", sort, next.Rows[0].ID, whole.Rows[5].ID)
		}
		w.exec(`UPDATE sessions SET department_id = NULL WHERE dialog_id = $1`, gone)
	}
}

// D-11: each operator has his own read mark; it moves only forward; reading is not answering.
func TestReadMarks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.visitor()
	v.post("/visitor/department", map[string]any{"client_id": "dept-00001", "department_id": w.sales}).want(200)
	v.says("раз")
	v.says("два")
	path := "/operator/dialogs/" + v.dialog
	unread := func(p *person) int { return as[Dialog](p.get(path).want(200)).Row.Unread }
	if unread(w.anna) != 3 || unread(w.oleg) != 3 { // the choice of a department counts too
		t.Errorf("unread %d %d", unread(w.anna), unread(w.oleg))
	}
	read := func(seq int) { w.anna.post(path+"/read", map[string]any{"seq": seq}).want(204) }
	read(2)
	if unread(w.anna) != 1 || unread(w.oleg) != 3 {
		t.Errorf("unread %d %d", unread(w.anna), unread(w.oleg))
	}
	read(1)
	if unread(w.anna) != 1 {
		t.Error("the mark moved back")
	}
	read(1000)
	d := as[Dialog](w.anna.get(path).want(200))
	if d.Row.Unread != 0 || !d.Row.Unanswered || d.ReadSeq != 3 {
		t.Errorf("%+v", d.Row)
	}
	dot := func(p *person) Dot { return as[Me](p.get("/operator/me").want(200)).Projects[0].Dot }
	if dot(w.anna) != DotBlue {
		t.Error("read, not answered: still blue (R-011)")
	}
	w.anna.says(v, "ответ")
	if dot(w.anna) != DotNone {
		t.Error("answered: no dot")
	}
	if dot(w.oleg) != DotNone {
		t.Error("a colleague's does not count (D-12)")
	}
}

// R-055, D-36: who is there, under each of his departments; one at his limit is listed and not available.
func TestTransferTargets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.nobodyOnline()
	v, other := w.visitor(), w.visitor()
	v.says("кто есть?")
	other.says("я")
	path := "/operator/dialogs/" + v.dialog + "/transfer-targets"
	w.oleg.says(v, "я")
	targets := func() []TransferTarget { return as[TransferTargets](w.oleg.get(path).want(200)).Targets }
	if n := len(targets()); n != 0 {
		t.Errorf("%d targets, nobody is online", n)
	}
	w.anna.socket()
	w.vera.socket()
	w.oleg.socket()
	w.vic.socket()
	w.viewer.socket()
	w.exec(`UPDATE operators SET dialog_limit = 1 WHERE id = $1`, w.vera.id)
	w.vera.says(other, "беру")
	got := map[string]bool{}
	for _, x := range targets() {
		got[x.Operator.Name+" / "+x.Department.Name+" / "+string(x.Reason)] = x.Available
	}
	want := map[string]bool{"Анна Иванова / Продажи / ": true, "Анна Иванова / Доставка / ": true, "Вера Кузнецова / Доставка / limit_reached": false}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
	w.oleg.post("/operator/dialogs/"+v.dialog+"/transfer", map[string]any{"client_id": "transfer-1", "operator_id": w.vera.id}).want(409, "limit_reached")
	w.oleg.post("/operator/dialogs/"+v.dialog+"/transfer", map[string]any{"client_id": "transfer-1", "operator_id": w.anna.id, "department_id": w.delivery}).want(200)
	d := as[Dialog](w.anna.get("/operator/dialogs/" + v.dialog).want(200))
	if d.Row.Session.Department.Name != "Доставка" || !d.Row.Important {
		t.Errorf("%+v", d.Row)
	}
}

// The narrow look at many dialogs and the whole rows give the same lists: order, groups, marks, dots, what time changes.
func TestGlanceIsTheRow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fill(600)
	w.exec(`UPDATE departments SET hours = $1 WHERE id = $2`, timetable(), w.delivery) // never
	w.exec(`UPDATE sessions SET closed_at = otklik_now() WHERE dialog_id IN (SELECT id FROM dialogs ORDER BY id LIMIT 50)`)
	for _, p := range []*person{w.anna, w.oleg, w.vera, w.admin} {
		seat, err := w.store.Seat(t.Context(), p.id, w.shop)
		if err != nil {
			t.Fatal(err)
		}
		open, err := w.server.openDialogs(t.Context(), seat)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := w.store.LoadOpen(t.Context(), w.shop)
		if err != nil {
			t.Fatal(err)
		}
		marks, err := w.store.MarksInProject(t.Context(), w.shop, p.id)
		if err != nil {
			t.Fatal(err)
		}
		read := map[string]int64{}
		for _, m := range marks {
			read[m.DialogID] = m.Events
		}
		want := map[string]string{}
		var states []dialog.State
		for i := range rows {
			states = append(states, rows[i].State)
			if r := &rows[i]; dialog.Visible(r.State, seat.Operator, open.now) {
				want[r.State.ID] = sightText(see(r, seat.Operator, read[r.State.ID], open.now))
			}
		}
		if got, want := backlogOf(seat, false, statesOf(open.open), open.now), backlogOf(seat, false, slices.Values(states), open.now); !reflect.DeepEqual(got, want) || got.Untaken == 0 {
			t.Errorf("%s: a backlog of %+v, want %+v", p.name, got, want)
		}
		if len(want) == 0 || len(open.sights) != len(want) {
			t.Fatalf("%s sees %d, want %d", p.name, len(open.sights), len(want))
		}
		kinds := map[dialog.Dot]int{}
		for _, v := range open.sights {
			kinds[v.dot()]++
			if got := sightText(v); got != want[v.state.ID] {
				t.Fatalf("%s:\n%s\n%s", p.name, got, want[v.state.ID])
			}
		}
		if p == w.anna && (kinds[dialog.DotRed] == 0 || kinds[dialog.DotBlue] == 0 || kinds[dialog.DotNone] == 0) {
			t.Errorf("one-sided: %v", kinds)
		}
	}
}

func sightText(v sight) string {
	return fmt.Sprint(v.rank(), v.unread(), v.dot(), v.red, v.groups, v.next, sortKeys["newest"](v), sortKeys["oldest"](v),
		dialog.ChangesAt(*v.state, *v.viewer, v.next, v.now))
}
