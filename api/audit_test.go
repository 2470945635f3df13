package api

import (
	"maps"
	"testing"

	"github.com/google/uuid"
)

// I-13: each consequential action leaves one record with who, when, what; names are resolved, pages follow one another,
// and filters narrow.
func TestAudit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.TrustedProxies = []string{"127.0.0.0/8"} })
	w.exec(`UPDATE projects SET label_level = 2 WHERE id = $1`, w.shop)
	g := w.guest("203.0.113.50")
	path := "/operator/dialogs/" + g.dialog
	id := func(body map[string]any) map[string]any {
		body["client_id"] = uuid.NewString()
		return body
	}
	g.writes("вопрос").want(200)
	w.anna.post(path+"/messages", message("ответ")).want(200)
	w.do("POST", "/visitor/form", g.headers(), id(map[string]any{"name": "Пётр", "phone": "+7 900 000-00-00", "email": "p@example.org", "consent": true, "consent_version": "1"})).want(200)
	w.anna.post(path+"/labels", id(map[string]any{"text": "Новый", "color": 1})).want(200)
	w.anna.post(path+"/block", id(map[string]any{})).want(200)
	w.anna.delete(path + "/block").want(200)
	vera := w.vera.socket()
	_ = vera
	w.anna.post(path+"/transfer", id(map[string]any{"operator_id": w.vera.id})).want(200)
	w.vera.post(path+"/leave", id(map[string]any{"last_seen_seq": 99, "tags": []string{w.sale}})).want(200)
	w.admin.put("/admin/access/"+w.oleg.id+"/"+w.shop, map[string]any{"level": "view"}).want(200)
	who := map[string]string{"claim": w.anna.id, "consent": "", "label_create": w.anna.id, "block": w.anna.id, "unblock": w.anna.id,
		"transfer": w.anna.id, "leave": w.vera.id, "access": w.admin.id}
	for action, operator := range who {
		page := as[AuditPage](w.admin.get("/admin/audit?action=" + action).want(200))
		if len(page.Items) != 1 {
			t.Errorf("%s: %d records", action, len(page.Items))
			continue
		}
		x := page.Items[0]
		if x.Operator.ID != operator || (operator != "" && x.Operator.Name == "") || x.At.IsZero() || x.Project.Name != "Лавка" {
			t.Errorf("%s: %+v", action, x)
		}
		if action != "access" && (x.DialogID != g.dialog || x.Visitor != "Пётр") {
			t.Errorf("%s: dialog %s of %q", action, x.DialogID, x.Visitor)
		}
	}
	x := as[AuditPage](w.admin.get("/admin/audit?action=transfer").want(200)).Items[0]
	if x.Detail["from"] != w.anna.id || x.Names[w.anna.id] != w.anna.name || x.Names[w.vera.id] != w.vera.name || len(x.Names) != 2 {
		t.Errorf("a transfer: %+v", x)
	}
	x = as[AuditPage](w.admin.get("/admin/audit?action=leave").want(200)).Items[0]
	if x.Names[w.sale] != "Продажа" {
		t.Errorf("tags of a session that ended: %+v", x)
	}
	x = as[AuditPage](w.admin.get("/admin/audit?action=access").want(200)).Items[0]
	if x.Names[w.oleg.id] != w.oleg.name {
		t.Errorf("whose access it is: %+v", x)
	}
	if x.Before["level"] != "operator" || x.After["level"] != "view" || x.Detail["operator"] != w.oleg.id {
		t.Errorf("%+v", x)
	}
	all := as[AuditPage](w.admin.get("/admin/audit?limit=200").want(200))
	var paged []AuditRecord
	for next := "/admin/audit?limit=3"; next != ""; {
		page := as[AuditPage](w.admin.get(next).want(200))
		paged = append(paged, page.Items...)
		if next = ""; page.NextCursor != "" {
			next = "/admin/audit?limit=3&cursor=" + page.NextCursor
		}
	}
	if len(paged) != len(all.Items) || len(paged) < len(who) {
		t.Fatalf("%d in pages, %d at once", len(paged), len(all.Items))
	}
	for i := range paged {
		if paged[i].ID != all.Items[i].ID || (i > 0 && paged[i].ID >= paged[i-1].ID) {
			t.Errorf("not newest first: %d", paged[i].ID)
		}
	}
	for query, want := range map[string]int{"operator_id=" + w.vera.id: 1, "dialog_id=" + uuid.NewString(): 0, "project_id=" + w.books: 0,
		"from=2999-01-01T00:00:00Z": 0, "to=2000-01-01T00:00:00Z": 0, "project_id=" + w.shop + "&action=claim": 1} {
		if page := as[AuditPage](w.admin.get("/admin/audit?" + query).want(200)); len(page.Items) != want {
			t.Errorf("%s: %d records, want %d", query, len(page.Items), want)
		}
	}
	for _, bad := range []string{"from=yesterday", "project_id=x", "cursor=x", "limit=0", "limit=201"} {
		w.admin.get("/admin/audit?"+bad).want(422, "invalid")
	}
	w.anna.get("/admin/audit").want(403, "forbidden")
}

// I-13, I-03: what a record refers to bears the name it has now; what is deleted stays an id, and what is of a project that
// the reader does not administer has no name for him.
func TestAuditNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	project := "/admin/projects/" + w.shop
	d := as[Department](w.admin.post(project+"/departments", map[string]any{"name": "Опт", "member_ids": []string{w.vera.id}, "hours": always()}).want(201))
	l := as[Label](w.admin.post(project+"/labels", map[string]any{"text": "VIP", "color": 1, "department_id": d.ID}).want(201))
	tpl := as[Template](w.admin.post(project+"/templates", map[string]any{"title": "Привет", "text": "Здравствуйте", "department_id": d.ID}).want(201))
	names := func(action string) map[string]string {
		t.Helper()
		page := as[AuditPage](w.admin.get("/admin/audit?action=" + action).want(200))
		if len(page.Items) != 1 {
			t.Fatalf("%s: %d records", action, len(page.Items))
		}
		return page.Items[0].Names
	}
	expect := func(action string, want map[string]string) {
		t.Helper()
		if got := names(action); !maps.Equal(got, want) {
			t.Errorf("%s: %v, want %v", action, got, want)
		}
	}
	expect("department_create", map[string]string{d.ID: "Опт", w.vera.id: w.vera.name})
	expect("label_create", map[string]string{d.ID: "Опт", l.ID: "VIP"})
	expect("template_create", map[string]string{d.ID: "Опт", tpl.ID: "Привет"})
	w.admin.put(project+"/labels/"+l.ID, map[string]any{"text": "Важный", "color": 1}).want(200)
	w.admin.delete(project + "/templates/" + tpl.ID).want(204)
	w.admin.delete(project + "/departments/" + d.ID).want(204)
	expect("label_create", map[string]string{l.ID: "Важный"})
	expect("template_create", nil)
	w.exec(`INSERT INTO audit (at, action, operator_id, source, detail) VALUES (now(), 'operator_change', $1, 'api', $2)`, w.admin.id,
		map[string]any{"operator": w.vic.id, "project": w.books, "deep": []any{map[string]any{"department": w.booksDepartment}}})
	expect("operator_change", map[string]string{w.vic.id: w.vic.name})
}
