package workflows_test

import (
	"path/filepath"
	"testing"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/otklik/otklik/workflows"
)

// histories are the recorded ones, by path.
func histories(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/histories/*.json")
	if err != nil || len(files) < 6 {
		t.Fatalf("%d recorded histories: %v", len(files), err)
	}
	return files
}

func replay(file string, dialog func(workflow.Context, workflows.Start) error) error {
	r := worker.NewWorkflowReplayer()
	r.RegisterWorkflowWithOptions(dialog, workflow.RegisterOptions{Name: workflows.DialogType})
	return r.ReplayWorkflowHistoryFromJSONFile(quiet{}, file)
}

// TestRecordedHistoriesReplay: histories that older code wrote on a real server still fit the code of today. A change
// that breaks one needs workflow.GetVersion.
func TestRecordedHistoriesReplay(t *testing.T) {
	for _, file := range histories(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			if err := replay(file, workflows.Dialog); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestChangedWorkflowIsFound: the histories do find a change of what the workflow commands, each of them, and let the
// same change pass when it is guarded.
func TestChangedWorkflowIsFound(t *testing.T) {
	attribute := temporal.NewSearchAttributeKeyKeyword("OtklikNew")
	changes := map[string]func(workflow.Context){
		"a timer": func(ctx workflow.Context) { _ = workflow.NewTimer(ctx, time.Minute) },
		"an activity": func(ctx workflow.Context) {
			ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Second})
			workflow.ExecuteActivity(ctx, "New", 1)
		},
		"a local activity": func(ctx workflow.Context) {
			ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{StartToCloseTimeout: time.Second})
			_ = workflow.ExecuteLocalActivity(ctx, workflows.ActivitySync, workflows.SyncRequest{}).Get(ctx, nil)
		},
		"an attribute": func(ctx workflow.Context) { _ = workflow.UpsertTypedSearchAttributes(ctx, attribute.ValueSet("x")) },
	}
	for name, change := range changes {
		changed := func(ctx workflow.Context, in workflows.Start) error {
			change(ctx)
			return workflows.Dialog(ctx, in)
		}
		guarded := func(ctx workflow.Context, in workflows.Start) error {
			if workflow.GetVersion(ctx, name, workflow.DefaultVersion, 1) > workflow.DefaultVersion {
				change(ctx)
			}
			return workflows.Dialog(ctx, in)
		}
		for _, file := range histories(t) {
			t.Run(name+" in "+filepath.Base(file), func(t *testing.T) {
				if replay(file, changed) == nil {
					t.Error("the changed workflow replays: this history would not find the change")
				}
				if err := replay(file, guarded); err != nil {
					t.Errorf("guarded: %v", err)
				}
			})
		}
	}
	ends := func(workflow.Context, workflows.Start) error { return nil }
	for _, file := range histories(t) {
		if replay(file, ends) == nil {
			t.Errorf("%s: a workflow that ends at once replays", file)
		}
	}
}

// TestRecordedOutsideReplay: histories of what keeps block lists in step with outer accounts (D-50), as
// TestRecordedHistoriesReplay; a change of what any of them commands is found.
func TestRecordedOutsideReplay(t *testing.T) {
	changed := func(ctx workflow.Context) { _ = workflow.NewTimer(ctx, time.Minute) }
	lists := []any{workflows.BlockLists, func(ctx workflow.Context) error { changed(ctx); return workflows.BlockLists(ctx) }}
	ofProject := func(f func(workflow.Context, workflows.OfProject) error) []any {
		return []any{f, func(ctx workflow.Context, in workflows.OfProject) error { changed(ctx); return f(ctx, in) }}
	}
	for _, c := range []struct {
		file, name string
		as         []any // as it is, and changed
	}{
		{"lists", workflows.BlockListsType, lists},
		{"lists-again", workflows.BlockListsType, lists},
		{"pull", workflows.BlockPullType, ofProject(workflows.BlockPull)},
		{"hooks", workflows.BlockHooksType, ofProject(workflows.BlockHooks)},
	} {
		play := func(code any) error {
			r := worker.NewWorkflowReplayer()
			r.RegisterWorkflowWithOptions(code, workflow.RegisterOptions{Name: c.name})
			return r.ReplayWorkflowHistoryFromJSONFile(quiet{}, filepath.Join("testdata", "outside", c.file+".json"))
		}
		if err := play(c.as[0]); err != nil {
			t.Errorf("%s: %v", c.file, err)
		}
		if play(c.as[1]) == nil {
			t.Errorf("%s: a changed workflow replays", c.file)
		}
	}
}
