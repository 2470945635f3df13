package api

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// I-03: every endpoint of a dialog or project × every role × own, other department, other project, unknown: what is not
// his is not found, and no answer tells foreign from unknown or names anybody.
func TestMatrix(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	secret := "секрет-" + uuid.NewString()
	delivery := w.visitor() // a dialog of department Доставка
	delivery.post("/visitor/department", map[string]any{"client_id": "dept-00001", "department_id": w.delivery}).want(200)
	delivery.says(secret)
	w.vera.says(delivery, secret)
	general := w.visitor() // open to all of the project
	general.says("общее")
	silent := w.visitor() // has not begun a dialog
	unknown := uuid.NewString()

	type endpoint struct {
		method, path string
		body         func() any
	}
	id := func(body map[string]any) func() any {
		return func() any {
			body["client_id"] = uuid.NewString()
			return body
		}
	}
	none := func() any { return nil }
	endpoints := []endpoint{
		{"GET", "", none},
		{"GET", "/events", none},
		{"GET", "/transfer-targets", none},
		{"GET", "/transcript", none},
		{"POST", "/read", func() any { return map[string]any{"seq": 1} }},
		{"POST", "/messages", id(map[string]any{"text": "чужое"})},
		{"POST", "/transfer", id(map[string]any{"operator_id": w.anna.id})},
		{"POST", "/leave", id(map[string]any{"last_seen_seq": 99, "tags": []string{w.sale}})},
		{"PUT", "/tags", id(map[string]any{"tags": []string{w.sale}})},
		{"POST", "/block", id(map[string]any{})},
		{"DELETE", "/block", none},
		{"POST", "/contact-request", id(map[string]any{})},
		{"PATCH", "/card", id(map[string]any{"rev": 0, "field": "comment", "value": "чужое"})},
		{"GET", "/labels", none},
		{"POST", "/labels", id(map[string]any{"text": "чужое", "color": 1})},
		{"DELETE", "/labels/" + uuid.NewString(), none},
		{"GET", "/templates", none},
	}
	people := map[string]*person{"senior": w.anna, "department": w.vera, "other department": w.oleg, "view only": w.viewer, "other project": w.vic}
	maySee := func(who, what string) bool {
		switch who {
		case "senior", "department":
			return what == "delivery" || what == "general"
		case "other department":
			return what == "general"
		}
		return false
	}
	dialogs := map[string]string{"delivery": delivery.dialog, "general": general.dialog, "silent": silent.dialog, "unknown": unknown}
	for _, e := range endpoints {
		var notFound string // the body that all refusals share
		for who, p := range people {
			for what, dialogID := range dialogs {
				t.Run(fmt.Sprintf("%s %s %s %s", e.method, e.path, who, what), func(t *testing.T) {
					if maySee(who, what) && e.method != "GET" {
						return // what is allowed is in the other tests; here it would change the ground
					}
					a := w.do(e.method, "/operator/dialogs/"+dialogID+e.path, p.headers(), e.body())
					if maySee(who, what) {
						if a.status == http.StatusNotFound {
							t.Errorf("his own is not found: %s", a.raw)
						}
						return
					}
					if a.status != http.StatusNotFound {
						t.Fatalf("got %d %s", a.status, a.raw)
					}
					if notFound == "" {
						notFound = string(a.raw)
					}
					if string(a.raw) != notFound || strings.Contains(string(a.raw), secret) {
						t.Errorf("differs: %s against %s", a.raw, notFound)
					}
				})
			}
		}
	}
	for who, p := range people {
		for what, project := range map[string]string{"shop": w.shop, "books": w.books, "unknown": unknown} {
			mine := (what == "shop" && who != "view only" && who != "other project") || (what == "books" && who == "other project")
			a := p.get("/operator/projects/" + project + "/dialogs")
			if mine != (a.status == http.StatusOK) || (!mine && a.status != http.StatusNotFound) {
				t.Errorf("list of %s for %s: %d", what, who, a.status)
			}
		}
		if me := string(p.get("/operator/me").want(200).raw); who == "other project" && strings.Contains(me, "Лавка") {
			t.Errorf("me names another project: %s", me)
		}
	}
	// Nothing of it changed anything.
	page := as[EventPage](w.anna.get("/operator/dialogs/" + delivery.dialog + "/events").want(200))
	if page.HeadSeq != 4 {
		t.Errorf("head %d, want 4", page.HeadSeq)
	}
	// Without a sign-in, and with a visitor's token instead of one, nothing is open.
	for _, e := range endpoints {
		w.do(e.method, "/operator/dialogs/"+delivery.dialog+e.path, nil, e.body()).want(401, "unauthenticated")
		w.do(e.method, "/operator/dialogs/"+delivery.dialog+e.path, delivery.headers(), e.body()).want(401, "unauthenticated")
	}
	// A visitor has his own dialog and no operator-only entry of it.
	w.exec(`UPDATE dialogs SET card_comment = $1`, "комментарий-"+secret)
	for _, path := range []string{"/visitor", "/visitor/events", "/visitor/transcript"} {
		if raw := string(general.get(path).want(200).raw); strings.Contains(raw, secret) {
			t.Errorf("%s: %s", path, raw)
		}
	}
	for _, path := range []string{"/visitor", "/visitor/events"} {
		w.do("GET", path, map[string]string{"Cookie": sessionCookie + "=" + w.anna.token}, nil).want(401, "unauthenticated")
	}
}

// D-27: writing into a colleague's dialog is nobody's right; managing it is senior's.
func TestColleaguesDialog(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.visitor()
	v.says("вопрос")
	path := "/operator/dialogs/" + v.dialog
	w.vera.post(path+"/transfer", map[string]any{"client_id": "transfer-0", "operator_id": w.oleg.id}).want(409, "not_claimed")
	w.vera.says(v, "ответ")
	w.exec(`DELETE FROM department_members WHERE operator_id = $1`, w.vera.id)
	w.exec(`UPDATE sessions SET department_id = NULL`)
	seen := func() map[string]any {
		m := message("перебью")
		m["seen_seq"] = 99
		return m
	}
	a := w.oleg.post(path+"/messages", seen()).want(403, "not_assignee")
	if a.error().Operator.Name != w.vera.name {
		t.Errorf("%+v", a.error())
	}
	w.anna.post(path+"/messages", seen()).want(403, "not_assignee")
	w.oleg.put(path+"/tags", map[string]any{"client_id": "tags-00001", "tags": []string{w.sale}}).want(403, "not_assignee")
	w.oleg.post(path+"/leave", map[string]any{"client_id": "leave-0001", "last_seen_seq": 9}).want(403, "not_assignee")
	can := as[Dialog](w.oleg.get(path).want(200)).Row.Can
	if can != (Can{Write: CanWriteNotAssignee, Transfer: CanTransferNotAssignee, Leave: CanLeaveNotAssignee,
		Block: CanBlockNotAssignee, Edit: CanEditNotAssignee}) {
		t.Errorf("can %+v", can)
	}
	w.anna.post(path+"/transfer", map[string]any{"client_id": "transfer-1", "operator_id": w.anna.id}).want(200)
	w.anna.says(v, "теперь я")
}
