package api

import (
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
	x := as[AuditPage](w.admin.get("/admin/audit?action=access").want(200)).Items[0]
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
