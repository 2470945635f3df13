package workflows

import (
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// Names of what keeps block lists in step with outer accounts (D-50).
const (
	BlockListsType = "BlockLists" // by schedule: a pull for each project that has one
	BlockPullType  = "BlockPull"  // one project's lists are pulled
	BlockHooksType = "BlockHooks" // one project's news are delivered, in order

	ScheduleBlockLists = "block-lists"

	ActivityPullProjects = "PullProjects"
	ActivityPullBlocks   = "PullBlocks"
	ActivityDeliverHook  = "DeliverHook"
)

// BlockPullID is the workflow id of a project's pull: one at a time, whoever asks.
func BlockPullID(projectID string) string { return "block-pull-" + projectID }

// BlockHooksID is the workflow id of a project's deliveries: one at a time, so in order.
func BlockHooksID(projectID string) string { return "block-hooks-" + projectID }

// OfProject is the input of what is done for one project: an id and nothing else (design 2.7).
type OfProject struct {
	ProjectID string `json:"project_id"`
	Failures  int    `json:"failures,omitempty"` // of deliveries, in a row; carried by continue-as-new
}

// OutsideResult is a word: how a call of an outer account went.
type OutsideResult struct {
	Outcome string `json:"outcome"`
	HookID  int64  `json:"hook_id,omitempty"`
}

// Outcomes that a workflow goes by; all others are the code of a failure.
const (
	OutcomeNone      = "none"      // nothing is owed
	OutcomeDelivered = "delivered" // and there may be more
)

// OutsideQueue is the task queue of the activities that call outer accounts: one that hangs takes no room from what
// dialogs need.
func OutsideQueue(taskQueue string) string { return taskQueue + "-outside" }

// callOutside are the options of an activity that calls an outer account. How the call went is its result; what is tried
// again is the activity that could not reach PostgreSQL.
func callOutside(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:           OutsideQueue(workflow.GetInfo(ctx).TaskQueueName),
		StartToCloseTimeout: 40 * time.Second, // a call of 10 s and a hundred thousand addresses
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 30 * time.Second,
			NonRetryableErrorTypes: []string{CodeNotFound},
		},
		Summary: summary,
	})
}

// BlockLists starts a pull for every project whose lists are kept elsewhere. Each is a workflow of its own: one that
// hangs holds up nobody, and none runs twice at a time.
func BlockLists(ctx workflow.Context) error {
	var projects []string
	if err := workflow.ExecuteActivity(ordinary(ctx, "projects"), ActivityPullProjects).Get(ctx, &projects); err != nil {
		return err
	}
	var started []workflow.ChildWorkflowFuture
	for _, id := range projects {
		child := workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
			WorkflowID: BlockPullID(id), ParentClosePolicy: enumspb.PARENT_CLOSE_POLICY_ABANDON,
			WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		})
		started = append(started, workflow.ExecuteChildWorkflow(child, BlockPullType, OfProject{ProjectID: id}))
	}
	for _, f := range started {
		_ = f.GetChildWorkflowExecution().Get(ctx, nil) // one that runs already is as good
	}
	return nil
}

// BlockPull pulls one project's lists once; a pull that failed is seen in the settings and comes again by schedule.
func BlockPull(ctx workflow.Context, in OfProject) error {
	var res OutsideResult
	return workflow.ExecuteActivity(callOutside(ctx, "pull"), ActivityPullBlocks, in).Get(ctx, &res)
}

const (
	maxDeliveries = 200 // of one run
	firstPause    = time.Second
	maxPause      = 5 * time.Minute
)

// BlockHooks delivers what a project owes its outer account, oldest first, until nothing is owed: what was not taken is
// tried again, ever less often, and nothing behind it overtakes it.
func BlockHooks(ctx workflow.Context, in OfProject) error {
	for range maxDeliveries {
		var res OutsideResult
		if err := workflow.ExecuteActivity(callOutside(ctx, "deliver"), ActivityDeliverHook, in).Get(ctx, &res); err != nil {
			return err
		}
		switch res.Outcome {
		case OutcomeNone:
			return nil // what comes from now on starts a run of its own
		case OutcomeDelivered:
			in.Failures = 0
			continue
		}
		in.Failures++
		pause := workflow.NewTimerWithOptions(ctx, pauseAfter(in.Failures), workflow.TimerOptions{Summary: res.Outcome})
		if err := pause.Get(ctx, nil); err != nil {
			return err
		}
	}
	return workflow.NewContinueAsNewError(ctx, BlockHooksType, in)
}

// pauseAfter is how long to wait after so many failures in a row.
func pauseAfter(failures int) time.Duration {
	return min(firstPause<<min(failures-1, 16), maxPause)
}
