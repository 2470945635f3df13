package api

import (
	"bytes"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
)

// D-48: the address is what the nearest trusted proxy saw, in one form.
func TestClientAddress(t *testing.T) {
	t.Parallel()
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8:ffff::/48")}
	for _, c := range []struct {
		remote    string
		forwarded []string
		want      string
	}{
		{"203.0.113.9", nil, "203.0.113.9"},
		{"203.0.113.9", []string{"198.51.100.1"}, "203.0.113.9"}, // nobody vouches for it
		{"10.0.0.1", []string{"198.51.100.1"}, "198.51.100.1"},
		{"10.0.0.1", []string{"8.8.8.8", " 198.51.100.1", "10.1.1.1 "}, "198.51.100.1"},
		{"::ffff:10.0.0.1", []string{"::ffff:198.51.100.1"}, "198.51.100.1"},
		{"2001:db8:ffff::1", []string{"2001:0DB8:0:0:0:0:0:7"}, "2001:db8::7"},
		{"10.0.0.1", []string{"[2001:db8::7]:4711"}, "2001:db8::7"},
		{"10.0.0.1", []string{"198.51.100.1:4711"}, "198.51.100.1"},
		{"10.0.0.1", []string{"fe80::1%eth0"}, "fe80::1"},
		{"10.0.0.1", []string{"198.51.100.1", "unknown"}, "10.0.0.1"},
		{"10.0.0.1", []string{"10.0.0.2", "10.0.0.3"}, "10.0.0.2"}, // within the house
	} {
		if got := clientAddress(netip.MustParseAddr(c.remote), c.forwarded, proxies).String(); got != c.want {
			t.Errorf("%s %q: %s, want %s", c.remote, c.forwarded, got, c.want)
		}
	}
}

// D-48: a proxy that was forgotten is said, once; a stranger who writes the header himself is not.
func TestForgottenProxyIsSaid(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	s := &Server{log: slog.New(slog.NewTextHandler(&log, nil)), proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}
	s.doubtProxy(netip.MustParseAddr("203.0.113.9"))
	s.doubtProxy(netip.MustParseAddr("10.0.0.1"))
	if log.Len() > 0 {
		t.Error(log.String())
	}
	s.doubtProxy(netip.MustParseAddr("::ffff:172.30.80.1"))
	s.doubtProxy(netip.MustParseAddr("127.0.0.1"))
	if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "address=172.30.80.1") {
		t.Error(got)
	}
}
