package api

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// Bad input gets a 4xx with code, message and field, and never a 500 (the log of the test server fails the test).
func TestBadInput(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.visitor()
	v.says("начало")
	w.oleg.says(v, "беру")
	mine := "/operator/dialogs/" + v.dialog
	long := strings.Repeat("ы", 4001)
	type call struct {
		name         string
		method, path string
		as           map[string]string
		body         string
		status       int
		code, field  string
	}
	w.exec(`UPDATE projects SET form = form || '{"enabled":false}' WHERE id = $1`, w.shop)
	op, vis := w.oleg.headers(), v.headers()
	id := func(s string) string { return `{"client_id":"abcdefgh",` + s }
	calls := []call{
		{"empty body", "POST", mine + "/messages", op, ``, 400, "bad_json", ""},
		{"half a body", "POST", mine + "/messages", op, `{"text":`, 400, "bad_json", ""},
		{"two bodies", "POST", mine + "/messages", op, `{} {}`, 400, "bad_json", ""},
		{"an array", "POST", mine + "/messages", op, `[1]`, 400, "wrong_type", ""},
		{"null", "POST", mine + "/messages", op, `null`, 400, "wrong_type", ""},
		{"a string", "POST", mine + "/messages", op, `"x"`, 400, "wrong_type", ""},
		{"unknown field", "POST", mine + "/messages", op, id(`"text":"x","colour":"red"}`), 400, "unknown_field", "colour"},
		{"field in other case", "POST", mine + "/messages", op, id(`"Text":"x"}`), 400, "unknown_field", "Text"},
		{"text a number", "POST", mine + "/messages", op, id(`"text":1}`), 400, "wrong_type", "text"},
		{"seen_seq a string", "POST", mine + "/messages", op, id(`"text":"x","seen_seq":"1"}`), 400, "wrong_type", "seen_seq"},
		{"seen_seq a fraction", "POST", mine + "/messages", op, id(`"text":"x","seen_seq":1.5}`), 400, "wrong_type", "seen_seq"},
		{"seen_seq negative", "POST", mine + "/messages", op, id(`"text":"x","seen_seq":-1}`), 422, "invalid", "seen_seq"},
		{"no client_id", "POST", mine + "/messages", op, `{"text":"x"}`, 422, "required", "client_id"},
		{"client_id null", "POST", mine + "/messages", op, `{"client_id":null,"text":"x"}`, 422, "required", "client_id"},
		{"client_id short", "POST", mine + "/messages", op, `{"client_id":"abc","text":"x"}`, 422, "invalid", "client_id"},
		{"client_id odd", "POST", mine + "/messages", op, `{"client_id":"абвгдежз","text":"x"}`, 422, "invalid", "client_id"},
		{"no text", "POST", mine + "/messages", op, `{"client_id":"abcdefgh"}`, 422, "required", "text"},
		{"text empty", "POST", mine + "/messages", op, id(`"text":""}`), 422, "required", "text"},
		{"text white", "POST", mine + "/messages", op, id(`"text":" \n\t "}`), 422, "required", "text"},
		{"text long", "POST", mine + "/messages", op, id(`"text":"` + long + `"}`), 422, "too_long", "text"},
		{"text with NUL", "POST", mine + "/messages", op, id(`"text":"a\u0000b"}`), 422, "invalid", "text"},
		{"text not UTF-8", "POST", mine + "/messages", op, id("\"text\":\"\xff\xfe\"}"), 422, "not_utf8", "text"},
		{"huge", "POST", mine + "/messages", op, id(`"text":"` + strings.Repeat("x", 70_000) + `"}`), 413, "too_large", ""},
		{"visitor: unknown field", "POST", "/visitor/messages", vis, id(`"text":"x","audience":"operator"}`), 400, "unknown_field", "audience"},
		{"visitor: operators' field", "POST", "/visitor/messages", vis, id(`"text":"x","seen_seq":1}`), 400, "unknown_field", "seen_seq"},
		{"visitor: text long", "POST", "/visitor/messages", vis, id(`"text":"` + long + `"}`), 422, "too_long", "text"},
		{"visitor: not UTF-8", "POST", "/visitor/messages", vis, id("\"text\":\"\xc3\x28\"}"), 422, "not_utf8", "text"},
		{"department malformed", "POST", "/visitor/department", vis, id(`"department_id":"x"}`), 422, "invalid", "department_id"},
		{"department foreign", "POST", "/visitor/department", vis, id(`"department_id":"` + w.booksDepartment + `"}`), 422, "invalid", "department_id"},
		{"department missing", "POST", "/visitor/department", vis, `{"client_id":"abcdefgh"}`, 422, "required", "department_id"},
		{"form without consent", "POST", "/visitor/form", vis, id(`"phone":"+7 900 000-00-00","consent":false}`), 422, "consent_required", "consent"},
		{"form consent missing", "POST", "/visitor/form", vis, id(`"phone":"+7 900 000-00-00"}`), 422, "required", "consent"},
		{"form consent a word", "POST", "/visitor/form", vis, id(`"phone":"+7 900 000-00-00","consent":"yes"}`), 400, "wrong_type", "consent"},
		{"form empty", "POST", "/visitor/form", vis, id(`"consent":true}`), 422, "required", "phone"},
		{"form phone bad", "POST", "/visitor/form", vis, id(`"phone":"call me","consent":true}`), 422, "invalid", "phone"},
		{"form name long", "POST", "/visitor/form", vis, id(`"phone":"+7 900 000-00-00","name":"` + strings.Repeat("и", 101) + `","consent":true}`), 422, "too_long", "name"},
		{"form consent_text with NUL", "POST", "/visitor/form", vis, id(`"phone":"+79000000000","consent":true,"consent_text":"\u0000"}`), 422, "invalid", "consent_text"},
		{"form consent_version long", "POST", "/visitor/form", vis, id(`"phone":"+79000000000","consent":true,"consent_version":"` + strings.Repeat("1", 41) + `"}`), 422, "too_long", "consent_version"},
		{"form switched off", "POST", "/visitor/form", vis, id(`"phone":"+7 900 000-00-00","consent":true}`), 403, "form_disabled", ""},
		{"rating stars 0", "POST", "/visitor/rating", vis, id(`"session_id":"` + uuid.NewString() + `","stars":0}`), 422, "invalid", "stars"},
		{"rating stars 6", "POST", "/visitor/rating", vis, id(`"session_id":"` + uuid.NewString() + `","stars":6}`), 422, "invalid", "stars"},
		{"rating session malformed", "POST", "/visitor/rating", vis, id(`"session_id":"1","stars":5}`), 404, "not_found", "session_id"},
		{"rating of an open session", "POST", "/visitor/rating", vis, id(`"session_id":"` + uuid.NewString() + `","stars":5}`), 409, "rating_closed", ""},
		{"visitor token unknown", "GET", "/visitor", map[string]string{"Authorization": "Bearer " + token()}, "", 401, "unauthenticated", ""},
		{"visitor token missing", "GET", "/visitor", nil, "", 401, "unauthenticated", ""},
		{"visitor token as Basic", "GET", "/visitor", map[string]string{"Authorization": "Basic " + v.token}, "", 401, "unauthenticated", ""},
		{"visitor token huge", "GET", "/visitor", map[string]string{"Authorization": "Bearer " + strings.Repeat("x", 3000)}, "", 401, "unauthenticated", ""},
		{"cookie unknown", "GET", "/operator/me", map[string]string{"Cookie": sessionCookie + "=" + token()}, "", 401, "unauthenticated", ""},
		{"widget unknown", "GET", "/widgets/no-such-widget", nil, "", 404, "not_found", ""},
		{"widget odd", "GET", "/widgets/%00%ff", nil, "", 404, "not_found", ""},
		{"visitor locale", "POST", "/widgets/" + w.key + "/visitors", nil, `{"locale":"fr"}`, 422, "invalid", "locale"},
		{"visitor page long", "POST", "/widgets/" + w.key + "/visitors", nil, `{"page_url":"` + strings.Repeat("u", 2001) + `"}`, 422, "too_long", "page_url"},
		{"visitor title with NUL", "POST", "/widgets/" + w.key + "/visitors", nil, `{"page_title":"\u0000"}`, 422, "invalid", "page_title"},
		{"dialog malformed", "GET", "/operator/dialogs/1", op, "", 404, "not_found", ""},
		{"dialog in braces", "GET", "/operator/dialogs/%7B" + v.dialog + "%7D", op, "", 404, "not_found", ""},
		{"dialog unknown", "GET", "/operator/dialogs/" + uuid.NewString(), op, "", 404, "not_found", ""},
		{"project malformed", "GET", "/operator/projects/x/dialogs", op, "", 404, "not_found", ""},
		{"path unknown", "GET", "/operator/nothing", op, "", 404, "not_found", ""},
		{"path outside", "GET", w.base + "/nothing", nil, "", 404, "not_found", ""},
		{"method unknown", "DELETE", mine, op, "", 404, "not_found", ""},
		{"events: both ends", "GET", mine + "/events?after=1&before=3", op, "", 422, "invalid", "before"},
		{"events: after a word", "GET", mine + "/events?after=x", op, "", 400, "wrong_type", "after"},
		{"events: after negative", "GET", mine + "/events?after=-1", op, "", 422, "invalid", "after"},
		{"events: before 0", "GET", mine + "/events?before=0", op, "", 422, "invalid", "before"},
		{"events: after too big", "GET", mine + "/events?after=99999999999999999999", op, "", 422, "invalid", "after"},
		{"events: limit 0", "GET", mine + "/events?limit=0", op, "", 422, "invalid", "limit"},
		{"events: limit 201", "GET", mine + "/events?limit=201", op, "", 422, "invalid", "limit"},
		{"list: group", "GET", "/operator/projects/" + w.shop + "/dialogs?group=none", op, "", 422, "invalid", "group"},
		{"list: sort", "GET", "/operator/projects/" + w.shop + "/dialogs?sort=up", op, "", 422, "invalid", "sort"},
		{"list: cursor", "GET", "/operator/projects/" + w.shop + "/dialogs?cursor=%00", op, "", 422, "invalid", "cursor"},
		{"list: cursor of another sort", "GET", "/operator/projects/" + w.shop + "/dialogs?cursor=" + writeCursor("newest", "x"), op, "", 422, "invalid", "cursor"},
		{"transcript: lang", "GET", mine + "/transcript?lang=fr", op, "", 422, "invalid", "lang"},
		{"read: seq missing", "POST", mine + "/read", op, `{}`, 422, "required", "seq"},
		{"read: seq negative", "POST", mine + "/read", op, `{"seq":-5}`, 422, "invalid", "seq"},
		{"read: seq too big a number", "POST", mine + "/read", op, `{"seq":99999999999999999999}`, 400, "wrong_type", "seq"},
		{"leave: last_seen_seq missing", "POST", mine + "/leave", op, `{"client_id":"abcdefgh"}`, 422, "required", "last_seen_seq"},
		{"leave: unseen", "POST", mine + "/leave", op, id(`"last_seen_seq":0}`), 409, "unseen_message", ""},
		{"leave: tags not a list", "POST", mine + "/leave", op, id(`"last_seen_seq":9,"tags":"x"}`), 400, "wrong_type", "tags"},
		{"tags: malformed", "PUT", mine + "/tags", op, id(`"tags":["x"]}`), 422, "invalid", "tags"},
		{"tags: unknown", "PUT", mine + "/tags", op, id(`"tags":["` + uuid.NewString() + `"]}`), 422, "invalid", "tags"},
		{"tags: missing", "PUT", mine + "/tags", op, `{"client_id":"abcdefgh"}`, 422, "required", "tags"},
		{"tags: too many", "PUT", mine + "/tags", op, id(`"tags":["` + strings.Repeat(w.sale+`","`, 100) + w.sale + `"]}`), 422, "too_long", "tags"},
		{"transfer: malformed", "POST", mine + "/transfer", op, id(`"operator_id":"x"}`), 404, "not_found", "operator_id"},
		{"transfer: unknown", "POST", mine + "/transfer", op, id(`"operator_id":"` + uuid.NewString() + `"}`), 409, "target_unavailable", "operator_id"},
		{"transfer: of another project", "POST", mine + "/transfer", op, id(`"operator_id":"` + w.vic.id + `"}`), 409, "target_unavailable", "operator_id"},
		{"transfer: offline", "POST", mine + "/transfer", op, id(`"operator_id":"` + w.vera.id + `"}`), 409, "target_unavailable", "operator_id"},
		{"transfer: department malformed", "POST", mine + "/transfer", op, id(`"operator_id":"` + w.vera.id + `","department_id":"x"}`), 404, "not_found", "department_id"},
		{"contacts: seen_seq a string", "POST", mine + "/contact-request", op, id(`"seen_seq":"1"}`), 400, "wrong_type", "seen_seq"},
		{"contacts: no client_id", "POST", mine + "/contact-request", op, `{}`, 422, "required", "client_id"},
		{"contacts: switched off", "POST", mine + "/contact-request", op, `{"client_id":"abcdefgh"}`, 403, "form_disabled", ""},
		{"card: field missing", "PATCH", mine + "/card", op, id(`"rev":0,"value":"x"}`), 422, "required", "field"},
		{"card: rev a string", "PATCH", mine + "/card", op, id(`"rev":"0","field":"name","value":"x"}`), 400, "wrong_type", "rev"},
		{"card: value a number", "PATCH", mine + "/card", op, id(`"rev":0,"field":"name","value":1}`), 400, "wrong_type", "value"},
		{"card: no consent", "PATCH", mine + "/card", op, id(`"rev":0,"field":"name","value":"x"}`), 403, "consent_required", ""},
		{"label: neither", "POST", mine + "/labels", op, `{"client_id":"abcdefgh"}`, 422, "required", "text"},
		{"label: malformed", "POST", mine + "/labels", op, id(`"label_id":"x"}`), 404, "not_found", "label_id"},
		{"label: color a word", "POST", mine + "/labels", op, id(`"text":"x","color":"red"}`), 400, "wrong_type", "color"},
		{"label: color negative", "POST", mine + "/labels", w.anna.headers(), id(`"text":"x","color":-1}`), 422, "invalid", "color"},
		{"label: text with NUL", "POST", mine + "/labels", w.anna.headers(), id(`"text":"a\u0000","color":1}`), 422, "invalid", "text"},
		{"label: text not UTF-8", "POST", mine + "/labels", w.anna.headers(), id("\"text\":\"\xff\",\"color\":1}"), 422, "not_utf8", "text"},
		{"label: text white", "POST", mine + "/labels", w.anna.headers(), id(`"text":"  ","color":1}`), 422, "required", "text"},
		{"label off: malformed", "DELETE", mine + "/labels/1", op, "", 404, "not_found", ""},
		{"me: locale", "PATCH", "/operator/me", op, `{"locale":"fr"}`, 422, "invalid", "locale"},
		{"me: nothing", "PATCH", "/operator/me", op, `{}`, 422, "required", "locale"},
		{"sign-in: no password", "POST", "/operator/sign-in", nil, `{"login":"x"}`, 422, "required", "password"},
		{"sign-in: login empty", "POST", "/operator/sign-in", nil, `{"login":"","password":"x"}`, 422, "required", "login"},
		{"sign-in: login with NUL", "POST", "/operator/sign-in", nil, `{"login":"a\u0000","password":"x"}`, 422, "invalid", "login"},
		{"sign-in: login long", "POST", "/operator/sign-in", nil, `{"login":"` + strings.Repeat("x", 201) + `","password":"x"}`, 422, "too_long", "login"},
		{"socket without upgrade", "GET", "/operator/socket", op, "", 422, "invalid", ""},
		{"socket without cookie", "GET", "/operator/socket", nil, "", 401, "unauthenticated", ""},
		{"socket of another origin", "GET", "/operator/socket", with(op, "Origin", "https://evil.example.org"), "", 403, "origin", ""},
	}
	for _, c := range calls {
		t.Run(c.name, func(t *testing.T) {
			var body any
			if c.body != "" || c.method == "POST" {
				body = c.body
			}
			a := w.do(c.method, c.path, c.as, body)
			if a.status != c.status {
				t.Fatalf("got %d %s, want %d %s", a.status, a.raw, c.status, c.code)
			}
			if e := a.error(); e.Code != c.code || e.Field != c.field || e.Message == "" {
				t.Errorf("got %+v, want %s %s", e, c.code, c.field)
			}
		})
	}
	// A refused command leaves nothing behind (I-10).
	page := as[EventPage](v.get("/visitor/events").want(http.StatusOK))
	if len(page.Events) != 3 {
		t.Errorf("events %+v", page.Events)
	}
}

func with(h map[string]string, k, v string) map[string]string {
	out := map[string]string{k: v}
	for k, v := range h {
		out[k] = v
	}
	return out
}
