package workflows

import (
	"testing"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"
)

// D-50: what an outer account does not take is tried again ever less often, at least every five minutes, and nothing is
// skipped: each try asks what is next.
func TestDeliveriesBackOff(t *testing.T) {
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	env.RegisterWorkflowWithOptions(BlockHooks, workflow.RegisterOptions{Name: BlockHooksType})
	var tries []time.Time
	env.RegisterActivityWithOptions(func(in OfProject) (OutsideResult, error) {
		tries = append(tries, env.Now())
		switch len(tries) {
		case 12:
			return OutsideResult{Outcome: OutcomeDelivered}, nil
		case 14:
			return OutsideResult{Outcome: OutcomeNone}, nil
		}
		return OutsideResult{Outcome: "http_500"}, nil
	}, activity.RegisterOptions{Name: ActivityDeliverHook})
	env.ExecuteWorkflow(BlockHooksType, OfProject{ProjectID: "p"})
	if err := env.GetWorkflowError(); err != nil {
		t.Fatal(err)
	}
	want := []time.Duration{1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 0, 1} // the success starts anew
	if len(tries) != len(want)+1 {
		t.Fatalf("%d tries", len(tries))
	}
	for i, w := range want {
		if got := tries[i+1].Sub(tries[i]).Round(time.Second); got != w*time.Second {
			t.Errorf("after try %d it waited %v, want %v", i+1, got, w*time.Second)
		}
	}
}

// A long row of news goes on in a new run, which knows how long the account has been failing.
func TestDeliveriesContinueAsNew(t *testing.T) {
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	env.RegisterWorkflowWithOptions(BlockHooks, workflow.RegisterOptions{Name: BlockHooksType})
	env.SetWorkflowRunTimeout(365 * 24 * time.Hour)
	env.RegisterActivityWithOptions(func(in OfProject) (OutsideResult, error) {
		return OutsideResult{Outcome: "timeout"}, nil
	}, activity.RegisterOptions{Name: ActivityDeliverHook})
	env.ExecuteWorkflow(BlockHooksType, OfProject{ProjectID: "p"})
	if err := env.GetWorkflowError(); !workflow.IsContinueAsNewError(err) {
		t.Errorf("%v", err)
	}
}
