package replay

import (
	"context"
	"net"
	"net/netip"
	"sync/atomic"
	"time"
)

type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// addresses hands out a loopback address of its own to every visitor, so that limits and blocks that count by address see
// them as the different people they are. Linux owns all of 127/8; elsewhere, and against a server that is not on this
// machine, everybody dials from the ordinary address and Note says so.
type addresses struct {
	next atomic.Uint32
	own  bool
	Note string // why visitors share an address, "" when they do not
}

// newAddresses starts at an offset drawn by the caller, so that a second run does not meet the limits of the first.
func newAddresses(t *target, offset uint32) *addresses {
	a := &addresses{own: true}
	a.next.Store(offset)
	if !t.loopback {
		a.own, a.Note = false, "the target is not on this machine: all visitors share one source address"
	} else if l, err := net.Listen("tcp", loopbackAddress(offset).String()+":0"); err != nil {
		a.own, a.Note = false, "this system has no loopback address but 127.0.0.1: all visitors share it"
	} else {
		l.Close()
	}
	return a
}

// loopbackAddress maps n to 127.x.y.z without 127.0.0.0/16 (the server's own) and without the edges of a /24.
func loopbackAddress(n uint32) netip.Addr {
	z := n % 254
	y := n / 254 % 256
	x := n / 254 / 256 % 255
	return netip.AddrFrom4([4]byte{127, byte(x + 1), byte(y), byte(z + 1)})
}

// dialer gives the next visitor his way out.
func (a *addresses) dialer() dialFunc {
	d := &net.Dialer{Timeout: attemptTimeout, KeepAlive: 15 * time.Second}
	if !a.own {
		return d.DialContext
	}
	ip := loopbackAddress(a.next.Add(1))
	d.LocalAddr = &net.TCPAddr{IP: ip.AsSlice()}
	// A bound socket can only reach IPv4: localhost may resolve to ::1 first.
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		return d.DialContext(ctx, "tcp4", address)
	}
}
