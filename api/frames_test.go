package api

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/fasthttp/websocket"
	"github.com/valyala/fasthttp"
)

// Frames of every length that has a header of its own arrive whole and in order, whether written together or singly.
func TestFramesWrittenTogether(t *testing.T) {
	t.Parallel()
	frames := [][]byte{[]byte("{}")}
	for _, n := range []int{125, 126, 65_535, 65_536, 70_000, 1} {
		frames = append(frames, []byte(strings.Repeat("x", n)))
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	up := websocket.FastHTTPUpgrader{}
	server := &fasthttp.Server{Handler: func(ctx *fasthttp.RequestCtx) {
		_ = up.Upgrade(ctx, func(ws *websocket.Conn) {
			c := (&Server{}).newConn(ws)
			if err := c.writeAll(frames); err != nil {
				t.Error(err)
			}
			for _, f := range frames {
				if err := c.writeAll([][]byte{f}); err != nil {
					t.Error(err)
				}
			}
			_, _, _ = ws.ReadMessage() // until the client has gone
		})
	}}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Shutdown() })
	ws, _, err := websocket.DefaultDialer.Dial("ws://"+listener.Addr().String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Close()
	_ = ws.SetReadDeadline(time.Now().Add(10 * time.Second))
	for round := range 2 {
		for i, want := range frames {
			kind, got, err := ws.ReadMessage()
			if err != nil || kind != websocket.TextMessage || string(got) != string(want) {
				t.Fatalf("round %d, frame %d: kind %d, %d bytes, %v", round, i, kind, len(got), err)
			}
		}
	}
}
