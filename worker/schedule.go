package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/otklik/otklik/workflows"
)

// pullEvery is how often block lists are pulled from outer accounts; asked for by hand they come at once.
const pullEvery = time.Minute

// ensureSchedule makes the schedule of the pulls what this build wants it to be. It may run at the same time in several
// processes; who paused it by hand finds it paused.
func ensureSchedule(ctx context.Context, c client.Client, taskQueue string) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	spec := client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: pullEvery}}}
	action := &client.ScheduleWorkflowAction{ID: workflows.ScheduleBlockLists, Workflow: workflows.BlockListsType, TaskQueue: taskQueue}
	_, err := c.ScheduleClient().Create(ctx, client.ScheduleOptions{
		ID: workflows.ScheduleBlockLists, Spec: spec, Action: action,
		Overlap: enumspb.SCHEDULE_OVERLAP_POLICY_SKIP, CatchupWindow: pullEvery,
	})
	if errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		err = c.ScheduleClient().GetHandle(ctx, workflows.ScheduleBlockLists).Update(ctx, client.ScheduleUpdateOptions{
			DoUpdate: func(in client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
				s := in.Description.Schedule
				s.Spec, s.Action = &spec, action
				return &client.ScheduleUpdate{Schedule: &s}, nil
			},
		})
	}
	if err != nil {
		return fmt.Errorf("schedule of block lists: %w", err)
	}
	return nil
}
