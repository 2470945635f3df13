package activities

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/store"
	"github.com/otklik/otklik/workflows"
)

const some = "0199a0a0-0000-7000-8000-000000000001"

// TestCommandDoor: what ops send reaches SQL only when every id is one.
func TestCommandDoor(t *testing.T) {
	ok := workflows.OpsCommand{CommandID: "command-1", Actor: some, To: some, SessionID: some, Stars: 5}
	with := func(change func(*workflows.OpsCommand)) workflows.OpsCommand {
		c := ok
		change(&c)
		return c
	}
	for _, c := range []struct {
		name    string
		command workflows.OpsCommand
		field   string // of the refusal; empty: accepted
	}{
		{"transfer", ok, ""},
		{"leave", ok, ""},
		{"rate", ok, ""},
		{"transfer", with(func(c *workflows.OpsCommand) { c.Department = some }), ""},
		{"leave", with(func(c *workflows.OpsCommand) { c.Tags = []string{some} }), ""},
		{"block", ok, "name"},
		{"transfer", workflows.OpsCommand{}, "command_id"},
		{"transfer", with(func(c *workflows.OpsCommand) { c.CommandID = "short" }), "command_id"},
		{"transfer", with(func(c *workflows.OpsCommand) { c.CommandID = strings.Repeat("x", 65) }), "command_id"},
		{"transfer", with(func(c *workflows.OpsCommand) { c.CommandID = "with space" }), "command_id"},
		{"leave", with(func(c *workflows.OpsCommand) { c.Actor = "anna" }), "actor"},
		{"leave", with(func(c *workflows.OpsCommand) { c.Actor = strings.ToUpper(some) }), "actor"},
		{"leave", with(func(c *workflows.OpsCommand) { c.Actor = "{" + some + "}" }), "actor"},
		{"leave", with(func(c *workflows.OpsCommand) { c.Tags = []string{some, "vip"} }), "tags"},
		{"transfer", with(func(c *workflows.OpsCommand) { c.To = "" }), "to"},
		{"transfer", with(func(c *workflows.OpsCommand) { c.Department = "sales" }), "department"},
		{"rate", with(func(c *workflows.OpsCommand) { c.SessionID = "" }), "session_id"},
	} {
		_, err := command(workflows.CommandRequest{DialogID: some, Name: c.name, Command: c.command})
		var r *dialog.Refusal
		switch {
		case c.field == "" && err != nil, c.field != "" && (!errors.As(err, &r) || r.Field != c.field || r.Code != dialog.Invalid):
			t.Errorf("%s %+v: %v, want field %q", c.name, c.command, err, c.field)
		}
	}
}

// TestSnapshot: what a workflow may know of a row.
func TestSnapshot(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	set := dialog.Settings{LongWait: time.Minute}
	for _, c := range []struct {
		name    string
		session *dialog.Session
		state   workflows.State
		red     string
		kind    string
		in      time.Duration
	}{
		{"no session yet", nil, workflows.StateEnded, "[]", "", 0},
		{"untaken", &dialog.Session{WaitingSince: now}, workflows.StateUntaken, "[]", "untaken 3 min", dialog.UntakenAfter + dialog.Tick},
		{"untaken, overdue", &dialog.Session{WaitingSince: now.Add(-time.Hour)}, workflows.StateUntaken, "[]", "untaken 3 min", 0},
		{"untaken, red", &dialog.Session{WaitingSince: now.Add(-time.Hour), UnclaimedMarked: true}, workflows.StateUntaken, "[unclaimed]", "", 0},
		{"waiting", &dialog.Session{AssigneeID: some, WaitingSince: now}, workflows.StateWaiting, "[]", "long wait", time.Minute + dialog.Tick},
		{"waiting, red twice", &dialog.Session{AssigneeID: some, WaitingSince: now.Add(-time.Hour), OverdueMarked: true, Transferred: true},
			workflows.StateWaiting, "[overdue transferred]", "", 0},
		{"answered", &dialog.Session{AssigneeID: some}, workflows.StateAnswered, "[]", "", 0},
		{"rating", &dialog.Session{AssigneeID: some, ClosedAt: now, RatingUntil: now.Add(time.Hour)}, workflows.StateRating, "[]", "rating prompt", time.Hour},
		{"rated out", &dialog.Session{AssigneeID: some, ClosedAt: now, RatingUntil: now, PromptEnded: true}, workflows.StateEnded, "[]", "", 0},
		{"ended", &dialog.Session{AssigneeID: some, ClosedAt: now}, workflows.StateEnded, "[]", "", 0},
	} {
		s := Snapshot(store.Row{State: dialog.State{ID: some, Session: c.session}, Settings: set, Now: now})
		kind, in := "", time.Duration(0)
		if s.Deadline != nil {
			kind, in = s.Deadline.Kind, s.Deadline.In
		}
		if s.State != c.state || fmt.Sprint(s.Red) != c.red || kind != c.kind || in != c.in {
			t.Errorf("%s: %s %v %q in %s", c.name, s.State, s.Red, kind, in)
		}
	}
}

// TestErrorsAreCodes: whatever an activity fails with, Temporal sees a code and nothing else.
func TestErrorsAreCodes(t *testing.T) {
	const text = "PLANTED text of a visitor"
	for _, c := range []struct {
		name string
		fail func() error
		code string
		last bool // not tried again
	}{
		{"PostgreSQL quotes a row", func() error {
			return fmt.Errorf("%s: %w", text, &pgconn.PgError{Code: "23505", Message: text, Detail: text})
		}, "sqlstate_23505", false},
		{"database away", func() error { return fmt.Errorf("%w: %s", store.ErrUnavailable, text) }, "unavailable", false},
		{"too late", func() error { return fmt.Errorf("%s: %w", text, context.DeadlineExceeded) }, "timeout", false},
		{"no such dialog", func() error { return fmt.Errorf("%s: %w", text, store.ErrNotFound) }, workflows.CodeNotFound, true},
		{"an error of Temporal's own kind", func() error { return temporal.NewApplicationError(text, text, text) }, "internal", false},
		{"panic", func() error { panic(text) }, "panic", false},
		{"panic with an error", func() error { panic(errors.New(text)) }, "panic", false},
	} {
		for _, local := range []bool{false, true} {
			var suite testsuite.WorkflowTestSuite
			env := suite.NewTestActivityEnvironment()
			env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{&Interceptor{}}})
			failing := func(context.Context) error { return c.fail() }
			env.RegisterActivityWithOptions(failing, activity.RegisterOptions{Name: "failing"})
			var err error
			if local {
				_, err = env.ExecuteLocalActivity(failing)
			} else {
				_, err = env.ExecuteActivity("failing")
			}
			var app *temporal.ApplicationError
			if !errors.As(err, &app) || app.Type() != c.code || app.NonRetryable() != c.last || app.HasDetails() || app.Unwrap() != nil {
				t.Errorf("%s (local %v): %v", c.name, local, err)
			}
			if strings.Contains(fmt.Sprintf("%+v", err), "PLANTED") {
				t.Errorf("%s (local %v): the text got through: %v", c.name, local, err)
			}
		}
	}
}
