// Package api is the door to everything the console and the widget do: HTTP and sockets by openapi.yaml. It adapts the
// rules of package dialog and has none of its own.
package api

import (
	"context"
	_ "embed"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/otklik/otklik/store"
)

//go:embed openapi.yaml
var contract []byte

// budget is how long a request may take with the database (design 2.8): never a hanging call.
const budget = 2 * time.Second

// answerWithin is how long a client may leave an answer unread: a minute takes the console's largest file, 120 KB packed,
// over a line of 16 kbit/s. Downloads have it for each part anew, however long they take as a whole.
const answerWithin = time.Minute

const (
	maxBody  = 64 << 10
	readBody = 4 * maxBody // what is read to answer it is too large; the sender of more finds the connection closed
)

// Options of a Server. Store is required.
type Options struct {
	Store *store.Store
	// Nudge is called after a commit that owes the workflow a signal.
	Nudge func()
	// HintQueue is called after an untaken dialog came into a queue: it may be a backlog now.
	HintQueue func(store.Queue)
	// TemporalReachable tells /readyz whether Temporal answers; nil: not known.
	TemporalReachable func(context.Context) error
	Log               *slog.Logger

	PublicURL      string   // where users reach the server; https makes cookies Secure
	AllowedOrigins []string // further origins the console may be served from
	TrustedProxies []string // addresses or CIDR ranges whose X-Forwarded-For is believed
	SignInLasts    time.Duration
	AnswerWithin   time.Duration // how long an answer may stay unread before its connection is closed; default 1 min
	Limits         Limits

	Console, Widget fs.FS        // built front ends; nil: none
	Demo            DemoRenderer // page of the demo shop; nil: none
}

// DemoRenderer renders the page of the demo shop for a widget key (empty: the first shop); store.ErrNotFound: no such page.
type DemoRenderer func(ctx context.Context, key string) (html []byte, err error)

// Server serves the API. Make it with New, run it with Listen, end it with Shutdown.
type Server struct {
	store   *store.Store
	nudge   func()
	o       Options
	log     *slog.Logger
	app     *fiber.App
	ln      atomic.Pointer[freshListener]
	origins map[string]bool
	proxies []netip.Prefix
	doubted sync.Once // see doubtProxy
	secure  bool

	passwords *passwords
	breaker   *breaker
	limits    struct {
		visitor, visitorAddress, project, newVisitor, signIn, signInAddress, signInLogin, operator, unknown *limiter
		addressSockets, visitorSockets                                                                      *quota
	}
	usual                     usual
	health                    health
	visitors                  *visitorCache
	hub                       *hub
	desks                     *desks
	feed                      *feed
	attendance                *attendance
	blocks                    *blocks
	consoleFiles, widgetFiles map[string]asset // built front ends by name

	clock atomic.Int64 // nanoseconds the database's clock is ahead of ours
	late  atomic.Bool  // timers come late at the moment

	ctx      context.Context // ends with Shutdown
	stop     context.CancelFunc
	loops    sync.WaitGroup
	sockets  sync.WaitGroup
	draining atomic.Bool
}

// New makes a server; nothing runs until Listen.
func New(o Options) (*Server, error) {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Nudge == nil {
		o.Nudge = func() {}
	}
	if o.HintQueue == nil {
		o.HintQueue = func(store.Queue) {}
	}
	if o.SignInLasts == 0 {
		o.SignInLasts = 7 * 24 * time.Hour
	}
	if o.AnswerWithin == 0 {
		o.AnswerWithin = answerWithin
	}
	s := &Server{store: o.Store, nudge: o.Nudge, o: o, log: o.Log, passwords: newPasswords(), breaker: newBreaker(o.Store.Ready)}
	if err := s.readOrigins(); err != nil {
		return nil, err
	}
	var err error
	if s.consoleFiles, err = readAssets(o.Console); err != nil {
		return nil, err
	}
	if s.widgetFiles, err = readAssets(o.Widget); err != nil {
		return nil, err
	}
	l := o.Limits.withDefaults()
	s.limits.visitor, s.limits.visitorAddress = newLimiter(l.VisitorMessages), newLimiter(l.VisitorAddress)
	s.limits.project, s.limits.newVisitor = newLimiter(l.ProjectMessages), newLimiter(l.NewVisitors)
	s.limits.signIn, s.limits.signInAddress = newLimiter(l.SignIns), newLimiter(l.SignInAddress)
	s.limits.signInLogin, s.limits.operator = newLimiter(l.SignInLogin), newLimiter(l.Operator)
	s.limits.unknown = newLimiter(l.UnknownSignIns)
	s.limits.addressSockets, s.limits.visitorSockets = newQuota(l.AddressSockets), newQuota(l.VisitorSockets)
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.visitors = newVisitorCache(o.Store)
	s.hub = newHub(s)
	s.desks = newDesks(s)
	s.feed = newFeed(s)
	s.attendance = newAttendance(s)
	s.blocks = newBlocks(s)
	s.app = fiber.New(fiber.Config{
		ErrorHandler:          s.answerError,
		BodyLimit:             readBody,
		Immutable:             true, // strings of the context outlive the request: they go into the hub
		DisableStartupMessage: true,
		ReadTimeout:           30 * time.Second,
		WriteTimeout:          o.AnswerWithin, // not of sockets: they have deadlines of their own
		IdleTimeout:           2 * time.Minute,
		StreamRequestBody:     false,
		ServerHeader:          "",
	})
	s.app.Server().HeaderReceived = bodyLimits
	s.routes()
	return s, nil
}

func (s *Server) readOrigins() error {
	s.origins = map[string]bool{}
	for _, o := range append([]string{s.o.PublicURL}, s.o.AllowedOrigins...) {
		if o == "" {
			continue
		}
		u, err := url.Parse(o)
		if err != nil || u.Scheme == "" || u.Host == "" {
			return fmt.Errorf("origin %q: not a URL with scheme and host", o)
		}
		s.origins[u.Scheme+"://"+u.Host] = true
		s.secure = s.secure || (o == s.o.PublicURL && u.Scheme == "https")
	}
	for _, p := range s.o.TrustedProxies {
		prefix, err := netip.ParsePrefix(p)
		if err != nil {
			addr, err := netip.ParseAddr(p)
			if err != nil {
				return fmt.Errorf("trusted proxy %q: neither an address nor a range", p)
			}
			prefix = netip.PrefixFrom(addr, addr.BitLen())
		}
		s.proxies = append(s.proxies, prefix)
	}
	return nil
}

// Listen serves until Shutdown.
func (s *Server) Listen(ln net.Listener) error {
	for _, loop := range []func(context.Context){s.breaker.run, s.desks.run, s.feed.sweep, s.feed.listen,
		s.feed.notify, s.feed.notifySigns, s.blocks.run, s.hub.presence, s.hub.endSwitchedOff, s.hub.endRevoked, s.pollTimers, s.tidy, s.attendance.run, s.offerSetup} {
		s.loops.Go(func() { loop(s.ctx) })
	}
	fresh := newFreshListener(ln)
	s.ln.Store(fresh)
	if s.draining.Load() { // Shutdown came before there was anything to close
		return fresh.Close()
	}
	if err := s.app.Listener(fresh); err != nil && !s.draining.Load() {
		return err
	}
	return nil
}

// Shutdown ends the server: sockets are told to come again (1001), requests may finish, all goroutines end.
func (s *Server) Shutdown(ctx context.Context) error {
	s.draining.Store(true)
	s.hub.closeAll(closeGoingAway)
	if ln := s.ln.Load(); ln != nil {
		_ = ln.Close() // none may come after those that are closed here
		ln.closeFresh()
	}
	err := s.app.ShutdownWithContext(ctx)
	ended := make(chan struct{})
	go func() {
		s.sockets.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-ctx.Done():
		err = ctx.Err()
	}
	s.stop()
	s.loops.Wait()
	return err
}

// now is the time decisions go by, as well as this process knows it.
func (s *Server) now() time.Time {
	return time.Now().Add(time.Duration(s.clock.Load())).UTC().Truncate(time.Microsecond)
}

// within is the context of one use of the database.
func (s *Server) within() (context.Context, context.CancelFunc) {
	return context.WithTimeout(s.ctx, budget)
}

// nameOf reads an operator's name for an answer; the answer is worth giving without it.
func (s *Server) nameOf(operatorID string) string {
	ctx, cancel := context.WithTimeout(s.ctx, 500*time.Millisecond) // the request's own time is over when it is answered
	defer cancel()
	name, err := s.store.OperatorName(ctx, operatorID)
	if err != nil {
		s.log.Warn("name of operator", "operator", operatorID, "error", err)
	}
	return name
}

// pollTimers watches whether deadlines come late, while somebody is there to be told (design 2.8).
func (s *Server) pollTimers(ctx context.Context) {
	every(ctx, 2*time.Second, func() {
		if s.breaker.open.Load() || !s.hub.hasOperators() {
			return
		}
		c, cancel := s.within()
		defer cancel()
		late, err := s.store.TimersLate(c, lateAfter)
		if err == nil && s.late.Swap(late) != late {
			s.hub.toOperators(timersFrame{"timers", late})
		}
	})
}

// lateAfter is how late a deadline is before the console says so; the watchdog wakes it after 2 s.
const lateAfter = 4 * time.Second

// tidy removes what nobody needs any more.
func (s *Server) tidy(ctx context.Context) {
	every(ctx, time.Minute, func() {
		c, cancel := s.within()
		defer cancel()
		if err := s.store.ExpirePresence(c); err != nil {
			s.log.Debug("expire presence", "error", err)
		}
	})
}

// every runs f each period until ctx ends.
func every(ctx context.Context, period time.Duration, f func()) {
	t := time.NewTicker(period)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			f()
		}
	}
}
