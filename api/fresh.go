package api

import (
	"net"
	"sync"
)

// freshListener knows the connections that have not said anything yet. Clients open such ones in reserve; fasthttp takes
// them for busy, and its shutdown would wait until they time out.
type freshListener struct {
	net.Listener
	close func() error
	mu    sync.Mutex
	fresh map[*freshConn]struct{}
}

type freshConn struct {
	net.Conn
	ln   *freshListener
	once sync.Once
}

func newFreshListener(ln net.Listener) *freshListener {
	return &freshListener{Listener: ln, close: sync.OnceValue(ln.Close), fresh: map[*freshConn]struct{}{}}
}

// Close may be called twice: by the server's shutdown and by fasthttp's.
func (l *freshListener) Close() error { return l.close() }

func (l *freshListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	f := &freshConn{Conn: c, ln: l}
	l.mu.Lock()
	l.fresh[f] = struct{}{}
	l.mu.Unlock()
	return f, nil
}

// Read forgets the connection with the first thing it says, or when it ends.
func (c *freshConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.once.Do(c.forget)
	return n, err
}

func (c *freshConn) forget() {
	c.ln.mu.Lock()
	delete(c.ln.fresh, c)
	c.ln.mu.Unlock()
}

// closeFresh closes the connections that have said nothing.
func (l *freshListener) closeFresh() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.fresh {
		_ = c.Conn.Close()
	}
}
