package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fasthttp/websocket"
)

// socket is a client of one of the two sockets.
type socket struct {
	t      testing.TB
	ws     *websocket.Conn
	schema string
	frames chan map[string]any // closed when the socket ends
	code   int                 // close code, after that
}

func dial(t testing.TB, url, schema string, header http.Header) *socket {
	t.Helper()
	ws, resp, err := websocket.DefaultDialer.Dial(strings.Replace(url, "http", "ws", 1), header)
	if err != nil {
		body := ""
		if resp != nil {
			body = resp.Status
		}
		t.Fatalf("dial: %v %s", err, body)
	}
	s := &socket{t: t, ws: ws, schema: schema, frames: make(chan map[string]any, 10000)}
	t.Cleanup(func() { ws.Close() })
	go s.read()
	return s
}

func (s *socket) read() {
	defer close(s.frames)
	for {
		_, raw, err := s.ws.ReadMessage()
		if err != nil {
			var ce *websocket.CloseError
			if errors.As(err, &ce) {
				s.code = ce.Code
			}
			return
		}
		var f map[string]any
		if json.Unmarshal(raw, &f) != nil {
			return
		}
		s.frames <- f
	}
}

func (s *socket) send(frame map[string]any) {
	s.t.Helper()
	if err := s.ws.WriteJSON(frame); err != nil {
		s.t.Fatalf("send %v: %v", frame, err)
	}
}

// patience is how long a test waits for what is promised at no time of its own.
const patience = 10 * time.Second

// next waits for a frame of the type that fits, and checks all it passes against the contract.
func (s *socket) next(kind string, fits ...func(map[string]any) bool) map[string]any {
	s.t.Helper()
	return s.await(after(patience), patience, kind, ofKind(kind, fits))
}

func ofKind(kind string, fits []func(map[string]any) bool) func(map[string]any) bool {
	return func(f map[string]any) bool { return f["type"] == kind && (len(fits) == 0 || fits[0](f)) }
}

// after closes what it returns when the time is over.
func after(d time.Duration) <-chan struct{} {
	over := make(chan struct{})
	time.AfterFunc(d, func() { close(over) })
	return over
}

// await waits for a frame that fits, and checks all it passes against the contract.
func (s *socket) await(over <-chan struct{}, limit time.Duration, what string, fits func(map[string]any) bool) map[string]any {
	s.t.Helper()
	for {
		select {
		case f, ok := <-s.frames:
			if !ok {
				s.t.Fatalf("socket ended with %d before %s", s.code, what)
			}
			holdFrame(s.t, s.schema, f)
			if fits(f) {
				return f
			}
		case <-over:
			s.t.Fatalf("not within %s: %s", limit, what)
		}
	}
}

// ends waits for the close and its code.
func (s *socket) ends(code int) {
	s.t.Helper()
	s.closes(after(patience), patience, code)
}

func (s *socket) closes(over <-chan struct{}, limit time.Duration, code int) {
	s.t.Helper()
	for {
		select {
		case _, ok := <-s.frames:
			if !ok {
				if s.code != code {
					s.t.Fatalf("closed with %d, want %d", s.code, code)
				}
				return
			}
		case <-over:
			s.t.Fatalf("not closed within %s", limit)
		}
	}
}

func (p *person) socket() *socket {
	p.w.t.Helper()
	return p.socketAt(p.w.base)
}

func (p *person) socketAt(base string) *socket {
	p.w.t.Helper()
	s := dial(p.w.t, base+"/api/v1/operator/socket", "OperatorServerFrame", http.Header{"Cookie": {sessionCookie + "=" + p.token}})
	s.next("hello")
	return s
}

// watching opens a socket that watches the project.
func (p *person) watching(project string) *socket {
	p.w.t.Helper()
	s := p.socket()
	s.send(map[string]any{"type": "watch", "project_id": project})
	s.next("watching")
	return s
}

func (v *visitor) socket(after int64) *socket {
	v.w.t.Helper()
	s := dial(v.w.t, v.w.base+"/api/v1/visitor/socket", "VisitorServerFrame", nil)
	s.send(map[string]any{"type": "hello", "token": v.token, "after": after})
	s.next("hello")
	return s
}

func rowOf(id string) func(map[string]any) bool {
	return func(f map[string]any) bool { return f["row"].(map[string]any)["id"] == id }
}

func eventText(text string) func(map[string]any) bool {
	return func(f map[string]any) bool { return f["event"].(map[string]any)["text"] == text }
}
