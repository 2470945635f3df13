package api

import (
	"context"
	"encoding/binary"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fasthttp/websocket"
	"golang.org/x/time/rate"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/store"
)

// Bounds of one socket.
const (
	maxQueued   = 512     // frames waiting for a slow reader, then it is closed with 4008
	maxBytes    = 1 << 20 // bytes of them
	maxFrame    = 4 << 10 // a client's frame
	maxOpen     = 200     // dialogs open at a time
	writeWithin = 10 * time.Second
	pingEvery   = 20 * time.Second
	readWithin  = 30 * time.Second
	fillPage    = 100 // events read at once when a client is behind
)

// conn is one socket. Its writer goroutine is the only one that writes; what others want written waits in the queue.
// The log of a dialog reaches it without gaps: a live event is queued only if it is the next one, else the subscription
// is behind and the writer reads the missing part from the store.
type conn struct {
	ws     *websocket.Conn
	server *Server
	inflow *rate.Limiter // of frames the client sends

	operator string // id; empty for a visitor
	signIn   string // token hash of the operator's sign-in
	id       string // names the connection in presence
	visitor  store.Visitor
	address  string                                // visitor: where he comes from
	owed     int64                                 // visitor: last event he says he has read; of the reading goroutine
	hasRead  int64                                 // visitor: and what is stored of it
	listsRev atomic.Int64                          // visitor: version of the block lists that blocked was read from
	seats    atomic.Pointer[map[string]store.Seat] // by project: what the operator may see now

	mu     sync.Mutex
	queue  [][]byte
	bytes  int
	subs   map[string]*sub // by dialog
	behind int             // how many of them are behind
	state  *store.Row      // visitor: a state to tell once the log is complete
	told   VisitorState    // visitor: the last state told
	// visitor: his address is on a block list, somebody who may answer is there (D-21), and that is to be told
	blocked, attended, retell bool
	in                        store.Queue // visitor: where his dialog waits
	rev                       int64       // visitor: revision of the newest state known
	typed                     time.Time   // when typing was last passed on
	code                      int         // close code, once it is to be closed
	wake                      chan struct{}
}

// sub is a dialog a socket has open.
type sub struct {
	conn    *conn
	dialog  string
	project string
	log     store.Log
	cursor  int64 // last event queued or written, in the reader's own sequence
	head    int64 // last event known to exist
	behind  bool
	missed  bool // the last page read was empty
}

func (s *Server) newConn(ws *websocket.Conn) *conn {
	return &conn{ws: ws, server: s, subs: map[string]*sub{}, wake: make(chan struct{}, 1), inflow: rate.NewLimiter(50, 100)}
}

func (c *conn) poke() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// send queues a frame.
func (c *conn) send(frame any) { c.sendRaw(encode(frame)) }

func (c *conn) sendRaw(raw []byte) {
	c.mu.Lock()
	c.push(raw)
	c.mu.Unlock()
	c.poke()
}

// push queues under the lock. A reader too slow for its queue is closed; nothing is dropped behind its back.
func (c *conn) push(raw []byte) {
	if c.code != 0 {
		return
	}
	if len(c.queue) >= maxQueued || c.bytes+len(raw) > maxBytes {
		c.code = closeTooSlow
		return
	}
	c.queue = append(c.queue, raw)
	c.bytes += len(raw)
}

// close asks the writer to close the socket with a code, after what is queued already.
func (c *conn) close(code int) {
	c.mu.Lock()
	if c.code == 0 {
		c.code = code
	}
	c.mu.Unlock()
	c.poke()
}

// subscribe opens a dialog's log after an event; an earlier subscription is replaced.
func (c *conn) subscribe(x *sub) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if old := c.subs[x.dialog]; old != nil && old.behind {
		c.behind--
	}
	c.subs[x.dialog] = x
	x.behind = true // the writer looks what there is; until then live events only move the head
	c.behind++
	c.poke()
}

func (c *conn) unsubscribe(dialogID string) (was bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	x := c.subs[dialogID]
	if x == nil {
		return false
	}
	if x.behind {
		c.behind--
	}
	delete(c.subs, dialogID)
	return true
}

// offer gives the socket new events of a dialog it has open, already encoded; seqs are in the reader's sequence.
func (x *sub) offer(seqs []int64, frames [][]byte) {
	c := x.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.subs[x.dialog] != x {
		return
	}
	for i, seq := range seqs {
		x.head = max(x.head, seq)
		switch {
		case x.behind, seq <= x.cursor:
		case seq == x.cursor+1:
			c.push(frames[i])
			x.cursor = seq
		default:
			x.behind = true
			c.behind++
		}
	}
	c.poke()
}

// reach says that the log goes up to head now, without its events.
func (x *sub) reach(head int64) {
	c := x.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	x.head = max(x.head, head)
	if c.subs[x.dialog] == x && !x.behind && x.head > x.cursor {
		x.behind = true
		c.behind++
	}
	c.poke()
}

// work is what the writer does next.
type work struct {
	frames [][]byte
	fill   *sub
	state  *store.Row
	retell bool // what is not of the row is to be told, too
	code   int
}

// next takes work: the queue first, then logs that are behind, then the state, which speaks of the whole log.
func (c *conn) next() work {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.queue) > 0 {
		w := work{frames: c.queue}
		if c.code == closeTooSlow {
			w = work{code: c.code} // it does not read what is queued
		}
		c.queue, c.bytes = nil, 0
		return w
	}
	if c.code != 0 {
		return work{code: c.code}
	}
	if c.behind > 0 {
		for _, x := range c.subs {
			if x.behind {
				return work{fill: x}
			}
		}
	}
	if c.state != nil || c.retell {
		w := work{state: c.state, retell: c.retell}
		c.state, c.retell = nil, false
		return w
	}
	return work{}
}

// write runs until the socket is to be closed or breaks. It ends the reader on its way out: a hijacked connection's
// Close does nothing, a read deadline in the past does.
func (c *conn) write() {
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	defer func() { _ = c.ws.SetReadDeadline(time.Unix(1, 0)) }()
	for {
		w := c.next()
		var err error
		var retry <-chan time.Time
		switch {
		case w.code != 0:
			c.sayClose(w.code)
			return
		case w.frames != nil:
			err = c.writeAll(w.frames)
		case w.fill != nil:
			var ok bool
			if aside(func() { ok, err = c.fill(w.fill) }); !ok {
				retry = time.After(time.Second) // the database is down
			}
		case w.state != nil || w.retell:
			err = c.tellState(w.state)
		}
		if err != nil {
			c.broken()
			return
		}
		if retry == nil && (w.frames != nil || w.fill != nil || w.state != nil || w.retell) {
			continue
		}
		wake := c.wake
		if retry != nil {
			wake = nil // being poked does not bring the database back
		}
		select {
		case <-wake:
		case <-retry:
		case <-ping.C:
			c.send(plainFrame{"ping", c.server.now()})
		}
		if retry != nil && c.closing() {
			c.sayClose(c.code)
			return
		}
	}
}

func (c *conn) closing() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.code != 0
}

func (c *conn) sayClose(code int) { sayClose(c.ws, code) }

func sayClose(ws *websocket.Conn, code int) {
	reason := ""
	if code == closeTooMany {
		reason = codeTooMany
	}
	deadline := time.Now().Add(time.Second)
	_ = ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason), deadline)
}

// broken marks the socket as closed when writing failed: the reader may be too slow, or gone.
func (c *conn) broken() {
	c.close(closeTooSlow)
	c.sayClose(closeTooSlow)
}

// writeAll writes text frames. Several go out together: under load the system call of each was a tenth of the API's CPU.
func (c *conn) writeAll(frames [][]byte) error {
	if len(frames) == 0 {
		return nil
	}
	if err := c.ws.SetWriteDeadline(time.Now().Add(writeWithin)); err != nil {
		return err
	}
	if len(frames) == 1 {
		return c.ws.WriteMessage(websocket.TextMessage, frames[0])
	}
	size := 0
	for _, f := range frames {
		size += len(f) + maxHeader
	}
	together := make([]byte, 0, size)
	for _, f := range frames {
		together = append(appendHeader(together, len(f)), f...)
	}
	// Past the library, which writes frame by frame. Its own control frames are one write each, as this is, so neither
	// comes in the middle of the other.
	conn := c.ws.NetConn()
	if err := conn.SetWriteDeadline(time.Now().Add(writeWithin)); err != nil {
		return err
	}
	_, err := conn.Write(together)
	return err
}

const maxHeader = 10 // bytes before the payload of a frame from a server

// appendHeader begins an unfragmented text frame of n bytes (RFC 6455, 5.2; frames from a server are not masked).
func appendHeader(b []byte, n int) []byte {
	const text = 0x81
	switch {
	case n < 126:
		return append(b, text, byte(n))
	case n < 1<<16:
		return binary.BigEndian.AppendUint16(append(b, text, 126), uint16(n))
	}
	return binary.BigEndian.AppendUint64(append(b, text, 127), uint64(n))
}

// fill writes the next page of a log the client lacks; ok is false when the store could not be asked.
func (c *conn) fill(x *sub) (ok bool, err error) {
	ctx, cancel := context.WithTimeout(c.server.ctx, budget)
	defer cancel()
	c.mu.Lock()
	after := x.cursor
	c.mu.Unlock()
	events, err := c.server.store.EventsAfter(ctx, x.dialog, x.log, after, fillPage)
	if err != nil {
		c.server.breaker.suspect()
		return false, nil
	}
	c.mu.Lock()
	if c.subs[x.dialog] != x { // closed or opened anew meanwhile
		c.mu.Unlock()
		return true, nil
	}
	frames := make([][]byte, len(events))
	for i, e := range events {
		seq, frame := x.frame(e)
		frames[i], x.cursor = frame, seq
	}
	// An empty page below the head was read before its events were committed: the next look finds them. Should it not,
	// looking again and again would help nobody.
	ok = len(events) > 0 || x.cursor >= x.head || !x.missed
	x.missed = len(events) == 0
	if x.cursor >= x.head {
		x.behind = false
		c.behind--
	}
	c.mu.Unlock()
	return ok, c.writeAll(frames)
}

// frame encodes an event as this subscription's reader gets it.
func (x *sub) frame(e dialog.Event) (seq int64, frame []byte) {
	if x.log == store.VisitorLog {
		return e.VisitorSeq, encode(eventFrame{"event", "", eventForVisitor(e)})
	}
	return e.Seq, encode(eventFrame{"event", x.dialog, eventFor(e, x.conn.operator)})
}

// tellState writes a visitor's state if it says anything new; without a row it is the last one told.
func (c *conn) tellState(r *store.Row) error {
	now := c.told
	now.Now = c.server.now()
	if r != nil {
		now = stateOf(r, now.Now)
	}
	c.mu.Lock()
	now.Blocked, now.OperatorOnline = c.blocked, c.attended
	c.mu.Unlock()
	if same(now, c.told) {
		return nil
	}
	c.told = now
	return c.writeAll([][]byte{encode(stateFrame{Type: "state", State: now})})
}

// same compares states without what every message changes.
func same(a, b VisitorState) bool {
	a.Rev, a.HeadSeq, a.Now = b.Rev, b.HeadSeq, b.Now
	return a == b
}

// run reads frames until the socket ends, and leaves only when the writer has: the connection is gone after that.
func (c *conn) run(handle func(raw []byte)) {
	written := make(chan struct{})
	go func() {
		defer close(written)
		c.write()
	}()
	c.ws.SetReadLimit(maxFrame)
	for {
		_ = c.ws.SetReadDeadline(time.Now().Add(readWithin))
		if c.closing() { // the writer's deadline in the past may have been before ours
			break
		}
		kind, raw, err := c.ws.ReadMessage()
		if err != nil {
			break
		}
		if kind != websocket.TextMessage {
			c.close(closeNotUnderst)
			break
		}
		if !c.inflow.Allow() {
			c.send(errorFrame{"error", codeTooMany, answers[codeTooMany].message})
			continue
		}
		handle(raw)
	}
	c.close(closeGoingAway)
	<-written
	_ = c.ws.Close()
}

// passTyping reports whether this client's typing is passed on: once a second is enough.
func (c *conn) passTyping() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.typed) < time.Second {
		return false
	}
	c.typed = time.Now()
	return true
}
