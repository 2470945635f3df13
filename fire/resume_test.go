package fire

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/fasthttp/websocket"
)

// hearsWithin is after what silence either end gives a connection up (api/openapi.yaml).
const hearsWithin = 30 * time.Second

// opening is how many entries a taken dialog begins with: question, greeting of the system, answer.
const opening = 3

// through leads a process's clients by a proxy.
func (h *house) through(p *process) (*proxy, *process) {
	h.t.Helper()
	x := newProxy(h.t, "tcp", strings.TrimPrefix(p.url, "http://"))
	behind := *p
	behind.url = "http://" + x.address()
	return x, &behind
}

// readAll reads a log by REST, page by page.
func (h *house) readAll(c *http.Client, url string, header http.Header) (list []event) {
	h.t.Helper()
	for {
		var page struct {
			Events    []event `json:"events"`
			MoreAfter bool    `json:"more_after"`
		}
		after := int64(0)
		if len(list) > 0 {
			after = list[len(list)-1].Seq
		}
		if status := once(context.Background(), c, http.MethodGet, fmt.Sprintf("%s?after=%d&limit=200", url, after), header, nil, &page); status != http.StatusOK {
			h.t.Fatalf("events after %d: %d", after, status)
		}
		list = append(list, page.Events...)
		if !page.MoreAfter {
			return list
		}
	}
}

// exact holds what a client heard against its log: in the database and as REST gives it, each entry once, with neither
// gap nor double on any connection.
func (l *listener) exact(h *house, at *process, c conversation, visitors bool) {
	h.t.Helper()
	l.agrees(h, c.visitor.dialogID, visitors)
	var rest []event
	if visitors {
		rest = h.readAll(c.visitor.http, at.url+"/api/v1/visitor/events", http.Header{"Authorization": {"Bearer " + c.visitor.token}})
	} else {
		rest = h.readAll(c.operator.http, at.url+"/api/v1/operator/dialogs/"+c.visitor.dialogID+"/events", c.operator.header())
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !reflect.DeepEqual(l.got, rest) {
		h.t.Errorf("%s of dialog %s heard %d entries, REST gives %d, or they differ", l.name, c.visitor.dialogID, len(l.got), len(rest))
	}
	if l.twice > 0 || l.gaps > 0 {
		h.t.Errorf("%s of dialog %s: %d entries came twice, %d gaps", l.name, c.visitor.dialogID, l.twice, l.gaps)
	}
}

// console is an operator's browser tab: one socket with the list of a project and many dialogs open.
type console struct {
	*operator
	at   func() *process
	logs map[string]*listener // by dialog: what came

	mu       sync.Mutex
	rows     map[string]map[string]any
	gone     map[string]float64
	connects int
	pages    int // lists fetched on this connection
}

func (o *operator) console(ctx context.Context, at func() *process, list []conversation) *console {
	c := &console{operator: o, at: at, logs: map[string]*listener{}}
	for _, x := range list {
		if x.operator == o {
			c.logs[x.visitor.dialogID] = &listener{name: o.name}
		}
	}
	go func() {
		for ctx.Err() == nil {
			c.connection(ctx)
			select {
			case <-ctx.Done():
			case <-time.After(50 * time.Millisecond):
			}
		}
	}()
	return c
}

func (c *console) connection(ctx context.Context) {
	dialer := websocket.Dialer{HandshakeTimeout: 2 * time.Second}
	at := c.at()
	conn, _, err := dialer.DialContext(ctx, strings.Replace(at.url, "http", "ws", 1)+"/api/v1/operator/socket", http.Header{"Cookie": {"otklik_session=" + c.token}})
	if err != nil {
		return
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	c.mu.Lock()
	c.connects++
	mine := c.connects
	c.rows, c.gone, c.pages = map[string]map[string]any{}, map[string]float64{}, 0
	c.mu.Unlock()
	if conn.WriteJSON(map[string]any{"type": "watch", "project_id": c.h.project}) != nil {
		return
	}
	for id, l := range c.logs {
		if conn.WriteJSON(map[string]any{"type": "open", "dialog_id": id, "after": l.head()}) != nil {
			return
		}
	}
	for {
		_ = conn.SetReadDeadline(time.Now().Add(hearsWithin))
		var f struct {
			Type     string         `json:"type"`
			DialogID string         `json:"dialog_id"`
			Rev      float64        `json:"rev"`
			Event    *event         `json:"event"`
			Row      map[string]any `json:"row"`
		}
		if conn.ReadJSON(&f) != nil {
			return
		}
		switch f.Type {
		case "ping":
			if conn.WriteJSON(map[string]any{"type": "pong"}) != nil {
				return
			}
		case "watching":
			go c.fetch(ctx, at, mine)
		case "row":
			c.mu.Lock()
			id := f.Row["id"].(string)
			if old := c.rows[id]; old == nil || f.Row["rev"].(float64) >= old["rev"].(float64) {
				c.put(id, f.Row)
			}
			c.mu.Unlock()
		case "gone":
			c.mu.Lock()
			c.gone[f.DialogID] = f.Rev
			delete(c.rows, f.DialogID)
			c.mu.Unlock()
		case "event":
			if l := c.logs[f.DialogID]; l != nil && !l.take(*f.Event) {
				return
			}
		}
	}
}

// fetch gets the page of the list anew after connecting; what was pushed meanwhile counts if it is newer. The page's own
// connection may be cut, too, while the socket lives on: then it is asked for again, as a browser's console does.
func (c *console) fetch(ctx context.Context, at *process, mine int) {
	for ctx.Err() == nil {
		page := c.list(at)
		if c.takePage(page, mine) {
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// takePage reports whether no page is needed any more: it was taken, or its connection is not the current one.
func (c *console) takePage(page map[string]map[string]any, mine int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.connects != mine {
		return true
	}
	if page == nil {
		return false
	}
	for id, r := range page {
		if _, pushed := c.rows[id]; !pushed || r["rev"].(float64) > c.rows[id]["rev"].(float64) {
			c.put(id, r)
		}
	}
	c.pages++
	return true
}

// put takes a row that is not older than what is known.
func (c *console) put(id string, r map[string]any) {
	if rev, gone := c.gone[id]; !gone || r["rev"].(float64) > rev {
		c.rows[id] = r
	}
}

// list is the whole list by REST; nil when it was not to be had.
func (c *console) list(at *process) map[string]map[string]any {
	out := map[string]map[string]any{}
	cursor := ""
	for {
		var page struct {
			Rows       []map[string]any `json:"rows"`
			NextCursor string           `json:"next_cursor"`
		}
		url := at.url + "/api/v1/operator/projects/" + c.h.project + "/dialogs?group=all&sort=newest&limit=200&cursor=" + cursor
		if once(context.Background(), c.http, http.MethodGet, url, c.header(), nil, &page) != http.StatusOK {
			return nil
		}
		for _, r := range page.Rows {
			out[r["id"].(string)] = r
		}
		if cursor = page.NextCursor; cursor == "" {
			return out
		}
	}
}

// agree waits until what the tab shows is what a fresh page shows, and says where they differ otherwise.
func (c *console) agree(at *process) {
	c.h.t.Helper()
	var differ string
	began := time.Now()
	for time.Since(began) < 10*time.Second {
		fresh := c.list(at)
		c.mu.Lock()
		ready := c.pages >= 1
		differ = difference(c.rows, fresh)
		c.mu.Unlock()
		if ready && differ == "" {
			return
		}
		<-time.After(50 * time.Millisecond)
	}
	c.h.t.Errorf("%s: 10 s after the last change the list is not what a fresh one is (%d pages fetched): %s", c.name, c.pages, differ)
}

func difference(have, want map[string]map[string]any) string {
	for id, r := range want {
		if have[id] == nil {
			return fmt.Sprintf("%s is missing", id)
		}
		if !reflect.DeepEqual(have[id], r) {
			a, _ := json.Marshal(have[id])
			b, _ := json.Marshal(r)
			return fmt.Sprintf("\nshown %s\nfresh %s", a, b)
		}
	}
	for id := range have {
		if want[id] == nil {
			return fmt.Sprintf("%s should be gone", id)
		}
	}
	return ""
}

// paced lets writers breathe: what is tested is cutting, not load.
func paced(at *process, pause time.Duration) func(int, bool) *process {
	return func(int, bool) *process {
		<-time.After(pause)
		return at
	}
}

// TestCutSockets: sockets of both sides are cut at random every second while messages flow. Each client ends with exactly
// its own log, heard without gap or double; after each reconnect the list is what a fresh one is.
func TestCutSockets(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{operators: 3})
	api := h.serve(via{})
	wire, behind := h.through(api)
	list := h.conversations(api, 6)
	ctx := background(t)
	at := func() *process { return behind }
	var visitors []*listener
	for _, c := range list {
		visitors = append(visitors, c.visitor.listen(ctx, at))
	}
	var consoles []*console
	for _, o := range h.operators {
		consoles = append(consoles, o.console(ctx, at, list))
	}
	rounds, cuts := times(8, 60), 0
	for round := range rounds {
		stop := make(chan struct{})
		done := h.talk(list, stop, paced(api, 4*time.Millisecond))
		time.AfterFunc(700*time.Millisecond, func() { close(stop) })
		// Rows that come and are taken while sockets are cut, and go while they are not.
		come, o := h.visitor(api), h.operators[round%len(h.operators)]
		come.write(api, newID(), "новый").accepted(t)
		<-time.After(time.Duration(rand.IntN(300)) * time.Millisecond)
		cuts += wire.cutSome(2)
		taken := o.reply(api, come.dialogID, newID(), "беру").accepted(t)
		done.Wait()
		agree := func() {
			for _, c := range consoles {
				c.agree(api)
			}
		}
		agree()
		if round%2 == 0 {
			o.leave(api, come.dialogID, taken.Event.Seq).accepted(t)
			agree()
		}
	}
	for i, c := range list {
		visitors[i].exact(h, api, c, true)
		for _, x := range consoles {
			if x.operator == c.operator {
				x.logs[c.visitor.dialogID].exact(h, api, c, false)
			}
		}
	}
	h.checkLogs()
	connects := 0
	for _, c := range consoles {
		connects += c.connects
	}
	t.Logf("%d cuts; %d connections of %d consoles", cuts, connects, len(consoles))
	if cuts < rounds || connects < rounds/2 {
		t.Error("hardly anything was cut: the test tests little")
	}
}

// slowReader is a console with a small window, so that what it does not read soon stays with the server.
type slowReader struct {
	*operator
	at   *process
	logs map[string]*listener // by dialog
	conn *websocket.Conn
}

// dial connects and opens every dialog behind the last entry it has.
func (r *slowReader) dial() {
	t := r.h.t
	t.Helper()
	dialer := websocket.Dialer{NetDialContext: (&net.Dialer{Control: func(_, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) { _ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 4096) })
	}}).DialContext}
	var err error
	r.conn, _, err = dialer.Dial(strings.Replace(r.at.url, "http", "ws", 1)+"/api/v1/operator/socket", http.Header{"Cookie": {"otklik_session=" + r.token}})
	check(t, err)
	t.Cleanup(func() { r.conn.Close() })
	for id, l := range r.logs {
		check(t, r.conn.WriteJSON(map[string]any{"type": "open", "dialog_id": id, "after": l.head()}))
	}
}

// read reads until all logs are as long as wanted or the connection ends.
func (r *slowReader) read(heads map[string]int64) error {
	for {
		whole := true
		for id, l := range r.logs {
			whole = whole && l.head() >= heads[id]
		}
		if whole {
			return nil
		}
		_ = r.conn.SetReadDeadline(time.Now().Add(hearsWithin))
		var f struct {
			Type     string `json:"type"`
			DialogID string `json:"dialog_id"`
			Event    *event `json:"event"`
		}
		if err := r.conn.ReadJSON(&f); err != nil {
			return err
		}
		if f.Type == "event" {
			r.logs[f.DialogID].take(*f.Event)
		}
	}
}

// TestReaderStopped: a console that stops reading from its connection is closed with 4008 once its bounded queue is full;
// meanwhile nobody else is held up, and it resumes without gap or double.
func TestReaderStopped(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{operators: 1})
	api := h.serve(via{})
	list := h.conversations(api, 3)
	ctx := background(t)
	quick := list[0].visitor.listen(ctx, func() *process { return api })
	slow := &slowReader{operator: h.operators[0], at: api, logs: map[string]*listener{}}
	heads := map[string]int64{}
	for _, c := range list {
		slow.logs[c.visitor.dialogID], heads[c.visitor.dialogID] = &listener{name: "slow reader"}, opening
	}
	connections := func() int {
		return h.count(`SELECT count(*) FROM presence WHERE operator_id = $1 AND connection_id <> operator_id`, slow.id)
	}
	slow.dial()
	check(t, slow.read(heads))
	// It stops reading now, and more is said than socket buffers and queue can hold. One writer to a dialog: what is
	// published out of order makes the server read the log again instead of queueing.
	stopFor := time.Duration(times(5, 30)) * time.Second
	resumes := time.After(stopFor)
	long := strings.Repeat("длинно ", 550)
	stop := make(chan struct{})
	var slowest time.Duration
	var mu sync.Mutex
	var writers sync.WaitGroup
	for _, c := range list {
		writers.Go(func() {
			for n := 0; n < 1000; n++ {
				select {
				case <-stop:
					return
				default:
				}
				a := insist(10*time.Second, func() answer { return c.write(api, n%2 == 0, newID(), long) })
				mu.Lock()
				slowest = max(slowest, a.ended.Sub(a.began))
				mu.Unlock()
			}
		})
	}
	<-resumes
	if whole && connections() != 0 {
		t.Errorf("after %s the server still keeps the connection", stopFor)
	}
	close(stop)
	writers.Wait()
	said := int64(0)
	for id := range heads {
		heads[id] = int64(h.count(`SELECT seq FROM dialogs WHERE id = $1`, id))
		said += heads[id]
	}
	err := slow.read(heads)
	var got int64
	for _, l := range slow.logs {
		got += l.head()
	}
	t.Logf("%d long messages in %s, the slowest took %s; the reader then got %d of them and %v", said, stopFor, slowest.Round(time.Millisecond), got, err)
	var ce *websocket.CloseError
	switch {
	case err == nil:
		t.Fatal("it got everything on one connection: its queue is not bounded")
	case !whole && (!errors.As(err, &ce) || ce.Code != 4008): // after 10 s without a byte taken no code fits in any more
		t.Errorf("closed with %v, want 4008", err)
	}
	if slowest > 2*time.Second {
		t.Errorf("a message took %s beside a reader that does not read", slowest)
	}
	h.until(15*time.Second, "the server forgets the connection", func() bool { return connections() == 0 })
	slow.dial()
	check(t, slow.read(heads))
	for _, c := range list {
		slow.logs[c.visitor.dialogID].exact(h, api, c, false)
	}
	quick.exact(h, api, list[0], true)
}

// TestHalfOpen: the network swallows what both ends say. Each finds out by silence within the contract's time; the
// server frees connection and presence; afterwards both sides resume with exactly their logs.
func TestHalfOpen(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{operators: 1})
	api := h.serve(via{})
	wire, behind := h.through(api)
	list := h.conversations(api, 2)
	h.exec(`DELETE FROM presence`) // only now: who starts with nobody there is told so (D-21)
	ctx := background(t)
	at := func() *process { return behind }
	c := list[0]
	v, o := c.visitor.listen(ctx, at), c.operator.listen(ctx, at, c.visitor.dialogID)
	for _, l := range []*listener{v, o} {
		h.until(10*time.Second, "everybody listens", func() bool { return l.head() == opening })
	}
	connections := func() int { return h.count(`SELECT count(*) FROM presence`) }
	if n := connections(); n != 1 {
		t.Fatalf("%d connections are present", n)
	}
	wire.silence()
	began := time.Now()
	for i := range 5 {
		c.visitor.write(api, newID(), fmt.Sprint("вслед ", i)).accepted(t)
	}
	within := hearsWithin + 2*time.Second
	var gone [3]time.Duration // presence, both sockets at the server, both at the clients
	h.until(within, "both ends and presence know", func() bool {
		clients, servers := wire.ended()
		for i, known := range []bool{connections() == 0, servers == 2, clients == 2} {
			if known && gone[i] == 0 {
				gone[i] = time.Since(began)
			}
		}
		return gone[0] > 0 && gone[1] > 0 && gone[2] > 0
	})
	t.Logf("in silence: presence gone after %s, sockets given up by the server after %s, by the clients after %s",
		gone[0].Round(10*time.Millisecond), gone[1].Round(10*time.Millisecond), gone[2].Round(10*time.Millisecond))
	if v.head() != opening || o.head() != opening {
		t.Errorf("heard %d and %d through a proxy that swallows", v.head(), o.head())
	}
	wire.release()
	c.operator.reply(api, c.visitor.dialogID, newID(), "на связи").accepted(t)
	v.exact(h, api, c, true)
	o.exact(h, api, c, false)
	h.until(10*time.Second, "the operator is present again", func() bool { return connections() == 1 })
}
