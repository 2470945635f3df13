package api

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gofiber/fiber/v2"
)

// large is more than the buffers of both ends of a connection take.
const large = 24 << 20

// asks requests a path and leaves the answer unread.
func asks(t *testing.T, address, path string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.(*net.TCPConn).SetReadBuffer(16 << 10); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: chat.test\r\n\r\n", path); err != nil {
		t.Fatal(err)
	}
	return c
}

// Who asks and never reads loses his connection, with all it keeps here; a socket outlives that time (design 2.8).
func TestAnswerUnread(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) {
		o.AnswerWithin = 300 * time.Millisecond
		o.Console = fstest.MapFS{"index.html": {}, "assets/a.js": {Data: make([]byte, large)}}
	})
	socket := w.anna.socket()
	open := w.server.app.Server().GetOpenConnectionsCount
	before := open()
	asks(t, w.base[len("http://"):], "/console/assets/a.js")
	until(t, "it is being answered", func() bool { return open() > before })
	until(t, "its connection is closed", func() bool { return open() <= before })
	socket.send(map[string]any{"type": "ping"})
	socket.next("pong")
}

// A download goes on for as long as somebody reads it, and ends, with what writes it, when nobody does.
func TestDownload(t *testing.T) {
	t.Parallel()
	const within = time.Second
	s := &Server{o: Options{AnswerWithin: within}, app: fiber.New(fiber.Config{WriteTimeout: within, DisableStartupMessage: true})}
	wrote := make(chan error, 1)
	s.app.Get("/", func(c *fiber.Ctx) error {
		s.download(c, func(to io.Writer) error {
			_, err := io.CopyN(to, zeros{}, large)
			wrote <- err
			return err
		})
		return nil
	})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go s.app.Listener(ln) //nolint:errcheck // ends with the test
	t.Cleanup(func() { _ = s.app.Shutdown() })

	resp, err := http.Get("http://" + ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	pace := time.NewTicker(within / 10)
	defer pace.Stop()
	start, got := time.Now(), int64(0)
	for err == nil {
		<-pace.C
		var n int64
		n, err = io.CopyN(io.Discard, resp.Body, large/16)
		got += n
	}
	if !errors.Is(err, io.EOF) || got != large || time.Since(start) < within {
		t.Errorf("%d bytes in %v: %v", got, time.Since(start), err)
	}
	if err := <-wrote; err != nil {
		t.Error(err)
	}

	asks(t, ln.Addr().String(), "/")
	select {
	case err := <-wrote:
		if err == nil {
			t.Error("it was all taken: the test's file is too small")
		}
	case <-time.After(10 * time.Second):
		t.Error("nobody reads, and it is still written")
	}
	s.sockets.Wait()
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}
