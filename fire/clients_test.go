package fire

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

	"github.com/fasthttp/websocket"
)

var silent = slog.New(slog.DiscardHandler)

// event is one entry of a log as its reader has it.
type event struct {
	Seq       int64  `json:"seq"`
	SessionID string `json:"session_id"`
	Kind      string `json:"kind"`
	Author    string `json:"author"`
	Key       string `json:"key"`
	Text      string `json:"text"`
	ClientID  string `json:"client_id"`
	Operator  struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"operator"`
}

// answer is what a client was told about one command.
type answer struct {
	status  int    // 0: the connection broke, nothing is known
	Code    string `json:"code"`
	Claimed bool   `json:"claimed"`
	Rev     int64  `json:"rev"`
	Event   event  `json:"event"`
	Winner  struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"operator"` // of a refusal
	began, ended time.Time
}

func (a answer) ok() bool { return a.status >= 200 && a.status < 300 }

// final reports whether the answer settles the command: it was accepted, or refused for good.
func (a answer) final() bool { return a.ok() || (a.status >= 400 && a.status < 500 && a.status != 429) }

func (a answer) String() string { return fmt.Sprintf("%d %s", a.status, a.Code) }

func newHTTP() *http.Client {
	return &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
		DialContext: (&net.Dialer{Timeout: 2 * time.Second}).DialContext, MaxIdleConnsPerHost: 4,
	}}
}

// once does one call and decodes what comes into out.
func once(ctx context.Context, c *http.Client, method, url string, header http.Header, in, out any) (status int) {
	var body io.Reader
	if in != nil {
		raw, _ := json.Marshal(in)
		body = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return 0
	}
	req.Header = header.Clone()
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := c.Do(req)
	if err != nil {
		return 0
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return 0
	}
	if out != nil && json.Unmarshal(raw, out) != nil && res.StatusCode < 300 {
		return 0
	}
	return res.StatusCode
}

// operator is a signed-in one.
type operator struct {
	h           *house
	id, name    string
	token, csrf string
	http        *http.Client
}

func (o *operator) header() http.Header {
	return http.Header{"Cookie": {"otklik_session=" + o.token}, "X-Csrf-Token": {o.csrf}}
}

// do sends one command once. at is the API process asked.
func (o *operator) do(at *process, dialogID, what string, in map[string]any) answer {
	a := answer{began: time.Now()}
	a.status = once(context.Background(), o.http, http.MethodPost, at.url+"/api/v1/operator/dialogs/"+dialogID+"/"+what, o.header(), in, &a)
	a.ended = time.Now()
	return a
}

// reply writes into the dialog once.
func (o *operator) reply(at *process, dialogID, clientID, text string) answer {
	a := o.do(at, dialogID, "messages", map[string]any{"client_id": clientID, "text": text})
	o.h.book.note(said{clientID: clientID, dialogID: dialogID, author: o.id, text: text, answer: a})
	return a
}

func (o *operator) transfer(at *process, dialogID string, to *operator) answer {
	return o.do(at, dialogID, "transfer", map[string]any{"client_id": newID(), "operator_id": to.id})
}

func (o *operator) leave(at *process, dialogID string, lastSeen int64) answer {
	return o.do(at, dialogID, "leave", map[string]any{"client_id": newID(), "last_seen_seq": lastSeen})
}

// visitor is one browser on the site.
type visitor struct {
	h               *house
	token, dialogID string
	http            *http.Client
}

// visitor makes one at this API process.
func (h *house) visitor(at *process) *visitor {
	h.t.Helper()
	v := &visitor{h: h, http: newHTTP()}
	var out struct {
		Token string `json:"token"`
		State struct {
			DialogID string `json:"dialog_id"`
		} `json:"state"`
	}
	status := once(context.Background(), v.http, http.MethodPost, at.url+"/api/v1/widgets/"+h.widget+"/visitors", http.Header{},
		map[string]any{"locale": "ru"}, &out)
	if status != http.StatusCreated {
		h.t.Fatalf("new visitor: %d", status)
	}
	v.token, v.dialogID = out.Token, out.State.DialogID
	return v
}

// write sends a message once.
func (v *visitor) write(at *process, clientID, text string) answer {
	a := answer{began: time.Now()}
	a.status = once(context.Background(), v.http, http.MethodPost, at.url+"/api/v1/visitor/messages",
		http.Header{"Authorization": {"Bearer " + v.token}}, map[string]any{"client_id": clientID, "text": text}, &a)
	a.ended = time.Now()
	v.h.book.note(said{clientID: clientID, dialogID: v.dialogID, author: "visitor", text: text, answer: a})
	return a
}

// accepted fails the test when the command was not taken.
func (a answer) accepted(t testing.TB) answer {
	t.Helper()
	if !a.ok() {
		t.Fatalf("not accepted: %s", a)
	}
	return a
}

// insist sends the same command again, with the same client id, until the answer is final; limit bounds it.
func insist(limit time.Duration, send func() answer) answer {
	began := time.Now()
	for pause := 20 * time.Millisecond; ; pause = min(2*pause, 500*time.Millisecond) {
		a := send()
		if a.final() || time.Since(began) > limit {
			a.began = began
			return a
		}
		<-time.After(pause)
	}
}

// said is one message a client sent and what he was told about it.
type said struct {
	clientID, dialogID, author, text string
	answer
}

// book is the log of what clients were told.
type book struct {
	mu   sync.Mutex
	said map[string][]said // by client id, every try
}

func (b *book) note(s said) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.said == nil {
		b.said = map[string][]said{}
	}
	b.said[s.clientID] = append(b.said[s.clientID], s)
}

// entry is one row of the log in the database.
type entry struct {
	seq, visitorSeq                                   int64
	session, kind, author, operatorID, key, text, cid string
	audience                                          string
}

// entries is the log of a dialog, in order.
func (h *house) entries(dialogID string) (list []entry) {
	h.t.Helper()
	rows, err := h.pool.Query(context.Background(), `SELECT seq, coalesce(visitor_seq, 0), session_id::text, kind, author,
 coalesce(operator_id::text, ''), key, body, client_id, audience FROM events WHERE dialog_id = $1 ORDER BY seq`, dialogID)
	check(h.t, err)
	defer rows.Close()
	for rows.Next() {
		var e entry
		check(h.t, rows.Scan(&e.seq, &e.visitorSeq, &e.session, &e.kind, &e.author, &e.operatorID, &e.key, &e.text, &e.cid, &e.audience))
		list = append(list, e)
	}
	check(h.t, rows.Err())
	return list
}

// dialogs are the ids of all dialogs that have a log.
func (h *house) dialogs() (list []string) {
	h.t.Helper()
	rows, err := h.pool.Query(context.Background(), `SELECT DISTINCT dialog_id::text FROM events ORDER BY 1`)
	check(h.t, err)
	defer rows.Close()
	for rows.Next() {
		var id string
		check(h.t, rows.Scan(&id))
		list = append(list, id)
	}
	check(h.t, rows.Err())
	return list
}

// checkLogs holds the logs against what clients were told: nothing acknowledged is lost, doubled or reordered, nothing
// refused left a trace, and both sequences are contiguous. It returns how many messages were acknowledged.
func (h *house) checkLogs() (acknowledged int) {
	h.t.Helper()
	h.book.mu.Lock()
	defer h.book.mu.Unlock()
	found := map[string]int{} // entries by author and client id
	at := map[string]entry{}
	for _, id := range h.dialogs() {
		var seq, vseq int64
		for _, e := range h.entries(id) {
			if seq++; e.seq != seq {
				h.t.Errorf("dialog %s: seq %d where %d belongs", id, e.seq, seq)
				seq = e.seq
			}
			if e.visitorSeq != 0 {
				if vseq++; e.visitorSeq != vseq {
					h.t.Errorf("dialog %s: visitor_seq %d where %d belongs", id, e.visitorSeq, vseq)
					vseq = e.visitorSeq
				}
			}
			if e.author != "system" {
				found[e.cid]++
				at[e.cid] = e
			}
		}
	}
	for cid, tries := range h.book.said {
		var ok, refused, unknown int
		for _, s := range tries {
			switch {
			case s.ok():
				ok++
			case s.final():
				refused++
			default:
				unknown++
			}
		}
		s := tries[len(tries)-1]
		e := at[cid]
		switch {
		case found[cid] > 1:
			h.t.Errorf("dialog %s: message %s stands in the log %d times", s.dialogID, cid, found[cid])
		case ok > 0 && found[cid] == 0:
			h.t.Errorf("dialog %s: message %s was acknowledged and is lost", s.dialogID, cid)
		case ok == 0 && unknown == 0 && found[cid] > 0:
			h.t.Errorf("dialog %s: message %s was refused (%s) and stands in the log", s.dialogID, cid, s)
		}
		if ok == 0 {
			continue
		}
		acknowledged++
		if e.text != s.text {
			h.t.Errorf("message %s: %q was written, %q stands in the log", cid, s.text, e.text)
		}
		for _, s := range tries {
			want := e.seq
			if s.author == "visitor" {
				want = e.visitorSeq
			}
			if s.ok() && s.Event.Seq != want {
				h.t.Errorf("message %s: told to be %d, is %d", cid, s.Event.Seq, want)
			}
		}
	}
	h.checkOrder(at)
	return acknowledged
}

// checkOrder: what was acknowledged before another message was sent stands before it.
func (h *house) checkOrder(at map[string]entry) {
	h.t.Helper()
	byDialog := map[string][]said{}
	for _, tries := range h.book.said {
		for _, s := range tries {
			if s.ok() {
				s.began = tries[0].began
				byDialog[s.dialogID] = append(byDialog[s.dialogID], s)
				break
			}
		}
	}
	for id, list := range byDialog {
		for _, a := range list {
			for _, b := range list {
				if a.ended.Before(b.began) && at[a.clientID].seq > at[b.clientID].seq {
					h.t.Errorf("dialog %s: %s was acknowledged before %s was sent, and stands after it", id, a.clientID, b.clientID)
				}
			}
		}
	}
}

// listener is one socket that resumes by sequence whenever it breaks, and keeps all it was told, as it came.
type listener struct {
	name   string
	url    func() string // where to connect next
	header http.Header
	hello  func(after int64) map[string]any

	mu     sync.Mutex
	got    []event
	when   []time.Time // got[i] came
	last   int64
	twice  int // entries that came although they had come
	gaps   int // connections on which an entry was left out
	faults []string
}

// listen connects until the test ends. at is asked before every connection.
func (l *listener) listen(ctx context.Context) {
	for ctx.Err() == nil {
		l.connection(ctx)
		select {
		case <-ctx.Done():
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (l *listener) connection(ctx context.Context) {
	dialer := websocket.Dialer{HandshakeTimeout: 2 * time.Second}
	conn, _, err := dialer.DialContext(ctx, strings.Replace(l.url(), "http", "ws", 1), l.header)
	if err != nil {
		return
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	l.mu.Lock()
	after := l.last
	l.mu.Unlock()
	if conn.WriteJSON(l.hello(after)) != nil {
		return
	}
	for {
		_ = conn.SetReadDeadline(time.Now().Add(30 * time.Second))
		var f struct {
			Type  string `json:"type"`
			Event *event `json:"event"`
		}
		if conn.ReadJSON(&f) != nil {
			return
		}
		switch {
		case f.Type == "ping":
			if conn.WriteJSON(map[string]any{"type": "pong"}) != nil {
				return
			}
		case f.Type == "event" && f.Event != nil && !l.take(*f.Event):
			return // a gap: asked for by resuming
		}
	}
}

// take keeps an event; false when one before it is missing.
func (l *listener) take(e event) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case e.Seq <= l.last:
		l.twice++
		if l.got[e.Seq-1] != e {
			l.faults = append(l.faults, fmt.Sprintf("%s: %d came twice and differs", l.name, e.Seq))
		}
		return true
	case e.Seq > l.last+1:
		l.gaps++
		return false
	}
	l.last = e.Seq
	l.got, l.when = append(l.got, e), append(l.when, time.Now())
	return true
}

func (l *listener) head() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last
}

// listen is the visitor's own socket.
func (v *visitor) listen(ctx context.Context, at func() *process) *listener {
	l := &listener{
		name: "visitor", header: http.Header{},
		url: func() string { return at().url + "/api/v1/visitor/socket" },
		hello: func(after int64) map[string]any {
			return map[string]any{"type": "hello", "token": v.token, "after": after}
		},
	}
	go l.listen(ctx)
	return l
}

// listen is a socket of the operator that has the dialog open.
func (o *operator) listen(ctx context.Context, at func() *process, dialogID string) *listener {
	l := &listener{
		name: o.name, header: http.Header{"Cookie": {"otklik_session=" + o.token}},
		url: func() string { return at().url + "/api/v1/operator/socket" },
		hello: func(after int64) map[string]any {
			return map[string]any{"type": "open", "dialog_id": dialogID, "after": after}
		},
	}
	go l.listen(ctx)
	return l
}

// agrees waits until the listener has the whole log of the dialog as its side sees it, and compares.
func (l *listener) agrees(h *house, dialogID string, visitors bool) {
	h.t.Helper()
	var want []entry
	for _, e := range h.entries(dialogID) {
		if !visitors || e.visitorSeq != 0 {
			want = append(want, e)
		}
	}
	h.until(15*time.Second, fmt.Sprintf("%s heard all %d of dialog %s", l.name, len(want), dialogID), func() bool { return l.head() >= int64(len(want)) })
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, f := range l.faults {
		h.t.Error(f)
	}
	for i, e := range want {
		g := l.got[i]
		seq := e.seq
		if visitors {
			seq = e.visitorSeq
		}
		if g.Seq != seq || g.Text != e.text || g.Kind != e.kind || g.Key != e.key || g.Author != e.author || g.SessionID != e.session {
			h.t.Errorf("%s heard %+v where the log has %+v", l.name, g, e)
		}
	}
}
