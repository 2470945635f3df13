package api

import "testing"

// D-71: who has a whole /64 of IPv6 is one; two customers of IPv4 are two.
func TestLimitOfAnAddress(t *testing.T) {
	t.Parallel()
	l := newLimiter(Rate{PerSecond: 0.001, Burst: 1})
	for _, c := range []struct {
		address string
		allowed bool
	}{
		{"203.0.113.7", true}, {"203.0.113.7", false}, {"203.0.113.8", true},
		{"2001:db8:0:1::1", true}, {"2001:db8:0:1:ffff::2", false}, {"2001:db8:0:2::1", true}, {"", true}, {"", false},
	} {
		if err := l.from(c.address); (err == nil) != c.allowed {
			t.Errorf("%q: %v", c.address, err)
		}
	}
}
