package api

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"testing/fstest"
)

// What anybody may ask the database is limited by his address; another address is not hit, nor are the files (D-71, design 8).
func TestStrangers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) {
		o.TrustedProxies = []string{"127.0.0.0/8"}
		o.Limits = Limits{VisitorAddress: Rate{0.01, 3}, UnknownSignIns: Rate{0.01, 2}}
		o.Widget = fstest.MapFS{"ru.txt": {Data: []byte("ru")}}
		o.Demo = func(context.Context, string) ([]byte, error) { return []byte("shop"), nil }
	})
	head := func(from, cookie string) map[string]string {
		return map[string]string{"X-Forwarded-For": from, "Origin": "https://lavka.example", "Cookie": sessionCookie + "=" + cookie}
	}
	for i, url := range []string{w.base + "/api/v1/widgets/" + w.key, w.base + "/widget/ru.txt?key=" + w.key, w.base + "/demo/", w.base + "/api/v1/setup"} {
		from := fmt.Sprintf("203.0.113.%d", i)
		for range 3 {
			w.do("GET", url, head(from, ""), nil).want(200)
		}
		a := w.do("GET", url, head(from, ""), nil).want(429, "too_many_requests")
		if a.header.Get("Retry-After") == "" || (i < 2 && a.header.Get("Access-Control-Allow-Origin") != "*") {
			t.Errorf("%s: %v", url, a.header)
		}
		w.do("GET", url, head("198.51.100.1"+fmt.Sprint(i), ""), nil).want(200)
		w.do("GET", w.base+"/widget/ru.txt", head(from, ""), nil).want(200)
	}

	const home = "2001:db8::"
	me := w.base + "/api/v1/operator/me"
	w.do("GET", me, head(home+"1", w.anna.token), nil).want(200)
	for i := range 2 {
		w.do("GET", me, head(fmt.Sprintf("%s%d", home, i), "bogus"), nil).want(401)
	}
	w.do("GET", me, head(home+"3", "bogus"), nil).want(429, "too_many_requests")
	w.do("GET", w.base+"/api/v1/operator/socket", map[string]string{"X-Forwarded-For": home + "3", "Cookie": sessionCookie + "=bogus"}, nil).want(429, "too_many_requests")
	w.do("GET", me, head(home+"1", w.anna.token), nil).want(200) // whoever has her address besides
	w.do("GET", me, head("203.0.113.1", "bogus"), nil).want(401)
}

// One visitor, and one address, has so many sockets and no more; what is closed makes room.
func TestSocketsOfOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) {
		o.TrustedProxies = []string{"127.0.0.0/8"}
		o.Limits = Limits{AddressSockets: 3, VisitorSockets: 2}
	})
	v, other := w.visitor(), w.visitor()
	from := func(address string, v *visitor) *socket {
		t.Helper()
		s := dial(t, w.base+"/api/v1/visitor/socket", "VisitorServerFrame", http.Header{"X-Forwarded-For": {address}})
		s.send(map[string]any{"type": "hello", "token": v.token, "after": 0})
		return s
	}
	first := from("203.0.113.1", v)
	first.next("hello")
	from("203.0.113.1", v).next("hello")
	from("203.0.113.2", v).ends(closeTooMany) // his third
	third := from("203.0.113.1", other)
	third.next("hello")
	from("203.0.113.1", other).ends(closeTooMany) // the fourth of the address
	operator := dial(t, w.base+"/api/v1/operator/socket", "OperatorServerFrame",
		http.Header{"X-Forwarded-For": {"203.0.113.1"}, "Cookie": {sessionCookie + "=" + w.anna.token}})
	operator.ends(closeTooMany)
	first.ws.Close()
	until(t, "there is room again", func() bool {
		s := from("203.0.113.1", v)
		frame, ok := <-s.frames
		return ok && frame["type"] == "hello"
	})
}
