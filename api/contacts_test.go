package api

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/otklik/otklik/dialog"
)

func (w *world) configureForm(form string) {
	w.t.Helper()
	w.exec(`UPDATE projects SET form = $1 WHERE id = $2`, form, w.shop)
}

const formOn = `{"enabled":true,"title":"Оставьте контакты","name":"shown","phone":"required","email":"shown","consent_version":"7"}`

func (v *visitor) path() string { return "/operator/dialogs/" + v.dialog }

func command(fields ...any) map[string]any {
	out := map[string]any{"client_id": uuid.NewString()}
	for i := 0; i < len(fields); i += 2 {
		out[fields[i].(string)] = fields[i+1]
	}
	return out
}

// consents fills the form.
func (v *visitor) consents(fields ...any) answer {
	v.w.t.Helper()
	return v.post("/visitor/form", command(append(fields, "phone", "+79000001842", "consent", true)...)).want(200)
}

func isCard(v *visitor) func(map[string]any) bool {
	return func(f map[string]any) bool { return f["dialog_id"] == v.dialog }
}

// D-28, D-34: the button sends the form, which claims; the visitor gets it as it was configured then, and
// operators alone are told; his answer updates the card; then no form stands open.
func TestContactRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.configureForm(formOn)
	v := w.visitor()
	v.says("Здравствуйте")
	widget, desk := v.socket(0), w.anna.watching(w.shop)
	desk.send(map[string]any{"type": "open", "dialog_id": v.dialog, "after": 0})
	desk.next("opened")
	request := command("seen_seq", 1)
	sent := as[MessageAnswer](w.oleg.post(v.path()+"/contact-request", request).want(200))
	if !sent.Claimed || sent.Event.Kind != EventKindFormRequest || sent.Event.Operator.ID != w.oleg.id || sent.Event.ClientID == "" {
		t.Errorf("%+v", sent)
	}
	if again := as[MessageAnswer](w.oleg.post(v.path()+"/contact-request", request).want(200)); again.Event.Seq != sent.Event.Seq {
		t.Errorf("a retry sent another: %+v", again)
	}
	w.anna.post(v.path()+"/contact-request", command("seen_seq", 1)).want(409, "already_claimed")
	w.vera.post(v.path()+"/contact-request", command("seen_seq", 99)).want(404, "not_found") // it went to sales with the claim
	w.oleg.post(v.path()+"/contact-request", command("seen_seq", -1)).want(422, "invalid")

	got := widget.next("event", func(f map[string]any) bool { return f["event"].(map[string]any)["kind"] == "form_request" })["event"].(map[string]any)
	params := got["params"].(map[string]any)
	if params["phone"] != "required" || params["company"] != "ООО «Лавка»" || params["consent_version"] != "7" || got["client_id"] != nil {
		t.Errorf("the visitor got %v", got)
	}
	state := widget.next("state", func(f map[string]any) bool { return f["state"].(map[string]any)["form_seq"] != nil })["state"].(map[string]any)
	if state["form_seq"] != got["seq"] {
		t.Errorf("state %v", state)
	}
	desk.next("event", func(f map[string]any) bool { return f["event"].(map[string]any)["key"] == "form.sent" })
	row := desk.next("row", func(f map[string]any) bool { return f["row"].(map[string]any)["form"] != nil })["row"].(map[string]any)
	if row["form"].(map[string]any)["seq"] != float64(sent.Event.Seq) || row["last"].(map[string]any)["text"] != "Здравствуйте" {
		t.Errorf("row %v", row)
	}
	// The settings change; what was sent does not.
	w.configureForm(`{"enabled":false,"name":"hidden","phone":"hidden","email":"required","consent_version":"8"}`)
	if a := v.post("/visitor/form", command("name", "Тимур", "phone", "+79000001842", "consent", false)).want(422, "consent_required").error(); a.Field != "consent" {
		t.Errorf("%+v", a)
	}
	v.consents("name", "Тимур")
	desk.next("card", isCard(v))
	desk.next("row", func(f map[string]any) bool {
		r := f["row"].(map[string]any)
		return r["visitor"].(map[string]any)["name"] == "Тимур" && r["form"] == nil
	})
	widget.next("state", func(f map[string]any) bool {
		s := f["state"].(map[string]any)
		return s["form_seq"] == nil && s["consent"] == true
	})
	d := as[Dialog](w.oleg.get(v.path()).want(200))
	if d.Card.Name != "Тимур" || d.Card.Phone != "+79000001842" || d.Card.Rev != 1 || d.Card.ConsentAt.IsZero() {
		t.Errorf("card %+v", d.Card)
	}
	w.oleg.post(v.path()+"/contact-request", command()).want(403, "form_disabled") // D-34
	if raw := string(v.get("/visitor/events").want(200).raw); strings.Contains(raw, "form.sent") || strings.Contains(raw, "form.filled") {
		t.Errorf("R-050: the visitor was told what operators are: %s", raw)
	}
	var text string
	if err := w.store.Pool().QueryRow(t.Context(), `SELECT text FROM consents WHERE version = '7' AND ip IS NOT NULL`).Scan(&text); err != nil ||
		!strings.HasPrefix(text, "Даю ООО «Лавка» согласие на сбор и обработку") { // D-41: C-02 in his language
		t.Errorf("proof %q %v", text, err)
	}
}

// D-34, D-21: switched off, the form is not among the widget's settings, is not taken and not sent by itself; writing goes on.
func TestFormSwitchedOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.nobodyOnline()
	offered := func() FormConfig { return as[WidgetConfig](w.do("GET", "/widgets/"+w.key, nil, nil).want(200)).Form }
	w.configureForm(`{"enabled":true,"before":true,"name":"shown","phone":"required","email":"shown","consent_version":"7"}`)
	if f := offered(); !f.Before || f.Name != FieldModeShown || f.Phone != FieldModeRequired {
		t.Errorf("on: %+v", f)
	}
	w.configureForm(`{"enabled":false,"before":true,"name":"shown","phone":"required","email":"shown","consent_version":"7"}`)
	if f := offered(); f.Before || f.Name != FieldModeHidden || f.Phone != FieldModeHidden || f.Email != FieldModeHidden {
		t.Errorf("off: %+v", f)
	}
	v := w.visitor()
	v.post("/visitor/form", command("name", "Тимур", "phone", "+79000001842", "consent", true)).want(403, "form_disabled")
	if s := as[VisitorState](v.get("/visitor").want(200)); s.Consent || s.Session.ID != "" {
		t.Errorf("it was taken: %+v", s)
	}
	v.says("Есть кто?")
	if raw := string(v.get("/visitor/events").want(200).raw); !strings.Contains(raw, dialog.KeyOffline) || strings.Contains(raw, "form_request") {
		t.Errorf("nobody is online: %s", raw)
	}
}

// D-42, D-43: no field without consent; saved, refused, cleared, two at once; everybody who looks is told.
func TestEditCard(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.configureForm(formOn)
	_, other := w.serve(w.store)
	v := w.visitor()
	v.says("Здравствуйте")
	w.oleg.says(v, "Добрый день")
	edit := func(p *person, rev int, field, value string) answer {
		t.Helper()
		return p.patch(v.path()+"/card", command("rev", rev, "field", field, "value", value))
	}
	for _, field := range []string{"name", "email", "phone", "comment"} {
		edit(w.oleg, 0, field, "").want(403, "consent_required")
	}
	if can := as[Dialog](w.oleg.get(v.path()).want(200)).Row.Can.Edit; can != CanEditConsentRequired {
		t.Errorf("can edit: %s", can)
	}
	v.consents("name", "Тимур")
	near, far := w.anna.socket(), w.anna.socketAt(other)
	for _, s := range []*socket{near, far} {
		s.send(map[string]any{"type": "watch", "project_id": w.shop})
		s.next("watching")
		s.send(map[string]any{"type": "open", "dialog_id": v.dialog, "after": 0})
		s.next("opened")
	}
	save := command("rev", 1, "field", "name", "value", "Тимур Ахметов")
	if c := as[Card](w.oleg.patch(v.path()+"/card", save).want(200)); c.Name != "Тимур Ахметов" || c.Rev != 2 {
		t.Errorf("%+v", c)
	}
	for _, s := range []*socket{near, far} {
		s.next("card", isCard(v))
		s.next("row", func(f map[string]any) bool {
			return f["row"].(map[string]any)["visitor"].(map[string]any)["name"] == "Тимур Ахметов"
		})
	}
	if c := as[Card](w.oleg.patch(v.path()+"/card", save).want(200)); c.Rev != 2 { // I-10
		t.Errorf("a retry saved again: %+v", c)
	}
	edit(w.anna, 1, "name", "опоздала").want(409, "conflict")
	for _, x := range [][3]string{{"email", "не почта", "invalid"}, {"phone", "нет", "invalid"}, {"name", strings.Repeat("ж", 101), "too_long"},
		{"comment", strings.Repeat("ж", 2001), "too_long"}, {"name", "a\x00b", "invalid"}} {
		if e := edit(w.oleg, 2, x[0], x[1]).want(422, x[2]).error(); e.Field != "value" {
			t.Errorf("%v: field %q", x, e.Field)
		}
	}
	if e := edit(w.oleg, 2, "labels", "x").want(422, "invalid").error(); e.Field != "field" {
		t.Errorf("%+v", e)
	}
	w.oleg.patch(v.path()+"/card", map[string]any{"client_id": "card-00001", "rev": 2, "field": "name"}).want(422, "required")
	edit(w.anna, 2, "comment", "две\nстроки <script>").want(200) // senior
	if c := as[Card](edit(w.oleg, 3, "name", "").want(200)); c.Name != "" || c.Comment != "две\nстроки <script>" || c.Phone == "" {
		t.Errorf("%+v", c) // I-11: kept as it was written
	}
	if n := as[Dialog](w.oleg.get(v.path()).want(200)).Row.Visitor.Name; n != "" {
		t.Errorf("row still says %q", n)
	}
}

// D-41: withdrawing consent is an admin's of that project; afterwards the card is shut until consent is given again.
func TestWithdrawConsent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.visitor()
	v.consents()
	path := func(project, dialog string) string {
		return "/admin/projects/" + project + "/dialogs/" + dialog + "/consent"
	}
	books := w.person("Админ книг", 4, w.books)
	silent := w.visitor()
	w.anna.delete(path(w.shop, v.dialog)).want(403, "forbidden")
	for _, a := range []answer{
		books.delete(path(w.shop, v.dialog)), books.delete(path(w.books, v.dialog)),
		w.admin.delete(path(w.books, v.dialog)), w.admin.delete(path(w.shop, uuid.NewString())),
		w.vic.delete(path(w.shop, v.dialog)),
	} {
		a.want(404, "not_found")
	}
	w.viewer.delete(path(w.shop, v.dialog)).want(403, "forbidden")
	w.admin.delete(path(w.shop, silent.dialog)).want(200) // there was none: it is as asked
	w.do("DELETE", path(w.shop, v.dialog), v.headers(), nil).want(401, "unauthenticated")
	w.do("DELETE", path(w.shop, v.dialog), map[string]string{"Cookie": sessionCookie + "=" + w.admin.token}, nil).want(403, "csrf")
	for range 2 {
		c := as[Card](w.admin.delete(path(w.shop, v.dialog)).want(200))
		if !c.ConsentAt.IsZero() || c.WithdrawnAt.IsZero() {
			t.Errorf("%+v", c)
		}
	}
	if as[VisitorState](v.get("/visitor").want(200)).Consent {
		t.Error("the visitor's consent still holds")
	}
	edit := command("rev", 1, "field", "name", "value", "x")
	w.oleg.patch(v.path()+"/card", edit).want(403, "consent_required")
	v.consents()
	if c := as[Dialog](w.oleg.get(v.path()).want(200)).Card; c.ConsentAt.IsZero() || !c.WithdrawnAt.IsZero() {
		t.Errorf("%+v", c)
	}
	w.oleg.patch(v.path()+"/card", command("rev", 2, "field", "name", "value", "x")).want(200)
}

// the comment reaches no visitor, by any way there is to him: what he asks for, what is pushed to him, his file.
func TestCommentNeverReachesTheVisitor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.configureForm(formOn)
	secret := "тайна" + uuid.NewString()
	v := w.visitor()
	var seen []string
	keep := func(a answer) { seen = append(seen, string(a.raw)) }
	widget := v.socket(0)
	keep(v.post("/visitor/form", command("phone", "+79000001842", "consent", true)).want(200))
	w.oleg.patch(v.path()+"/card", command("rev", 1, "field", "comment", "value", secret)).want(200)
	if c := as[Dialog](w.oleg.get(v.path()).want(200)).Card; c.Comment != secret {
		t.Fatal("it was not saved: nothing could leak")
	}
	v.says("вопрос")
	w.oleg.says(v, "ответ")
	w.oleg.post(v.path()+"/contact-request", command()).want(200)
	w.oleg.post(v.path()+"/labels", command("text", "x", "color", 1)).want(403)
	keep(v.post("/visitor/form", command("phone", "+79000001843", "consent", true)).want(200))
	keep(v.post("/visitor/department", command("department_id", w.sales)).want(200))
	w.anna.post(v.path()+"/transfer", command("operator_id", w.anna.id)).want(200)
	w.anna.post(v.path()+"/leave", command("last_seen_seq", 99, "tags", []string{w.sale})).want(200)
	state := v.get("/visitor").want(200)
	keep(state)
	keep(v.post("/visitor/rating", command("session_id", as[VisitorState](state).Session.ID, "stars", 5)).want(200))
	for _, path := range []string{"/visitor", "/visitor/events", "/visitor/transcript", "/visitor/transcript?lang=en"} {
		keep(v.get(path).want(200))
	}
	v.says("конец")
	for range 2 { // pushed while he was there, and what a new socket gets
		for {
			f := widget.next("event")
			seen = append(seen, fmt.Sprint(f))
			if f["event"].(map[string]any)["text"] == "конец" {
				break
			}
		}
		v.says("ещё")
		seen = append(seen, fmt.Sprint(widget.next("event", eventText("ещё"))))
		widget = v.socket(0)
	}
	if all := strings.Join(seen, "\n"); strings.Contains(all, secret) || !strings.Contains(all, "ответ") {
		t.Errorf("what reached the visitor: %s", all)
	}
}

func (w *world) label(department, text string, active bool) string {
	w.t.Helper()
	id := uuid.NewString()
	w.exec(`INSERT INTO labels (id, project_id, department_id, text, color, active) VALUES ($1,$2,nullif($3,'')::uuid,$4,2,$5)`,
		id, w.shop, department, text, active)
	return id
}

func texted(labels []LabelChip) (out []string) {
	for _, l := range labels {
		out = append(out, l.Text)
	}
	return out
}

// D-45: what is offered, by whom it may be made, five at most, off by the cross.
func TestLabelsOfADialog(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	common, sales, delivery := w.label("", "общий", true), w.label(w.sales, "продажи", true), w.label(w.delivery, "доставка", true)
	w.label("", "старый", false)
	v := w.visitor()
	v.says("Здравствуйте")
	choice := func(p *person) LabelChoice {
		t.Helper()
		return as[LabelChoice](p.get(v.path() + "/labels").want(200))
	}
	attach := func(p *person, fields ...any) answer {
		t.Helper()
		return p.post(v.path()+"/labels", command(fields...))
	}
	if c := choice(w.oleg); len(c.Labels) != 1 || c.Labels[0].ID != common || c.MayCreate || c.Max != 5 || c.Attached != 0 || c.Department.ID != "" {
		t.Errorf("%+v", c)
	}
	v.post("/visitor/department", command("department_id", w.sales)).want(200)
	if c := choice(w.anna); len(c.Labels) != 2 || c.Labels[0].ID != sales || c.Labels[0].Department.Name != "Продажи" || !c.MayCreate ||
		c.Department.ID != w.sales {
		t.Errorf("%+v", c)
	}
	attach(w.oleg, "label_id", delivery).want(404, "not_found") // D-45
	attach(w.oleg, "label_id", uuid.NewString()).want(404, "not_found")
	attach(w.oleg, "label_id", "нет").want(404, "not_found")
	attach(w.oleg, "text", "новый", "color", 3).want(403, "forbidden") // senior and above by default
	attach(w.anna, "text", "новый").want(422, "required")
	attach(w.anna, "color", 3).want(422, "required")
	attach(w.anna, "text", "новый", "color", 12).want(422, "invalid")
	attach(w.anna, "text", "новый", "color", 3, "label_id", sales).want(422, "invalid")
	attach(w.anna, "text", strings.Repeat("ж", 31), "color", 3).want(422, "too_long")
	attach(w.anna, "text", "ПРОДАЖИ", "color", 3).want(409, "exists")

	desk := w.anna.watching(w.shop)
	desk.send(map[string]any{"type": "open", "dialog_id": v.dialog, "after": 0})
	desk.next("opened")
	retried := command("label_id", sales)
	for range 2 {
		if got := as[DialogLabels](w.oleg.post(v.path()+"/labels", retried).want(200)); len(got.Labels) != 1 || got.Labels[0] != (LabelChip{ID: sales, Text: "продажи", Color: 2, Active: true}) {
			t.Errorf("%+v", got)
		}
	}
	desk.next("card", isCard(v))
	desk.next("row", func(f map[string]any) bool { l, _ := f["row"].(map[string]any)["labels"].([]any); return len(l) == 1 })
	attach(w.oleg, "label_id", sales).want(200) // again, under another id: it is on already
	made := as[DialogLabels](attach(w.anna, "text", " <b>новый</b> ", "color", 11).want(200)).Labels[1]
	if made.Text != "<b>новый</b>" || made.Color != 11 { // I-11
		t.Errorf("%+v", made)
	}
	if c := choice(w.anna); len(c.Labels) != 1 || c.Attached != 2 {
		t.Errorf("what is on is offered: %+v", c)
	}
	attach(w.anna, "text", "3", "color", 0).want(200)
	attach(w.anna, "text", "4", "color", 0).want(200)
	attach(w.anna, "text", "5", "color", 0).want(200)
	if e := attach(w.anna, "label_id", common).want(409, "label_limit").error(); e.Max != 5 {
		t.Errorf("%+v", e)
	}
	attach(w.anna, "text", "6", "color", 0).want(409, "label_limit")
	w.exec(`UPDATE labels SET active = false WHERE id = $1`, sales)
	list := as[DialogPage](w.oleg.get("/operator/projects/" + w.shop + "/dialogs").want(200))
	want := []string{"продажи", "<b>новый</b>", "3", "4", "5"}
	if got := texted(list.Rows[0].Labels); !slices.Equal(got, want) || list.Rows[0].Labels[0].Active {
		t.Errorf("list %+v", list.Rows[0].Labels)
	}
	if got := texted(as[Dialog](w.oleg.get(v.path()).want(200)).Labels); !slices.Equal(got, want) {
		t.Errorf("dialog %v", got)
	}
	for range 2 { // an inactive one too; twice is once
		got := as[DialogLabels](w.oleg.delete(v.path() + "/labels/" + sales).want(200))
		if !slices.Equal(texted(got.Labels), want[1:]) {
			t.Errorf("%+v", got)
		}
	}
	w.oleg.delete(v.path()+"/labels/x").want(404, "not_found")

	// D-59: a label renamed by an administrator is renamed on open dialogs, wherever their rows are kept.
	w.admin.put("/admin/projects/"+w.shop+"/labels/"+made.ID, map[string]any{"text": "Опт", "color": 0}).want(200)
	p := w.promise(actIn)
	desk.within(p, "card", isCard(v))
	desk.within(p, "row", func(f map[string]any) bool {
		l, _ := f["row"].(map[string]any)["labels"].([]any)
		return len(l) == 4 && l[0].(map[string]any)["text"] == "Опт" && l[0].(map[string]any)["color"] == 0.0
	})
}

// R-052, D-35: templates with the names filled in; no colleague's own, no other department's.
func TestTemplateOffer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	add := func(operator, department, title, text string) {
		t.Helper()
		w.exec(`INSERT INTO templates (id, project_id, operator_id, department_id, title, command, text)
VALUES ($1,$2,nullif($3,'')::uuid,nullif($4,'')::uuid,$5,'вечер',$6)`, uuid.NewString(), w.shop, operator, department, title, text)
	}
	add(w.oleg.id, "", "своё", "Меня зовут {имя оператора}")
	add(w.vera.id, "", "чужое", "x")
	add("", w.sales, "отдела", "{имя посетителя}, {скидка}здравствуйте")
	add("", w.delivery, "другого отдела", "x")
	add("", "", "общее", "Спасибо")
	v := w.visitor()
	v.consents("name", "Тимур")
	v.post("/visitor/department", command("department_id", w.sales)).want(200)
	got := as[TemplateChoice](w.oleg.get(v.path() + "/templates").want(200)).Templates
	var lines []string
	for _, x := range got {
		lines = append(lines, fmt.Sprint(x.Scope, " ", x.Title, " /", x.Command, ": ", x.Text, " ", x.Department.Name))
	}
	want := []string{"own своё /вечер: Меня зовут Олег Петров ", "department отдела /вечер: Тимур, здравствуйте Продажи", "common общее /вечер: Спасибо "}
	if !slices.Equal(lines, want) {
		t.Errorf("%q", lines)
	}
	if pieces := got[0].Pieces; !slices.Equal(pieces, []TemplatePiece{{Text: "Меня зовут "}, {Text: "Олег Петров", Filled: "operator_name"}}) {
		t.Errorf("%+v", pieces)
	}
}

// R-104, D-54: with tagging on and no active tags nothing is asked for; a tag renamed stays the same tag in the history.
func TestTagsThroughTheAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.visitor()
	v.says("Здравствуйте")
	w.oleg.says(v, "Добрый день")
	leave := func(tags ...string) answer {
		return w.oleg.post(v.path()+"/leave", command("last_seen_seq", 99, "tags", tags))
	}
	if e := leave().want(422, "tag_required").error(); e.Field != "tags" {
		t.Errorf("%+v", e)
	}
	leave(w.booksDepartment).want(422, "invalid")
	leave(w.sale, w.lead).want(200)
	w.exec(`UPDATE tags SET name = 'Сделка', active = false WHERE id = $1`, w.sale)
	d := as[Dialog](w.oleg.get(v.path()).want(200))
	if got := d.Sessions[0].Tags; len(got) != 2 || got[0] != (Named{ID: w.sale, Name: "Сделка"}) {
		t.Errorf("%+v", got)
	}
	v.says("Снова я")
	w.oleg.says(v, "Добрый день")
	leave(w.sale).want(422, "invalid") // no longer active
	leave().want(422, "tag_required")
	w.exec(`UPDATE tags SET active = false`)
	w.oleg.post(v.path()+"/leave", command("last_seen_seq", 99)).want(http.StatusOK)
}
