package activities

import (
	"context"
	"errors"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/worker"

	"github.com/otklik/otklik/outside"
	"github.com/otklik/otklik/store"
	"github.com/otklik/otklik/workflows"
)

// Outside are the activities that speak with outer accounts. Addresses of visitors stay between PostgreSQL and the
// account: a workflow gets a word for how it went.
type Outside struct {
	Store  *store.Store
	Client *outside.Client
}

// Register makes the activities known by the names the workflows use.
func (a *Outside) Register(w worker.ActivityRegistry) {
	w.RegisterActivityWithOptions(a.PullProjects, activity.RegisterOptions{Name: workflows.ActivityPullProjects})
	w.RegisterActivityWithOptions(a.PullBlocks, activity.RegisterOptions{Name: workflows.ActivityPullBlocks})
	w.RegisterActivityWithOptions(a.DeliverHook, activity.RegisterOptions{Name: workflows.ActivityDeliverHook})
}

// PullProjects lists the projects whose block lists are kept elsewhere.
func (a *Outside) PullProjects(ctx context.Context) ([]string, error) {
	return a.Store.PullProjects(ctx, false)
}

// PullBlocks pulls the two lists of a project once and makes them its own; when that fails the last good ones stay.
func (a *Outside) PullBlocks(ctx context.Context, in workflows.OfProject) (workflows.OutsideResult, error) {
	o, err := a.Store.OutsideOf(ctx, in.ProjectID)
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && o.ListURL == "":
		return workflows.OutsideResult{Outcome: workflows.OutcomeNone}, nil
	case err != nil:
		return workflows.OutsideResult{}, err
	}
	lists, etag, err := a.Client.Fetch(ctx, outside.Account{URL: o.ListURL, Secret: o.Secret}, o.ETag)
	switch {
	case err != nil:
		code := outside.Code(err)
		return workflows.OutsideResult{Outcome: code}, a.Store.PullTried(ctx, in.ProjectID, o.Now, code)
	case lists == nil:
		return workflows.OutsideResult{Outcome: "unchanged"}, a.Store.PullTried(ctx, in.ProjectID, o.Now, "")
	}
	code, err := a.Store.TakeLists(ctx, in.ProjectID, store.BlockLists(*lists), o.ListURL, etag, o.Now)
	if err != nil {
		return workflows.OutsideResult{}, err
	}
	if code == "" {
		code = "replaced"
	}
	return workflows.OutsideResult{Outcome: code}, nil
}

// DeliverHook tells the outer account the oldest news it has not taken. A call whose success could not be recorded is
// made again with the same number, by which the account knows it.
func (a *Outside) DeliverHook(ctx context.Context, in workflows.OfProject) (workflows.OutsideResult, error) {
	o, err := a.Store.OutsideOf(ctx, in.ProjectID)
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && o.HookURL == "":
		return workflows.OutsideResult{Outcome: workflows.OutcomeNone}, nil
	case err != nil:
		return workflows.OutsideResult{}, err
	}
	h, err := a.Store.NextHook(ctx, in.ProjectID)
	if err != nil || h == nil {
		return workflows.OutsideResult{Outcome: workflows.OutcomeNone}, err
	}
	res := workflows.OutsideResult{Outcome: workflows.OutcomeDelivered, HookID: h.ID}
	code := ""
	if err := a.Client.Deliver(ctx, outside.Account{URL: o.HookURL, Secret: o.Secret}, h.ID, h.Body); err != nil {
		if ctx.Err() != nil {
			return res, ctx.Err() // this worker stops: nobody knows how it went
		}
		code = outside.Code(err)
		res.Outcome = code
	}
	return res, a.Store.HookTried(ctx, h.ID, code)
}
