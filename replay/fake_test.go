package replay

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fasthttp/websocket"
)

// fake is a small server that keeps the contract as far as the replay uses it, and breaks it where a test says so.
type fake struct {
	*httptest.Server
	mu        sync.Mutex
	clock     time.Time
	operators []*fakeOperator
	dialogs   map[string]*fakeDialog
	receipts  map[string]any // by client_id: the first answer
	taken     map[string]bool
	addresses map[string]bool // from which visitors came
	mostOpen  int             // most dialogs one operator ever had

	// Faults, nil when there is none. They are called under mu.
	before func(w http.ResponseWriter, r *http.Request, body map[string]any) bool // true: it has answered
	onPush func(to *fakeConn, e Event) []Event                                    // what goes out instead of e
	onFile func(side Side, file string) string
	onPage func(side Side, list []Event) []Event
}

type fakeOperator struct {
	name, level string
	limit, open int
}

type fakeDialog struct {
	id, project, token string
	events             []Event
	assignee           *fakeOperator
	closed             bool
	tags               []string
	stars              int
}

type fakeConn struct {
	ws     *websocket.Conn
	side   Side
	op     *fakeOperator
	watch  string
	opened map[string]bool
	wmu    sync.Mutex
}

func (c *fakeConn) push(v any) {
	c.wmu.Lock()
	defer c.wmu.Unlock()
	c.ws.WriteJSON(v)
}

var fakeTags = []named{{"t1", "Продажа"}, {"t2", "Лид"}}

func newFake(t *testing.T, limits ...int) *fake {
	f := &fake{
		clock: time.Date(2026, 11, 22, 20, 59, 0, 0, time.UTC), dialogs: map[string]*fakeDialog{},
		receipts: map[string]any{}, taken: map[string]bool{}, addresses: map[string]bool{},
	}
	for i, limit := range limits {
		level := "operator"
		if i == 0 {
			level = "senior"
		}
		f.operators = append(f.operators, &fakeOperator{name: "op" + strconv.Itoa(i), level: level, limit: limit})
	}
	conns := &fakeConns{all: map[*fakeConn]bool{}}
	mux := http.NewServeMux()
	f.routes(mux, conns)
	f.Server = httptest.NewServer(mux)
	t.Cleanup(func() { conns.closeAll(); f.Close() })
	return f
}

type fakeConns struct {
	mu  sync.Mutex
	all map[*fakeConn]bool
}

func (cs *fakeConns) each(do func(*fakeConn)) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	for c := range cs.all {
		do(c)
	}
}

func (cs *fakeConns) closeAll() { cs.each(func(c *fakeConn) { c.ws.Close() }) }

func (f *fake) logins() []Login {
	var list []Login
	for _, o := range f.operators {
		list = append(list, Login{o.name, "pw"})
	}
	return list
}

func fail(w http.ResponseWriter, status int, code string) bool {
	if status == 429 || status == 503 {
		w.Header().Set("Retry-After", "2")
	}
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]string{"code": code, "message": "planted"})
	return true
}

func (f *fake) routes(mux *http.ServeMux, conns *fakeConns) {
	handle := func(pattern string, do func(w http.ResponseWriter, r *http.Request, in map[string]any) any) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			in := map[string]any{}
			json.NewDecoder(r.Body).Decode(&in)
			f.mu.Lock()
			defer f.mu.Unlock()
			if f.before != nil && f.before(w, r, in) {
				return
			}
			id, _ := in["client_id"].(string)
			answer, again := f.receipts[id]
			if !again || id == "" {
				answer = do(w, r, in)
			}
			if answer == nil {
				return // refused
			}
			if id != "" {
				f.receipts[id] = answer
			}
			if text, ok := answer.(string); ok {
				w.Write([]byte(text))
				return
			}
			json.NewEncoder(w).Encode(answer)
		})
	}
	const api = "/api/v1"
	handle("POST "+api+"/operator/sign-in", func(w http.ResponseWriter, r *http.Request, in map[string]any) any {
		http.SetCookie(w, &http.Cookie{Name: "otklik_session", Value: in["login"].(string), Path: "/", HttpOnly: true})
		return map[string]any{}
	})
	handle("GET "+api+"/operator/me", func(w http.ResponseWriter, r *http.Request, in map[string]any) any {
		o := f.who(r)
		var m me
		m.Operator.ID, m.Operator.Name, m.Operator.OpenDialogs, m.Operator.DialogLimit = o.name, o.name, o.open, &o.limit
		m.CSRF = "csrf"
		m.Projects = []project{
			{ID: "pz", Name: "Z", Level: o.level, Tagging: true, Rating: true, Tags: fakeTags}, {ID: "pk", Name: "K", Level: o.level},
		}
		return m
	})
	handle("GET "+api+"/widgets/{key}", func(w http.ResponseWriter, r *http.Request, in map[string]any) any {
		return widgetConfig{ProjectName: strings.ToUpper(r.PathValue("key"))}
	})
	handle("POST "+api+"/widgets/{key}/visitors", func(w http.ResponseWriter, r *http.Request, in map[string]any) any {
		host, _, _ := net.SplitHostPort(r.RemoteAddr)
		f.addresses[host] = true
		d := &fakeDialog{id: fmt.Sprintf("d%d", len(f.dialogs)+1), project: "p" + r.PathValue("key")}
		d.token = "token-" + d.id
		f.dialogs[d.id] = d
		w.WriteHeader(201)
		return visitorCreated{Token: d.token, State: visitorState{DialogID: d.id}}
	})
	handle("POST "+api+"/visitor/messages", func(w http.ResponseWriter, r *http.Request, in map[string]any) any {
		d := f.byToken(r.Header.Get("Authorization"))
		e := f.store(conns, d, Event{Kind: "message", Author: "visitor", Audience: "all", Text: in["text"].(string)})
		return messageAnswer{Event: forSide(d, Visitor)[e]}
	})
	handle("GET "+api+"/visitor", func(w http.ResponseWriter, r *http.Request, in map[string]any) any {
		return f.state(f.byToken(r.Header.Get("Authorization")))
	})
	handle("POST "+api+"/visitor/rating", func(w http.ResponseWriter, r *http.Request, in map[string]any) any {
		d := f.byToken(r.Header.Get("Authorization"))
		d.stars = int(in["stars"].(float64))
		return f.state(d)
	})
	page := func(d *fakeDialog, side Side, r *http.Request) any {
		list := forSide(d, side)
		if f.onPage != nil {
			list = f.onPage(side, list)
		}
		after, _ := strconv.Atoi(r.URL.Query().Get("after"))
		limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
		after = min(after, len(list))
		end := min(after+limit, len(list))
		return eventPage{Events: list[after:end], MoreAfter: end < len(list)}
	}
	handle("GET "+api+"/visitor/events", func(w http.ResponseWriter, r *http.Request, in map[string]any) any {
		return page(f.byToken(r.Header.Get("Authorization")), Visitor, r)
	})
	handle("GET "+api+"/operator/dialogs/{id}/events", func(w http.ResponseWriter, r *http.Request, in map[string]any) any {
		return page(f.dialogs[r.PathValue("id")], Operator, r)
	})
	handle("GET "+api+"/visitor/transcript", func(w http.ResponseWriter, r *http.Request, in map[string]any) any {
		return f.file(f.byToken(r.Header.Get("Authorization")), Visitor, r)
	})
	handle("GET "+api+"/operator/dialogs/{id}/transcript", func(w http.ResponseWriter, r *http.Request, in map[string]any) any {
		return f.file(f.dialogs[r.PathValue("id")], Operator, r)
	})
	handle("POST "+api+"/operator/dialogs/{id}/messages", func(w http.ResponseWriter, r *http.Request, in map[string]any) any {
		d, o := f.dialogs[r.PathValue("id")], f.who(r)
		claimed := d.assignee == nil
		if claimed && o.open >= o.limit {
			fail(w, 409, "limit_reached")
			return nil
		}
		if !claimed && d.assignee != o {
			fail(w, 409, "already_claimed")
			return nil
		}
		if seen, _ := in["seen_seq"].(float64); int(seen) != len(d.events) {
			fail(w, 400, "wrong_type") // the replay answers what it has seen, and everything is seen when it answers
			return nil
		}
		if claimed {
			d.assignee = o
			o.open++
			f.mostOpen = max(f.mostOpen, o.open)
		}
		e := f.store(conns, d, Event{Kind: "message", Author: "operator", Audience: "all", Text: in["text"].(string), Operator: &person{o.name, o.name}})
		return messageAnswer{Event: forSide(d, Operator)[e], Claimed: claimed}
	})
	handle("GET "+api+"/operator/dialogs/{id}", func(w http.ResponseWriter, r *http.Request, in map[string]any) any {
		return f.dialog(f.dialogs[r.PathValue("id")], f.who(r))
	})
	handle("PUT "+api+"/operator/dialogs/{id}/tags", func(w http.ResponseWriter, r *http.Request, in map[string]any) any {
		f.dialogs[r.PathValue("id")].tags = texts(in["tags"])
		return map[string]any{"rev": 1}
	})
	handle("POST "+api+"/operator/dialogs/{id}/read", func(w http.ResponseWriter, r *http.Request, in map[string]any) any {
		return map[string]any{}
	})
	handle("POST "+api+"/operator/dialogs/{id}/leave", func(w http.ResponseWriter, r *http.Request, in map[string]any) any {
		d := f.dialogs[r.PathValue("id")]
		if in["tags"] != nil {
			d.tags = texts(in["tags"])
		}
		if d.project == "pz" && len(d.tags) == 0 {
			fail(w, 422, "tag_required")
			return nil
		}
		d.closed = true
		d.assignee.open--
		f.store(conns, d, Event{Kind: "system", Author: "system", Audience: "visitor", Key: endKeys[Visitor]})
		f.store(conns, d, Event{Kind: "system", Author: "system", Audience: "operator", Key: endKeys[Operator], Params: map[string]string{"name": d.assignee.name}})
		return map[string]any{"rev": 1}
	})
	handle("GET "+api+"/operator/projects/{id}/dialogs", func(w http.ResponseWriter, r *http.Request, in map[string]any) any {
		var p dialogPage
		for _, d := range f.dialogs {
			if d.project == r.PathValue("id") && len(d.events) > 0 && !d.closed {
				p.Rows = append(p.Rows, fakeRow(d))
			}
		}
		return p
	})
	mux.HandleFunc("GET "+api+"/operator/socket", func(w http.ResponseWriter, r *http.Request) { f.socket(conns, w, r, Operator) })
	mux.HandleFunc("GET "+api+"/visitor/socket", func(w http.ResponseWriter, r *http.Request) { f.socket(conns, w, r, Visitor) })
}

func texts(v any) []string {
	var list []string
	for _, s := range v.([]any) {
		list = append(list, s.(string))
	}
	return list
}

func (f *fake) who(r *http.Request) *fakeOperator {
	c, err := r.Cookie("otklik_session")
	for _, o := range f.operators {
		if err == nil && o.name == c.Value {
			return o
		}
	}
	return nil
}

func (f *fake) byToken(auth string) *fakeDialog {
	for _, d := range f.dialogs {
		if auth == "Bearer "+d.token {
			return d
		}
	}
	return nil
}

func (f *fake) state(d *fakeDialog) visitorState {
	var s visitorState
	b, _ := json.Marshal(map[string]any{
		"dialog_id": d.id, "session": map[string]any{"id": "s-" + d.id, "open": !d.closed},
		"rating": map[string]any{"session_id": "s-" + d.id, "stars": d.stars},
	})
	json.Unmarshal(b, &s)
	return s
}

func (f *fake) dialog(d *fakeDialog, o *fakeOperator) map[string]any {
	s := map[string]any{"id": "s-" + d.id, "no": 1, "tags": names(d.tags)}
	if d.assignee != nil {
		s["operator"] = person{d.assignee.name, d.assignee.name}
	}
	if d.closed {
		s["closed_at"] = f.clock
	}
	if o.level == "senior" && d.stars > 0 {
		s["rating"] = d.stars
	}
	return map[string]any{"row": fakeRow(d), "sessions": []any{s}, "head_seq": len(d.events)}
}

func names(ids []string) []named {
	list := []named{}
	for _, id := range ids {
		for _, t := range fakeTags {
			if t.ID == id {
				list = append(list, t)
			}
		}
	}
	return list
}

func fakeRow(d *fakeDialog) row {
	r := row{ID: d.id, ProjectID: d.project, Rev: int64(len(d.events))}
	r.Visitor.Number = strings.TrimPrefix(d.id, "d")
	if d.assignee != nil {
		r.Session.Assignee = &person{d.assignee.name, d.assignee.name}
	}
	return r
}

// forSide is a log as one side has it.
func forSide(d *fakeDialog, side Side) []Event {
	var list []Event
	for _, e := range d.events {
		if side == Visitor && e.Audience == "operator" {
			continue
		}
		e.Seq = int64(len(list) + 1)
		list = append(list, e)
	}
	return list
}

func (f *fake) file(d *fakeDialog, side Side, r *http.Request) string {
	ses := FileSession{No: 1, Operator: d.assignee.name, Entries: forSide(d, side)}
	for _, t := range names(d.tags) {
		ses.Tags = append(ses.Tags, t.Name)
	}
	file := string(File{
		Lang: r.URL.Query().Get("lang"), Side: side, Number: strings.TrimPrefix(d.id, "d"), Zone: time.UTC,
		Project: strings.ToUpper(strings.TrimPrefix(d.project, "p")), Sessions: []FileSession{ses},
	}.Render())
	if f.onFile != nil {
		file = f.onFile(side, file)
	}
	return file
}

// store appends an entry and pushes it; it answers its index in the author's log.
func (f *fake) store(conns *fakeConns, d *fakeDialog, e Event) int {
	f.clock = f.clock.Add(time.Second)
	e.At, e.SessionID, e.SessionNo = f.clock, "s-"+d.id, 1
	d.events = append(d.events, e)
	conns.each(func(c *fakeConn) {
		list := forSide(d, c.side)
		mine := c.opened[d.id] && (c.side == Operator || e.Audience != "operator")
		if mine {
			f.push(c, d, list[len(list)-1])
		}
		if c.side == Operator && c.watch == d.project {
			c.push(map[string]any{"type": "row", "row": fakeRow(d)})
		}
	})
	return len(forSide(d, Side(e.Author))) - 1
}

func (f *fake) push(c *fakeConn, d *fakeDialog, e Event) {
	out := []Event{e}
	if f.onPush != nil {
		out = f.onPush(c, e)
	}
	for _, e := range out {
		c.push(map[string]any{"type": "event", "dialog_id": d.id, "event": e})
	}
}

func (f *fake) socket(conns *fakeConns, w http.ResponseWriter, r *http.Request, side Side) {
	up := websocket.Upgrader{CheckOrigin: func(r *http.Request) bool { return r.Header.Get("Origin") == f.URL }}
	ws, err := up.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	c := &fakeConn{ws: ws, side: side, op: f.who(r), opened: map[string]bool{}}
	defer ws.Close()
	defer func() { conns.mu.Lock(); delete(conns.all, c); conns.mu.Unlock() }()
	conns.mu.Lock()
	conns.all[c] = true
	conns.mu.Unlock()
	c.push(map[string]any{"type": "ping"})
	for {
		var in clientFrame
		if ws.ReadJSON(&in) != nil {
			return
		}
		f.mu.Lock()
		var d *fakeDialog
		switch in.Type {
		case "watch":
			c.watch = in.ProjectID
			c.push(map[string]any{"type": "watching"})
		case "open":
			d = f.dialogs[in.DialogID]
		case "hello":
			d = f.byToken("Bearer " + in.Token)
		case "close":
			delete(c.opened, in.DialogID)
		}
		if d != nil {
			c.opened[d.id] = true
			for _, e := range forSide(d, side)[*in.After:] {
				c.push(map[string]any{"type": "event", "dialog_id": d.id, "event": e})
			}
		}
		f.mu.Unlock()
	}
}
