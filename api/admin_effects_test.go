package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/local/localtest"
	"github.com/otklik/otklik/store"
)

// R-006, D-02, D-03: {active, inactive} × {none, view, operator, senior, admin}: a project is in the list when its
// widget is on and the level is operator or above, and only then do its endpoints answer.
func TestProjectListMatrix(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.person("Кто-то", dialog.LevelOperator, w.books)
	for _, active := range []bool{true, false} {
		rev := w.settings().Rev
		w.admin.patch("/admin/projects/"+w.shop, map[string]any{"rev": rev, "active": active}).want(200)
		for level, name := range []string{"none", "view", "operator", "senior", "admin"} {
			w.admin.put("/admin/access/"+p.id+"/"+w.shop, map[string]any{"level": name}).want(200)
			listed := active && level >= 2
			t.Run(fmt.Sprintf("active=%v %s", active, name), func(t *testing.T) {
				me := as[Me](p.get("/operator/me").want(200))
				found := false
				for _, x := range me.Projects {
					found = found || (x.ID == w.shop && x.Level == Level(name))
				}
				if found != listed || len(me.Projects) != 1+map[bool]int{true: 1}[listed] {
					t.Errorf("listed %v, want %v: %+v", found, listed, me.Projects)
				}
				if a := p.get("/operator/projects/" + w.shop + "/dialogs"); (a.status == 200) != listed || (!listed && a.status != 404) {
					t.Errorf("its list answers %d", a.status)
				}
			})
		}
	}
}

// actIn is how soon changed settings and rights act on open screens (D-59).
const actIn = 5 * time.Second

// R-008, D-59: what is granted and set acts on open consoles within 5 s, at this process and at another.
func TestAccessActsOnOpenConsoles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, base := w.serve(w.store)
	there := w.oleg.socketAt(base)
	there.send(map[string]any{"type": "watch", "project_id": w.shop})
	there.next("watching")
	here := w.oleg.watching(w.shop)
	v := w.visitor()
	v.says("вопрос")
	here.send(map[string]any{"type": "open", "dialog_id": v.dialog, "after": 0})
	here.next("event", eventText("вопрос"))
	grant := func(p *person, level string) *promise {
		w.admin.put("/admin/access/"+p.id+"/"+w.shop, map[string]any{"level": level}).want(200)
		return w.promise(actIn)
	}
	has := func(n int) func(map[string]any) bool {
		return func(f map[string]any) bool { return len(f["projects"].([]any)) == n }
	}
	p := grant(w.oleg, "view")
	here.within(p, "gone", func(f map[string]any) bool { return f["dialog_id"] == v.dialog })
	for _, s := range []*socket{here, there} {
		s.within(p, "projects", has(0))
	}
	p = grant(w.oleg, "senior")
	for _, s := range []*socket{here, there} {
		s.within(p, "projects", has(1))
	}
	// Who only reads the log has no lists that change: he is told that what he may read is another (D-63).
	reader := w.viewer.socketAt(base)
	reader.send(map[string]any{"type": "ping"})
	reader.next("projects")
	for _, level := range []string{"none", "view"} {
		p = grant(w.viewer, level)
		reader.within(p, "me")
	}
	here.send(map[string]any{"type": "watch", "project_id": w.shop})
	here.next("watching")
	// A name that is shown is shown anew: of the department, of the colleague, of the project.
	v.post("/visitor/department", map[string]any{"client_id": "dept-00001", "department_id": w.delivery}).want(200)
	w.vera.says(v, "моё")
	session := func(f map[string]any) map[string]any {
		return f["row"].(map[string]any)["session"].(map[string]any)
	}
	w.admin.put("/admin/projects/"+w.shop+"/departments/"+w.delivery, map[string]any{"name": "Логистика", "member_ids": []string{w.vera.id, w.anna.id}, "hours": always()}).want(200)
	p = w.promise(actIn)
	here.within(p, "row", func(f map[string]any) bool {
		d, _ := session(f)["department"].(map[string]any)
		return d["name"] == "Логистика"
	})
	here.within(p, "me")
	w.admin.put("/admin/operators/"+w.vera.id, map[string]any{"name": "Вера Новая", "login": w.vera.login, "hours": always()}).want(200)
	p = w.promise(actIn)
	here.within(p, "row", func(f map[string]any) bool {
		a, _ := session(f)["assignee"].(map[string]any)
		return a["name"] == "Вера Новая"
	})
	w.admin.patch("/admin/projects/"+w.shop, map[string]any{"rev": w.settings().Rev, "name": "Лавка 3"}).want(200)
	here.within(w.promise(actIn), "me")
	// Department membership: who is no member any more loses its dialogs.
	vera := w.vera.watching(w.shop)
	other := w.visitor()
	other.post("/visitor/department", map[string]any{"client_id": "dept-00001", "department_id": w.delivery}).want(200)
	vera.next("row", rowOf(other.dialog))
	w.admin.put("/admin/projects/"+w.shop+"/departments/"+w.delivery, map[string]any{"name": "Логистика", "member_ids": []string{w.anna.id}, "hours": always()}).want(200)
	vera.within(w.promise(actIn), "gone", func(f map[string]any) bool { return f["dialog_id"] == other.dialog })
}

// I-03: a new password or a switched-off account ends sign-ins and sockets: here at once, elsewhere within seconds.
func TestSwitchedOffOperator(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, base := w.serve(w.store)
	sockets := func(p *person) []*socket { return []*socket{p.socket(), p.socketAt(base)} }
	account := func(p *person, fields map[string]any) map[string]any {
		out := map[string]any{"name": p.name, "login": p.login, "hours": always()}
		for k, v := range fields {
			out[k] = v
		}
		return out
	}
	oleg := sockets(w.oleg)
	w.admin.put("/admin/operators/"+w.oleg.id, account(w.oleg, map[string]any{"password": "новый пароль 1"})).want(200)
	p := w.promise(actIn)
	for _, s := range oleg {
		s.endsWithin(p, closeSignedOut)
	}
	w.oleg.get("/operator/me").want(401, "unauthenticated")
	vera := sockets(w.vera)
	w.admin.put("/admin/operators/"+w.vera.id, account(w.vera, map[string]any{"active": false})).want(200)
	p = w.promise(actIn)
	for _, s := range vera {
		s.endsWithin(p, closeSignedOut)
	}
	w.vera.get("/operator/me").want(401, "unauthenticated")
	w.admin.put("/admin/operators/"+w.vera.id, account(w.vera, map[string]any{"active": true})).want(200)
	w.vera.get("/operator/me").want(401, "unauthenticated") // he signs in anew
	// His own new password leaves the sign-in with which he set it.
	mine := w.admin.socket()
	w.admin.put("/admin/operators/"+w.admin.id, account(w.admin, map[string]any{"password": "новый пароль 2"})).want(200)
	w.admin.get("/operator/me").want(200)
	mine.send(map[string]any{"type": "ping"})
	mine.next("pong")
}

// D-02: a widget that is switched off closes on sites and leaves the list; its dialogs stay with their assignee and come
// back with it, for the visitor too.
func TestWidgetSwitchedOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.visitor()
	v.says("вопрос")
	w.anna.says(v, "ответ")
	desk, page := w.anna.watching(w.shop), v.socket(0)
	turn := func(on bool) *promise {
		w.admin.patch("/admin/projects/"+w.shop, map[string]any{"rev": w.settings().Rev, "active": on}).want(200)
		return w.promise(actIn)
	}
	p := turn(false)
	desk.within(p, "projects", func(f map[string]any) bool { return len(f["projects"].([]any)) == 0 })
	page.endsWithin(p, closeNotAllowed)
	w.do("GET", "/widgets/"+w.key, nil, nil).want(404, "not_found")
	w.do("POST", "/widgets/"+w.key+"/visitors", nil, map[string]any{}).want(404, "not_found")
	p.until("the visitor's requests are refused", func() bool { return v.post("/visitor/messages", message("ещё")).status == 404 })
	v.get("/visitor").want(404, "not_found") // and not 401: the widget would forget who he is
	w.anna.get("/operator/dialogs/"+v.dialog).want(404, "not_found")
	again := dial(t, w.base+"/api/v1/visitor/socket", "VisitorServerFrame", nil)
	again.send(map[string]any{"type": "hello", "token": v.token, "after": 0})
	again.ends(closeNotAllowed)
	p = turn(true)
	desk.within(p, "projects", func(f map[string]any) bool { return len(f["projects"].([]any)) == 1 })
	p.until("the visitor is back", func() bool { return v.get("/visitor").status == 200 })
	d := as[Dialog](w.anna.get("/operator/dialogs/" + v.dialog).want(200))
	if d.Row.Session.Assignee.ID != w.anna.id || !d.Row.Session.ClosedAt.IsZero() {
		t.Errorf("%+v", d.Row.Session)
	}
	v.says("я снова здесь")
}

// I-02, I-03: a token can be taken from who holds it: he is a stranger on open sockets and in requests, the dialog stays with
// the operators, and the audit knows.
func TestRevokedVisitor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v, other := w.visitor(), w.visitor()
	v.says("вопрос")
	other.says("другой вопрос")
	page, others := v.socket(0), other.socket(0)
	if did, err := w.store.RevokeVisitor(t.Context(), v.dialog); err != nil || !did {
		t.Fatalf("%v %v", did, err)
	}
	p := w.promise(actIn)
	page.endsWithin(p, closeSignedOut)
	p.until("the token is unknown", func() bool { return v.get("/visitor").status == 401 })
	v.post("/visitor/messages", message("ещё")).want(401, "unauthenticated")
	w.anna.says(v, "ответ")
	others.send(map[string]any{"type": "ping"})
	others.next("pong")
	if did, err := w.store.RevokeVisitor(t.Context(), v.dialog); err != nil || did {
		t.Errorf("again: %v %v", did, err)
	}
	if _, err := w.store.RevokeVisitor(t.Context(), w.shop); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("no dialog: %v", err)
	}
	var audited int
	err := w.store.Pool().QueryRow(t.Context(), `SELECT count(*) FROM audit WHERE action = 'token_revoke' AND dialog_id = $1`, v.dialog).Scan(&audited)
	if err != nil || audited != 1 {
		t.Errorf("%d audit records, %v", audited, err)
	}
}

// D-70: the open dialogs of a department that is switched off are stranded for nobody: its members keep them, others get
// them on open consoles, and may take them; what has ended stays with its members.
func TestDepartmentSwitchedOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(`UPDATE projects SET tagging = false`)
	choose := func() *visitor {
		v := w.visitor()
		v.post("/visitor/department", map[string]any{"client_id": "dept-00001", "department_id": w.sales}).want(200)
		return v
	}
	v, past := choose(), choose()
	w.oleg.says(past, "ответ")
	w.oleg.post("/operator/dialogs/"+past.dialog+"/leave", map[string]any{"client_id": "leave-00001", "last_seen_seq": 100}).want(200)
	w.vera.get("/operator/dialogs/"+v.dialog).want(404, "not_found")
	oleg, vera := w.oleg.watching(w.shop), w.vera.watching(w.shop)
	turn := func(active bool) *promise {
		w.admin.put("/admin/projects/"+w.shop+"/departments/"+w.sales, map[string]any{"name": "Продажи", "active": active, "member_ids": []string{w.oleg.id, w.anna.id}, "hours": always()}).want(200)
		return w.promise(actIn)
	}
	vera.within(turn(false), "row", rowOf(v.dialog))
	for _, p := range []*person{w.oleg, w.vera} {
		if list := as[DialogPage](p.get("/operator/projects/" + w.shop + "/dialogs?group=unassigned").want(200)); len(list.Rows) != 1 || list.Rows[0].ID != v.dialog {
			t.Errorf("%s: %+v", p.name, list.Rows)
		}
	}
	logOf := func(p *person) int {
		return len(as[LogPage](p.get("/operator/projects/" + w.shop + "/log").want(200)).Rows)
	}
	if a, b := logOf(w.oleg), logOf(w.vera); a != 1 || b != 0 {
		t.Errorf("the log: a member reads %d, a stranger %d", a, b)
	}
	vera.within(turn(true), "gone", func(f map[string]any) bool { return f["dialog_id"] == v.dialog })
	vera.within(turn(false), "row", rowOf(v.dialog))
	late := choose() // the choice was still before him: it is told, and nothing is lost
	if row := as[Dialog](w.vera.get("/operator/dialogs/" + late.dialog).want(200)).Row; row.Session.Department.ID != "" || row.Last.Department != "Продажи" {
		t.Errorf("chosen too late: %+v", row)
	}
	w.vera.says(v, "слушаю")
	oleg.next("row", func(f map[string]any) bool {
		a, _ := f["row"].(map[string]any)["session"].(map[string]any)["assignee"].(map[string]any)
		return rowOf(v.dialog)(f) && a["id"] == w.vera.id
	})
	w.oleg.post("/operator/dialogs/"+v.dialog+"/messages", message("и я")).want(409, "already_claimed")
}

// R-031, I-06, D-29: a lowered limit takes nothing away and refuses the next claim.
func TestLoweredLimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	set := func(n int) {
		w.admin.put("/admin/operators/"+w.anna.id, map[string]any{"name": w.anna.name, "login": w.anna.login, "hours": always(), "dialog_limit": n}).want(200)
	}
	set(3)
	for range 3 {
		v := w.visitor()
		v.says("вопрос")
		w.anna.says(v, "ответ")
	}
	set(2)
	if me := as[Me](w.anna.get("/operator/me").want(200)); me.Operator.OpenDialogs != 3 || me.Operator.DialogLimit != 2 {
		t.Errorf("%+v", me.Operator)
	}
	v := w.visitor()
	v.says("вопрос")
	w.anna.post("/operator/dialogs/"+v.dialog+"/messages", message("моё")).want(409, "limit_reached")
}

// logged keeps the lines of a server's log that have an attribute.
type logged struct {
	slog.Handler
	mu    sync.Mutex
	codes []string
}

func (l *logged) Enabled(context.Context, slog.Level) bool { return true }
func (l *logged) Handle(_ context.Context, r slog.Record) error {
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "code" {
			l.mu.Lock()
			l.codes = append(l.codes, a.Value.String())
			l.mu.Unlock()
		}
		return true
	})
	return nil
}

func (l *logged) code() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.codes) == 0 {
		return ""
	}
	return l.codes[0]
}

// Design 8: the door for the first administrator opens with the code of the log, once, whichever process is asked and
// however many knock at once.
func TestSetup(t *testing.T) {
	t.Parallel()
	w := &world{t: t, nudges: make(chan struct{}, 10)}
	w.store = w.openStore(localtest.MigratedURL(t, store.Migrate))
	logs := [2]*logged{{}, {}}
	var bases [2]string
	for i := range logs {
		_, bases[i] = w.serve(w.store, func(o *Options) { o.Log = slog.New(logs[i]); o.Limits.SignIns = Rate{100, 100} })
		until(t, "a code", func() bool { return logs[i].code() != "" })
	}
	w.base = bases[0]
	if !as[SetupState](w.do("GET", "/setup", nil, nil).want(200)).Open {
		t.Error("the door is closed")
	}
	request := func(code string) map[string]any {
		return map[string]any{"code": code, "name": "Анна", "login": "anna-" + uuid.NewString(), "password": "0123456789", "project_name": "Лавка", "locale": "kk", "time_zone": "Asia/Almaty"}
	}
	w.do("POST", "/setup", nil, request("AAAAA-AAAAA-AAAAA-AAAAA-AAAAAA")).want(422, "invalid")
	w.do("POST", "/setup", map[string]string{"Origin": "https://evil.example.org"}, request(logs[0].code())).want(403, "origin")
	short := request(logs[0].code())
	short["password"] = "012345678"
	w.do("POST", "/setup", nil, short).want(422, "invalid")
	var wg sync.WaitGroup
	answers := make([]answer, 8)
	for i := range answers {
		wg.Go(func() {
			code := strings.ToLower(logs[i%2].code()) // as it is typed
			for range 20 {                            // 503: hashing passwords is done a few at a time
				if answers[i] = w.do("POST", bases[i%2]+"/api/v1/setup", nil, request(code)); answers[i].status != 503 {
					return
				}
			}
		})
	}
	wg.Wait()
	won := 0
	var first answer
	for _, a := range answers {
		switch a.status {
		case 201:
			won, first = won+1, a
		case 404:
		default:
			t.Errorf("%d %s", a.status, a.raw)
		}
	}
	if won != 1 {
		t.Fatalf("%d came in", won)
	}
	me := as[Me](first)
	if len(me.Projects) != 1 || me.Projects[0].Level != LevelAdmin || me.Projects[0].TimeZone != "Asia/Almaty" || me.Operator.Locale != LocaleKk || len(me.Projects[0].Tags) != 4 || me.Operator.DialogLimit != 10 { // D-29
		t.Errorf("%+v", me)
	}
	cookie := strings.Split(first.header.Get("Set-Cookie"), ";")[0]
	w.do("GET", "/admin/projects", map[string]string{"Cookie": cookie}, nil).want(200)
	w.do("POST", "/setup", nil, request(logs[0].code())).want(404, "not_found")
	if as[SetupState](w.do("GET", "/setup", nil, nil).want(200)).Open {
		t.Error("the door is still open")
	}
	late := &logged{}
	server, _ := w.serve(w.store, func(o *Options) { o.Log = slog.New(late) })
	server.offerSetup(t.Context())
	if late.code() != "" {
		t.Error("a code for a closed door")
	}
}

// Sites that may embed the widget are held against the Origin that browsers send; the server's own pages always may.
func TestOriginsOfWidget(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ask := func(origin string) answer {
		head := map[string]string{}
		if origin != "" {
			head["Origin"] = origin
		}
		return w.do("GET", "/widgets/"+w.key, head, nil)
	}
	ask("https://anywhere.example").want(200)
	w.admin.patch("/admin/projects/"+w.shop, map[string]any{"rev": w.settings().Rev, "origins": []string{"https://shop.example.org"}}).want(200)
	ask("https://shop.example.org").want(200)
	ask(w.base).want(200)
	ask("").want(200)
	for _, origin := range []string{"https://anywhere.example", "http://shop.example.org", "https://shop.example.org:8443", "null"} {
		if a := ask(origin).want(403, "origin"); a.header.Get("Access-Control-Allow-Origin") != "*" {
			t.Error("the widget cannot read the answer")
		}
		w.do("POST", "/widgets/"+w.key+"/visitors", map[string]string{"Origin": origin}, map[string]any{}).want(403, "origin")
	}
}
