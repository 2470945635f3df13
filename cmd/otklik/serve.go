package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/otklik/otklik/api"
	"github.com/otklik/otklik/relay"
	"github.com/otklik/otklik/store"
	"github.com/otklik/otklik/web"
	"github.com/otklik/otklik/web/demo"
	"github.com/otklik/otklik/worker"
)

// drainWithin is how long requests and sockets have to end when the server is told to stop.
const drainWithin = 10 * time.Second

// runServe serves the API, the console, the widget and the sockets, and relays signals to Temporal. It starts before
// PostgreSQL and Temporal are up: without the one it answers 503, without the other everything a person does works.
func runServe(ctx context.Context, m *Main, args []string) error {
	f := m.Flags("serve")
	listen := f.String("listen", m.EnvOr("OTKLIK_LISTEN", "127.0.0.1:7080"), "address to listen on (OTKLIK_LISTEN)")
	public := f.String("public-url", m.Env("OTKLIK_PUBLIC_URL"), "where browsers reach this server (OTKLIK_PUBLIC_URL)")
	if err := m.Parse(f, args); err != nil {
		return err
	}
	if m.Env("GOGC") == "" {
		debug.SetGCPercent(400) // the live heap is small: collecting less often costs tens of megabytes and saves a tenth of the CPU
	}
	logger := slog.New(slog.NewTextHandler(m.Stderr, nil))
	t, err := m.temporal()
	if err != nil {
		return err
	}
	limits, err := m.limits()
	if err != nil {
		return err
	}
	s, err := m.openStore(ctx, "otklik serve")
	if err != nil {
		return err
	}
	defer s.Close()
	c, err := client.NewLazyClient(worker.ClientOptions(t.address, t.namespace, t.access, logger))
	if err != nil {
		return err
	}
	defer c.Close()
	r := relay.New(s, c, relay.Options{Logger: logger})
	server, err := api.New(api.Options{
		Store: s, Nudge: r.Nudge, HintQueue: r.HintQueue, Log: logger, PublicURL: *public, Limits: limits,
		AllowedOrigins: fields(m.Env("OTKLIK_ALLOWED_ORIGINS")), TrustedProxies: fields(m.Env("OTKLIK_TRUSTED_PROXIES")),
		Console: web.Console(), Widget: web.Widget(), Demo: m.demoPages(s),
		TemporalReachable: func(ctx context.Context) error {
			_, err := c.CheckHealth(ctx, &client.CheckHealthRequest{})
			return err
		},
	})
	if err != nil {
		return usageError(err.Error())
	}
	ln, err := net.Listen("tcp", *listen)
	if err != nil {
		return err
	}
	logger.Info("serving", "address", "http://"+ln.Addr().String())
	return serve(ctx, server, r, ln)
}

// serve runs server and relay until ctx ends or the server fails, and ends both.
func serve(ctx context.Context, server *api.Server, r *relay.Relay, ln net.Listener) error {
	relayCtx, stopRelay := context.WithCancel(context.WithoutCancel(ctx))
	relayed := make(chan struct{})
	go func() {
		defer close(relayed)
		queues := make(chan struct{})
		go func() {
			defer close(queues)
			_ = r.WatchQueues(relayCtx, 0) // the worker sweeps
		}()
		_ = r.Run(relayCtx) // it ends with its context only
		<-queues
	}()
	failed := make(chan error, 1)
	go func() { failed <- server.Listen(ln) }()
	var err error
	select {
	case err = <-failed:
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainWithin)
	defer cancel()
	err = errors.Join(err, server.Shutdown(drain))
	stopRelay() // last: what the last requests owe is sent, or stays owed
	<-relayed
	return err
}

// demoPages are the pages of the demo shops, for those who ran seed --demo; OTKLIK_DEMO switches them on.
func (m *Main) demoPages(s *store.Store) api.DemoRenderer {
	if m.Env("OTKLIK_DEMO") == "" {
		return nil
	}
	return func(ctx context.Context, key string) ([]byte, error) {
		if key == "" {
			key = demoProjects[0].key
		}
		w, err := s.WidgetByKey(ctx, key)
		if err != nil {
			return nil, err
		}
		return demo.Page(key, w.ProjectName), nil
	}
}

// limits reads OTKLIK_LIMIT_…: requests a second, and sockets at a time, for load tests and for large offices behind one address.
func (m *Main) limits() (api.Limits, error) {
	var l api.Limits
	for name, rate := range map[string]*api.Rate{
		"OTKLIK_LIMIT_VISITOR": &l.VisitorMessages, "OTKLIK_LIMIT_ADDRESS": &l.VisitorAddress,
		"OTKLIK_LIMIT_PROJECT": &l.ProjectMessages, "OTKLIK_LIMIT_NEW_VISITORS": &l.NewVisitors,
		"OTKLIK_LIMIT_SIGN_INS": &l.SignIns, "OTKLIK_LIMIT_OPERATOR": &l.Operator, "OTKLIK_LIMIT_UNKNOWN": &l.UnknownSignIns,
	} {
		raw := m.Env(name)
		if raw == "" {
			continue
		}
		n, err := strconv.ParseFloat(raw, 64)
		if err != nil || !(n > 0) || n > 1e6 {
			return l, usageError(fmt.Sprintf("%s=%q: not a number of requests a second", name, raw))
		}
		*rate = api.Rate{PerSecond: n, Burst: max(1, int(3*n))}
	}
	for name, most := range map[string]*int{"OTKLIK_LIMIT_SOCKETS": &l.AddressSockets, "OTKLIK_LIMIT_VISITOR_SOCKETS": &l.VisitorSockets} {
		raw := m.Env(name)
		if raw == "" {
			continue
		}
		n, err := strconv.Atoi(raw)
		if err != nil || n < 1 {
			return l, usageError(fmt.Sprintf("%s=%q: not a number of sockets", name, raw))
		}
		*most = n
	}
	if l.SignIns.PerSecond > 0 {
		l.SignInAddress = l.SignIns
		l.SignInLogin = api.Rate{PerSecond: 3 * l.SignIns.PerSecond, Burst: 3 * l.SignIns.Burst} // as by default
	}
	return l, nil
}

// fields splits a comma-separated list.
func fields(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}
