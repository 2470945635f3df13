package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/local/localtest"
	"github.com/otklik/otklik/store"
)

func TestMain(m *testing.M) { localtest.Run(m) }

// world is a server with a database of its own.
type world struct {
	t      testing.TB
	server *Server
	store  *store.Store
	base   string // http://host:port
	nudges chan struct{}
	key    string // widget of shop

	shop, books           string // projects
	sales, delivery       string // departments of shop
	sale, lead            string // tags of shop
	booksDepartment       string
	anna, oleg, vera, vic *person // senior; sales; delivery; books only
	admin, viewer         *person
}

// person is an operator with a live sign-in.
type person struct {
	w               *world
	id, name, login string
	token, csrf     string
}

const password = "correct horse"

var passwordHash = sync.OnceValue(func() string { return HashPassword(password) })

func newWorld(t testing.TB, change ...func(*Options)) *world {
	t.Helper()
	url := localtest.MigratedURL(t, store.Migrate)
	w := &world{t: t, nudges: make(chan struct{}, 1000), key: "shop-" + uuid.NewString()[:8]}
	w.store = w.openStore(url)
	w.seed()
	w.server, w.base = w.serve(w.store, change...)
	return w
}

func (w *world) openStore(url string) *store.Store {
	w.t.Helper()
	s, err := store.Open(w.t.Context(), url, store.Options{AppName: "api test", MaxConns: 12})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(s.Close)
	return s
}

// serve starts a server on the store; it ends, with all it started, before the test does.
func (w *world) serve(st *store.Store, change ...func(*Options)) (*Server, string) {
	w.t.Helper()
	o := Options{Store: st, Nudge: func() { w.nudges <- struct{}{} }, Log: slog.New(&failLog{w.t}),
		Limits: Limits{VisitorMessages: Rate{1000, 1000}, NewVisitors: Rate{1000, 1000}, Operator: Rate{10000, 10000},
			VisitorAddress: Rate{10000, 10000}}}
	for _, f := range change {
		f(&o)
	}
	s, err := New(o)
	if err != nil {
		w.t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Listen(ln) }()
	w.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			w.t.Errorf("shutdown: %v", err)
		}
		if err := <-ended; err != nil {
			w.t.Errorf("listen: %v", err)
		}
	})
	return s, "http://" + ln.Addr().String()
}

// failLog fails the test on errors of the server: an answer 500 is a bug, whatever was asked.
type failLog struct{ t testing.TB }

func (l *failLog) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelError }
func (l *failLog) WithAttrs([]slog.Attr) slog.Handler               { return l }
func (l *failLog) WithGroup(string) slog.Handler                    { return l }
func (l *failLog) Handle(_ context.Context, r slog.Record) error {
	var text strings.Builder
	r.Attrs(func(a slog.Attr) bool { fmt.Fprintf(&text, " %s=%v", a.Key, a.Value); return true })
	l.t.Errorf("logged: %s%s", r.Message, text.String())
	return nil
}

func (w *world) exec(sql string, args ...any) {
	w.t.Helper()
	if _, err := w.store.Pool().Exec(context.Background(), sql, args...); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
}

func (w *world) seed() {
	id := uuid.NewString
	w.shop, w.books, w.sales, w.delivery, w.booksDepartment, w.sale, w.lead = id(), id(), id(), id(), id(), id(), id()
	w.exec(`INSERT INTO projects (id, name, widget_key, tagging, rating, department_choice, company) VALUES ($1,'Лавка',$2,true,true,true,'ООО «Лавка»')`, w.shop, w.key)
	w.exec(`INSERT INTO projects (id, name, widget_key) VALUES ($1,'Книги',$2)`, w.books, w.key+"-b")
	w.exec(`INSERT INTO departments (id, project_id, name, position) VALUES ($1,$3,'Продажи',1),($2,$3,'Доставка',2)`, w.sales, w.delivery, w.shop)
	w.exec(`INSERT INTO departments (id, project_id, name) VALUES ($1,$2,'Зал')`, w.booksDepartment, w.books)
	w.exec(`INSERT INTO tags (id, project_id, name, position) VALUES ($1,$3,'Продажа',1),($2,$3,'Лид',2)`, w.sale, w.lead, w.shop)
	w.anna = w.person("Анна Иванова", dialog.LevelSenior, w.shop, w.sales, w.delivery)
	w.oleg = w.person("Олег Петров", dialog.LevelOperator, w.shop, w.sales)
	w.vera = w.person("Вера Кузнецова", dialog.LevelOperator, w.shop, w.delivery)
	w.admin = w.person("Администратор", dialog.LevelAdmin, w.shop)
	w.viewer = w.person("Зритель", dialog.LevelView, w.shop)
	w.vic = w.person("Виктор Чужой", dialog.LevelOperator, w.books, w.booksDepartment)
	for _, p := range []*person{w.admin, w.vic} { // somebody is there, or each start would tell that nobody is (D-21)
		w.exec(`INSERT INTO presence (operator_id, connection_id, seen_at) VALUES ($1, $1, clock_timestamp() + interval '1 hour')`, p.id)
	}
}

// nobodyOnline leaves only those online who open a socket.
func (w *world) nobodyOnline() {
	w.t.Helper()
	w.exec(`DELETE FROM presence`)
}

// person makes an operator with access to one project, signed in.
func (w *world) person(name string, level dialog.Level, project string, departments ...string) *person {
	w.t.Helper()
	p := &person{w: w, id: uuid.NewString(), name: name, token: token(), csrf: token()}
	p.login = p.id[:8] + "@test"
	w.exec(`INSERT INTO operators (id, login, name, password_hash, dialog_limit) VALUES ($1,$2,$3,$4,10)`, p.id, p.login, name, passwordHash())
	w.exec(`INSERT INTO access (operator_id, project_id, level) VALUES ($1,$2,$3)`, p.id, project, int(level))
	for _, d := range departments {
		w.exec(`INSERT INTO department_members (operator_id, department_id) VALUES ($1,$2)`, p.id, d)
	}
	w.exec(`INSERT INTO sign_ins (token_hash, operator_id, csrf, expires_at) VALUES ($1,$2,$3, now() + interval '1 day')`, hashToken(p.token), p.id, p.csrf)
	return p
}

// answer is what a request got.
type answer struct {
	t      testing.TB
	status int
	header http.Header
	raw    []byte
}

func (a answer) error() Error { return as[Error](a) }

// as decodes an answer strictly into a type of the contract.
func as[T any](a answer) T {
	a.t.Helper()
	var v T
	d := json.NewDecoder(bytes.NewReader(a.raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		a.t.Fatalf("answer %d %s: %v", a.status, a.raw, err)
	}
	return v
}

// want checks the status, and the code of an error.
func (a answer) want(status int, code ...string) answer {
	a.t.Helper()
	if a.status != status || (len(code) > 0 && a.error().Code != code[0]) {
		a.t.Fatalf("got %d %s, want %d %v", a.status, a.raw, status, code)
	}
	return a
}

func (w *world) do(method, url string, header map[string]string, body any) answer {
	w.t.Helper()
	var r io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		r = strings.NewReader(b)
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			w.t.Fatal(err)
		}
		r = bytes.NewReader(raw)
	}
	if strings.HasPrefix(url, "/") {
		url = w.base + "/api/v1" + url
	}
	req, err := http.NewRequest(method, url, r)
	if err != nil {
		w.t.Fatal(err)
	}
	if r != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for k, v := range header {
		req.Header.Set(k, v)
	}
	client := http.Client{Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		w.t.Fatalf("%s %s: %v", method, url, err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatalf("%s %s: %v", method, url, err)
	}
	a := answer{w.t, resp.StatusCode, resp.Header, raw}
	w.holdToContract(req, a)
	return a
}

func (p *person) headers() map[string]string {
	return map[string]string{"Cookie": sessionCookie + "=" + p.token, csrfHeader: p.csrf}
}

func (p *person) get(path string) answer { return p.w.do("GET", path, p.headers(), nil) }
func (p *person) post(path string, body any) answer {
	return p.w.do("POST", path, p.headers(), body)
}
func (p *person) put(path string, body any) answer { return p.w.do("PUT", path, p.headers(), body) }

// visitor is a browser that has become a visitor.
type visitor struct {
	w      *world
	token  string
	dialog string
}

func (w *world) visitor() *visitor {
	w.t.Helper()
	a := w.do("POST", "/widgets/"+w.key+"/visitors", nil, map[string]any{"locale": "ru"}).want(201)
	v := as[VisitorCreated](a)
	return &visitor{w, v.Token, v.State.DialogID}
}

func (v *visitor) headers() map[string]string {
	return map[string]string{"Authorization": "Bearer " + v.token}
}
func (v *visitor) get(path string) answer { return v.w.do("GET", path, v.headers(), nil) }
func (v *visitor) post(path string, body any) answer {
	return v.w.do("POST", path, v.headers(), body)
}

// says writes a message and returns its event.
func (v *visitor) says(text string) Event {
	v.w.t.Helper()
	return as[MessageAnswer](v.post("/visitor/messages", message(text)).want(200)).Event
}

func (p *person) says(v *visitor, text string) MessageAnswer {
	p.w.t.Helper()
	return as[MessageAnswer](p.post("/operator/dialogs/"+v.dialog+"/messages", message(text)).want(200))
}

func message(text string) map[string]any {
	return map[string]any{"client_id": uuid.NewString(), "text": text}
}

// until polls a condition with a deadline; no test sleeps for a fixed time.
func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("not within 10 s: %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func visitorMessage(text string) dialog.Command { return dialog.VisitorMessage{Text: text} }
