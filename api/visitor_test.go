package api

import (
	"bytes"
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/otklik/otklik/store"
)

// D-41: form and department start a session; the form fills the card and proves consent.
func TestFormAndDepartment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.nobodyOnline()
	cfg := as[WidgetConfig](w.do("GET", "/widgets/"+w.key, nil, nil).want(200))
	if len(cfg.Departments) != 2 || cfg.Form.Company != "ООО «Лавка»" || cfg.Online || !cfg.Rating {
		t.Errorf("%+v", cfg)
	}
	w.anna.socket()
	until(t, "an operator is online", func() bool { return as[WidgetConfig](w.do("GET", "/widgets/"+w.key, nil, nil).want(200)).Online })
	v := w.visitor()
	desk := w.anna.watching(w.shop)
	widget := v.socket(0)
	a := as[MessageAnswer](v.post("/visitor/form", map[string]any{"client_id": "form-00001", "name": "Айгүл", "phone": "+7 701 000-00-00",
		"consent": true, "consent_text": "Даю согласие\nна обработку", "consent_version": "1"}).want(200))
	if a.Event.Kind != EventKindForm || a.Event.Params["name"] != "Айгүл" || a.Event.Seq != 1 {
		t.Errorf("%+v", a.Event)
	}
	row := desk.next("row", rowOf(v.dialog))["row"].(map[string]any)
	if row["visitor"].(map[string]any)["name"] != "Айгүл" || row["unread"] != 1.0 || row["last"].(map[string]any)["kind"] != "form" { // D-25
		t.Errorf("%v", row)
	}
	if s := widget.next("state")["state"].(map[string]any); s["consent"] != true || s["can_download"] != false {
		t.Errorf("%v", s)
	}
	v.get("/visitor/transcript").want(409, "no_visitor_messages")
	w.anna.get("/operator/dialogs/"+v.dialog+"/transcript").want(409, "no_visitor_messages")
	d := as[Dialog](w.anna.get("/operator/dialogs/" + v.dialog).want(200))
	if d.Card.Phone != "+7 701 000-00-00" || d.Card.ConsentAt.IsZero() || d.CanDownload {
		t.Errorf("%+v", d.Card)
	}
	dept := as[MessageAnswer](v.post("/visitor/department", map[string]any{"client_id": "dept-00001", "department_id": w.sales}).want(200))
	if dept.Event.Params["department"] != "Продажи" {
		t.Errorf("%+v", dept.Event)
	}
	again := as[MessageAnswer](v.post("/visitor/department", map[string]any{"client_id": "dept-00001", "department_id": w.sales}).want(200))
	if again.Event.Seq != dept.Event.Seq {
		t.Errorf("the retry got another answer: %+v", again)
	}
	v.says("<img src=x onerror=alert(1)>") // I-11: text is text
	if s := widget.next("state")["state"].(map[string]any); s["session"].(map[string]any)["department"].(map[string]any)["name"] != "Продажи" {
		t.Errorf("%v", s)
	}
}

// D-39, D-68: a rating is taken until a new session starts, and is for seniors to see.
func TestRating(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.visitor()
	v.says("привет")
	w.vera.says(v, "да")
	w.exec(`UPDATE sessions SET department_id = NULL`)
	session := as[VisitorState](v.get("/visitor").want(200)).Session.ID
	rate := func(id string, stars int) answer {
		return v.post("/visitor/rating", map[string]any{"client_id": id, "session_id": session, "stars": stars, "comment": "хорошо"})
	}
	rate("rating-000", 5).want(409, "rating_closed")
	w.vera.post("/operator/dialogs/"+v.dialog+"/leave", map[string]any{"client_id": "leave-0001", "last_seen_seq": 9, "tags": []string{w.sale}}).want(200)
	state := as[VisitorState](rate("rating-001", 4).want(200))
	if state.Rating.Stars != 4 || state.Session.Open {
		t.Errorf("%+v", state)
	}
	if got := as[VisitorState](rate("rating-001", 4).want(200)); got.Rating.Stars != 4 { // the retry
		t.Errorf("%+v", got)
	}
	rate("rating-002", 3).want(200)
	if d := as[Dialog](w.anna.get("/operator/dialogs/" + v.dialog).want(200)); d.Sessions[0].Rating != 3 {
		t.Errorf("%+v", d.Sessions)
	}
	if d := as[Dialog](w.vera.get("/operator/dialogs/" + v.dialog).want(200)); d.Sessions[0].Rating != 0 {
		t.Errorf("the operator sees his rating: %+v", d.Sessions)
	}
	v.says("снова я") // D-24: a new session, for everybody
	rate("rating-003", 1).want(409, "rating_closed")
	d := as[Dialog](w.vera.get("/operator/dialogs/" + v.dialog).want(200))
	if len(d.Sessions) != 2 || d.Sessions[0].No != 2 || d.Row.Session.Assignee.ID != "" {
		t.Errorf("%+v", d)
	}
	// first and last message of the session, not its end.
	old := d.Sessions[1]
	events := as[EventPage](w.vera.get("/operator/dialogs/" + v.dialog + "/events").want(200)).Events
	if !old.StartedAt.Equal(events[0].At) || !old.LastMessageAt.Equal(events[2].At) || !old.ClosedAt.After(old.LastMessageAt) {
		t.Errorf("%+v", old)
	}
	w.exec(`UPDATE projects SET rating = false`)
	v2 := w.visitor()
	v2.says("x")
	w.vera.says(v2, "y")
	w.vera.post("/operator/dialogs/"+v2.dialog+"/leave", map[string]any{"client_id": "leave-0001", "last_seen_seq": 9, "tags": []string{w.sale}}).want(200)
	s2 := as[VisitorState](v2.get("/visitor").want(200))
	if s2.Rating.SessionID != "" {
		t.Errorf("%+v", s2)
	}
	v2.post("/visitor/rating", map[string]any{"client_id": "rating-001", "session_id": s2.Session.ID, "stars": 5}).want(403, "rating_disabled")
}

// D-68, R-023: when the prompt ends, a page that is open hears of it, and one that is loaded later is not asked; a rating
// that was on its way is taken all the same, and stays to be changed (D-39).
func TestRatingPromptEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.visitor()
	v.says("привет")
	w.oleg.says(v, "да")
	widget := v.socket(0)
	w.oleg.post("/operator/dialogs/"+v.dialog+"/leave", map[string]any{"client_id": "leave-0001", "last_seen_seq": 9, "tags": []string{w.sale}}).want(200)
	asked := func(f map[string]any) bool { return f["state"].(map[string]any)["rating"] != nil }
	widget.next("state", asked)
	session := as[VisitorState](v.get("/visitor").want(200)).Rating.SessionID
	w.exec(`UPDATE sessions SET rating_until = clock_timestamp() WHERE id = $1`, session)
	if _, _, _, err := w.store.Due(t.Context(), v.dialog, store.Fence{At: time.Now(), Ordinal: 1, Run: "run"}); err != nil {
		t.Fatal(err)
	}
	widget.next("state", func(f map[string]any) bool { return !asked(f) })
	if s := as[VisitorState](v.get("/visitor").want(200)); s.Rating.SessionID != "" {
		t.Errorf("asked after the end: %+v", s.Rating)
	}
	late := v.post("/visitor/rating", map[string]any{"client_id": "rating-001", "session_id": session, "stars": 4}).want(200)
	if s := as[VisitorState](late); s.Rating.Stars != 4 {
		t.Errorf("a late rating: %+v", s.Rating)
	}
}

// D-52: the whole dialog by pages, each side its own.
func TestTranscript(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.visitor()
	for range 20 {
		v.says("Строка\nещё строка")
	}
	w.vera.says(v, "Ответ")
	w.exec(`INSERT INTO events (dialog_id, seq, visitor_seq, session_id, session_no, kind, author, audience, body, at)
SELECT d.id, d.seq + n, d.visitor_seq + n, d.session_id, 1, 'message', 'visitor', 'all', 'Сообщение ' || n, clock_timestamp()
FROM dialogs d, generate_series(1, 1500) n WHERE d.id = $1`, v.dialog)
	a := w.vera.get("/operator/dialogs/" + v.dialog + "/transcript?lang=en").want(200)
	if got := a.header.Get("Content-Type"); got != "text/plain; charset=utf-8" {
		t.Error(got)
	}
	if got := a.header.Get("Content-Disposition"); !strings.HasPrefix(got, "attachment; filename=") || !strings.Contains(got, "filename*=UTF-8''dialog_%D0%9B") {
		t.Error(got)
	}
	if !bytes.HasPrefix(a.raw, []byte("\xef\xbb\xbfDialog with visitor: Visitor ")) || !bytes.HasSuffix(a.raw, []byte("Сообщение 1500\r\n")) {
		t.Errorf("%s", a.raw[:300])
	}
	if n := bytes.Count(a.raw, []byte("Сообщение ")); n != 1500 {
		t.Errorf("%d messages", n)
	}
	if bytes.Contains(a.raw, []byte("joined")) {
		t.Error("the visitor's entry is in the operator's file")
	}
	own := v.get("/visitor/transcript").want(200)
	if !bytes.Contains(own.raw, []byte("Вы: Строка\r\n           ещё строка\r\n")) || !bytes.Contains(own.raw, []byte("К диалогу подключился оператор Вера Кузнецова")) {
		t.Errorf("%s", own.raw[:300])
	}
}

// D-22, D-52: the day in the file's name is the project's: 22:30 in UTC is the next day in Moscow.
func TestTranscriptName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.visitor()
	v.says("x")
	w.exec(`UPDATE clock SET "offset" = timestamptz '2026-11-22T22:30:00Z' - clock_timestamp()`)
	for _, a := range []answer{w.vera.get("/operator/dialogs/" + v.dialog + "/transcript").want(200), v.get("/visitor/transcript").want(200)} {
		if got := a.header.Get("Content-Disposition"); !strings.HasSuffix(got, "_2026-11-23.txt") {
			t.Error(got)
		}
	}
}

// Browsers of any site may ask for visitors' things, with no credentials of theirs.
func TestAnyOrigin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	head := map[string]string{"Origin": "https://shop.example.org", "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}
	for _, path := range []string{"/widgets/" + w.key + "/visitors", "/visitor/messages", "/visitor"} {
		a := w.do("OPTIONS", path, head, nil).want(204)
		if a.header.Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(a.header.Get("Access-Control-Allow-Headers"), "Authorization") {
			t.Errorf("%s: %v", path, a.header)
		}
	}
	if a := w.do("GET", "/operator/me", head, nil).want(401); a.header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("operators' things are open to other origins")
	}
}

func TestOps(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	w := newWorld(t, func(o *Options) {
		o.TemporalReachable = func(context.Context) error { asked.Add(1); return nil }
	})
	w.do("GET", w.base+"/healthz", nil, nil).want(200)
	start := time.Now()
	for range 20 {
		w.do("GET", w.base+"/readyz", nil, nil).want(200)
	}
	if n := asked.Load(); n == 0 || n > 1+int64(time.Since(start)/healthFresh) {
		t.Errorf("looked %d times in %v", n, time.Since(start))
	}
	if a := w.do("GET", w.base+"/readyz", nil, nil).want(200); !strings.Contains(string(a.raw), `"ready":true`) {
		t.Errorf("%s", a.raw)
	}
	if a := w.do("GET", w.base+"/openapi.yaml", nil, nil).want(200); !bytes.Equal(a.raw, contract) {
		t.Error("another contract")
	}
}
