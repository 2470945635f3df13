// Package relay carries signals from PostgreSQL to Temporal and looks after what Temporal lost: the relay itself, the
// watchdog and reconcile (design 2.4). It runs in every API process, where commits nudge it, and in every worker, for
// when an API process died after a commit.
package relay

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"golang.org/x/time/rate"

	"github.com/otklik/otklik/store"
	"github.com/otklik/otklik/workflows"
)

// Options of a relay; zero values are good defaults.
type Options struct {
	TaskQueue   string        // default workflows.TaskQueue
	Concurrency int           // calls under way at once; default 16
	Rate        rate.Limit    // calls a second; default 200, about what Temporal on two cores takes
	CallTimeout time.Duration // of one call; default 5 s
	Poll        time.Duration // the fallback for a lost nudge; default 1 s
	Logger      *slog.Logger
}

func (o Options) withDefaults() Options {
	if o.TaskQueue == "" {
		o.TaskQueue = workflows.TaskQueue
	}
	if o.Concurrency == 0 {
		o.Concurrency = 16
	}
	if o.Rate == 0 {
		o.Rate = 200
	}
	if o.CallTimeout == 0 {
		o.CallTimeout = 5 * time.Second
	}
	if o.Poll == 0 {
		o.Poll = time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return o
}

// Relay sends owed signals. Any number of relays may run on one database: leases keep them apart.
type Relay struct {
	store   *store.Store
	client  client.Client
	o       Options
	limiter *rate.Limiter
	nudges  chan struct{}
	queues  chan store.Queue // hinted
	slots   chan struct{}    // one for each call under way
	calls   sync.WaitGroup
	down    atomic.Bool          // Temporal did not take the last call
	plenty  bool                 // the last lease was full; step's own
	pausing map[string]time.Time // projects whose account did not take the news, until when no start is repeated; Outside's own
	tookAt  atomic.Int64         // when Temporal last took a call, in nanoseconds
	mu      sync.Mutex
	held    []string // dialogs whose call failed although Temporal says that it is well
}

// New makes a relay; Run runs it.
func New(s *store.Store, c client.Client, o Options) *Relay {
	o = o.withDefaults()
	return &Relay{
		store: s, client: c, o: o,
		limiter: rate.NewLimiter(o.Rate, o.Concurrency),
		nudges:  make(chan struct{}, 1),
		queues:  make(chan store.Queue, 256),
		slots:   make(chan struct{}, o.Concurrency),
		pausing: map[string]time.Time{},
	}
}

// Nudge says that a signal may be owed now. It never blocks; many nudges are one.
func (r *Relay) Nudge() {
	select {
	case r.nudges <- struct{}{}:
	default:
	}
}

// Down reports whether Temporal did not take the last call: timers may come late, and consoles say so (design 2.8).
func (r *Relay) Down() bool { return r.down.Load() }

// Run sends until ctx ends; it returns nil then. Calls under way are given up, their signals stay owed.
func (r *Relay) Run(ctx context.Context) error {
	defer r.calls.Wait()
	trouble := backoff{first: 250 * time.Millisecond, max: time.Second} // a question costs little, a late deadline more
	for ctx.Err() == nil {
		if r.down.Load() && !r.healthy(ctx) {
			trouble.wait(ctx)
			continue // no row is touched while Temporal is away
		}
		more, err := r.step(ctx)
		switch {
		case err != nil:
			if ctx.Err() == nil {
				r.o.Logger.Warn("relay: cannot lease signals", "error", err)
			}
			trouble.wait(ctx)
		case r.down.Load():
			trouble.wait(ctx)
		case more:
			trouble.reset()
		default:
			trouble.reset()
			r.idle(ctx)
		}
	}
	return nil
}

// idle waits for a nudge, or for the poll that makes up for a lost one.
func (r *Relay) idle(ctx context.Context) {
	poll := time.NewTimer(r.o.Poll)
	defer poll.Stop()
	select {
	case <-ctx.Done():
	case <-r.nudges:
	case <-poll.C:
	}
}

// leaseTimeout is more than a statement may take.
const leaseTimeout = 3 * time.Second

// step leases as many signals as there are free calls and starts sending them. While Temporal is down it tries one,
// and waits for it. It reports whether more may be owed.
func (r *Relay) step(ctx context.Context) (more bool, err error) {
	probing := r.down.Load()
	n := r.acquire(ctx, probing)
	if n == 0 {
		return false, ctx.Err()
	}
	// The lease covers the call and its wait for the rate; an unanswered signal is sent again after it. Stopping does not
	// cut it short: a lease that is taken while nobody hears of it would hold its signals up.
	lease, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaseTimeout)
	defer cancel()
	owed, err := r.store.LeaseOwed(lease, n, r.o.CallTimeout+time.Second)
	r.release(n - len(owed))
	r.plenty = err == nil && len(owed) == n && n > 1
	if err != nil {
		return false, err
	}
	if probing && len(owed) == 0 {
		r.down.Store(false) // healthy, and nothing to try it on
	}
	for _, o := range owed {
		r.calls.Add(1)
		go func() {
			defer r.calls.Done()
			defer r.release(1)
			r.deliver(ctx, o)
		}()
	}
	if probing {
		r.calls.Wait()
	}
	return len(owed) == n, nil
}

// acquire takes a free call, waiting for it, and then all others that are free now; one only when probing. Where very
// many are owed it waits for half of the calls: each lease looks through all that are owed, and should be worth it.
func (r *Relay) acquire(ctx context.Context, probing bool) int {
	least := 1
	if r.plenty && !probing {
		least = max(1, r.o.Concurrency/2)
	}
	n := 0
	for n < least {
		select {
		case <-ctx.Done():
			r.release(n)
			return 0
		case r.slots <- struct{}{}:
			n++
		}
	}
	for !probing {
		select {
		case r.slots <- struct{}{}:
			n++
			continue
		default:
		}
		break
	}
	return n
}

func (r *Relay) release(n int) {
	for range n {
		<-r.slots
	}
}

// deliver sends one signal. What Temporal did not take because it is away goes back at once; what it refused for this
// dialog alone stays leased, which backs off by itself.
func (r *Relay) deliver(ctx context.Context, o store.Owed) {
	err := r.limiter.Wait(ctx)
	began := time.Now()
	if err == nil {
		err = r.send(ctx, o)
	}
	switch {
	case err == nil:
		r.took(ctx)
	case ctx.Err() != nil:
		r.unlease(ctx, o.DialogID)
	case own(err):
		r.refused(o, err)
	default:
		r.failed(ctx, o, err, began)
	}
}

// fresh is how long a call that Temporal took speaks for it.
const fresh = time.Second

// failed tells a dialog that alone is ill, while calls for others are taken, from a Temporal that takes none.
func (r *Relay) failed(ctx context.Context, o store.Owed, err error, began time.Time) {
	well := !whole(err) && r.healthy(ctx)
	if well && r.tookAt.Load() > began.Add(-fresh).UnixNano() {
		r.refused(o, err)
		return
	}
	if !r.down.Swap(true) {
		r.o.Logger.Warn("relay: Temporal does not answer; signals stay owed", "error", err)
	}
	if well {
		r.hold(o.DialogID) // the next try is another's: this one may be what is ill
	} else {
		r.unlease(ctx, o.DialogID)
	}
}

// refused leaves the lease to run out: the dialog backs off by itself.
func (r *Relay) refused(o store.Owed, err error) {
	r.o.Logger.Error("relay: signal refused", "dialog", o.DialogID, "error", err)
}

// took notes that Temporal takes calls. What was held while it did not goes back at once: most of it had no fault.
func (r *Relay) took(ctx context.Context) {
	r.tookAt.Store(time.Now().UnixNano())
	r.down.Store(false)
	r.mu.Lock()
	held := r.held
	r.held = nil
	r.mu.Unlock()
	if len(held) > 0 {
		r.unlease(ctx, held...)
	}
}

// maxHeld bounds what is remembered; the leases of the rest run out.
const maxHeld = 1000

// hold keeps the lease of a dialog until Temporal takes another's call.
func (r *Relay) hold(dialogID string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.held) < maxHeld {
		r.held = append(r.held, dialogID)
	}
}

// unlease gives signals back; when that fails their leases run out. Stopping does not cut it short.
func (r *Relay) unlease(ctx context.Context, dialogIDs ...string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaseTimeout)
	defer cancel()
	_ = r.store.Unlease(ctx, dialogIDs)
}

// send starts the dialog's workflow or signals the one that runs. A signal that may start nothing and finds no run is
// done with: a finished session needs none (design 2.5).
func (r *Relay) send(ctx context.Context, o store.Owed) error {
	ctx, cancel := context.WithTimeout(ctx, r.o.CallTimeout)
	defer cancel()
	signal := workflows.Sync{SessionID: o.SessionID, SignalSeq: o.SignalSeq}
	if !o.Start {
		err := r.client.SignalWorkflow(ctx, o.DialogID, "", workflows.SignalSync, signal)
		var none *serviceerror.NotFound
		if errors.As(err, &none) {
			if err := r.store.DropOwed(ctx, o.DialogID, o.SignalSeq); err != nil {
				r.o.Logger.Warn("relay: cannot drop a signal that found no run; it comes again", "dialog", o.DialogID, "error", err)
			}
			return nil
		}
		return err
	}
	_, err := r.client.SignalWithStartWorkflow(ctx, o.DialogID, workflows.SignalSync, signal, r.startOptions(o.DialogID),
		workflows.DialogType, workflows.Start{DialogID: o.DialogID})
	return err
}

// taskTimeout is how long a task of a workflow may take. Ours take milliseconds: what takes longer is in the hands of a
// worker that was killed, and each second of waiting for it makes a deadline a second late. The default is 10 s.
const taskTimeout = 5 * time.Second

// startOptions start a workflow, or use the one that runs under the id.
func (r *Relay) startOptions(id string) client.StartWorkflowOptions {
	return client.StartWorkflowOptions{
		ID:                       id,
		TaskQueue:                r.o.TaskQueue,
		WorkflowTaskTimeout:      taskTimeout,
		WorkflowIDReusePolicy:    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
	}
}

// whole reports whether the error is about everything we might ask of Temporal, even if it says that it is healthy.
func whole(err error) bool {
	var (
		namespace *serviceerror.NamespaceNotFound
		denied    *serviceerror.PermissionDenied
		exhausted *serviceerror.ResourceExhausted
	)
	if errors.As(err, &exhausted) {
		return exhausted.Cause != enumspb.RESOURCE_EXHAUSTED_CAUSE_BUSY_WORKFLOW
	}
	return errors.As(err, &namespace) || errors.As(err, &denied)
}

// own reports whether the error is about this one dialog; all others may say that Temporal as a whole cannot take calls now.
func own(err error) bool {
	var (
		invalid  *serviceerror.InvalidArgument
		failed   *serviceerror.FailedPrecondition
		none     *serviceerror.NotFound
		started  *serviceerror.WorkflowExecutionAlreadyStarted
		internal *serviceerror.Internal
	)
	return errors.As(err, &invalid) || errors.As(err, &failed) || errors.As(err, &none) || errors.As(err, &started) || errors.As(err, &internal)
}

// healthy asks Temporal itself.
func (r *Relay) healthy(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	_, err := r.client.CheckHealth(ctx, &client.CheckHealthRequest{})
	return err == nil
}
