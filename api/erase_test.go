package api

import (
	"strings"
	"testing"

	"github.com/google/uuid"
)

// traces lists the tables that hold the text anywhere in a row.
func (w *world) traces(text string) []string {
	w.t.Helper()
	var found []string
	rows, err := w.store.Pool().Query(w.t.Context(), `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`)
	if err != nil {
		w.t.Fatal(err)
	}
	var tables []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			w.t.Fatal(err)
		}
		tables = append(tables, name)
	}
	for _, name := range tables {
		var n int
		if err := w.store.Pool().QueryRow(w.t.Context(), `SELECT count(*) FROM `+name+` x WHERE strpos(x::text, $1) > 0`, text).Scan(&n); err != nil {
			w.t.Fatal(err)
		}
		if n > 0 {
			found = append(found, name)
		}
	}
	return found
}

// D-64: after an erase nothing personal is left in any table; order, kind and time of the log, proof of consent and
// receipts stay; open windows are told at once.
func TestErase(t *testing.T) {
	t.Parallel()
	const secret = "тайна-4242"
	w := newWorld(t)
	created := as[VisitorCreated](w.do("POST", "/widgets/"+w.key+"/visitors", map[string]string{"User-Agent": "Browser/" + "tajna-4242"}, map[string]any{
		"page_url": "https://shop.example/" + secret, "page_title": secret, "referrer": "https://x.example/" + secret,
		"landing_url": "https://shop.example/?utm_source=" + secret + "&utm_medium=" + secret + "&utm_campaign=" + secret + "&utm_term=" + secret}).want(201))
	v := &visitor{w, created.Token, created.State.DialogID}
	path := "/operator/dialogs/" + v.dialog
	v.says("меня зовут " + secret)
	w.oleg.says(v, "здравствуйте, "+secret)
	v.post("/visitor/form", map[string]any{"client_id": uuid.NewString(), "name": secret, "phone": "+7 701 000-42-42", "email": "tajna-4242@example.kz", "consent": true,
		"consent_text": "Согласен, " + secret, "consent_version": "7"}).want(200)
	w.oleg.patch(path+"/card", map[string]any{"client_id": uuid.NewString(), "rev": 1, "field": "comment", "value": secret}).want(200)
	w.oleg.post(path+"/block", map[string]any{"client_id": uuid.NewString()}).want(200)
	w.do("DELETE", path+"/block", w.oleg.headers(), nil).want(200)
	before := as[EventPage](w.anna.get(path + "/events").want(200)).Events
	erase := "/admin/projects/" + w.shop + "/dialogs/" + v.dialog + "/contact"
	w.do("DELETE", erase, w.admin.headers(), nil).want(409, "conflict") // its session is open
	w.oleg.ends(v, w.sale)
	session := as[VisitorState](v.get("/visitor").want(200)).Session.ID
	v.post("/visitor/rating", map[string]any{"client_id": uuid.NewString(), "session_id": session, "stars": 4, "comment": secret}).want(200)
	if len(w.traces(secret)) < 6 || len(w.traces("127.0.0.1")) == 0 || len(w.traces("tajna-4242")) < 3 {
		t.Fatalf("the ground: %v %v %v", w.traces(secret), w.traces("127.0.0.1"), w.traces("tajna-4242"))
	}
	for p, want := range map[*person]int{w.anna: 403, w.oleg: 403, w.viewer: 403, w.vic: 404} {
		w.do("DELETE", erase, p.headers(), nil).want(want)
	}
	w.do("DELETE", "/admin/projects/"+w.shop+"/dialogs/"+uuid.NewString()+"/contact", w.admin.headers(), nil).want(404)
	foreign := w.person("Чужой администратор", 4, w.books)
	w.do("DELETE", "/admin/projects/"+w.books+"/dialogs/"+v.dialog+"/contact", foreign.headers(), nil).want(404)

	mine, his := w.anna.socket(), v.socket(0)
	mine.send(map[string]any{"type": "open", "dialog_id": v.dialog, "after": 0})
	erased := func(f map[string]any) bool { return f["event"].(map[string]any)["kind"] == "erased" }
	w.do("DELETE", erase, w.admin.headers(), nil).want(204)
	mine.next("event", erased)
	his.next("event", erased)

	for _, text := range []string{secret, "127.0.0.1", "42-42", "tajna-4242"} {
		if found := w.traces(text); len(found) > 0 {
			t.Errorf("%s is still in %v", text, found)
		}
	}
	after := as[EventPage](w.anna.get(path + "/events").want(200)).Events
	for i, e := range before {
		if a := after[i]; a.Seq != e.Seq || a.Kind != e.Kind || !a.At.Equal(e.At) || a.Author != e.Author {
			t.Errorf("%+v became %+v", e, a)
		}
	}
	if last := after[len(after)-1]; last.Kind != EventKindErased {
		t.Errorf("%+v", last)
	}
	d := as[Dialog](w.anna.get(path).want(200))
	if d.Row.Visitor.Name != "" || d.Card.Comment != "" || d.IP != "" || d.Visit.Browser != "" || d.Sessions[0].Rating != 4 || d.Card.ConsentAt.IsZero() {
		t.Errorf("%+v", d)
	}
	var proofs int
	if err := w.store.Pool().QueryRow(t.Context(), `SELECT count(*) FROM consents WHERE version = '7' AND at IS NOT NULL AND text_hash = sha256(convert_to($1, 'UTF8'))`,
		"Согласен, "+secret).Scan(&proofs); err != nil || proofs != 1 {
		t.Errorf("proofs %d %v", proofs, err)
	}
	for _, file := range []string{string(w.anna.get(path + "/transcript").want(200).raw), string(v.get("/visitor/transcript").want(200).raw)} {
		if strings.Contains(file, secret) {
			t.Errorf("%s", file)
		}
	}
	// The visitor comes again: what he writes then is not touched, also not by erasing again what was erased.
	v.says("снова я")
	w.do("DELETE", erase, w.admin.headers(), nil).want(409, "conflict")
}
