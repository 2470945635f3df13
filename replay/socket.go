package replay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/fasthttp/websocket"
)

const (
	silence      = 30 * time.Second // whoever hears nothing for so long closes
	writeTimeout = 5 * time.Second
	maxFrame     = 8 << 20
)

// Close codes of the contract after which connecting again is pointless.
const (
	closeSignedOut  = 4001
	closeNotAllowed = 4003
	closeBadFrame   = 4009
)

// errSocketClosed is the end of a socket that the server does not want back.
var errSocketClosed = errors.New("socket refused")

// socket is one person's connection, made anew whenever it breaks until its context ends.
type socket struct {
	dialer websocket.Dialer
	url    string
	origin string
	hello  func() []clientFrame // what to say first on every new connection: where to resume
	handle func(serverFrame)    // called by one goroutine, in the order of the frames
	pause  func(ctx context.Context, d time.Duration) error
	mu     sync.Mutex
	conn   *websocket.Conn // nil while there is none
}

func newSocket(t *target, path string, dial dialFunc, jar http.CookieJar) *socket {
	return &socket{
		dialer: websocket.Dialer{NetDialContext: dial, HandshakeTimeout: attemptTimeout, Jar: jar},
		url:    t.socketURL(path), origin: t.origin, pause: sleep,
	}
}

// run keeps the connection until ctx ends (nil) or the server refuses it for good.
func (s *socket) run(ctx context.Context) error {
	backoff := 50 * time.Millisecond
	for {
		heard, err := s.connection(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case websocket.IsCloseError(err, closeSignedOut, closeNotAllowed, closeBadFrame):
			return fmt.Errorf("%w: %w", errSocketClosed, err)
		case heard:
			backoff = 50 * time.Millisecond
		}
		if s.pause(ctx, backoff) != nil {
			return nil
		}
		backoff = min(2*backoff, maxBackoff)
	}
}

// connection lives through one connection; heard says whether the server said anything on it.
func (s *socket) connection(ctx context.Context) (heard bool, err error) {
	dialCtx, cancel := context.WithTimeout(ctx, attemptTimeout)
	conn, res, err := s.dialer.DialContext(dialCtx, s.url, http.Header{"Origin": {s.origin}})
	cancel()
	if err != nil {
		if res != nil && (res.StatusCode == http.StatusUnauthorized || res.StatusCode == http.StatusForbidden) {
			return false, &websocket.CloseError{Code: closeNotAllowed, Text: res.Status}
		}
		return false, err
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	defer conn.Close()
	conn.SetReadLimit(maxFrame)
	if err := s.open(conn); err != nil {
		return false, err
	}
	defer s.drop(conn)
	for {
		if err := conn.SetReadDeadline(time.Now().Add(silence)); err != nil {
			return heard, err
		}
		_, data, err := conn.ReadMessage()
		if err != nil {
			return heard, err
		}
		var f serverFrame
		if err := json.Unmarshal(data, &f); err != nil {
			return heard, err
		}
		heard = true
		if f.Type == "ping" {
			if err := s.send(clientFrame{Type: "pong"}); err != nil {
				return heard, err
			}
			continue
		}
		s.handle(f)
	}
}

// open says hello and lets others send; under one lock, so that nothing they send comes before it or is lost between.
func (s *socket) open(conn *websocket.Conn) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.hello() {
		if err := write(conn, f); err != nil {
			return err
		}
	}
	s.conn = conn
	return nil
}

func (s *socket) drop(conn *websocket.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn == conn {
		s.conn = nil
	}
}

// say writes what frames answers. It is asked under the lock under which hello is asked too: what it registers for the
// next hello is said either there or here, never both. Without a connection nothing is lost: the next hello says it all.
func (s *socket) say(frames func() []clientFrame) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := frames()
	if s.conn == nil {
		return nil
	}
	for _, f := range list {
		if err := write(s.conn, f); err != nil {
			s.conn.Close() // half a frame may be out: the reader sees the end and run connects anew
			return err
		}
	}
	return nil
}

func (s *socket) send(f clientFrame) error {
	return s.say(func() []clientFrame { return []clientFrame{f} })
}

// reconnect ends the present connection; run makes the next.
func (s *socket) reconnect() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn != nil {
		s.conn.Close()
	}
}

func write(conn *websocket.Conn, f clientFrame) error {
	if err := conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	return conn.WriteJSON(f)
}
