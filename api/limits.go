package api

import (
	"cmp"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Rate is how often something may happen: so many a second in the long run, Burst at once.
type Rate struct {
	PerSecond float64
	Burst     int
}

// Limits of requests; zero values take the defaults.
type Limits struct {
	VisitorMessages Rate // of one visitor
	VisitorAddress  Rate // visitors' requests from one address
	ProjectMessages Rate // visitors' commands to one project
	NewVisitors     Rate // from one address
	SignIns         Rate // from one address for one login
	SignInAddress   Rate // from one address
	SignInLogin     Rate // refused ones for one login, from addresses it was not used from before
	Operator        Rate // requests of one operator
	UnknownSignIns  Rate // cookies of no sign-in, from one address

	AddressSockets, VisitorSockets int // open at a time
}

func (l Limits) withDefaults() Limits {
	set := func(r *Rate, perSecond float64, burst int) {
		if r.PerSecond == 0 {
			r.PerSecond = perSecond
		}
		if r.Burst == 0 {
			r.Burst = burst
		}
	}
	set(&l.VisitorMessages, 10, 30)
	set(&l.VisitorAddress, 200, 600)
	set(&l.ProjectMessages, 5000, 10000)
	set(&l.NewVisitors, 1, 60)
	set(&l.SignIns, 10.0/60, 10)
	set(&l.SignInAddress, 2, 60)
	set(&l.SignInLogin, 30.0/60, 60) // three times what one address may: one stranger alone shuts nobody out
	set(&l.Operator, 100, 300)
	set(&l.UnknownSignIns, 10, 100)
	l.AddressSockets = cmp.Or(l.AddressSockets, 1000)
	l.VisitorSockets = cmp.Or(l.VisitorSockets, 20)
	return l
}

// limiter counts one kind of request per key. Keys that are full again are forgotten.
type limiter struct {
	rate Rate
	mu   sync.Mutex
	keys map[string]*rate.Limiter
	next int // size at which to look for forgettable keys
}

func newLimiter(r Rate) *limiter {
	return &limiter{rate: r, keys: map[string]*rate.Limiter{}, next: 1024}
}

// allow takes one, or says after how long there will be one.
func (l *limiter) allow(key string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	k, ok := l.keys[key]
	if !ok {
		if len(l.keys) >= l.next {
			l.forget()
		}
		k = rate.NewLimiter(rate.Limit(l.rate.PerSecond), l.rate.Burst)
		l.keys[key] = k
	}
	if k.Allow() {
		return nil
	}
	return l.wait(k)
}

// left says what allow would, and takes nothing: for what counts only when it has failed.
func (l *limiter) left(key string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if k, ok := l.keys[key]; ok && k.Tokens() < 1 {
		return l.wait(k)
	}
	return nil
}

func (l *limiter) wait(k *rate.Limiter) error {
	wait := time.Duration((1 - k.Tokens()) / l.rate.PerSecond * float64(time.Second))
	return tooMany(max(wait, time.Second))
}

// customer is whose address it is, for counting: in IPv6 the /64 that one customer of a provider has.
func customer(address string) string {
	if a, err := netip.ParseAddr(address); err == nil && a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.String()
		}
	}
	return address
}

// from takes one of an address.
func (l *limiter) from(address string) error { return l.allow(customer(address)) }

// quota is how many of one kind there are at a time per key.
type quota struct {
	max  int
	mu   sync.Mutex
	held map[string]int
}

func newQuota(most int) *quota { return &quota{max: most, held: map[string]int{}} }

// take takes one, to be given back, unless all are taken.
func (q *quota) take(key string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.held[key] >= q.max {
		return false
	}
	q.held[key]++
	return true
}

func (q *quota) give(key string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.held[key]--; q.held[key] == 0 {
		delete(q.held, key)
	}
}

// forget drops the keys whose bucket is full: they are as good as new.
func (l *limiter) forget() {
	for key, k := range l.keys {
		if k.Tokens() >= float64(l.rate.Burst) {
			delete(l.keys, key)
		}
	}
	l.next = max(1024, 2*len(l.keys))
}
