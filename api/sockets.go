package api

import (
	"context"
	"errors"
	"maps"
	"sync"
	"time"

	"github.com/fasthttp/websocket"
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"
	"github.com/valyala/fasthttp"

	"github.com/otklik/otklik/store"
)

// Small buffers and a pool for the writers keep an idle socket cheap (design 5).
var writeBuffers = &sync.Pool{}

func (s *Server) upgrade(c *fiber.Ctx, handle func(*websocket.Conn)) error {
	if s.draining.Load() {
		return unavailable()
	}
	if !websocket.FastHTTPIsWebSocketUpgrade(c.Context()) {
		return wrong(codeInvalid, "")
	}
	up := websocket.FastHTTPUpgrader{
		ReadBufferSize: 512, WriteBufferSize: 512, WriteBufferPool: writeBuffers, HandshakeTimeout: 5 * time.Second,
		CheckOrigin: func(*fasthttp.RequestCtx) bool { return true }, // done before, where it matters
	}
	from := customer(s.address(c))
	// Counted when it runs: a client that is gone before the switch is answered never comes to that.
	err := up.Upgrade(c.Context(), func(ws *websocket.Conn) {
		s.sockets.Add(1)
		defer s.sockets.Done()
		if s.draining.Load() {
			return
		}
		if !s.limits.addressSockets.take(from) {
			turnAway(ws, closeTooMany)
			return
		}
		defer s.limits.addressSockets.give(from)
		handle(ws)
	})
	if err != nil {
		return wrong(codeInvalid, "")
	}
	return nil
}

// turnAway closes a socket that is not served, and waits a moment for the client's answer: what he has sent meanwhile must
// not take the code away from him.
func turnAway(ws *websocket.Conn, code int) {
	sayClose(ws, code)
	ws.SetReadLimit(maxFrame)
	_ = ws.SetReadDeadline(time.Now().Add(time.Second))
	for {
		if _, _, err := ws.ReadMessage(); err != nil {
			return
		}
	}
}

// operatorSocket serves the console: rows and counts of one watched project, events of the dialogs it has open.
func (s *Server) operatorSocket(c *fiber.Ctx) error {
	in, err := s.findSignIn(c)
	if err != nil {
		return err
	}
	if err := s.limits.operator.allow(in.OperatorID); err != nil {
		return err
	}
	seats, err := s.store.Seats(c.UserContext(), []string{in.OperatorID})
	if err != nil {
		return err
	}
	return s.upgrade(c, func(ws *websocket.Conn) { s.serveOperator(ws, in, seats) })
}

func (s *Server) serveOperator(ws *websocket.Conn, in signedIn, seats []store.Seat) {
	x := s.newConn(ws)
	x.operator, x.signIn, x.id = in.OperatorID, string(in.hash), uuid.NewString()
	x.seats.Store(seatMap(seats))
	x.send(plainFrame{"hello", s.now()})
	if s.late.Load() {
		x.send(timersFrame{"timers", true})
	}
	here := []store.Connection{{OperatorID: x.operator, ID: x.id}}
	s.briefly(func(ctx context.Context) error { return s.store.Beat(ctx, here) })
	s.hub.add(x)
	s.desks.join(x)
	x.run(func(raw []byte) { aside(func() { s.operatorFrame(x, raw) }) })
	s.hub.remove(x)
	s.desks.part(x)
	s.briefly(func(ctx context.Context) error { return s.store.Left(ctx, here) })
}

func seatMap(seats []store.Seat) *map[string]store.Seat {
	m := make(map[string]store.Seat, len(seats))
	for _, seat := range seats {
		m[seat.ProjectID] = seat
	}
	return &m
}

// briefly does what is good to have done, and goes on without it.
func (s *Server) briefly(f func(context.Context) error) {
	if s.breaker.open.Load() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), time.Second)
	defer cancel()
	if err := f(ctx); err != nil {
		s.log.Warn("presence", "error", err)
	}
}

func (s *Server) operatorFrame(x *conn, raw []byte) {
	f, _, err := decode[OperatorClientFrame](raw)
	if err != nil {
		x.close(closeNotUnderst)
		return
	}
	switch f.Type {
	case OperatorClientFrameTypePing:
		x.send(plainFrame{"pong", s.now()})
	case OperatorClientFrameTypePong:
	case OperatorClientFrameTypeWatch:
		s.watch(x, f.ProjectID)
	case OperatorClientFrameTypeOpen:
		s.openDialog(x, f.DialogID, f.After)
	case OperatorClientFrameTypeClose:
		if id, err := canonical(f.DialogID, ""); err == nil {
			s.hub.closeDialog(x, id)
		}
	case OperatorClientFrameTypeTyping:
		if id, err := canonical(f.DialogID, ""); err == nil {
			s.hub.typing(x, id)
		}
	default:
		x.close(closeNotUnderst)
	}
}

func (s *Server) watch(x *conn, projectID string) {
	id, err := canonical(projectID, "project_id")
	if err == nil {
		ctx, cancel := s.within()
		defer cancel()
		_, err = s.store.Seat(ctx, x.operator, id) // asked anew: access may have come this minute
	}
	if err != nil {
		s.sendError(x, err)
		return
	}
	s.desks.watch(x, id)
}

func (s *Server) openDialog(x *conn, dialogID string, after int64) {
	id, err := canonical(dialogID, "dialog_id")
	if err == nil && after < 0 {
		err = wrong(codeInvalid, "after")
	}
	if err == nil {
		x.mu.Lock()
		_, again := x.subs[id]
		if !again && len(x.subs) >= maxOpen {
			err = tooMany(time.Second)
		}
		x.mu.Unlock()
	}
	if err != nil {
		s.sendError(x, err)
		return
	}
	ctx, cancel := s.within()
	defer cancel()
	row, seat, err := s.dialogFor(ctx, x.operator, id)
	if err != nil {
		s.sendError(x, err)
		return
	}
	x.sit(seat)
	head := row.State.Seq
	// Said before the log starts to come, so queued before the subscription exists.
	x.send(openedFrame{"opened", id, head})
	s.opens(ctx, &sub{conn: x, dialog: id, project: seat.ProjectID, log: store.OperatorLog, cursor: min(after, head), head: head}, &row)
}

// opens subscribes to a dialog and then says how far the other side has read it: what is read meanwhile is told twice
// rather than not at all.
func (s *Server) opens(ctx context.Context, x *sub, row *store.Row) {
	s.hub.open(x, row)
	seen, err := s.store.Seen(ctx, x.dialog)
	if err != nil { // the dialog is open nevertheless; the mark comes with what is read next
		s.log.Warn("read marks", "error", err)
		return
	}
	seq := seen.ByVisitor
	if x.log == store.VisitorLog {
		seq = seen.ByOperators
	}
	if seq > 0 {
		x.tellSeen(seq)
	}
}

// sit takes in a seat that was read just now: access may have come since the last refresh.
func (c *conn) sit(seat store.Seat) {
	for {
		old := c.seats.Load()
		if known, ok := (*old)[seat.ProjectID]; ok && sameRights(known.Operator, seat.Operator) {
			return
		}
		fresh := maps.Clone(*old)
		fresh[seat.ProjectID] = seat
		if c.seats.CompareAndSwap(old, &fresh) {
			return
		}
	}
}

func (s *Server) sendError(x *conn, err error) {
	p := s.problemOf(err)
	if p.code == codeInternal {
		s.log.Error("frame failed", "error", err)
	}
	x.send(errorFrame{"error", p.code, answers[p.code].message})
}

// helloWithin is how long a visitor's socket may stay without a token.
const helloWithin = 5 * time.Second

// visitorSocket serves the widget. The token comes in the first frame, never in the URL.
func (s *Server) visitorSocket(c *fiber.Ctx) error {
	if err := s.limits.visitorAddress.from(s.address(c)); err != nil {
		return err
	}
	address := s.address(c)
	return s.upgrade(c, func(ws *websocket.Conn) { s.serveVisitor(ws, address) })
}

func (s *Server) serveVisitor(ws *websocket.Conn, address string) {
	x := s.newConn(ws)
	x.address = address
	code := 0
	aside(func() { code = s.greet(x) })
	if x.visitor.ID != "" {
		defer s.limits.visitorSockets.give(x.visitor.ID)
	}
	if code != 0 {
		x.sayClose(code)
		_ = ws.Close()
		return
	}
	x.run(func(raw []byte) { aside(func() { s.visitorFrame(x, raw) }) })
	s.hub.remove(x)
}

// aside runs f on a stack of its own and waits for it: a goroutine that lives as long as its socket would keep the
// largest stack it ever needed (design 5: idle sockets are cheap).
func aside(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	<-done
}

// greet answers the visitor's hello and opens his dialog; a code other than zero turns him away.
func (s *Server) greet(x *conn) (code int) {
	hello, code := s.readHello(x.ws)
	if code != 0 {
		return code
	}
	ctx, cancel := s.within()
	defer cancel()
	v, err := s.visitors.byToken(ctx, hello.Token)
	var row store.Row
	if err == nil {
		if !s.limits.visitorSockets.take(v.ID) {
			return closeTooMany
		}
		x.visitor = v
		row, err = s.store.Load(ctx, v.DialogID)
	}
	var lists int64
	if err == nil {
		x.blocked, lists, err = s.store.AddressBlocked(ctx, v.ProjectID, x.address)
	}
	if err == nil && row.State.Open() && row.State.Session.IP != x.address {
		err = s.seenAt(ctx, v.DialogID, x.address)
	}
	if err != nil {
		return s.helloCode(err)
	}
	x.listsRev.Store(lists)
	x.told, x.rev = stateOf(&row, s.now()), row.Rev
	x.in = queueOf(&row)
	x.attended = s.attendance.online(ctx, x.in)
	x.told.Blocked, x.told.OperatorOnline = x.blocked, x.attended
	x.send(stateFrame{"hello", s.now(), x.told})
	s.hub.add(x)
	head := row.State.VisitorSeq
	s.opens(ctx, &sub{conn: x, dialog: v.DialogID, project: v.ProjectID, log: store.VisitorLog, cursor: min(hello.After, head), head: head}, &row)
	x.owed = hello.Read
	s.visitorHasRead(x)
	return 0
}

func (s *Server) helloCode(err error) int {
	var p *problem
	switch {
	case errors.As(err, &p) && p.code == codeUnauthenticated:
		return closeSignedOut
	case errors.As(err, &p) && p.code == codeNotFound:
		return closeNotAllowed // switched off
	case s.problemOf(err).code == codeUnavailable:
		return closeGoingAway // come again
	}
	s.log.Error("visitor socket failed", "error", err)
	return closeGoingAway
}

func (s *Server) readHello(ws *websocket.Conn) (VisitorClientFrame, int) {
	ws.SetReadLimit(maxFrame)
	_ = ws.SetReadDeadline(time.Now().Add(helloWithin))
	_, raw, err := ws.ReadMessage()
	if err != nil {
		return VisitorClientFrame{}, closeNotUnderst
	}
	f, _, err := decode[VisitorClientFrame](raw)
	if err != nil || f.Type != VisitorClientFrameTypeHello || f.After < 0 {
		return VisitorClientFrame{}, closeNotUnderst
	}
	return f, 0
}

func (s *Server) visitorFrame(x *conn, raw []byte) {
	f, _, err := decode[VisitorClientFrame](raw)
	if err != nil {
		x.close(closeNotUnderst)
		return
	}
	switch f.Type {
	case VisitorClientFrameTypePing:
		x.send(plainFrame{"pong", s.now()})
		s.visitorHasRead(x)
	case VisitorClientFrameTypeRead:
		x.owed = max(x.owed, f.Seq)
		s.visitorHasRead(x)
	case VisitorClientFrameTypePong:
	case VisitorClientFrameTypeTyping:
		s.hub.typing(x, x.visitor.DialogID)
	default:
		x.close(closeNotUnderst)
	}
}

// visitorHasRead keeps how far he has read and tells his operators (D-72). In an outage it stays owed: pings try again.
func (s *Server) visitorHasRead(x *conn) {
	if x.owed <= x.hasRead || s.breaker.open.Load() {
		return
	}
	ctx, cancel := s.within()
	defer cancel()
	seq, err := s.store.SeenByVisitor(ctx, x.visitor.DialogID, x.owed)
	switch {
	case errors.Is(err, store.ErrNotFound): // more than there is
		x.owed = x.hasRead
	case err != nil:
		s.breaker.suspect()
		return
	}
	x.hasRead = x.owed
	if seq > 0 {
		s.hub.sign(store.Sign{DialogID: x.visitor.DialogID, Read: seq})
	}
}
