package api

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/store"
)

// A client that was cut off resumes behind the last event it has, and ends with exactly its log (design 9).
func TestResume(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.visitor()
	for i := range 5 {
		v.says(fmt.Sprint("до ", i))
	}
	s := v.socket(0)
	last := 0.0
	collect := func(s *socket, upTo float64) {
		t.Helper()
		for last < upTo {
			e := s.next("event")["event"].(map[string]any)
			if e["seq"] != last+1 {
				t.Fatalf("seq %v after %v", e["seq"], last)
			}
			last++
		}
	}
	collect(s, 5)
	s.ws.NetConn().Close()
	var wg sync.WaitGroup
	back := make(chan struct{})
	for sender := range 6 { // more than a page, while it comes back
		wg.Go(func() {
			for i := range 40 {
				v.insists(message(fmt.Sprint("без меня ", sender, i)))
				if sender == 0 && i == 20 {
					close(back)
				}
			}
		})
	}
	<-back
	s = v.socket(5)
	wg.Wait()
	collect(s, 245)
	// Nothing comes twice, and what comes next is the next.
	v.says("ещё")
	collect(s, 246)
}

// insists sends until it is accepted: under load the answer may be 503, and the same client_id makes trying again safe
// (I-10).
func (v *visitor) insists(body map[string]any) {
	v.w.t.Helper()
	until(v.w.t, "accepted", func() bool {
		a := v.post("/visitor/messages", body)
		if a.status != http.StatusServiceUnavailable {
			a.want(200)
		}
		return a.status == http.StatusOK
	})
}

// Each side gets its own contiguous sequence: a transfer is an operators' entry, the visitor's numbers have no gap.
func TestOwnSequences(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.visitor()
	widget := v.socket(0)
	v.says("раз")
	w.anna.says(v, "два")
	desk := w.anna.socket()
	vera := w.vera.socket() // she is online
	_ = vera
	desk.send(map[string]any{"type": "open", "dialog_id": v.dialog, "after": 0})
	w.anna.post("/operator/dialogs/"+v.dialog+"/transfer", map[string]any{"client_id": "transfer-1", "operator_id": w.vera.id,
		"department_id": w.delivery}).want(200)
	w.vera.says(v, "три")
	for i, s := range []*socket{desk, widget} {
		want := 1.0
		for {
			e := s.next("event")["event"].(map[string]any)
			if e["seq"] != want {
				t.Fatalf("socket %d: seq %v, want %v", i, e["seq"], want)
			}
			want++
			if i == 1 && e["audience"] == "operator" {
				t.Errorf("the visitor got %v", e)
			}
			if e["text"] == "три" {
				break
			}
		}
	}
}

// A row goes to those who see it, and `gone` to those who saw it: after a department's choice, a claim, a transfer, the end.
func TestRowAndGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	oleg, vera := w.oleg.watching(w.shop), w.vera.watching(w.shop)
	v := w.visitor()
	v.says("кому?")
	oleg.next("row", rowOf(v.dialog))
	vera.next("row", rowOf(v.dialog))
	v.post("/visitor/department", map[string]any{"client_id": "dept-00001", "department_id": w.delivery}).want(200)
	gone := func(f map[string]any) bool { return f["dialog_id"] == v.dialog }
	oleg.next("gone", gone) // not his department
	vera.next("row", func(f map[string]any) bool {
		d, _ := f["row"].(map[string]any)["session"].(map[string]any)["department"].(map[string]any)
		return d["name"] == "Доставка"
	})
	w.oleg.get("/operator/dialogs/"+v.dialog).want(404, "not_found")
	w.vera.says(v, "моё")
	vera.next("counts", func(f map[string]any) bool { return f["counts"].(map[string]any)["mine"] == 1.0 })
	w.vera.post("/operator/dialogs/"+v.dialog+"/transfer", map[string]any{"client_id": "transfer-1", "operator_id": w.oleg.id}).want(200)
	row := oleg.next("row", rowOf(v.dialog))["row"].(map[string]any)
	if row["important"] != true || row["reasons"].([]any)[0] != "transferred" {
		t.Errorf("row %v", row)
	}
	oleg.next("projects", func(f map[string]any) bool { return f["projects"].([]any)[0].(map[string]any)["dot"] == "red" })
	oleg.next("me") // one dialog more (D-29)
	w.oleg.says(v, "принял")
	oleg.next("row", func(f map[string]any) bool { return f["row"].(map[string]any)["important"] == false })
	w.oleg.post("/operator/dialogs/"+v.dialog+"/leave", map[string]any{"client_id": "leave-0001", "last_seen_seq": 99, "tags": []string{w.lead}}).want(200)
	oleg.next("gone", gone)
	vera.next("gone", gone)
	oleg.next("counts", func(f map[string]any) bool {
		c := f["counts"].(map[string]any)
		return c["all"] == 0.0 && c["mine"] == 0.0 && f["changes_at"] == nil
	})
}

// Red comes by time alone, without Temporal and without a reload: 180 s are not red, more is (R-043, design 2.8).
func TestRedByTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	desk := w.oleg.watching(w.shop)
	v := w.visitor()
	v.says("жду")
	row := desk.next("row", rowOf(v.dialog))["row"].(map[string]any)
	if row["important"] != false || row["next"].(map[string]any)["kind"] != "unclaimed" {
		t.Errorf("row %v", row)
	}
	list := as[DialogPage](w.oleg.get("/operator/projects/" + w.shop + "/dialogs").want(200))
	if want := list.Rows[0].Session.WaitingSince.Add(180*time.Second + time.Microsecond); !list.ChangesAt.Equal(want) {
		t.Errorf("changes_at %v, want %v", list.ChangesAt, want)
	}
	w.exec(`UPDATE clock SET "offset" = interval '178 seconds'`)
	row = desk.next("row", func(f map[string]any) bool { return f["row"].(map[string]any)["important"] == true })["row"].(map[string]any)
	if row["reasons"].([]any)[0] != "unclaimed" || row["rev"] != 1.0 {
		t.Errorf("row %v", row)
	}
	desk.next("projects", func(f map[string]any) bool { return f["projects"].([]any)[0].(map[string]any)["dot"] == "red" })
	desk.next("timers", func(f map[string]any) bool { return f["delayed"] == true }) // nobody keeps the deadline
}

// What calls an operator reaches him whichever project he looks at: a new dialog, one that turns red, and that it has ceased
// to call; what began while he was away is told to his next connection.
func TestCallsFromElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(`INSERT INTO access (operator_id, project_id, level) VALUES ($1,$2,$3)`, w.oleg.id, w.books, int(dialog.LevelOperator))
	first, second := w.visitor(), w.visitor()
	first.says("до связи")
	desk := w.oleg.socket()
	if rows := desk.next("calls")["rows"].([]any); len(rows) != 1 || rows[0].(map[string]any)["id"] != first.dialog {
		t.Errorf("calls %v", rows)
	}
	desk.send(map[string]any{"type": "watch", "project_id": w.books})
	desk.next("watching")
	second.says("кому?")
	if row := desk.next("call")["row"].(map[string]any); row["id"] != second.dialog || row["project_id"] != w.shop {
		t.Errorf("call %v", row)
	}
	w.anna.says(first, "я здесь")
	desk.next("call", func(f map[string]any) bool {
		row := f["row"].(map[string]any)
		return row["id"] == first.dialog && row["session"].(map[string]any)["assignee"] != nil
	})
	first.says("спасибо") // a colleague's talk calls nobody else
	w.exec(`UPDATE clock SET "offset" = interval '181 seconds'`)
	if row := desk.next("call")["row"].(map[string]any); row["id"] != second.dialog || row["important"] != true {
		t.Errorf("red %v", row)
	}
	red := func(n float64) func(map[string]any) bool {
		return func(f map[string]any) bool {
			sum := 0.0
			for _, p := range f["projects"].([]any) {
				sum += p.(map[string]any)["red"].(float64)
			}
			return sum == n
		}
	}
	desk.next("projects", red(1))
	for _, p := range w.oleg.me().Projects {
		if want := map[bool]int{true: 1}[p.ID == w.shop]; p.Red != want {
			t.Errorf("me: %s has %d red, want %d", p.Name, p.Red, want)
		}
	}
	second.post("/visitor/department", map[string]any{"client_id": "dept-00001", "department_id": w.delivery}).want(200)
	desk.next("gone", func(f map[string]any) bool { return f["dialog_id"] == second.dialog })
	desk.next("projects", red(0))
	if rows := w.oleg.socket().next("calls")["rows"].([]any); len(rows) != 0 {
		t.Errorf("calls %v", rows)
	}
}

// A process hears of what another did: by a hint at once, or by the sweep when hints are lost.
func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, other := w.serve(w.store)
	for name, hints := range map[string]bool{"hint": true, "sweep": false} {
		v := w.visitor()
		v.says("здесь " + name)
		far := w.anna.socketAt(other)
		far.send(map[string]any{"type": "watch", "project_id": w.shop})
		far.next("watching")
		far.send(map[string]any{"type": "open", "dialog_id": v.dialog, "after": 0})
		far.next("opened")
		far.next("event", eventText("здесь "+name))
		if hints {
			v.says("ещё " + name)
		} else {
			silent, err := store.Open(t.Context(), w.store.Pool().Config().ConnString(), store.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer silent.Close()
			out := silent.Apply(t.Context(), []store.Command{{DialogID: v.dialog, ClientID: "silent-0001", Do: visitorMessage("ещё " + name)}})
			if out[0].Err != nil {
				t.Fatal(out[0].Err)
			}
		}
		far.next("event", eventText("ещё "+name))
		far.next("row", func(f map[string]any) bool {
			r := f["row"].(map[string]any)
			return r["id"] == v.dialog && r["unread"] == 2.0
		})
		// A read mark moved here reaches the other tab there (D-11).
		if hints {
			w.anna.post("/operator/dialogs/"+v.dialog+"/read", map[string]any{"seq": 2}).want(204)
			far.next("row", func(f map[string]any) bool { return f["row"].(map[string]any)["unread"] == 0.0 })
		}
	}
}

// The listener's connection is cut: hints are lost meanwhile, the sweep after it is back finds what they would have told.
func TestListenerReconnects(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, other := w.serve(w.store)
	v := w.visitor()
	v.says("раз")
	far := w.anna.socketAt(other)
	far.send(map[string]any{"type": "open", "dialog_id": v.dialog, "after": 0})
	far.next("event", eventText("раз"))
	for i := range 3 {
		w.exec(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'`)
		text := fmt.Sprint("после обрыва ", i)
		v.says(text)
		far.next("event", eventText(text))
	}
}

// A reader too slow for its queue is closed with 4008, resumes, and misses nothing (design 5).
func TestSlowReader(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.visitor()
	v.says("начало")
	s := w.anna.socket()
	s.send(map[string]any{"type": "open", "dialog_id": v.dialog, "after": 0})
	s.next("opened")
	slow := w.connOf(w.anna)
	blocked := make(chan struct{})
	slow.mu.Lock() // the writer cannot take work: as good as a client that does not read
	go func() { close(blocked) }()
	<-blocked
	for range maxQueued + 1 {
		slow.push([]byte(`{"type":"ping"}`))
	}
	slow.mu.Unlock()
	slow.poke()
	s.ends(closeTooSlow)
	v.says("после")
	s = w.anna.socket()
	s.send(map[string]any{"type": "open", "dialog_id": v.dialog, "after": 1})
	if e := s.next("event")["event"].(map[string]any); e["text"] != "после" {
		t.Errorf("resumed with %v", e)
	}
}

func (w *world) connOf(p *person) *conn {
	w.t.Helper()
	var found *conn
	until(w.t, "the socket is known", func() bool {
		for _, c := range w.server.hub.all(isOperator) {
			if c.operator == p.id {
				found = c
			}
		}
		return found != nil
	})
	return found
}

// Access taken away, a department changed, a new project: all act on open sockets within 5 s (D-59, I-03).
func TestAccessChangesActOnSockets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.visitor()
	v.post("/visitor/department", map[string]any{"client_id": "dept-00001", "department_id": w.sales}).want(200)
	v.says("в продажи")
	desk := w.oleg.watching(w.shop)
	desk.send(map[string]any{"type": "open", "dialog_id": v.dialog, "after": 0})
	desk.next("event", eventText("в продажи"))
	w.exec(`DELETE FROM department_members WHERE operator_id = $1`, w.oleg.id)
	desk.within(w.promise(actIn), "gone", func(f map[string]any) bool { return f["dialog_id"] == v.dialog })
	v.says("секрет")
	w.exec(`INSERT INTO access VALUES ($1, $2, 2)`, w.oleg.id, w.books)
	desk.within(w.promise(actIn), "projects", func(f map[string]any) bool { return len(f["projects"].([]any)) == 2 })
	w.exec(`DELETE FROM access WHERE operator_id = $1`, w.oleg.id)
	desk.within(w.promise(actIn), "projects", func(f map[string]any) bool { return len(f["projects"].([]any)) == 0 })
	desk.send(map[string]any{"type": "watch", "project_id": w.shop})
	if e := desk.next("error"); e["code"] != "not_found" {
		t.Errorf("watch: %v", e)
	}
	desk.send(map[string]any{"type": "open", "dialog_id": v.dialog, "after": 0})
	if e := desk.next("error"); e["code"] != "not_found" {
		t.Errorf("open: %v", e)
	}
	w.exec(`UPDATE operators SET active = false WHERE id = $1`, w.oleg.id)
	desk.endsWithin(w.promise(actIn), closeSignedOut)
}

// Settings act on screens within 5 s (D-59): a longer wait takes red away.
func TestSettingsActOnScreens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(`UPDATE projects SET long_wait_seconds = 60 WHERE id = $1`, w.shop)
	v := w.visitor()
	v.says("привет")
	w.oleg.says(v, "слушаю")
	v.says("жду")
	w.exec(`UPDATE sessions SET waiting_since = waiting_since - interval '100 seconds'`)
	desk := w.oleg.watching(w.shop)
	list := as[DialogPage](w.oleg.get("/operator/projects/" + w.shop + "/dialogs?group=important").want(200))
	if len(list.Rows) != 1 || list.Rows[0].Reasons[0] != ReasonOverdue {
		t.Errorf("list %+v", list)
	}
	w.exec(`UPDATE projects SET long_wait_seconds = 600 WHERE id = $1`, w.shop)
	p := w.promise(actIn)
	desk.within(p, "row", func(f map[string]any) bool { return f["row"].(map[string]any)["important"] == false })
	desk.within(p, "me")
}

// Typing reaches clients of other processes: the visitor's his operators, the assignee's the visitor, with his name; and
// of a dialog that one has not open nothing is passed on (design 5).
func TestTypingAcrossProcesses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, base := w.serve(w.store)
	v := w.visitor()
	v.says("вопрос")
	w.anna.says(v, "ответ")
	widget := v.socket(0)
	there := w.anna.socketAt(base)
	open := map[string]any{"type": "open", "dialog_id": v.dialog, "after": 0}
	typing := map[string]any{"type": "typing", "dialog_id": v.dialog}
	w.vera.socketAt(base).send(typing) // she has not opened it: nobody is told, or the visitor would hear no name first
	there.send(open)
	there.next("event", eventText("ответ"))
	heard := func(from, to *socket, with map[string]any) map[string]any {
		t.Helper()
		over := w.promise(actIn)
		for { // a hint from before the listener was connected is lost, and one client passes one a second
			from.send(with)
			select {
			case f := <-to.frames:
				if holdFrame(t, to.schema, f); f["type"] == "typing" {
					return f
				}
			case <-over.over:
				t.Fatal("not heard")
			case <-time.After(300 * time.Millisecond):
			}
		}
	}
	if f := heard(there, widget, typing); f["name"] != w.anna.name || f["dialog_id"] != nil {
		t.Errorf("the visitor hears %v", f)
	}
	if f := heard(widget, there, map[string]any{"type": "typing"}); f["dialog_id"] != v.dialog || f["name"] != nil {
		t.Errorf("the operator hears %v", f)
	}
}

// D-72: each side is told that the other has read, at another process too and when it comes later; a colleague who looks
// on tells the visitor nothing, and what a visitor claims beyond his log is ignored.
func TestReadMarksOfTheOtherSide(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, base := w.serve(w.store)
	v := w.visitor()
	v.says("вопрос")
	widget := v.socket(0)
	w.visitor().socket(0) // somebody else's hears nothing of it
	path := "/operator/dialogs/" + v.dialog + "/read"
	seq := func(f map[string]any) int64 { return int64(f["seq"].(float64)) }
	until := func(s *socket, want int64) {
		t.Helper()
		s.next("read", func(f map[string]any) bool {
			if seq(f) > want {
				t.Fatalf("read up to %v, want %d", f["seq"], want)
			}
			return seq(f) == want
		})
	}

	w.oleg.post(path, map[string]any{"seq": 1}).want(204) // untaken: he may take it
	until(widget, 1)
	w.anna.says(v, "ответ")
	there := w.anna.socketAt(base)
	there.send(map[string]any{"type": "open", "dialog_id": v.dialog, "after": 0})
	answer := int64(there.next("event", eventText("ответ"))["event"].(map[string]any)["seq"].(float64))
	head := as[VisitorState](v.get("/visitor").want(200)).HeadSeq
	widget.send(map[string]any{"type": "read", "seq": head + 1000})
	widget.send(map[string]any{"type": "ping"})
	widget.next("pong")
	if seen, err := w.store.Seen(t.Context(), v.dialog); err != nil || seen.ByVisitor != 0 {
		t.Errorf("%+v %v", seen, err)
	}
	widget.send(map[string]any{"type": "read", "seq": head})
	until(there, answer)
	later := w.vera.socket()
	later.send(map[string]any{"type": "open", "dialog_id": v.dialog, "after": answer})
	until(later, answer)

	last := v.says("ещё вопрос").Seq
	for _, p := range []*person{w.vera, w.anna} { // only the assignee's is told
		if p == w.anna {
			if again := v.socket(0); seq(again.next("read")) != 1 {
				t.Error("a colleague's reading was told")
			}
		}
		p.post(path, map[string]any{"seq": 1000}).want(204)
	}
	until(widget, last)
	until(v.socket(last), last)

	// What was read while the line was down is told with the next hello.
	w.anna.says(v, "и ещё ответ")
	widget.ws.Close()
	s := dial(t, w.base+"/api/v1/visitor/socket", "VisitorServerFrame", nil)
	s.send(map[string]any{"type": "hello", "token": v.token, "after": last, "read": last + 1})
	there.next("read", func(f map[string]any) bool { return seq(f) > answer })
}

// What a client may not say closes its socket; too much of it does not take the server's time.
func TestSocketManners(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.visitor()
	v.says("раз")
	s := w.anna.socket()
	s.send(map[string]any{"type": "ping"})
	s.next("pong")
	s.send(map[string]any{"type": "open", "dialog_id": "x"})
	if e := s.next("error"); e["code"] != "not_found" {
		t.Errorf("%v", e)
	}
	s.send(map[string]any{"type": "dance"})
	s.ends(closeNotUnderst)
	s = w.anna.socket()
	s.send(map[string]any{"type": "ping", "colour": 1})
	s.ends(closeNotUnderst)

	url := w.base + "/api/v1/visitor/socket"
	for name, first := range map[string]map[string]any{"no hello": {"type": "ping"}, "odd": {"type": "hello", "token": 1}} {
		s := dial(t, url, "VisitorServerFrame", nil)
		s.send(first)
		s.ends(closeNotUnderst)
		_ = name
	}
	s = dial(t, url, "VisitorServerFrame", http.Header{"Origin": {"https://any.example.org"}})
	s.send(map[string]any{"type": "hello", "token": token()})
	s.ends(closeSignedOut)
	s = v.socket(0)
	s.send(map[string]any{"type": "hello", "token": v.token})
	s.ends(closeNotUnderst)
}

// The server says goodbye to sockets with 1001 and leaves nothing running (design 5).
func TestShutdown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.visitor()
	v.says("раз")
	s, base := w.serve(w.store)
	desk := w.anna.socketAt(base)
	start := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		t.Errorf("shutdown: %v", err)
	}
	desk.ends(closeGoingAway)
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("took %v", d)
	}
	if len(s.hub.conns) != 0 || len(s.hub.topics) != 0 {
		t.Errorf("left behind: %d sockets, %d dialogs", len(s.hub.conns), len(s.hub.topics))
	}
}

// A row that was read before the session's end and comes in after it does not bring the session back.
func TestStaleRowStaysGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.visitor()
	v.says("раз")
	open, err := w.store.Load(t.Context(), v.dialog)
	if err != nil {
		t.Fatal(err)
	}
	closed := open
	session := *open.State.Session
	session.ClosedAt = open.Now
	closed.State.Session, closed.Rev = &session, open.Rev+1
	d := newDesks(w.server) // not running: this test owns it
	f := &floor{rows: map[string]*store.Row{}, ended: map[string]ended{}}
	d.floors[w.shop] = f
	d.put1(&open)
	if len(f.rows) != 1 || f.nextRed.IsZero() {
		t.Fatalf("%d rows", len(f.rows))
	}
	d.put1(&closed)
	d.put1(&open)
	if len(f.rows) != 0 {
		t.Error("the session came back")
	}
}
