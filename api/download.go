package api

import (
	"io"
	"net"
	"time"

	"github.com/gofiber/fiber/v2"
)

// download streams what write writes. It goes through a pipe, so that an error in the middle breaks the download off
// instead of ending it as if it were whole.
func (s *Server) download(c *fiber.Ctx, write func(io.Writer) error) {
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	out, in := io.Pipe()
	s.sockets.Go(func() { in.CloseWithError(write(in)) })
	c.Context().SetBodyStream(&unread{out, c.Context().Conn(), s.o.AnswerWithin}, -1)
}

// unread gives a client its time for each part of a download: the server's write timeout is of an answer as a whole, and
// would cut a long file off for a client who does read.
type unread struct {
	*io.PipeReader
	conn   net.Conn
	within time.Duration
}

// Read is called for the next part when the one before is written.
func (u *unread) Read(b []byte) (int, error) {
	n, err := u.PipeReader.Read(b)
	if deadline := u.conn.SetWriteDeadline(time.Now().Add(u.within)); err == nil {
		err = deadline
	}
	return n, err
}
