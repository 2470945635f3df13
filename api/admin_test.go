package api

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/otklik/otklik/dialog"
)

func (p *person) patch(path string, body any) answer {
	return p.w.do("PATCH", path, p.headers(), body)
}

// always is round the clock, as the contract writes it.
func always() map[string]any {
	return map[string]any{"always": true, "week": [][]any{{}, {}, {}, {}, {}, {}, {}}, "exceptions": []any{}}
}

// office is Monday to Friday, nine to six, with a night shift on Saturday and one day off.
func office() map[string]any {
	day := []any{map[string]any{"from": "09:00", "to": "18:00"}}
	return map[string]any{"always": false, "week": [][]any{day, day, day, day, day, {map[string]any{"from": "22:00", "to": "06:00"}}, {}},
		"exceptions": []any{map[string]any{"date": "2026-12-31", "intervals": []any{}}}}
}

// settings reads the shop's settings.
func (w *world) settings() ProjectSettings {
	w.t.Helper()
	return as[ProjectSettings](w.admin.get("/admin/projects/" + w.shop).want(200))
}

// audited counts the audit's records of an action.
func (w *world) audited(action string) (n int) {
	w.t.Helper()
	if err := w.store.Pool().QueryRow(w.t.Context(), `SELECT count(*) FROM audit WHERE action = $1`, action).Scan(&n); err != nil {
		w.t.Fatal(err)
	}
	return n
}

// R-049, D-07, D-22, D-34, D-41: settings are changed field by field, count a revision, and refuse what cannot be meant.
func TestProjectSettings(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.PublicURL = "https://chat.example.org/" })
	path := "/admin/projects/" + w.shop
	s := w.settings()
	if want := `<script src="https://chat.example.org/widget.js" data-key="` + w.key + `" async></script>`; s.Snippet != want {
		t.Errorf("snippet %s, want %s", s.Snippet, want)
	}
	if !s.Hours.Always || len(s.Hours.Week) != 7 || s.BlockSecretSet {
		t.Errorf("%+v", s)
	}
	change := map[string]any{"rev": s.Rev, "name": " Лавка 2 ", "accent": "#aabbcc", "side": "left", "greeting": "Добрый день", "company": "ООО", "language": "kk",
		"time_zone": "Asia/Almaty", "long_wait_seconds": 60, "auto_close_minutes": 30, "rating": false, "rating_prompt_seconds": 3600, "tagging": false,
		"label_level": "admin", "retention_days": 365, "department_choice": false, "origins": []string{"https://Example.org", "http://localhost:3000", "https://example.org/"},
		"hours": office(), "block_list_url": "https://lists.example.org/a", "block_hook_url": "https://hooks.example.org/b", "block_secret": "тайна-42",
		"form": map[string]any{"enabled": true, "before": true, "title": "Как с вами связаться?", "name": "required", "phone": "hidden", "email": "shown",
			"consent_text": "Согласен", "consent_url": "https://example.org/consent", "consent_version": "77"}}
	got := as[ProjectSettings](w.admin.patch(path, change).want(200))
	if got.Rev != s.Rev+1 || got.Name != "Лавка 2" || got.LongWaitSeconds != 60 || got.LabelLevel != "admin" || got.Rating || got.TimeZone != "Asia/Almaty" ||
		fmt.Sprint(got.Origins) != "[https://example.org http://localhost:3000]" || !got.BlockSecretSet || got.Hours.Week[0][0].To != "18:00" ||
		got.Hours.Exceptions[0].Date != "2026-12-31" || got.Form.Title != "Как с вами связаться?" {
		t.Errorf("%+v", got)
	}
	if got.Form.ConsentVersion != "2" {
		t.Errorf("consent version %q, want the server's own 2", got.Form.ConsentVersion)
	}
	if again := w.settings(); fmt.Sprint(again) != fmt.Sprint(got) {
		t.Errorf("read again:\n%+v\n%+v", again, got)
	}
	w.admin.patch(path, map[string]any{"rev": s.Rev, "name": "Поздно"}).want(409, "conflict")
	form := func(change map[string]any) map[string]any {
		f := map[string]any{"enabled": true, "before": false, "name": "required", "phone": "hidden", "email": "shown", "consent_text": "Согласен", "consent_url": "https://example.org/consent"}
		for k, v := range change {
			f[k] = v
		}
		return map[string]any{"form": f}
	}
	patch := func(fields map[string]any) answer {
		fields["rev"] = w.settings().Rev
		return w.admin.patch(path, fields)
	}
	// D-41: another title asks for the same consent, another text, link or set of fields does not.
	for i, c := range []struct {
		change  map[string]any
		version string
	}{{map[string]any{"title": "Ещё раз"}, "2"}, {map[string]any{"consent_text": "Согласна"}, "3"}, {map[string]any{"consent_text": "Согласна", "consent_url": ""}, "4"},
		{map[string]any{"consent_text": "Согласна", "consent_url": "", "phone": "shown"}, "5"}} {
		if got := as[ProjectSettings](patch(form(c.change)).want(200)); got.Form.ConsentVersion != c.version {
			t.Errorf("%d: version %s, want %s", i, got.Form.ConsentVersion, c.version)
		}
	}
	badDay := func(from, to string) map[string]any {
		h := office()
		h["week"].([][]any)[0] = []any{map[string]any{"from": from, "to": to}}
		return h
	}
	twice := office()
	twice["week"].([][]any)[2] = []any{map[string]any{"from": "09:00", "to": "12:00"}, map[string]any{"from": "11:00", "to": "13:00"}}
	for _, c := range []struct {
		fields      map[string]any
		code, field string
	}{
		{map[string]any{"name": " "}, "required", "name"}, {map[string]any{"name": strings.Repeat("я", 101)}, "too_long", "name"},
		{map[string]any{"accent": "red"}, "invalid", "accent"}, {map[string]any{"side": "top"}, "invalid", "side"},
		{map[string]any{"language": "de"}, "invalid", "language"}, {map[string]any{"time_zone": "Europe/Nowhere"}, "invalid", "time_zone"},
		{map[string]any{"time_zone": ""}, "invalid", "time_zone"}, {map[string]any{"time_zone": "Local"}, "invalid", "time_zone"},
		{map[string]any{"long_wait_seconds": 29}, "invalid", "long_wait_seconds"}, {map[string]any{"long_wait_seconds": 3601}, "invalid", "long_wait_seconds"},
		{map[string]any{"origins": []string{"example.org"}}, "invalid", "origins.0"}, {map[string]any{"origins": []string{"https://a.org", "https://a.org/x"}}, "invalid", "origins.1"},
		{map[string]any{"label_level": "view"}, "invalid", "label_level"}, {map[string]any{"block_list_url": "ftp://x"}, "invalid", "block_list_url"},
		{map[string]any{"hours": badDay("18:00", "25:00")}, "invalid", "hours.week.0"}, {map[string]any{"hours": badDay("24:00", "06:00")}, "invalid", "hours.week.0"},
		{map[string]any{"hours": twice}, "invalid", "hours.week.2"}, {map[string]any{"hours": map[string]any{"always": true}}, "required", "hours.exceptions"},
		{form(map[string]any{"email": "must"}), "invalid", "form.email"}, {form(map[string]any{"name": "hidden", "email": "hidden"}), "invalid", "form.phone"},
		{form(map[string]any{"consent_url": "javascript:alert(1)"}), "invalid", "form.consent_url"}, {form(map[string]any{"extra": 1}), "unknown_field", "form.extra"},
		{map[string]any{"nonsense": 1}, "unknown_field", "nonsense"}, {map[string]any{"active": "yes"}, "wrong_type", "active"},
	} {
		a := patch(c.fields)
		if e := a.error(); e.Code != c.code || e.Field != c.field {
			t.Errorf("%v: %d %s", c.fields, a.status, a.raw)
		}
	}
	// I-13: before and after, and never the secret.
	audit := as[AuditPage](w.admin.get("/admin/audit?action=settings").want(200))
	if len(audit.Items) != 5 {
		t.Fatalf("%d records", len(audit.Items))
	}
	first := audit.Items[4]
	if first.Before["name"] != "Лавка" || first.After["name"] != "Лавка 2" || first.Operator.ID != w.admin.id || first.Project.Name == "" || first.Detail["block_secret"] != "changed" {
		t.Errorf("%+v", first)
	}
	if raw := string(w.admin.get("/admin/audit").want(200).raw); strings.Contains(raw, "тайна-42") {
		t.Error("the secret is in the audit")
	}
	if raw := string(w.admin.get(path).want(200).raw); strings.Contains(raw, "тайна-42") {
		t.Error("the secret is shown")
	}
}

// Projects of one name that are made at the same moment get keys of their own.
func TestProjectsOfOneName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	keys := make([]string, 6)
	var wg sync.WaitGroup
	for i := range keys {
		wg.Go(func() {
			if a := w.admin.post("/admin/projects", map[string]any{"name": "Лавка"}); a.status == 201 {
				keys[i] = as[ProjectSettings](a).WidgetKey
			}
		})
	}
	wg.Wait()
	slices.Sort(keys)
	if keys[0] == "" || len(slices.Compact(keys)) != 6 {
		t.Errorf("keys %v", keys)
	}
}

// D-02, R-103: a new project has its maker as administrator, four example tags in his language, tagging off, and a
// readable key that is its own.
func TestCreateProject(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(`UPDATE operators SET locale = 'en' WHERE id = $1`, w.admin.id)
	p := as[ProjectSettings](w.admin.post("/admin/projects", map[string]any{"name": "Чай «Ұлы жібек»", "time_zone": "Asia/Almaty"}).want(201))
	if p.WidgetKey != "chai-uly-zhibek" || p.Tagging || p.TimeZone != "Asia/Almaty" || !p.Active {
		t.Errorf("%+v", p)
	}
	q := as[ProjectSettings](w.admin.post("/admin/projects", map[string]any{"name": "Чай, ұлы жібек"}).want(201))
	if q.WidgetKey == p.WidgetKey || !strings.HasPrefix(q.WidgetKey, p.WidgetKey+"-") {
		t.Errorf("key %s", q.WidgetKey)
	}
	short := as[ProjectSettings](w.admin.post("/admin/projects", map[string]any{"name": "茶"}).want(201))
	w.do("GET", "/widgets/"+short.WidgetKey, nil, nil).want(200)
	tags := as[TagPage](w.admin.get("/admin/projects/" + p.ID + "/tags").want(200))
	if fmt.Sprint(each(tags.Items, func(t Tag) string { return t.Name })) != "[Sale Lead Request Repeat sale]" {
		t.Errorf("%+v", tags)
	}
	if me := as[Me](w.admin.get("/operator/me").want(200)); len(me.Projects) != 4 || me.Projects[0].Level != LevelAdmin {
		t.Errorf("%+v", me.Projects)
	}
	if list := as[AdminProjects](w.admin.get("/admin/projects").want(200)); len(list.Projects) != 4 {
		t.Errorf("%+v", list)
	}
	w.anna.post("/admin/projects", map[string]any{"name": "Чужое"}).want(403, "forbidden")
	w.admin.post("/admin/projects", map[string]any{"name": ""}).want(422, "required")
	w.admin.post("/admin/projects", map[string]any{"name": "x", "time_zone": "Moon"}).want(422, "invalid")
	if list := as[AdminProjects](w.anna.get("/admin/projects").want(200)); len(list.Projects) != 0 {
		t.Errorf("a senior administers %+v", list)
	}
}

// I-05, D-20: departments with members and hours are made, listed, changed and, unused, deleted.
func TestDepartments(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := "/admin/projects/" + w.shop + "/departments"
	rev := w.settings().Rev
	in := map[string]any{"name": "Возвраты", "member_ids": []string{w.oleg.id, w.vera.id, w.oleg.id}, "hours": office()}
	d := as[Department](w.admin.post(path, in).want(201))
	if !d.Active || len(d.Members) != 2 || d.Members[0].Name != w.vera.name || d.Hours.Always || d.Now.ChangesAt.IsZero() {
		t.Errorf("%+v", d)
	}
	if got := w.settings().Rev; got != rev+1 {
		t.Errorf("rev %d, want %d", got, rev+1)
	}
	w.admin.post(path, map[string]any{"name": "возвраты", "member_ids": []string{}, "hours": always()}).want(409, "exists")
	for _, member := range []string{w.vic.id, uuid.NewString(), "nonsense"} { // who has no access cannot be a member
		a := w.admin.post(path, map[string]any{"name": "Ещё", "member_ids": []string{member}, "hours": always()}).want(422, "invalid")
		if a.error().Field != "member_ids" {
			t.Errorf("%s", a.raw)
		}
	}
	page := as[DepartmentPage](w.admin.get(path + "?limit=2").want(200))
	if len(page.Items) != 2 || page.Items[0].Name != "Продажи" || page.NextCursor == "" {
		t.Fatalf("%+v", page)
	}
	rest := as[DepartmentPage](w.admin.get(path + "?limit=2&cursor=" + page.NextCursor).want(200))
	if len(rest.Items) != 1 || rest.Items[0].ID != d.ID || rest.NextCursor != "" {
		t.Errorf("%+v", rest)
	}
	if found := as[DepartmentPage](w.admin.get(path + "?q=ЗВРАТ").want(200)); len(found.Items) != 1 {
		t.Errorf("%+v", found)
	}
	in["name"], in["member_ids"], in["active"], in["hours"] = "Возврат", []string{w.anna.id}, false, always()
	d = as[Department](w.admin.put(path+"/"+d.ID, in).want(200))
	if d.Active || d.Name != "Возврат" || len(d.Members) != 1 || !d.Hours.Always || !d.Now.Open {
		t.Errorf("%+v", d)
	}
	w.admin.put(path+"/"+w.booksDepartment, in).want(404, "not_found")
	w.admin.delete(path+"/"+w.booksDepartment).want(404, "not_found")
	v := w.visitor()
	v.post("/visitor/department", map[string]any{"client_id": "dept-00001", "department_id": w.sales}).want(200)
	w.admin.delete(path+"/"+w.sales).want(409, "in_use")
	w.admin.delete(path + "/" + d.ID).want(204)
	w.admin.delete(path+"/"+d.ID).want(404, "not_found")
	for _, action := range []string{"department_create", "department_change", "department_delete"} {
		if w.audited(action) != 1 {
			t.Errorf("%d records of %s", w.audited(action), action)
		}
	}
}

// R-102, D-54: tags.
func TestTags(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := "/admin/projects/" + w.shop + "/tags"
	tag := as[Tag](w.admin.post(path, map[string]any{"name": "Жалоба"}).want(201))
	if !tag.Active || tag.Used != 0 {
		t.Errorf("%+v", tag)
	}
	w.admin.post(path, map[string]any{"name": "жалоба"}).want(409, "exists")
	w.admin.post(path, map[string]any{"name": "a\nb"}).want(422, "invalid")
	v := w.visitor()
	v.says("вопрос")
	w.anna.says(v, "ответ")
	w.anna.put("/operator/dialogs/"+v.dialog+"/tags", map[string]any{"client_id": "tags-00001", "tags": []string{tag.ID}}).want(200)
	w.admin.delete(path+"/"+tag.ID).want(409, "in_use")
	tag = as[Tag](w.admin.put(path+"/"+tag.ID, map[string]any{"name": "Претензия", "active": false}).want(200))
	if tag.Active || tag.Used != 1 {
		t.Errorf("%+v", tag)
	}
	page := as[TagPage](w.admin.get(path).want(200))
	if fmt.Sprint(each(page.Items, func(t Tag) string { return t.Name })) != "[Продажа Лид Претензия]" {
		t.Errorf("%+v", page)
	}
	if me := as[Me](w.anna.get("/operator/me").want(200)); len(me.Projects[0].Tags) != 2 { // active ones
		t.Errorf("%+v", me.Projects[0].Tags)
	}
	w.anna.post(path, map[string]any{"name": "Своё"}).want(403, "forbidden") // operators cannot create tags
	w.admin.delete(path + "/" + w.lead).want(204)
	w.admin.put(path+"/"+w.lead, map[string]any{"name": "Лид"}).want(404, "not_found")
}

// R-070, D-45: labels of a department or common; the same text in the same scope is refused.
func TestLabels(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := "/admin/projects/" + w.shop + "/labels"
	common := as[Label](w.admin.post(path, map[string]any{"text": "Срочно", "color": 3}).want(201))
	w.admin.post(path, map[string]any{"text": " срочно ", "color": 4}).want(409, "exists")
	own := as[Label](w.admin.post(path, map[string]any{"text": "Срочно", "color": 4, "department_id": w.sales}).want(201))
	if own.Department.Name != "Продажи" || common.Department.ID != "" {
		t.Errorf("%+v %+v", own, common)
	}
	for _, bad := range []map[string]any{{"text": "x", "color": 12}, {"text": "x", "color": -1}, {"text": "", "color": 1}, {"text": strings.Repeat("ж", 31), "color": 1},
		{"text": "x", "color": 1, "department_id": w.booksDepartment}, {"text": "x", "color": 1, "department_id": "y"}} {
		if a := w.admin.post(path, bad); a.status != 422 {
			t.Errorf("%v: %d %s", bad, a.status, a.raw)
		}
	}
	w.exec(`INSERT INTO dialog_labels (dialog_id, label_id) VALUES ($1, $2)`, w.visitor().dialog, own.ID)
	w.admin.delete(path+"/"+own.ID).want(409, "in_use")
	own = as[Label](w.admin.put(path+"/"+own.ID, map[string]any{"text": "Горит", "color": 0, "active": false}).want(200))
	if own.Active || own.Used != 1 || own.Color != 0 || own.Department.ID != "" {
		t.Errorf("%+v", own)
	}
	w.admin.delete(path + "/" + common.ID).want(204)
	if page := as[LabelPage](w.admin.get(path).want(200)); len(page.Items) != 1 || page.Items[0].Text != "Горит" {
		t.Errorf("%+v", page)
	}
}

// R-053, D-35: an operator keeps his own templates, the project's are its administrator's.
func TestTemplates(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := "/admin/projects/" + w.shop + "/templates"
	rev := w.settings().Rev
	own := as[Template](w.oleg.post(path, map[string]any{"title": "Вечер", "command": "/вечер", "text": "Добрый вечер!", "own": true}).want(201))
	if !own.Own || own.Command != "вечер" || w.settings().Rev != rev {
		t.Errorf("%+v", own)
	}
	w.oleg.post(path, map[string]any{"title": "вечер", "text": "Ещё раз", "own": true}).want(409, "exists")
	w.oleg.post(path, map[string]any{"title": "Общий", "text": "Текст"}).want(403, "forbidden")
	w.viewer.post(path, map[string]any{"title": "Свой", "text": "Текст", "own": true}).want(403, "forbidden")
	w.viewer.get(path).want(403, "forbidden")
	common := as[Template](w.admin.post(path, map[string]any{"title": "Вечер", "command": "вечер", "text": "Здравствуйте"}).want(201))
	sales := as[Template](w.admin.post(path, map[string]any{"title": "Вечер", "text": "Из продаж", "department_id": w.sales}).want(201))
	if sales.Department.Name != "Продажи" || w.settings().Rev != rev+2 {
		t.Errorf("%+v rev %d", sales, w.settings().Rev)
	}
	for _, bad := range []map[string]any{{"title": "a", "text": " "}, {"title": "", "text": "x"}, {"title": "a", "text": "x", "command": "две части"},
		{"title": "a", "text": strings.Repeat("x", 4001)}, {"title": "a", "text": "x", "own": true, "department_id": w.sales}} {
		if a := w.admin.post(path, bad); a.status != 422 {
			t.Errorf("%v: %d %s", bad, a.status, a.raw)
		}
	}
	if page := as[TemplatePage](w.oleg.get(path).want(200)); len(page.Items) != 3 {
		t.Errorf("%+v", page)
	}
	if page := as[TemplatePage](w.admin.get(path).want(200)); len(page.Items) != 2 { // not a colleague's own
		t.Errorf("%+v", page)
	}
	change := map[string]any{"title": "Утро", "text": "Доброе утро!", "own": true}
	w.admin.put(path+"/"+own.ID, change).want(404, "not_found")
	w.admin.delete(path+"/"+own.ID).want(404, "not_found")
	w.oleg.put(path+"/"+common.ID, change).want(403, "forbidden")
	w.oleg.delete(path+"/"+common.ID).want(403, "forbidden")
	if got := as[Template](w.oleg.put(path+"/"+own.ID, change).want(200)); got.Title != "Утро" || got.Command != "" {
		t.Errorf("%+v", got)
	}
	w.oleg.delete(path + "/" + own.ID).want(204)
	w.admin.delete(path + "/" + sales.ID).want(204)
}

// I-05, I-06, D-29: operators' accounts.
func TestOperators(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := map[string]any{"name": "Пётр Новый", "login": " Petr@Example.ORG ", "password": "0123456789", "hours": office(), "dialog_limit": 5}
	o := as[AdminOperator](w.admin.post("/admin/operators", in).want(201))
	if o.Login != "petr@example.org" || !o.Active || o.DialogLimit != 5 || o.Online || o.Hours.Always {
		t.Errorf("%+v", o)
	}
	a := w.admin.post("/admin/operators", in).want(409, "exists")
	if a.error().Field != "login" {
		t.Errorf("%s", a.raw)
	}
	for field, bad := range map[string]any{"password": "012345678", "login": "a b c", "name": "\n", "dialog_limit": 101} {
		body := map[string]any{"name": "X", "login": "xyz-1", "password": "0123456789", "hours": always()}
		body[field] = bad
		if a := w.admin.post("/admin/operators", body); a.status != 422 || a.error().Field != field {
			t.Errorf("%s: %d %s", field, a.status, a.raw)
		}
	}
	w.admin.post("/admin/operators", map[string]any{"name": "X", "login": "xyz-1", "hours": always()}).want(422, "required")
	w.admin.post("/admin/operators", map[string]any{"name": "X", "login": "xyz-1", "password": "0123456789", "hours": always(), "dialog_limit": -1}).want(422, "invalid")
	for login, c := range map[string]struct{ said, want any }{"of-ten": {nil, 10}, "of-none": {0, 0}} { // D-29
		body := map[string]any{"name": "Я", "login": login, "password": "0123456789", "hours": always()}
		if c.said != nil {
			body["dialog_limit"] = c.said
		}
		if got := as[AdminOperator](w.admin.post("/admin/operators", body).want(201)).DialogLimit; got != c.want {
			t.Errorf("%s: a limit of %d", login, got)
		}
	}
	w.anna.get("/admin/operators").want(403, "forbidden")
	w.anna.post("/admin/operators", in).want(403, "forbidden")
	signIn := func(password string) answer {
		return w.do("POST", "/operator/sign-in", nil, map[string]any{"login": "petr@example.org", "password": password})
	}
	signIn("0123456789").want(200)
	path := "/admin/operators/" + o.ID
	put := map[string]any{"rev": o.Rev, "name": "Пётр", "login": "petr@example.org", "hours": always()}
	changed := as[AdminOperator](w.admin.put(path, put).want(200))
	if changed.Name != "Пётр" || changed.DialogLimit != 0 || changed.Rev != o.Rev+1 || !changed.Hours.Always {
		t.Errorf("%+v", changed)
	}
	w.admin.put(path, put).want(409, "conflict")
	delete(put, "rev")
	put["password"] = "новый пароль 1"
	w.admin.put(path, put).want(200)
	signIn("0123456789").want(401, "unauthenticated")
	signIn("новый пароль 1").want(200)
	w.admin.put("/admin/operators/"+uuid.NewString(), put).want(404, "not_found")
	page := as[OperatorPage](w.admin.get("/admin/operators?limit=3").want(200))
	seen := len(page.Items)
	for page.NextCursor != "" {
		page = as[OperatorPage](w.admin.get("/admin/operators?limit=3&cursor=" + page.NextCursor).want(200))
		seen += len(page.Items)
	}
	if seen != 9 {
		t.Errorf("%d operators, want 9", seen)
	}
	if raw := string(w.admin.get("/admin/audit").want(200).raw); strings.Contains(raw, "argon2") || strings.Contains(raw, "новый пароль") || !strings.Contains(raw, `"password":"changed"`) {
		t.Errorf("audit: %s", raw)
	}
}

// I-03, D-03: whom an administrator may change, and that nobody reaches another project through an account.
func TestOperatorsOfOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	account := func(p *person) map[string]any {
		return map[string]any{"name": p.name, "login": p.login, "hours": always(), "dialog_limit": 10}
	}
	elsewhere := func(want bool) {
		t.Helper()
		page := as[OperatorPage](w.admin.get("/admin/operators?q=" + url.QueryEscape(w.vic.name)).want(200))
		if len(page.Items) != 1 || page.Items[0].Elsewhere != want {
			t.Errorf("elsewhere: %+v", page.Items)
		}
	}
	elsewhere(true)
	w.admin.put("/admin/operators/"+w.vic.id, account(w.vic)).want(403, "forbidden") // of another project only
	w.admin.put("/admin/access/"+w.vic.id+"/"+w.shop, map[string]any{"level": "view"}).want(200)
	elsewhere(true)
	w.admin.put("/admin/operators/"+w.vic.id, account(w.vic)).want(200)
	for field, value := range map[string]any{"password": "чужой пароль 1", "login": "captured@test", // the key to a foreign project
		"active": false, "dialog_limit": 1, "hours": office(), "name": "Никто"} { // and what he is there
		body := account(w.vic)
		body[field] = value
		if e := w.admin.put("/admin/operators/"+w.vic.id, body).want(403, "forbidden").error(); e.Field != field {
			t.Errorf("%s: said of %q", field, e.Field)
		}
	}
	w.vic.get("/operator/me").want(200)
	self := account(w.admin)
	self["active"] = false
	w.admin.put("/admin/operators/"+w.admin.id, self).want(403, "forbidden")
	w.exec(`INSERT INTO access (operator_id, project_id, level) VALUES ($1, $2, 2)`, w.admin.id, w.books)
	own := account(w.admin)
	own["dialog_limit"] = 3
	w.admin.put("/admin/operators/"+w.admin.id, own).want(200) // his own, wherever he works
	w.admin.put("/admin/access/"+w.vic.id+"/"+w.shop, map[string]any{"level": "none"}).want(200)
	second := w.person("Второй", dialog.LevelAdmin, w.books)
	w.exec(`INSERT INTO access (operator_id, project_id, level) VALUES ($1, $2, 4)`, second.id, w.shop)
	off := account(second)
	off["active"] = false
	w.admin.put("/admin/operators/"+second.id, off).want(403, "forbidden") // of the books, too
	w.exec(`UPDATE access SET level = 4 WHERE operator_id = $1 AND project_id = $2`, w.admin.id, w.books)
	w.admin.put("/admin/operators/"+second.id, off).want(200)
	second.get("/operator/me").want(401, "unauthenticated")
}

// D-03: the table user × widget; a project never loses its last administrator.
func TestAccess(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	page := as[AccessPage](w.admin.get("/admin/access").want(200))
	if len(page.Projects) != 1 || page.Projects[0].ID != w.shop || len(page.Items) != 6 {
		t.Fatalf("%+v", page)
	}
	for _, row := range page.Items {
		want := map[string]AccessLevel{w.admin.id: "admin", w.anna.id: "senior", w.oleg.id: "operator", w.vera.id: "operator", w.viewer.id: "view", w.vic.id: "none"}[row.Operator.ID]
		if row.Levels[w.shop] != want || len(row.Levels) != 1 {
			t.Errorf("%s: %v, want %s", row.Operator.Name, row.Levels, want)
		}
	}
	grant := func(by, to *person, project, level string) answer {
		return by.put("/admin/access/"+to.id+"/"+project, map[string]any{"level": level})
	}
	if row := as[AccessRow](grant(w.admin, w.vic, w.shop, "senior").want(200)); row.Levels[w.shop] != "senior" {
		t.Errorf("%+v", row)
	}
	if me := as[Me](w.vic.get("/operator/me").want(200)); len(me.Projects) != 2 {
		t.Errorf("%+v", me.Projects)
	}
	grant(w.admin, w.vera, w.shop, "none").want(200)
	if d := as[DepartmentPage](w.admin.get("/admin/projects/" + w.shop + "/departments?q=доставка").want(200)); len(d.Items[0].Members) != 1 {
		t.Errorf("still a member: %+v", d.Items[0].Members)
	}
	grant(w.admin, w.admin, w.shop, "senior").want(409, "last_admin")
	grant(w.admin, w.admin, w.shop, "none").want(409, "last_admin")
	grant(w.admin, w.anna, w.shop, "owner").want(422, "invalid")
	grant(w.admin, w.anna, w.books, "view").want(404, "not_found")
	grant(w.anna, w.anna, w.shop, "admin").want(403, "forbidden")
	grant(w.vic, w.oleg, w.books, "view").want(403, "forbidden")
	w.admin.put("/admin/access/"+uuid.NewString()+"/"+w.shop, map[string]any{"level": "view"}).want(404, "not_found")
	w.oleg.get("/admin/access").want(403, "forbidden")
	grant(w.admin, w.anna, w.shop, "admin").want(200)
	w.exec(`UPDATE operators SET active = false WHERE id = $1`, w.anna.id)
	grant(w.admin, w.admin, w.shop, "view").want(409, "last_admin") // one who cannot sign in does not count
	w.exec(`UPDATE operators SET active = true WHERE id = $1`, w.anna.id)
	grant(w.admin, w.admin, w.shop, "view").want(200)
	if w.audited("access") != 4 {
		t.Errorf("%d records", w.audited("access"))
	}
}
