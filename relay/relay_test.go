package relay_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/grpc"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/local/localtest"
	"github.com/otklik/otklik/relay"
	"github.com/otklik/otklik/store"
)

func TestMain(m *testing.M) { localtest.Run(m) }

// house is a database and a Temporal namespace without a worker: signals arrive, nobody acknowledges them.
type house struct {
	t         *testing.T
	store     *store.Store
	client    client.Client // past the gate
	gate      *gate
	namespace string
	project   string
	anna      string
}

func newHouse(t *testing.T) *house {
	t.Helper()
	t.Parallel()
	s, err := store.Open(context.Background(), localtest.MigratedURL(t, store.Migrate), store.Options{AppName: "test"})
	check(t, err)
	t.Cleanup(s.Close)
	address, namespace := localtest.Temporal(t)
	h := &house{t: t, store: s, gate: newGate(t, address), namespace: namespace, project: newID(), anna: newID()}
	h.client = h.dial(address)
	h.exec(`INSERT INTO projects (id, name, widget_key, rating) VALUES ($1, 'shop', 'shop-1', true)`, h.project)
	h.exec(`INSERT INTO operators (id, login, name, password_hash) VALUES ($1, 'anna', 'Anna', '-')`, h.anna)
	h.exec(`INSERT INTO access (operator_id, project_id, level) VALUES ($1, $2, 2)`, h.anna, h.project)
	return h
}

func (h *house) exec(sql string, args ...any) {
	h.t.Helper()
	_, err := h.store.Pool().Exec(context.Background(), sql, args...)
	check(h.t, err)
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

func (h *house) dial(address string) client.Client {
	h.t.Helper()
	c, err := client.NewLazyClient(client.Options{HostPort: address, Namespace: h.namespace, Logger: quiet{}})
	check(h.t, err)
	h.t.Cleanup(c.Close)
	return c
}

// relay runs one through the gate until the test ends. It hardly polls: tests nudge.
func (h *house) relay(o relay.Options) *relay.Relay {
	r := relay.New(h.store, h.dial(h.gate.address), o)
	h.run(r)
	return r
}

func (h *house) start() (dialogID string) {
	h.t.Helper()
	v, err := h.store.CreateVisitor(context.Background(), store.NewVisitor{ProjectID: h.project, TokenHash: []byte(newID()), Locale: "ru"})
	check(h.t, err)
	h.do(v.DialogID, dialog.VisitorMessage{Text: "hello"})
	return v.DialogID
}

func (h *house) do(dialogID string, c dialog.Command) {
	h.t.Helper()
	check(h.t, h.store.Apply(context.Background(), []store.Command{{DialogID: dialogID, ClientID: newID(), Do: c}})[0].Err)
}

func (h *house) tries(dialogID string) (n int) {
	h.t.Helper()
	check(h.t, h.store.Pool().QueryRow(context.Background(), `SELECT relay_tries FROM dialogs WHERE id = $1`, dialogID).Scan(&n))
	return n
}

func (h *house) until(what string, ok func() bool) {
	h.t.Helper()
	const limit = 30 * time.Second
	for deadline := time.Now().Add(limit); !ok(); {
		if time.Now().After(deadline) {
			h.t.Fatalf("not within %s: %s", limit, what)
		}
		<-time.After(10 * time.Millisecond)
	}
}

// signals are those in the history of the dialog's workflow; -1: there is none.
func (h *house) signals(dialogID string) int {
	n := 0
	it := h.client.GetWorkflowHistory(context.Background(), dialogID, "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for it.HasNext() {
		e, err := it.Next()
		if err != nil {
			return -1
		}
		if e.EventType == enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED {
			n++
		}
	}
	return n
}

// acknowledge does what the workflow's sync activity does.
func (h *house) acknowledge(dialogID string) {
	h.t.Helper()
	row, err := h.store.Load(context.Background(), dialogID)
	check(h.t, err)
	_, _, err = h.store.Sync(context.Background(), dialogID, row.SignalSeq, time.Time{}, store.Fence{At: time.Now(), Ordinal: 1})
	check(h.t, err)
}

// TestNudge: a nudge sends at once; what is sent is not sent again while its lease runs.
func TestNudge(t *testing.T) {
	h := newHouse(t)
	r := h.relay(relay.Options{Poll: time.Hour, CallTimeout: time.Minute})
	id := h.start()
	r.Nudge()
	h.until("the workflow is started and signalled", func() bool { return h.signals(id) == 1 })
	other := h.start()
	for range 100 {
		r.Nudge()
	}
	h.until("the other too", func() bool { return h.signals(other) == 1 })
	if n := h.signals(id); n != 1 {
		t.Errorf("the first was signalled %d times", n)
	}
}

// TestPoll makes up for a nudge that was never given.
func TestPoll(t *testing.T) {
	h := newHouse(t)
	h.relay(relay.Options{Poll: 10 * time.Millisecond})
	id := h.start()
	h.until("the workflow is started", func() bool { return h.signals(id) > 0 })
}

// TestTwoRelays share the work: leases keep them from sending the same signal twice.
func TestTwoRelays(t *testing.T) {
	h := newHouse(t)
	var ids []string
	for range 40 {
		ids = append(ids, h.start())
	}
	for range 2 {
		h.relay(relay.Options{Poll: 5 * time.Millisecond, Concurrency: 4, CallTimeout: time.Minute})
	}
	for _, id := range ids {
		h.until("every dialog is signalled", func() bool { return h.signals(id) > 0 })
		if n := h.signals(id); n != 1 {
			t.Errorf("%s was signalled %d times", id, n)
		}
	}
}

// TestRatingStartsNothing: a rating is for a run that exists; without one it is done with (design 2.5).
func TestRatingStartsNothing(t *testing.T) {
	h := newHouse(t)
	id := h.start()
	h.do(id, dialog.Reply{By: dialog.Operator{ID: h.anna}, Text: "good day"})
	row, err := h.store.Load(context.Background(), id)
	check(t, err)
	h.do(id, dialog.Leave{By: dialog.Operator{ID: h.anna}, LastSeen: row.State.Seq})
	h.acknowledge(id)
	h.do(id, dialog.Rate{SessionID: row.State.Session.ID, Stars: 5})
	h.relay(relay.Options{Poll: 10 * time.Millisecond})
	h.until("nothing is owed", func() bool {
		row, err := h.store.Load(context.Background(), id)
		check(t, err)
		return row.SignalAcked == row.SignalSeq
	})
	if n := h.signals(id); n != -1 {
		t.Errorf("a workflow with %d signals was started", n)
	}
}

// TestTemporalDown: people go on, signals stay owed, rows are not touched again and again, and all is caught up alone.
func TestTemporalDown(t *testing.T) {
	h := newHouse(t)
	r := h.relay(relay.Options{Poll: 10 * time.Millisecond, CallTimeout: 300 * time.Millisecond})
	up := h.start()
	h.until("it works", func() bool { return h.signals(up) > 0 })
	h.acknowledge(up)
	h.gate.close()
	id := h.start()
	h.until("the relay notices", r.Down)
	h.until("the signal is given back", func() bool { return h.tries(id) == 0 })
	h.exec(`CREATE TABLE leases (dialog_id uuid)`)
	h.exec(`CREATE FUNCTION leased() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO leases VALUES (NEW.id); RETURN NEW; END $$`)
	h.exec(`CREATE TRIGGER leased AFTER UPDATE ON dialogs FOR EACH ROW WHEN (NEW.relay_tries > OLD.relay_tries) EXECUTE FUNCTION leased()`)
	var more []string
	for range 10 {
		more = append(more, h.start())
		r.Nudge()
	}
	h.gate.refuse(4) // so many connections are tried in vain
	var leases int
	check(t, h.store.Pool().QueryRow(context.Background(), `SELECT count(*) FROM leases`).Scan(&leases))
	if leases > 1 {
		t.Errorf("rows were leased %d times while Temporal was down", leases)
	}
	h.gate.open()
	for _, id := range append(more, id) {
		h.until("everything is caught up", func() bool { return h.signals(id) > 0 })
	}
	h.until("the relay notices that it is back", func() bool { return !r.Down() })
}

// TestTemporalDownFromTheStart: the API comes up first and waits without holding anything against the dialogs.
func TestTemporalDownFromTheStart(t *testing.T) {
	h := newHouse(t)
	h.gate.close()
	id := h.start()
	r := h.relay(relay.Options{Poll: 10 * time.Millisecond, CallTimeout: 300 * time.Millisecond})
	h.until("the relay notices", r.Down)
	h.until("the signal is given back", func() bool { return h.tries(id) == 0 })
	h.gate.open()
	h.until("it is sent", func() bool { return h.signals(id) > 0 })
}

// TestNoSuchNamespace is Temporal being away as a whole, not a fault of the dialog.
func TestNoSuchNamespace(t *testing.T) {
	h := newHouse(t)
	h.namespace = "nowhere"
	r := relay.New(h.store, h.dial(h.gate.address), relay.Options{Poll: 10 * time.Millisecond, CallTimeout: time.Second})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	id := h.start()
	h.until("the relay notices", r.Down)
	h.until("the signal is given back", func() bool { return h.tries(id) == 0 })
	cancel()
	check(t, <-done)
	if n := h.tries(id); n != 0 {
		t.Errorf("stopped with %d tries held against the dialog", n)
	}
}

// sick is a way to Temporal on which the calls for one dialog hang and all others are well; it is the first in the order.
func (h *house) sick() (dialogID string, c client.Client) {
	h.t.Helper()
	dialogID = h.start()
	h.exec(`UPDATE dialogs SET next_deadline_at = '-infinity' WHERE id = $1`, dialogID)
	hang := func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, o ...grpc.CallOption) error {
		if r, ok := req.(interface{ GetWorkflowId() string }); ok && r.GetWorkflowId() == dialogID {
			<-ctx.Done()
			return ctx.Err()
		}
		return invoke(ctx, method, req, reply, cc, o...)
	}
	c, err := client.NewLazyClient(client.Options{HostPort: h.gate.address, Namespace: h.namespace, Logger: quiet{},
		ConnectionOptions: client.ConnectionOptions{DialOptions: []grpc.DialOption{grpc.WithUnaryInterceptor(hang)}}})
	check(h.t, err)
	h.t.Cleanup(c.Close)
	return dialogID, c
}

// run runs the relay until the test ends.
func (h *house) run(r *relay.Relay) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	h.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			h.t.Error(err)
		}
	})
}

// TestOneSickDialog: a dialog whose calls fail while Temporal is well backs off alone, also when it is first in the order;
// the others are sent (design 2.4).
func TestOneSickDialog(t *testing.T) {
	h := newHouse(t)
	sick, c := h.sick()
	r := relay.New(h.store, c, relay.Options{Poll: 10 * time.Millisecond, CallTimeout: 200 * time.Millisecond, Concurrency: 1})
	h.run(r)
	for range 5 {
		id := h.start()
		h.until("a dialog is signalled although another is sick", func() bool { return h.signals(id) > 0 })
		h.acknowledge(id)
	}
	h.until("the sick one is held back", func() bool { return h.tries(sick) > 1 })
	h.until("Temporal counts as well", func() bool { return !r.Down() })
}

// TestSickDialogAmongOthers: while others are sent, Temporal is not even thought to be down.
func TestSickDialogAmongOthers(t *testing.T) {
	h := newHouse(t)
	sick, c := h.sick()
	for range 12 {
		h.start()
	}
	said := &heard{}
	h.run(relay.New(h.store, c, relay.Options{Poll: 10 * time.Millisecond, CallTimeout: 500 * time.Millisecond, Concurrency: 4,
		Logger: slog.New(slog.NewTextHandler(said, nil))}))
	h.until("its call has failed", func() bool { return said.has("relay: ") })
	if said.has("does not answer") || !said.has("signal refused") || h.tries(sick) != 1 {
		t.Errorf("%d tries; it said %s", h.tries(sick), said.text)
	}
}

// heard is what was logged.
type heard struct {
	mu   sync.Mutex
	text string
}

func (b *heard) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.text += string(p)
	return len(p), nil
}

func (b *heard) has(words string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Contains(b.text, words)
}

// gate is a way to Temporal that can be closed.
type gate struct {
	t       *testing.T
	address string
	target  string

	mu      sync.Mutex
	shut    bool
	refused chan struct{}
	conns   map[net.Conn]bool
}

func newGate(t *testing.T, target string) *gate {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	g := &gate{t: t, address: l.Addr().String(), target: target, refused: make(chan struct{}, 1), conns: map[net.Conn]bool{}}
	t.Cleanup(func() { _ = l.Close(); g.close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go g.pass(c)
		}
	}()
	return g
}

func (g *gate) pass(c net.Conn) {
	defer c.Close()
	g.mu.Lock()
	shut := g.shut
	g.mu.Unlock()
	if shut {
		select {
		case g.refused <- struct{}{}:
		default:
		}
		return
	}
	to, err := net.Dial("tcp", g.target)
	if err != nil {
		return
	}
	defer to.Close()
	g.keep(c, to)
	go func() { _, _ = io.Copy(to, c); _ = to.Close() }()
	_, _ = io.Copy(c, to)
}

func (g *gate) keep(conns ...net.Conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, c := range conns {
		g.conns[c] = true
	}
}

func (g *gate) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = true
	for c := range g.conns {
		_ = c.Close()
	}
}

func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = false
}

// refuse waits until so many connections found the gate shut.
func (g *gate) refuse(n int) {
	g.t.Helper()
	limit := time.After(30 * time.Second)
	for range n {
		select {
		case <-g.refused:
		case <-limit:
			g.t.Fatal("nobody tries to connect")
		}
	}
}

type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}
