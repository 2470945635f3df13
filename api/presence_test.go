package api

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/otklik/otklik/dialog"
)

func (p *person) me() Me {
	p.w.t.Helper()
	return as[Me](p.get("/operator/me").want(200))
}

// targets are who oleg may hand the dialog to, as "name / department".
func (p *person) targets(v *visitor) (out []string) {
	p.w.t.Helper()
	for _, x := range as[TransferTargets](p.get("/operator/dialogs/" + v.dialog + "/transfer-targets").want(200)).Targets {
		text := x.Operator.Name + " / " + x.Department.Name
		if !x.Available {
			text += fmt.Sprintf(" / %s %d of %d", x.Reason, x.OpenDialogs, x.DialogLimit)
		}
		out = append(out, text)
	}
	return out
}

func (w *world) widgetOnline() bool {
	w.t.Helper()
	return as[WidgetConfig](w.do("GET", "/widgets/"+w.key, nil, nil).want(200)).Online
}

// I-04, D-04: online is a live connection in at least one tab; of two tabs one may close.
func TestPresence(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.nobodyOnline()
	v := w.visitor()
	v.says("кто есть?")
	w.oleg.says(v, "я")
	if w.widgetOnline() || w.oleg.targets(v) != nil {
		t.Error("nobody is connected")
	}
	one, two := w.anna.socket(), w.anna.socket()
	both := []string{"Анна Иванова / Продажи", "Анна Иванова / Доставка"} // under each of her departments
	if got := w.oleg.targets(v); !slices.Equal(got, both) || !w.widgetOnline() {
		t.Errorf("connected: %q", got)
	}
	connections := func() (n int) {
		if err := w.store.Pool().QueryRow(t.Context(), `SELECT count(*) FROM presence WHERE operator_id = $1`, w.anna.id).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	one.ws.Close()
	until(t, "the server knows that one tab is gone", func() bool { return connections() == 1 })
	if got := w.oleg.targets(v); !slices.Equal(got, both) {
		t.Errorf("one of two tabs closed: %q", got)
	}
	two.ws.Close()
	until(t, "offline when the last tab closed", func() bool { return w.oleg.targets(v) == nil && !w.widgetOnline() })
	// A tab that died without a word: a minute without a heartbeat is offline, less is not.
	w.exec(`INSERT INTO presence (operator_id, connection_id, seen_at) VALUES ($1, $2, clock_timestamp() - interval '50 seconds')`, w.anna.id, uuid.NewString())
	if got := w.oleg.targets(v); !slices.Equal(got, both) {
		t.Errorf("50 s after a heartbeat: %q", got)
	}
	w.exec(`UPDATE presence SET seen_at = clock_timestamp() - interval '61 seconds' WHERE operator_id = $1`, w.anna.id)
	if got := w.oleg.targets(v); got != nil {
		t.Errorf("61 s after a heartbeat: %q", got)
	}
}

// D-04: «Не в сети» set by hand acts at once, on what others see and on all his tabs; nothing is taken from him.
func TestAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.nobodyOnline()
	v, own := w.visitor(), w.visitor()
	v.says("кто есть?")
	own.says("Вера?")
	w.oleg.says(v, "я")
	w.vera.says(own, "да")
	desk := w.vera.socket()
	desk.next("projects")
	if got := w.oleg.targets(v); !slices.Equal(got, []string{"Вера Кузнецова / Доставка"}) {
		t.Fatalf("%q", got)
	}
	if me := as[Me](w.vera.patch("/operator/me", map[string]any{"away": true}).want(200)); !me.Operator.Away || me.Operator.OpenDialogs != 1 {
		t.Errorf("%+v", me.Operator)
	}
	if w.oleg.targets(v) != nil || w.widgetOnline() {
		t.Error("away, and still offered")
	}
	w.oleg.post("/operator/dialogs/"+v.dialog+"/transfer", map[string]any{"client_id": "transfer-1", "operator_id": w.vera.id,
		"department_id": w.delivery}).want(409, "target_unavailable")
	desk.next("me") // the other tab
	w.vera.says(own, "я отошла, но отвечу")
	if me := as[Me](w.vera.patch("/operator/me", map[string]any{"away": false}).want(200)); me.Operator.Away {
		t.Error("still away")
	}
	if got := w.oleg.targets(v); len(got) != 1 || !w.widgetOnline() {
		t.Errorf("back: %q", got)
	}
}

// PATCH me: each of the three by itself or together; what is not named stays; preferences come back as they were set.
func TestPatchMe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if me := w.oleg.me(); me.Operator.Away || me.Operator.Prefs != (Prefs{}) || me.Operator.Admin || me.Operator.Locale != LocaleRu {
		t.Errorf("at first: %+v", me.Operator)
	}
	if !w.admin.me().Operator.Admin || w.anna.me().Operator.Admin {
		t.Error("administers at least one project")
	}
	w.oleg.patch("/operator/me", map[string]any{"prefs": map[string]any{"sort": "newest", "sound": false, "project_id": w.shop}}).want(200)
	w.oleg.patch("/operator/me", map[string]any{"locale": "kk", "away": true, "prefs": map[string]any{"theme": "dark", "tab": "mine", "notify": true}}).want(200)
	w.oleg.patch("/operator/me", map[string]any{"prefs": map[string]any{"sort": "oldest"}}).want(200)
	me := w.oleg.me().Operator
	p := me.Prefs
	if me.Locale != LocaleKk || !me.Away || p.Sort != PrefsSortOldest || p.Theme != PrefsThemeDark || p.Tab != GroupMine ||
		p.ProjectID != w.shop || p.Sound == nil || *p.Sound || p.Notify == nil || !*p.Notify || p.SendByEnter != nil {
		t.Errorf("%+v %+v", me, p)
	}
	for body, want := range map[string][3]any{
		`{}`:                                 {422, "required", "locale"},
		`{"away":null}`:                      {422, "required", "locale"},
		`{"away":"yes"}`:                     {400, "wrong_type", "away"},
		`{"locale":""}`:                      {422, "invalid", "locale"},
		`{"prefs":[]}`:                       {400, "wrong_type", "prefs"},
		`{"prefs":{"colour":"red"}}`:         {400, "unknown_field", "prefs.colour"},
		`{"prefs":{"sound":1}}`:              {400, "wrong_type", "prefs"},
		`{"prefs":{"sort":"best"}}`:          {422, "invalid", "prefs.sort"},
		`{"prefs":{"sort":""}}`:              {422, "invalid", "prefs.sort"},
		`{"prefs":{"tab":"theirs"}}`:         {422, "invalid", "prefs.tab"},
		`{"prefs":{"theme":"pink"}}`:         {422, "invalid", "prefs.theme"},
		`{"prefs":{"project_id":"x"}}`:       {422, "invalid", "prefs.project_id"},
		`{"away":false,"prefs":{"tab":"x"}}`: {422, "invalid", "prefs.tab"}, // nothing of it is kept
	} {
		a := w.oleg.patch("/operator/me", body).want(want[0].(int), want[1].(string))
		if a.error().Field != want[2] {
			t.Errorf("%s: %s", body, a.raw)
		}
	}
	if !w.oleg.me().Operator.Away {
		t.Error("a refused request changed something")
	}
}

// R-055, D-36: in working time, his own and the department's; at his limit he is shown and not available.
func TestTargetsAtWork(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v, other := w.visitor(), w.visitor()
	v.says("кто есть?")
	other.says("и мне")
	w.oleg.says(v, "я")
	for _, p := range []*person{w.anna, w.vera, w.oleg, w.vic, w.viewer, w.admin} {
		p.socket()
	}
	expect := func(what string, want ...string) {
		t.Helper()
		if got := w.oleg.targets(v); !slices.Equal(got, want) {
			t.Errorf("%s: %q", what, got)
		}
	}
	sales, delivery, vera, admin := "Анна Иванова / Продажи", "Анна Иванова / Доставка", "Вера Кузнецова / Доставка", "Администратор / "
	expect("everybody", sales, delivery, vera, admin)
	w.exec(`UPDATE departments SET hours = $1 WHERE id = $2`, timetable(), w.delivery)
	expect("delivery is closed", sales, admin)
	w.exec(`UPDATE departments SET hours = NULL`)
	w.exec(`UPDATE operators SET hours = $1 WHERE id = $2`, timetable(), w.anna.id)
	expect("Anna is not at work", vera, admin)
	w.exec(`UPDATE operators SET hours = NULL, dialog_limit = 1 WHERE id = $1`, w.vera.id)
	w.vera.says(other, "беру")
	w.exec(`UPDATE access SET level = 1 WHERE operator_id = $1`, w.admin.id)
	expect("Vera has one of one", vera+" / limit_reached 1 of 1")
	w.oleg.post("/operator/dialogs/"+v.dialog+"/transfer", map[string]any{"client_id": "transfer-1", "operator_id": w.vera.id,
		"department_id": w.delivery}).want(409, "limit_reached")
}

// R-031, D-29, I-06: at the limit new dialogs stay visible and closed to him; lowering it takes nothing away; when a slot
// becomes free, however that comes, the rows say so without a reload.
func TestLimitOnConsoles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(`UPDATE operators SET dialog_limit = 2 WHERE id = $1`, w.oleg.id)
	w.anna.socket()
	desk := w.oleg.watching(w.shop)
	a, b, c := w.visitor(), w.visitor(), w.visitor()
	for _, v := range []*visitor{a, b, c} {
		v.says("привет")
	}
	can := func(v *visitor, write string) func(map[string]any) bool {
		return func(f map[string]any) bool {
			r, ok := f["row"].(map[string]any)
			return ok && r["id"] == v.dialog && r["can"].(map[string]any)["write"] == write
		}
	}
	desk.next("row", can(c, "ok"))
	w.oleg.says(a, "беру")
	w.oleg.says(b, "беру")
	desk.next("row", can(c, "limit_reached"))
	w.oleg.post("/operator/dialogs/"+c.dialog+"/messages", message("и это")).want(409, "limit_reached")
	w.oleg.says(a, "своё идёт")
	// He leaves one.
	leave := func(v *visitor) {
		w.oleg.post("/operator/dialogs/"+v.dialog+"/leave", map[string]any{"client_id": "leave-" + uuid.NewString()[:8], "last_seen_seq": 99, "tags": []string{w.sale}}).want(200)
	}
	leave(a)
	desk.next("row", can(c, "ok"))
	w.oleg.says(c, "теперь беру")
	d := w.visitor()
	d.says("а я?")
	desk.next("row", can(d, "limit_reached"))
	// He hands one over.
	w.oleg.post("/operator/dialogs/"+c.dialog+"/transfer", map[string]any{"client_id": "transfer-1", "operator_id": w.anna.id}).want(200)
	desk.next("row", can(d, "ok"))
	// The limit is lowered below what he has, and raised again (I-06).
	w.oleg.says(d, "беру")
	e := w.visitor()
	e.says("и я")
	desk.next("row", can(e, "limit_reached"))
	w.exec(`UPDATE operators SET dialog_limit = 1 WHERE id = $1`, w.oleg.id)
	desk.next("me")
	if me := w.oleg.me().Operator; me.OpenDialogs != 2 || me.DialogLimit != 1 {
		t.Errorf("lowering took something away: %+v", me)
	}
	w.oleg.post("/operator/dialogs/"+e.dialog+"/messages", message("и это")).want(409, "limit_reached")
	w.exec(`UPDATE operators SET dialog_limit = 3 WHERE id = $1`, w.oleg.id)
	desk.next("row", can(e, "ok"))
	w.oleg.says(e, "беру")
}

// R-047, D-19: a claim that takes the dialog into the winner's only department names him to those who lose sight of it.
func TestGoneNamesTheWinner(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.visitor()
	v.says("кому?")
	desk := w.oleg.watching(w.shop)
	open := w.oleg.socket()
	open.send(map[string]any{"type": "open", "dialog_id": v.dialog, "after": 0})
	open.next("opened")
	colleague := w.anna.watching(w.shop)
	w.vera.says(v, "мне")
	for _, s := range []*socket{desk, open} {
		f := s.next("gone", func(f map[string]any) bool { return f["dialog_id"] == v.dialog })
		if o, _ := f["operator"].(map[string]any); o["name"] != "Вера Кузнецова" || o["id"] != w.vera.id {
			t.Errorf("%v", f)
		}
	}
	f := colleague.next("row", func(f map[string]any) bool {
		last, _ := f["row"].(map[string]any)["last"].(map[string]any)
		return last["text"] == "мне"
	})
	row := f["row"].(map[string]any)
	if last := row["last"].(map[string]any); last["operator"] != "Вера Кузнецова" || last["mine"] == true {
		t.Errorf("last %v (R-037)", last)
	}
	if d := row["session"].(map[string]any)["department"].(map[string]any); d["name"] != "Доставка" {
		t.Errorf("department %v", d)
	}
	// What goes for another reason names nobody.
	free := w.visitor()
	free.says("в доставку")
	desk.next("row", rowOf(free.dialog))
	free.post("/visitor/department", map[string]any{"client_id": "dept-00001", "department_id": w.delivery}).want(200)
	if f := desk.next("gone", func(f map[string]any) bool { return f["dialog_id"] == free.dialog }); f["operator"] != nil {
		t.Errorf("%v", f)
	}
}

// the row says who wrote last, since when it is red, and which form stands open.
func TestRowFacts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.visitor()
	v.says("привет")
	row := func(p *person) Row { return as[Dialog](p.get("/operator/dialogs/" + v.dialog).want(200)).Row }
	if r := row(w.anna); r.Last.Operator != "" || r.Last.Text != "привет" || !r.RedSince.IsZero() || r.Form.Seq != 0 {
		t.Errorf("%+v", r)
	}
	w.exec(`UPDATE sessions SET waiting_since = waiting_since - interval '400 seconds'`)
	r := row(w.anna)
	if want := r.Session.WaitingSince.Add(dialog.UntakenAfter + dialog.Tick); !r.RedSince.Equal(want) {
		t.Errorf("red since %s, want %s", r.RedSince, want)
	}
	w.anna.says(v, "слушаю")
	if r := row(w.anna); r.Last.Operator != "" || !r.Last.Mine || !r.RedSince.IsZero() {
		t.Errorf("her own: %+v", r.Last)
	}
	if r := row(w.admin); r.Last.Operator != "Анна Иванова" || r.Last.Mine {
		t.Errorf("a colleague's: %+v", r.Last)
	}
	w.exec(`UPDATE sessions SET form_seq = 7`)
	if r := row(w.anna); r.Form.Seq != 7 {
		t.Errorf("form %+v", r.Form)
	}
}
