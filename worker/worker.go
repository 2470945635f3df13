// Package worker registers the workflows and activities with Temporal, tunes the worker and runs beside it what keeps
// signals flowing: relay, watchdog and reconcile.
package worker

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"golang.org/x/sync/errgroup"

	"github.com/otklik/otklik/activities"
	"github.com/otklik/otklik/outside"
	"github.com/otklik/otklik/relay"
	"github.com/otklik/otklik/store"
	"github.com/otklik/otklik/workflows"
)

// Options of a worker process. Store, Client and Namespace are needed; zero values of the rest are good defaults.
type Options struct {
	Store     *store.Store
	Client    client.Client
	Namespace string
	Notify    func(ctx context.Context, dialogIDs []string) error

	TaskQueue      string        // default workflows.TaskQueue
	Activities     int           // activities under way at once; default 16, the size of the pool
	StickyCache    int           // open dialogs kept in memory; default 20,000
	ReconcileEvery time.Duration // default 10 minutes; negative: never
	RetainEvery    time.Duration // default 10 minutes; looks for what projects do not keep any longer
	StopTimeout    time.Duration // default 5 s
	Relay          relay.Options
	Logger         *slog.Logger
}

func (o Options) withDefaults() Options {
	if o.TaskQueue == "" {
		o.TaskQueue = workflows.TaskQueue
	}
	if o.Activities == 0 {
		o.Activities = 16
	}
	if o.StickyCache == 0 {
		o.StickyCache = 20_000
	}
	if o.RetainEvery == 0 {
		o.RetainEvery = 10 * time.Minute
	}
	if o.ReconcileEvery == 0 {
		o.ReconcileEvery = 10 * time.Minute
	}
	if o.StopTimeout == 0 {
		o.StopTimeout = 5 * time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	o.Relay.TaskQueue, o.Relay.Logger = o.TaskQueue, o.Logger
	return o
}

// Run runs the worker, the relay, the watchdog and reconcile until ctx ends (nil) or one of them fails (its error):
// nothing is restarted silently.
func Run(ctx context.Context, o Options) error {
	o = o.withDefaults()
	// The worker must take no task before its search attributes can be used.
	if err := RegisterSearchAttributes(ctx, o.Client, o.Namespace); err != nil {
		return err
	}
	if err := ensureSchedule(ctx, o.Client, o.TaskQueue); err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	r := relay.New(o.Store, o.Client, o.Relay)
	fatal := make(chan error, 1)
	failed := func(err error) {
		select {
		case fatal <- err:
		default: // one is enough
		}
	}
	w, calls := newWorker(o, r.Nudge, failed), newOutsideWorker(o, failed)
	if err := w.Start(); err != nil {
		return fmt.Errorf("start worker: %w", err)
	}
	if err := calls.Start(); err != nil {
		w.Stop()
		return fmt.Errorf("start worker: %w", err)
	}
	o.Logger.Info("worker started", "namespace", o.Namespace, "task_queue", o.TaskQueue)
	g.Go(func() error {
		defer func() {
			var both sync.WaitGroup
			both.Go(calls.Stop)
			both.Go(w.Stop)
			both.Wait()
		}()
		select {
		case <-ctx.Done():
			return nil
		case err := <-fatal:
			return fmt.Errorf("worker: %w", err)
		}
	})
	g.Go(func() error { return r.Run(ctx) })
	g.Go(func() error { return r.Watch(ctx) })
	g.Go(func() error { return r.Outside(ctx) })
	g.Go(func() error { return r.WatchSettings(ctx) })
	g.Go(func() error { return r.WatchQueues(ctx, relay.SweepQueues) })
	g.Go(func() error { return retainEvery(ctx, o.Store, o.Logger, o.RetainEvery) })
	if o.ReconcileEvery > 0 {
		attributes := func(ctx context.Context) error { return RegisterSearchAttributes(ctx, o.Client, o.Namespace) }
		g.Go(func() error { return r.ReconcileEvery(ctx, o.ReconcileEvery, attributes) })
	}
	return g.Wait()
}

func newWorker(o Options, nudge func(), onFatal func(error)) worker.Worker {
	worker.SetStickyWorkflowCacheSize(o.StickyCache) // above the number of open dialogs, else each look replays its history
	w := worker.New(o.Client, o.TaskQueue, worker.Options{
		// Fixed pollers stalled up to a minute after a burst.
		WorkflowTaskPollerBehavior: worker.NewPollerBehaviorAutoscaling(worker.PollerBehaviorAutoscalingOptions{
			InitialNumberOfPollers: 4, MinimumNumberOfPollers: 2, MaximumNumberOfPollers: 32,
		}),
		ActivityTaskPollerBehavior: worker.NewPollerBehaviorAutoscaling(worker.PollerBehaviorAutoscalingOptions{
			InitialNumberOfPollers: 2, MinimumNumberOfPollers: 1, MaximumNumberOfPollers: 16,
		}),
		// Each takes a connection: more at once than the pool has would only wait inside their deadline.
		MaxConcurrentActivityExecutionSize:      o.Activities,
		MaxConcurrentLocalActivityExecutionSize: o.Activities,
		WorkerStopTimeout:                       o.StopTimeout,
		Interceptors:                            []interceptor.WorkerInterceptor{&activities.Interceptor{}},
		OnFatalError:                            onFatal,
	})
	w.RegisterWorkflowWithOptions(workflows.Dialog, workflow.RegisterOptions{Name: workflows.DialogType})
	w.RegisterWorkflowWithOptions(workflows.Queue, workflow.RegisterOptions{Name: workflows.QueueType})
	(&activities.Activities{Store: o.Store, Notify: o.Notify, Nudge: nudge}).Register(w)
	w.RegisterWorkflowWithOptions(workflows.BlockLists, workflow.RegisterOptions{Name: workflows.BlockListsType})
	w.RegisterWorkflowWithOptions(workflows.BlockPull, workflow.RegisterOptions{Name: workflows.BlockPullType})
	w.RegisterWorkflowWithOptions(workflows.BlockHooks, workflow.RegisterOptions{Name: workflows.BlockHooksType})
	// Its calls go to the other queue; those a build before scheduled here are still served.
	(&activities.Outside{Store: o.Store, Client: outside.New()}).Register(w)
	return w
}

// outsideActivities are the calls of outer accounts under way at once; one that hangs takes 10 s.
const outsideActivities = 8

// newOutsideWorker serves the calls of outer accounts and nothing else.
func newOutsideWorker(o Options, onFatal func(error)) worker.Worker {
	w := worker.New(o.Client, workflows.OutsideQueue(o.TaskQueue), worker.Options{
		ActivityTaskPollerBehavior: worker.NewPollerBehaviorAutoscaling(worker.PollerBehaviorAutoscalingOptions{
			InitialNumberOfPollers: 1, MinimumNumberOfPollers: 1, MaximumNumberOfPollers: 4,
		}),
		MaxConcurrentActivityExecutionSize: outsideActivities,
		DisableWorkflowWorker:              true,
		WorkerStopTimeout:                  o.StopTimeout,
		Interceptors:                       []interceptor.WorkerInterceptor{&activities.Interceptor{}},
		OnFatalError:                       onFatal,
	})
	(&activities.Outside{Store: o.Store, Client: outside.New()}).Register(w)
	return w
}
