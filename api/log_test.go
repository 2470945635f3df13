package api

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/otklik/otklik/dialog"
)

// ends has the operator leave the dialog with a tag.
func (p *person) ends(v *visitor, tags ...string) {
	p.w.t.Helper()
	head := as[Dialog](p.get("/operator/dialogs/" + v.dialog).want(200)).HeadSeq
	p.post("/operator/dialogs/"+v.dialog+"/leave", map[string]any{"client_id": uuid.NewString(), "last_seen_seq": head, "tags": tags}).want(200)
}

func (p *person) finds(v *visitor, text string) SearchPage {
	p.w.t.Helper()
	return as[SearchPage](p.get("/operator/dialogs/" + v.dialog + "/search?q=" + url.QueryEscape(text)).want(200))
}

func (p *person) log(query string) []LogRow {
	p.w.t.Helper()
	return as[LogPage](p.get("/operator/projects/" + p.w.shop + "/log" + query).want(200)).Rows
}

func (v *visitor) fills(name, phone, email string) {
	v.w.t.Helper()
	v.post("/visitor/form", map[string]any{"client_id": uuid.NewString(), "name": name, "phone": phone, "email": email, "consent": true,
		"consent_text": "Согласен", "consent_version": "1"}).want(200)
}

// D-47: messages of both sides and form answers of all sessions; case and ё do not matter;
// nothing is a wildcard; system messages and the comment are not searched; it works the same from the chat log.
func TestSearch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.visitor()
	first := v.says("Есть ли Чёрный чай?")
	w.oleg.says(v, "Да, ЧЕРНЫЙ чай есть, скидка 100%_")
	v.fills("Айгүл Әлімқызы", "+7 701 000-00-01", "aigul@example.kz")
	w.oleg.ends(v, w.sale)
	v.says("и снова ЧЁРНЫЙ")
	w.oleg.says(v, `путь C:\чай`)
	w.exec(`UPDATE dialogs SET card_comment = 'чёрный список'`)
	other := w.visitor()
	other.says("чёрный чай другого")

	for _, c := range []struct {
		text string
		want int
	}{
		{"черный", 3}, {"ЧЁРНЫЙ", 3}, {"чай", 3}, {"ӘЛІМҚЫЗЫ", 1}, {"айгүл", 1}, {"701 000", 1}, {"EXAMPLE.kz", 1},
		{"100%_", 1}, {"%", 1}, {"_", 1}, {`\`, 1}, {"ч%й", 0}, {"ч_й", 0}, {"завершил", 0}, {"список", 0}, {"другого", 0}, {"нет такого", 0},
	} {
		if got := w.oleg.finds(v, c.text); got.Total != c.want || len(got.Matches) != c.want {
			t.Errorf("%q: %d of %d, want %d", c.text, len(got.Matches), got.Total, c.want)
		}
	}
	got := w.oleg.finds(v, "черный")
	if got.Matches[0].SessionNo != 2 || got.Matches[2].Seq != 1 || !got.Matches[2].At.Equal(first.At) || got.Matches[0].Seq <= got.Matches[1].Seq {
		t.Errorf("newest first: %+v", got.Matches)
	}
	path := "/operator/dialogs/" + v.dialog + "/search?limit=1&q=" + url.QueryEscape("черный")
	var seqs []int64
	for cursor := ""; ; {
		page := as[SearchPage](w.oleg.get(path + cursor).want(200))
		if page.Total != 3 || len(page.Matches) != 1 {
			t.Fatalf("page %+v", page)
		}
		seqs = append(seqs, page.Matches[0].Seq)
		if page.NextCursor == "" {
			break
		}
		cursor = "&cursor=" + page.NextCursor
	}
	if len(seqs) != 3 || seqs[0] != got.Matches[0].Seq || seqs[2] != 1 {
		t.Errorf("pages %v", seqs)
	}
	w.viewer.get(path).want(404) // of a department that is not his (D-14)
	w.exec(`INSERT INTO department_members (operator_id, department_id) VALUES ($1, $2)`, w.viewer.id, w.sales)
	if got := w.viewer.finds(v, "черный"); got.Total != 2 { // from the chat log: what is finished (D-63)
		t.Errorf("from the chat log: %+v", got)
	}
	w.oleg.ends(v, w.lead)
	if got := w.viewer.finds(v, "черный"); got.Total != 3 || w.oleg.finds(v, "черный").Total != 3 {
		t.Errorf("after the end: %+v", got)
	}
}

// Bad queries are told apart from empty results.
func TestSearchInput(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.visitor()
	v.says("вопрос")
	path := "/operator/dialogs/" + v.dialog + "/search"
	w.oleg.get(path).want(422, "required")
	w.oleg.get(path+"?q=%20").want(422, "required")
	w.oleg.get(path+"?q=%ff").want(422, "not_utf8")
	w.oleg.get(path+"?q=a%00b").want(422, "invalid")
	w.oleg.get(path+"?q="+strings.Repeat("a", 201)).want(422, "too_long")
	w.oleg.get(path+"?q=a&cursor=zzz").want(422, "invalid")
	w.oleg.get(path+"?q=a&limit=0").want(422, "invalid")
	log := "/operator/projects/" + w.shop + "/log"
	w.oleg.get(log+"?from=yesterday").want(422, "invalid")
	w.oleg.get(log+"?from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z").want(422, "invalid")
	w.oleg.get(log+"?tag_id=1").want(422, "invalid")
	w.oleg.get(log+"?cursor=zzz").want(422, "invalid")
	w.oleg.get("/operator/projects/1/log").want(404)
}

// D-53: three finished sessions and a current one give three rows, newest
// first; times and places are of messages; without messages of the start; the last operator; each its own tags; ratings for senior only.
func TestSessions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.visitor()
	path := "/operator/dialogs/" + v.dialog
	v.says("раз")
	if rows := as[SessionPage](w.anna.get(path + "/sessions").want(200)).Sessions; len(rows) != 0 {
		t.Errorf("first-time visitor: %+v", rows)
	}
	w.exec(`UPDATE sessions SET started_at = started_at - interval '90 seconds'`)
	w.oleg.says(v, "два")
	w.oleg.post(path+"/transfer", map[string]any{"client_id": uuid.NewString(), "operator_id": w.anna.id}).want(409, "target_unavailable")
	w.exec(`INSERT INTO presence (operator_id, connection_id, seen_at) VALUES ($1, $2, clock_timestamp() + interval '1 hour')`, w.anna.id, uuid.NewString())
	w.oleg.post(path+"/transfer", map[string]any{"client_id": uuid.NewString(), "operator_id": w.anna.id}).want(200)
	w.anna.ends(v, w.sale)
	session := as[VisitorState](v.get("/visitor").want(200)).Session.ID
	desk := w.anna.socket()
	desk.send(map[string]any{"type": "open", "dialog_id": v.dialog, "after": 0})
	desk.next("opened")
	for _, comment := range []string{"", "спасибо"} { // I-08, D-39: with nothing else to tell, the card is told anew
		v.post("/visitor/rating", map[string]any{"client_id": uuid.NewString(), "session_id": session, "stars": 5, "comment": comment}).want(200)
		desk.next("card", isCard(v))
	}
	v.fills("", "+7 701 000-00-01", "") // a session without a message
	w.exec(`UPDATE sessions SET assignee_id = $1 WHERE closed_at IS NULL`, w.oleg.id)
	w.oleg.ends(v, w.lead)
	v.says("три")
	w.exec(`UPDATE sessions SET closed_at = otklik_now() WHERE closed_at IS NULL`) // as none of the commands: never taken
	v.says("четыре")

	page := as[SessionPage](w.anna.get(path + "/sessions").want(200))
	if len(page.Sessions) != 3 || page.Sessions[0].No != 3 || page.Sessions[2].No != 1 {
		t.Fatalf("%+v", page.Sessions)
	}
	events := as[EventPage](w.anna.get(path + "/events").want(200)).Events
	one, two, never := page.Sessions[2], page.Sessions[1], page.Sessions[0]
	if one.FirstMessageSeq != 1 || one.LastMessageSeq != 3 || !one.StartedAt.Equal(events[0].At) || !one.LastMessageAt.Equal(events[2].At) || !one.ClosedAt.After(one.LastMessageAt) {
		t.Errorf("first and last message: %+v", one)
	}
	if one.Operator.Name != w.anna.name || len(one.Tags) != 1 || one.Tags[0].Name != "Продажа" || one.Rating != 5 || one.RatingComment != "спасибо" {
		t.Errorf("last operator, tags, rating: %+v", one)
	}
	start := events[two.FirstSeq-1]
	if two.FirstMessageSeq != two.FirstSeq || two.LastMessageSeq != two.FirstSeq || !two.StartedAt.Equal(start.At) || !two.LastMessageAt.Equal(start.At) || start.Kind != EventKindForm {
		t.Errorf("without a message its start: %+v", two)
	}
	if got := one.FirstReplySeconds; got < 90 || got > 120 || never.FirstReplySeconds != 0 {
		t.Errorf("first reply after %d and %d s", got, never.FirstReplySeconds)
	}
	if len(two.Tags) != 1 || two.Tags[0].Name != "Лид" || never.Operator.ID != "" {
		t.Errorf("%+v %+v", two, never)
	}
	for _, x := range as[SessionPage](w.oleg.get(path + "/sessions").want(200)).Sessions {
		if x.Rating != 0 || x.RatingComment != "" {
			t.Errorf("rating for an operator: %+v", x)
		}
	}
	shown := as[Dialog](w.anna.get(path).want(200)).Sessions
	if len(shown) != 4 || fmt.Sprint(shown[1:]) != fmt.Sprint(page.Sessions) {
		t.Errorf("the dialog says otherwise:\n%+v\n%+v", shown, page.Sessions)
	}
	next := as[SessionPage](w.anna.get(path + "/sessions?limit=2").want(200))
	rest := as[SessionPage](w.anna.get(path + "/sessions?limit=2&cursor=" + next.NextCursor).want(200))
	if len(next.Sessions) != 2 || len(rest.Sessions) != 1 || rest.Sessions[0].ID != one.ID || rest.NextCursor != "" {
		t.Errorf("pages: %+v %+v", next, rest)
	}
}

// I-07, D-63, D-14, D-03, I-03: levels and departments × what the chat log opens. A log reader reads what is finished and
// nothing of an open session; what writes is refused.
func TestLogAccess(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const live = "живое"
	make := func(department string, open bool) *visitor {
		v := w.visitor()
		if department != "" {
			v.post("/visitor/department", map[string]any{"client_id": uuid.NewString(), "department_id": department}).want(200)
		}
		v.says("прошлое")
		w.anna.says(v, "ответ")
		w.anna.ends(v, w.sale)
		if department == "" {
			w.exec(`UPDATE sessions SET department_id = NULL WHERE dialog_id = $1`, v.dialog)
		}
		if open {
			v.says(live)
		}
		return v
	}
	onlyOpen := w.visitor()
	onlyOpen.says(live)
	dialogs := map[string]*visitor{"common": make("", false), "sales": make(w.sales, false), "delivery": make(w.delivery, false),
		"common open": make("", true), "delivery open": make(w.delivery, true), "only open": onlyOpen}
	w.exec(`UPDATE sessions SET department_id = $1 WHERE closed_at IS NULL AND dialog_id = $2`, w.delivery, dialogs["delivery open"].dialog)
	viewerOfSales := w.person("Зритель продаж", dialog.LevelView, w.shop, w.sales)
	noLevel := w.person("Никто", dialog.LevelView, w.books)

	const none, past, whole = "", "past", "whole"
	people := map[*person]map[string]string{
		w.admin:       {"common": whole, "sales": whole, "delivery": whole, "common open": whole, "delivery open": whole, "only open": whole},
		w.anna:        {"common": whole, "sales": whole, "delivery": whole, "common open": whole, "delivery open": whole, "only open": whole},
		w.oleg:        {"common": whole, "sales": whole, "common open": whole, "only open": whole},
		w.vera:        {"common": whole, "delivery": whole, "common open": whole, "delivery open": whole, "only open": whole},
		w.viewer:      {"common": past, "common open": past},
		viewerOfSales: {"common": past, "sales": past, "common open": past},
		noLevel:       {},
		w.vic:         {},
	}
	for p, may := range people {
		var listed []string
		if a := p.get("/operator/projects/" + w.shop + "/log"); a.status == 200 {
			for _, row := range as[LogPage](a).Rows {
				listed = append(listed, row.DialogID)
			}
			p.get("/operator/projects/" + w.shop + "/log/filters").want(200)
		} else {
			a.want(404)
			p.get("/operator/projects/" + w.shop + "/log/filters").want(404)
		}
		for name, v := range dialogs {
			path := "/operator/dialogs/" + v.dialog
			if inLog := may[name] != none && name != "only open"; inLog != strings.Contains(fmt.Sprint(listed), v.dialog) {
				t.Errorf("%s, %s: in the log %v", p.name, name, !inLog)
			}
			reads := []string{"", "/events", "/events?after=0", "/search?q=" + url.QueryEscape(live), "/sessions", "/transcript"}
			for _, end := range reads {
				a := p.get(path + end)
				if may[name] == none {
					a.want(404)
					continue
				}
				a.want(200)
				if may[name] == past && strings.Contains(string(a.raw), live) {
					t.Errorf("%s, %s%s: live content: %s", p.name, name, end, a.raw)
				}
			}
			if may[name] == past {
				d := as[Dialog](p.get(path).want(200))
				page := as[EventPage](p.get(path + "/events?after=1").want(200))
				if !d.ReadOnly || d.HeadSeq != page.HeadSeq || page.MoreAfter || d.Row.Session.ClosedAt.IsZero() || d.Row.Can.Write != CanWriteForbidden ||
					d.Row.Can.Edit != CanEditForbidden || p.finds(v, live).Total != 0 || p.finds(v, "прошлое").Total != 1 {
					t.Errorf("%s, %s: %+v", p.name, name, d)
				}
				for _, write := range []string{"/messages", "/transfer", "/leave", "/read"} {
					body := map[string]any{"client_id": uuid.NewString(), "text": "нельзя"}
					switch write {
					case "/transfer":
						body = map[string]any{"client_id": uuid.NewString(), "operator_id": w.anna.id}
					case "/leave":
						body = map[string]any{"client_id": uuid.NewString(), "last_seen_seq": 99}
					case "/read":
						body = map[string]any{"seq": 1}
					}
					p.post(path+write, body).want(403, "forbidden")
				}
				p.put(path+"/tags", map[string]any{"client_id": uuid.NewString(), "tags": []string{w.lead}}).want(403, "forbidden")
			}
		}
	}
	me := as[Me](w.viewer.get("/operator/me").want(200))
	if len(me.Projects) != 0 || len(me.LogProjects) != 1 || me.LogProjects[0].ID != w.shop {
		t.Errorf("me of a log reader: %+v", me)
	}
	// D-02: a widget that is switched off has its chat log still, and its open sessions stay out of it.
	w.exec(`UPDATE projects SET active = false WHERE id = $1`, w.shop)
	if rows := w.oleg.log(""); len(rows) != 3 {
		t.Errorf("of a switched-off widget: %+v", rows)
	}
	if raw := w.oleg.get("/operator/dialogs/" + dialogs["common open"].dialog + "/events").want(200).raw; strings.Contains(string(raw), live) {
		t.Errorf("live content of a switched-off widget: %s", raw)
	}
	w.oleg.post("/operator/dialogs/"+dialogs["common"].dialog+"/messages", message("нельзя")).want(403, "forbidden")
	w.oleg.get("/operator/dialogs/" + onlyOpen.dialog).want(404)
}

// I-07, D-63: one row per finished session, newest end first; every filter; pages; what a row says.
func TestLog(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v, u, x := w.visitor(), w.visitor(), w.visitor()
	v.says("раз")
	w.exec(`UPDATE clock SET "offset" = interval '90 seconds'`)
	w.oleg.says(v, "ответ Олега")
	w.oleg.ends(v, w.sale)
	w.exec(`UPDATE clock SET "offset" = interval '1 day'`)
	u.fills("Пётр Ёлкин", "+7 (701) 000-00-01", "petr@example.kz")
	w.vera.says(u, "перезвоню")
	w.vera.ends(u, w.lead)
	w.exec(`UPDATE clock SET "offset" = interval '2 days'`)
	v.says("два")
	w.anna.says(v, "ответ Анны")
	w.anna.ends(v, w.sale, w.lead)
	x.says("ещё идёт")
	label := uuid.NewString()
	w.exec(`INSERT INTO labels (id, project_id, text, color) VALUES ($1, $2, 'VIP', 3)`, label, w.shop)
	w.exec(`INSERT INTO dialog_labels (dialog_id, label_id) VALUES ($1, $2)`, u.dialog, label)

	rows := w.anna.log("")
	if len(rows) != 3 || rows[0].DialogID != v.dialog || rows[0].SessionNo != 2 || rows[1].DialogID != u.dialog || rows[2].SessionNo != 1 {
		t.Fatalf("%+v", rows)
	}
	last := rows[2]
	if last.FirstReplySeconds != 90 || last.Messages != 2 || last.Last.Text != "ответ Олега" || last.Last.Operator != w.oleg.name || last.Last.Mine ||
		last.Operator.ID != w.oleg.id || last.Department.Name != "Продажи" || len(last.Tags) != 1 || last.Tags[0].Name != "Продажа" {
		t.Errorf("%+v", last)
	}
	if rows[1].Visitor.Name != "Пётр Ёлкин" || len(rows[1].Labels) != 1 || rows[1].Labels[0].Text != "VIP" || rows[1].Messages != 1 {
		t.Errorf("%+v", rows[1])
	}
	number := rows[0].Visitor.Number
	now, err := w.store.Now(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ago := func(hours int) string { return now.Add(-time.Duration(hours) * time.Hour).Format(time.RFC3339) }
	for query, want := range map[string]int{
		"?operator_id=" + w.oleg.id: 1, "?operator_id=" + w.anna.id: 1, "?operator_id=" + uuid.NewString(): 0,
		"?tag_id=" + w.sale: 2, "?tag_id=" + w.lead: 2, "?tag_id=" + w.lead + "&operator_id=" + w.vera.id: 1,
		"?department_id=" + w.sales: 1, "?department_id=" + w.delivery: 1, "?label_id=" + label: 1,
		"?from=" + ago(36) + "&to=" + ago(12): 1, "?to=" + ago(72): 0, "?from=" + ago(72): 3, "?from=" + ago(36): 2, "?to=" + ago(12): 2,
		"?q=" + url.QueryEscape("елкин"): 1, "?q=" + url.QueryEscape("ПЁТР"): 1, "?q=example": 1, "?q=701000": 1, "?q=" + url.QueryEscape("000-00-01"): 1,
		// 8… is +7…; a client without a name as he is shown, in each language (D-18).
		"?q=" + url.QueryEscape("8 (701) 000-00-01"): 1, "?q=87010000001": 1, "?q=" + url.QueryEscape("+7 701 0000001"): 1, "?q=7010000001": 1, "?q=97010000001": 0,
		"?q=" + url.QueryEscape("Посетитель "+number): 2, "?q=visitor+" + strings.ToLower(number): 2, "?q=" + url.QueryEscape("Келуші  "+number): 2,
		"?q=" + url.QueryEscape("Покупатель "+number): 0, "?q=visitor": 0,
		"?q=" + number: 2, "?q=" + strings.ToLower(number[:2]): 3, "?q=" + url.QueryEscape("%"): 0, "?q=" + url.QueryEscape("п_тр"): 0,
		"?q=" + url.QueryEscape("ответ"): 0,
		// One or two letters: the beginnings of words.
		"?q=" + url.QueryEscape("пё"): 1, "?q=" + url.QueryEscape("Ел"): 1, "?q=pe": 1, "?q=" + url.QueryEscape("ет"): 0, "?q=" + url.QueryEscape("т"): 0, "?q=" + url.QueryEscape("е"): 1,
		"?q=" + url.QueryEscape("(7"): 1, "?q=" + url.QueryEscape("+7"): 1, "?q=" + url.QueryEscape(".*"): 0, "?q=" + url.QueryEscape("\\"): 0, "?q=kz": 1, "?q=z": 0,
	} {
		if got := w.anna.log(query); len(got) != want {
			t.Errorf("%s: %d rows, want %d", query, len(got), want)
		}
	}
	var seen []string
	for cursor := ""; ; {
		page := as[LogPage](w.anna.get("/operator/projects/" + w.shop + "/log?limit=1" + cursor).want(200))
		if len(page.Rows) != 1 {
			t.Fatalf("page %+v", page)
		}
		seen = append(seen, page.Rows[0].SessionID)
		if page.NextCursor == "" {
			break
		}
		cursor = "&cursor=" + page.NextCursor
	}
	if len(seen) != 3 || seen[0] != rows[0].SessionID || seen[2] != rows[2].SessionID {
		t.Errorf("pages %v", seen)
	}
	w.exec(`UPDATE tags SET active = false`)
	w.exec(`UPDATE departments SET active = false WHERE id = $1`, w.delivery)
	f := as[LogFilters](w.anna.get("/operator/projects/" + w.shop + "/log/filters").want(200))
	if len(f.Tags) != 2 || len(f.Departments) != 2 || len(f.Labels) != 1 || len(f.Operators) != 4 {
		t.Errorf("filters %+v", f)
	}
}
