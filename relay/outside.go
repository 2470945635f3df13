package relay

import (
	"context"
	"maps"
	"time"

	"github.com/otklik/otklik/store"
	"github.com/otklik/otklik/workflows"
)

const (
	outsidePeriod = time.Second
	outsideAtOnce = 100 // projects looked after in one step
	// startAgain is how long no start is repeated where the account did not take the news: the run waits out its pause by
	// itself, and one that was lost is missed for no longer than this.
	startAgain = 30 * time.Second
)

// Outside sees to it, every second until ctx ends, that a workflow delivers what a project owes its outer account and
// pulls what somebody asked for. What PostgreSQL says is owed is the truth: a workflow that was lost is started anew, and
// one that runs is left alone.
func (r *Relay) Outside(ctx context.Context) error {
	tick := time.NewTicker(outsidePeriod)
	defer tick.Stop()
	for {
		if err := r.OutsideOnce(ctx); err != nil && ctx.Err() == nil {
			r.o.Logger.Warn("outer accounts: cannot look for what is owed", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// OutsideOnce starts what is not running.
func (r *Relay) OutsideOnce(ctx context.Context) error {
	owe, err := within(ctx, askTimeout, func(ctx context.Context) ([]store.Owing, error) { return r.store.HooksOwed(ctx, outsideAtOnce) })
	if err != nil {
		return err
	}
	now := time.Now()
	maps.DeleteFunc(r.pausing, func(_ string, until time.Time) bool { return until.Before(now) })
	for _, o := range owe {
		if _, known := r.pausing[o.ProjectID]; known && o.Tried {
			continue
		}
		if err := r.startOutside(ctx, workflows.BlockHooksType, workflows.BlockHooksID(o.ProjectID), o.ProjectID); err != nil {
			return err
		}
		if o.Tried {
			r.pausing[o.ProjectID] = now.Add(startAgain)
		}
	}
	asked, err := within(ctx, askTimeout, func(ctx context.Context) ([]string, error) { return r.store.PullProjects(ctx, true) })
	if err != nil {
		return err
	}
	for _, project := range asked[:min(len(asked), outsideAtOnce)] {
		if err := r.startOutside(ctx, workflows.BlockPullType, workflows.BlockPullID(project), project); err != nil {
			return err
		}
	}
	return nil
}

func (r *Relay) startOutside(ctx context.Context, kind, id, project string) error {
	if err := r.limiter.Wait(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, r.o.CallTimeout)
	defer cancel()
	_, err := r.client.ExecuteWorkflow(ctx, r.startOptions(id), kind, workflows.OfProject{ProjectID: project})
	return err
}
