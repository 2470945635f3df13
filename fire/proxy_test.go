package fire

import (
	"encoding/binary"
	"math/rand/v2"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"
)

// proxy stands between a process and a server and decides what passes. up is towards the server.
type proxy struct {
	t      testing.TB
	ln     net.Listener
	dial   func() (net.Conn, error)
	mu     sync.Mutex
	gate   *sync.Cond
	conns  map[net.Conn]bool
	cut    bool   // nobody gets in or through
	upHeld bool   // nothing goes up
	mute   bool   // what comes from either side is taken and thrown away, ends included
	gaveUp [2]int // connections from before that, which the client (0) or the server (1) has ended
	// ready is asked for the state of the transaction in each ReadyForQuery of PostgreSQL, before it goes down: 'T' inside
	// one, 'I' after its end. It may block, which holds this connection's traffic.
	ready func(before, now byte)
	bytes int64 // that went up
}

// newProxy listens on a loopback port and forwards to network and address.
func newProxy(t testing.TB, network, address string) *proxy {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	p := &proxy{t: t, ln: ln, conns: map[net.Conn]bool{}, dial: func() (net.Conn, error) { return net.Dial(network, address) }}
	p.gate = sync.NewCond(&p.mu)
	go p.accept()
	t.Cleanup(func() {
		ln.Close()
		p.set(func() { p.cut, p.upHeld = true, false })
		p.drop()
	})
	return p
}

func (p *proxy) address() string { return p.ln.Addr().String() }

// temporalProxy stands before the house's Temporal.
func (h *house) temporalProxy() *proxy {
	h.t.Helper()
	return newProxy(h.t, "tcp", h.address)
}

// databaseProxy stands before the house's PostgreSQL; the URL leads through it.
func (h *house) databaseProxy() (p *proxy, databaseURL string) {
	h.t.Helper()
	u, err := url.Parse(h.databaseURL)
	check(h.t, err)
	q := u.Query()
	if dir := q.Get("host"); dir != "" {
		p = newProxy(h.t, "unix", dir+"/.s.PGSQL."+q.Get("port"))
	} else {
		p = newProxy(h.t, "tcp", u.Host)
	}
	u.Host = p.address()
	q.Del("host")
	q.Del("port")
	q.Set("sslmode", "disable")
	u.RawQuery = q.Encode()
	return p, u.String()
}

func (p *proxy) set(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
	p.gate.Broadcast()
}

// holdUp keeps everything that goes up; what comes down passes.
func (p *proxy) holdUp() { p.set(func() { p.upHeld = true }) }

// release lets everything through again.
func (p *proxy) release() {
	p.set(func() { p.upHeld, p.cut, p.mute, p.ready = false, false, false, nil })
}

// silence swallows everything: both ends keep a connection on which nothing comes any more.
func (p *proxy) silence() { p.set(func() { p.mute = true }) }

// cutSome ends each connection with a chance of one in n.
func (p *proxy) cutSome(n int) (cut int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		if rand.IntN(n) == 0 {
			c.Close()
			cut++
		}
	}
	return cut
}

// sever ends all connections and lets nobody in: the server is unreachable.
func (p *proxy) sever() {
	p.set(func() { p.cut = true })
	p.drop()
}

func (p *proxy) drop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		c.Close()
	}
}

// onReady sets what is asked at each end of a batch; see proxy.ready.
func (p *proxy) onReady(f func(before, now byte)) { p.set(func() { p.ready = f }) }

func (p *proxy) accept() {
	for {
		c, err := p.ln.Accept()
		if err != nil {
			return
		}
		go p.serve(c)
	}
}

func (p *proxy) serve(down net.Conn) {
	defer down.Close()
	p.mu.Lock()
	cut, muted := p.cut, p.mute
	p.mu.Unlock()
	if cut {
		return
	}
	up, err := p.dial()
	if err != nil {
		return
	}
	defer up.Close()
	p.set(func() { p.conns[down], p.conns[up] = true, true })
	defer p.set(func() { delete(p.conns, down); delete(p.conns, up) })
	done := make(chan struct{}, 2)
	go func() { p.pump(up, down, true); p.over(0, muted); done <- struct{}{} }()
	go func() { p.pump(down, up, false); p.over(1, muted); done <- struct{}{} }()
	<-done
}

// over notes that an end has gone; in silence the other is not told.
func (p *proxy) over(end int, muted bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mute && !muted {
		p.gaveUp[end]++
	}
	for p.mute && !p.cut {
		p.gate.Wait()
	}
}

// ended is how many of the connections that were silenced each end has given up.
func (p *proxy) ended() (clients, servers int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.gaveUp[0], p.gaveUp[1]
}

// pump moves bytes; those that come down are read as PostgreSQL's when somebody asks for them.
func (p *proxy) pump(to, from net.Conn, upwards bool) {
	buf := make([]byte, 64<<10)
	s := &states{}
	for {
		n, err := from.Read(buf)
		if n > 0 {
			var ready func(before, now byte)
			var mute bool
			p.mu.Lock()
			for upwards && p.upHeld {
				p.gate.Wait()
			}
			ready, mute = p.ready, p.mute
			if upwards {
				p.bytes += int64(n)
			}
			p.mu.Unlock()
			if !upwards {
				for _, c := range s.read(buf[:n]) {
					if ready != nil {
						ready(c[0], c[1])
					}
				}
			}
			if mute {
				continue
			}
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// states follows the messages of a PostgreSQL server and finds the ReadyForQuery ones.
type states struct {
	head [5]byte
	have int    // bytes of head
	left int    // bytes of the body still to come
	body []byte // of ReadyForQuery
	last byte
}

// read returns each ReadyForQuery in b as (state before, state now).
func (s *states) read(b []byte) (found [][2]byte) {
	for len(b) > 0 {
		if s.left == 0 {
			n := copy(s.head[s.have:], b)
			s.have += n
			b = b[n:]
			if s.have < len(s.head) {
				return found
			}
			s.have, s.left, s.body = 0, int(binary.BigEndian.Uint32(s.head[1:]))-4, nil
			continue
		}
		n := min(s.left, len(b))
		if s.head[0] == 'Z' {
			s.body = append(s.body, b[:n]...)
		}
		s.left -= n
		b = b[n:]
		if s.left == 0 && s.head[0] == 'Z' {
			found = append(found, [2]byte{s.last, s.body[0]})
			s.last = s.body[0]
		}
	}
	return found
}

// trap holds the first connection of a database proxy that reaches a state, until it is let go.
type trap struct {
	caught chan struct{} // closed when somebody is held
	letGo  chan struct{}
	once   sync.Once
}

// catch holds the next transaction that was begun and has its locks (committed false), or that has been committed and is
// not known to be (committed true), if it is the wanted one.
func (p *proxy) catch(committed bool, wanted func() bool) *trap {
	tr := &trap{caught: make(chan struct{}), letGo: make(chan struct{})}
	want := "IT"
	if committed {
		want = "TI"
	}
	var mu sync.Mutex
	held := false
	p.onReady(func(before, now byte) {
		mu.Lock()
		mine := !held && string([]byte{before, now}) == want && wanted()
		held = held || mine
		mu.Unlock()
		if mine {
			close(tr.caught)
			<-tr.letGo
		}
	})
	p.t.Cleanup(tr.open)
	return tr
}

func (tr *trap) open() { tr.once.Do(func() { close(tr.letGo) }) }

func (tr *trap) wait(h *house, what string) {
	h.t.Helper()
	select {
	case <-tr.caught:
	case <-time.After(20 * time.Second):
		h.t.Fatalf("nobody was caught: %s", what)
	}
}
