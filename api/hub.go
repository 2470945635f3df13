package api

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/store"
)

// hub knows the sockets of this process and who has which dialog open. Events go from the request that committed them
// straight to those sockets; nothing of it waits for the database.
type hub struct {
	s      *Server
	mu     sync.RWMutex
	conns  map[*conn]struct{}
	topics map[string]*topic // by dialog
}

// topic is a dialog that somebody has open.
type topic struct {
	subs     map[*sub]struct{}
	rev      int64
	assignee string // as of rev: whose typing the visitor sees with a name
	name     string
	card     cardMark // as of rev
}

func newHub(s *Server) *hub {
	return &hub{s: s, conns: map[*conn]struct{}{}, topics: map[string]*topic{}}
}

func (h *hub) add(c *conn) {
	h.mu.Lock()
	h.conns[c] = struct{}{}
	h.mu.Unlock()
	if h.s.draining.Load() {
		c.close(closeGoingAway)
	}
}

func (h *hub) remove(c *conn) {
	c.mu.Lock()
	open := make([]string, 0, len(c.subs))
	for id := range c.subs {
		open = append(open, id)
	}
	c.mu.Unlock()
	for _, id := range open {
		h.closeDialog(c, id)
	}
	h.mu.Lock()
	delete(h.conns, c)
	h.mu.Unlock()
}

// open subscribes a socket to a dialog. The row is what was known when access was checked.
func (h *hub) open(x *sub, row *store.Row) {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.topics[x.dialog]
	if t == nil {
		t = &topic{subs: map[*sub]struct{}{}}
		h.topics[x.dialog] = t
	}
	for old := range t.subs {
		if old.conn == x.conn {
			delete(t.subs, old)
		}
	}
	t.subs[x] = struct{}{}
	if t.learn(row) {
		t.tellCard(row.State.ID)
	}
	x.conn.subscribe(x)
}

// learn takes a row that is not older than the last, and reports whether its card differs from what was known.
func (t *topic) learn(row *store.Row) (newCard bool) {
	if row.Rev < t.rev {
		return false
	}
	mark := cardMarkOf(row)
	newCard = t.rev > 0 && !mark.equal(t.card)
	t.rev, t.assignee, t.name, t.card = row.Rev, "", row.AssigneeName, mark
	if row.State.Session != nil {
		t.assignee = row.State.Session.AssigneeID
	}
	return newCard
}

func (h *hub) closeDialog(c *conn, dialogID string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.topics[dialogID]
	if t == nil {
		return
	}
	for x := range t.subs {
		if x.conn == c {
			delete(t.subs, x)
		}
	}
	if len(t.subs) == 0 {
		delete(h.topics, dialogID)
	}
	c.unsubscribe(dialogID)
}

// subsOf returns who has a dialog open, and learns its row.
func (h *hub) subsOf(row *store.Row) []*sub {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.topics[row.State.ID]
	if t == nil {
		return nil
	}
	if t.learn(row) {
		t.tellCard(row.State.ID)
	}
	out := make([]*sub, 0, len(t.subs))
	for x := range t.subs {
		out = append(out, x)
	}
	return out
}

// publish gives a committed change to the sockets that have the dialog open.
func (h *hub) publish(a store.Applied) {
	subs := h.subsOf(&a.Row)
	if len(subs) == 0 {
		return
	}
	var batches [2]batch // what operators get, what visitors get; encoded once
	for _, x := range subs {
		if !h.keep(x, &a.Row) {
			continue
		}
		if x.conn.operator != "" && wrote(a.Events, x.conn.operator) {
			b := encodeBatch(a.Events, x) // the author's own has the client_id
			x.offer(b.seqs, b.frames)
			continue
		}
		b := &batches[0]
		if x.log == store.VisitorLog {
			b = &batches[1]
		}
		if b.frames == nil {
			*b = encodeBatch(a.Events, x)
		}
		x.offer(b.seqs, b.frames)
		h.tellVisitor(x, &a.Row)
	}
}

type batch struct {
	seqs   []int64
	frames [][]byte
}

func encodeBatch(events []dialog.Event, x *sub) (b batch) {
	for _, e := range events {
		if x.log == store.VisitorLog && e.VisitorSeq == 0 {
			continue
		}
		seq, frame := x.frame(e)
		b.seqs, b.frames = append(b.seqs, seq), append(b.frames, frame)
	}
	return b
}

func wrote(events []dialog.Event, operator string) bool {
	for _, e := range events {
		if e.OperatorID == operator {
			return true
		}
	}
	return false
}

// reached tells sockets of a change made elsewhere: they read its events from the store.
func (h *hub) reached(row *store.Row) {
	for _, x := range h.subsOf(row) {
		if !h.keep(x, row) {
			continue
		}
		head := row.State.Seq
		if x.log == store.VisitorLog {
			head = row.State.VisitorSeq
		}
		x.reach(head)
		h.tellVisitor(x, row)
	}
}

func (h *hub) tellVisitor(x *sub, row *store.Row) {
	if x.log != store.VisitorLog {
		return
	}
	c := x.conn
	c.mu.Lock()
	if row.Rev >= c.rev { // one that was read earlier may come later
		c.state, c.rev, c.in = row, row.Rev, queueOf(row)
	}
	c.mu.Unlock()
	c.poke()
}

// keep reports whether the reader may still see the dialog; else his subscription ends (I-03): it went to another
// department, or his access did.
func (h *hub) keep(x *sub, row *store.Row) bool {
	if x.log == store.VisitorLog {
		return true
	}
	if seat, ok := (*x.conn.seats.Load())[x.project]; ok && dialog.MaySee(row.State, seat.Operator) {
		return true
	}
	h.closeDialog(x.conn, x.dialog)
	x.conn.send(goneFrame{"gone", x.dialog, row.Rev, winner(row, x.conn.operator)})
	return false
}

// typing passes on that somebody is writing in a dialog he has open, here and at other processes.
func (h *hub) typing(from *conn, dialogID string) {
	if !from.passTyping() || !h.has(from, dialogID) {
		return
	}
	h.sign(store.Sign{DialogID: dialogID, OperatorID: from.operator})
}

// sign tells of a sign everybody who has the dialog open, here and at other processes.
func (h *hub) sign(x store.Sign) {
	h.signed(x)
	h.s.feed.sign(x)
}

func (h *hub) has(c *conn, dialogID string) bool {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if t := h.topics[dialogID]; t != nil {
		for x := range t.subs {
			if x.conn == c {
				return true
			}
		}
	}
	return false
}

// signed tells the sockets of this process: the visitor hears of operators, of the assignee by name, and operators of
// the visitor.
func (h *hub) signed(by store.Sign) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	t := h.topics[by.DialogID]
	if t == nil {
		return
	}
	for x := range t.subs {
		switch {
		case (by.OperatorID == "") == (x.log == store.VisitorLog): // of his own side
		case by.Read > 0:
			x.tellSeen(by.Read)
		case x.log == store.OperatorLog:
			x.conn.send(typingFrame{Type: "typing", DialogID: by.DialogID})
		case by.OperatorID == t.assignee:
			x.conn.send(typingFrame{Type: "typing", Name: t.name})
		default:
			x.conn.send(typingFrame{Type: "typing"})
		}
	}
}

// tellSeen says up to which event of the reader's log the other side has read (D-72).
func (x *sub) tellSeen(seq int64) {
	f := readFrame{Type: "read", Seq: seq}
	if x.log == store.OperatorLog {
		f.DialogID = x.dialog
	}
	x.conn.send(f)
}

func (h *hub) all(which func(*conn) bool) []*conn {
	h.mu.RLock()
	defer h.mu.RUnlock()
	var out []*conn
	for c := range h.conns {
		if which(c) {
			out = append(out, c)
		}
	}
	return out
}

func isOperator(c *conn) bool { return c.operator != "" }

func (h *hub) hasOperators() bool { return len(h.all(isOperator)) > 0 }

func (h *hub) toOperators(frame any) {
	raw := encode(frame)
	for _, c := range h.all(isOperator) {
		c.sendRaw(raw)
	}
}

func (h *hub) closeAll(code int) {
	for _, c := range h.all(func(*conn) bool { return true }) {
		c.close(code)
	}
}

// revokedOverlap: what was stamped before a look may be committed after it.
const revokedOverlap = 10 * time.Second

// endRevoked closes the sockets of visitors whose token was revoked (otklik revoke): the widget forgets it.
func (h *hub) endRevoked(ctx context.Context) {
	looked := time.Now() // successfully: what a look misses in an outage, the first one after it finds
	every(ctx, 3*time.Second, func() {
		if h.s.breaker.open.Load() {
			return
		}
		c, cancel := h.s.within()
		defer cancel()
		began := time.Now()
		revoked, err := h.s.store.RevokedVisitors(c, began.Sub(looked)+revokedOverlap)
		if err != nil {
			h.s.breaker.suspect()
			return
		}
		looked = began
		if len(revoked) == 0 {
			return
		}
		for _, c := range h.all(func(c *conn) bool { return c.operator == "" && slices.Contains(revoked, c.visitor.ID) }) {
			c.close(closeSignedOut)
		}
	})
}

func (h *hub) closeSignIn(hash string) {
	for _, c := range h.all(func(c *conn) bool { return c.signIn == hash }) {
		c.close(closeSignedOut)
	}
}

// endSwitchedOff closes the widgets of projects whose chat was switched off, here or elsewhere, within 5 s (D-02, D-59).
func (h *hub) endSwitchedOff(ctx context.Context) {
	every(ctx, 3*time.Second, func() {
		open := map[string][]*conn{}
		for _, c := range h.all(func(c *conn) bool { return c.operator == "" }) {
			open[c.visitor.ProjectID] = append(open[c.visitor.ProjectID], c)
		}
		if len(open) == 0 || h.s.breaker.open.Load() {
			return
		}
		c, cancel := h.s.within()
		defer cancel()
		off, err := h.s.store.SwitchedOff(c, slices.Collect(maps.Keys(open)))
		if err != nil {
			h.s.breaker.suspect()
		}
		for _, project := range off {
			for _, c := range open[project] {
				c.close(closeNotAllowed)
			}
		}
	})
}

// closeOperator ends the sockets of an operator but those of the sign-in that goes on.
func (h *hub) closeOperator(operator, keep string) {
	for _, c := range h.all(func(c *conn) bool { return c.operator == operator && c.signIn != keep }) {
		c.close(closeSignedOut)
	}
}

// presence keeps this process's operators online (D-04), and ends sockets whose sign-in has ended elsewhere.
func (h *hub) presence(ctx context.Context) {
	beat := time.Now()
	every(ctx, 3*time.Second, func() {
		conns := h.all(isOperator)
		if len(conns) == 0 || h.s.breaker.open.Load() {
			return
		}
		c, cancel := h.s.within()
		defer cancel()
		if time.Since(beat) >= beatEvery {
			live := make([]store.Connection, len(conns))
			for i, x := range conns {
				live[i] = store.Connection{OperatorID: x.operator, ID: x.id}
			}
			if err := h.s.store.Beat(c, live); err == nil {
				beat = time.Now()
			}
			h.undoBeats(c, conns)
		}
		h.endSignedOut(c, conns)
	})
}

// undoBeats takes back the presence of connections that ended while they were being beaten for: it would last a minute.
func (h *hub) undoBeats(ctx context.Context, beaten []*conn) {
	var gone []store.Connection
	h.mu.RLock()
	for _, c := range beaten {
		if _, here := h.conns[c]; !here {
			gone = append(gone, store.Connection{OperatorID: c.operator, ID: c.id})
		}
	}
	h.mu.RUnlock()
	if len(gone) == 0 {
		return
	}
	if err := h.s.store.Left(ctx, gone); err != nil {
		h.s.log.Warn("presence", "error", err)
	}
}

// beatEvery is a little less than the 20 s promised, as the loop looks every 3 s.
const beatEvery = 17 * time.Second

func (h *hub) endSignedOut(ctx context.Context, conns []*conn) {
	hashes := make([][]byte, len(conns))
	for i, c := range conns {
		hashes[i] = []byte(c.signIn)
	}
	live, err := h.s.store.LiveSignIns(ctx, hashes)
	if err != nil {
		h.s.breaker.suspect()
		return
	}
	alive := make(map[string]bool, len(live))
	for _, l := range live {
		alive[string(l)] = true
	}
	for _, c := range conns {
		if !alive[c.signIn] {
			c.close(closeSignedOut)
		}
	}
}
