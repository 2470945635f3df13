package api

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"
)

// gate stands between the server and PostgreSQL and can be shut: connections refused, or silent as with a stopped
// process.
type gate struct {
	ln      net.Listener
	to      string
	network string
	mu      sync.Mutex
	state   string // "", "refused", "silent"
	opened  *sync.Cond
	conns   []net.Conn
}

func newGate(t *testing.T, host string, port uint16) *gate {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{ln: ln, network: "tcp", to: net.JoinHostPort(host, strconv.Itoa(int(port)))}
	if strings.HasPrefix(host, "/") {
		g.network, g.to = "unix", fmt.Sprintf("%s/.s.PGSQL.%d", host, port)
	}
	g.opened = sync.NewCond(&g.mu)
	t.Cleanup(func() { ln.Close(); g.set("") })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			g.mu.Lock()
			refused := g.state == "refused"
			g.conns = append(g.conns, c)
			g.mu.Unlock()
			if refused {
				c.Close()
				continue
			}
			go g.pass(c)
		}
	}()
	return g
}

func (g *gate) pass(c net.Conn) {
	up, err := net.Dial(g.network, g.to)
	if err != nil {
		c.Close()
		return
	}
	g.mu.Lock()
	g.conns = append(g.conns, up)
	g.mu.Unlock()
	go g.copy(up, c)
	g.copy(c, up)
}

func (g *gate) copy(to, from net.Conn) {
	defer to.Close()
	buf := make([]byte, 16<<10)
	for {
		n, err := from.Read(buf)
		g.mu.Lock()
		for g.state == "silent" {
			g.opened.Wait()
		}
		g.mu.Unlock()
		if n > 0 {
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func (g *gate) set(state string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.state = state
	g.opened.Broadcast()
	if state == "refused" {
		for _, c := range g.conns {
			c.Close()
		}
		g.conns = nil
	}
}

// PostgreSQL down or stopped: 503 with Retry-After within 2.5 s, then at once; liveness is not readiness; it comes back
// by itself, sockets included (design 2.8).
func TestOutage(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"refused", "silent"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			cfg := w.store.Pool().Config().ConnConfig
			g := newGate(t, cfg.Host, cfg.Port)
			behind := w.openStore(gated(t, w, g))
			_, base := w.serve(behind, func(o *Options) {
				o.Widget = fstest.MapFS{"ru.txt": {Data: []byte("ru")}, "en.txt": {Data: []byte("en")}}
				o.Demo = func(ctx context.Context, key string) ([]byte, error) {
					shop, err := behind.WidgetByKey(ctx, key)
					return []byte(shop.ProjectName), err
				}
			})
			v := w.visitor()
			v.says("до")
			desk := w.anna.socketAt(base)
			desk.send(map[string]any{"type": "open", "dialog_id": v.dialog, "after": 0})
			desk.next("event", eventText("до"))
			url := base + "/api/v1"
			g.set(kind)
			const widgetText = 3
			calls := []func() answer{
				func() answer { return w.do("GET", url+"/operator/me", w.anna.headers(), nil) },
				func() answer { return w.do("POST", url+"/visitor/messages", v.headers(), message("в никуда")) },
				func() answer { return w.do("GET", url+"/widgets/"+w.key, nil, nil) },
				func() answer {
					return w.do("GET", base+"/widget/en.txt?key="+w.key, map[string]string{"Origin": "https://lavka.example"}, nil)
				},
				func() answer { return w.do("GET", base+"/demo/"+w.key, nil, nil) },
				func() answer {
					return w.do("POST", url+"/operator/sign-in", nil, map[string]any{"login": w.anna.login, "password": password})
				},
			}
			for _, call := range calls {
				start := time.Now()
				a := call().want(503, "unavailable")
				if d := time.Since(start); d > 2500*time.Millisecond {
					t.Errorf("took %v", d)
				}
				if a.header.Get("Retry-After") == "" {
					t.Error("no Retry-After")
				}
			}
			for i, call := range calls {
				until(t, "calls fail fast", func() bool {
					start := time.Now()
					if a := call().want(503, "unavailable"); i == widgetText && a.header.Get("Access-Control-Allow-Origin") != "*" {
						t.Error("the widget cannot read that it is to try again")
					}
					return time.Since(start) < 100*time.Millisecond
				})
			}
			w.do("GET", base+"/healthz", nil, nil).want(200)
			w.do("GET", base+"/widget/en.txt", nil, nil).want(200) // needs no database
			if ready := w.do("GET", base+"/readyz", nil, nil).want(503); string(ready.raw) != `{"ready":false,"postgresql":"unavailable","temporal":"unknown"}` {
				t.Errorf("more than a stranger is to know: %s", ready.raw)
			}
			v.says("в обход") // by another process, whose way is open
			g.set("")
			until(t, "it is back", func() bool { return calls[0]().status == http.StatusOK })
			desk.next("event", eventText("в обход"))
			calls[1]().want(200)
			desk.next("event", eventText("в никуда"))
		})
	}
}

// gated is the world's database behind the gate.
func gated(t *testing.T, w *world, g *gate) string {
	t.Helper()
	cfg := w.store.Pool().Config().ConnConfig
	host, port, err := net.SplitHostPort(g.ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return "host=" + host + " port=" + port + " dbname=" + cfg.Database + " user=" + cfg.User + " password='" + cfg.Password + "' sslmode=disable"
}
