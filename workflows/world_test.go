package workflows_test

import (
	"errors"
	"fmt"
	"sort"
	"sync"
	"time"

	sdkpb "go.temporal.io/api/sdk/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/store"
	"github.com/otklik/otklik/workflows"
)

const (
	dialogID  = "0199a0a0-0000-7000-8000-000000000001"
	projectID = "0199a0a0-0000-7000-8000-000000000002"
)

var (
	t0   = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	anna = dialog.Operator{ID: "anna", Level: dialog.LevelOperator, Online: true}
	bob  = dialog.Operator{ID: "bob", Level: dialog.LevelOperator, Online: true}
)

// world is PostgreSQL and the relay in memory, with the real rules: commands are decided by dialog.Decide, what the
// clock does by dialog.Due, and what is signalled by dialog.NeedsSignal. Runs of the real workflow follow each other
// on it as the relay would start them, in skipped time.
type world struct {
	t  tester
	mu sync.Mutex

	state     dialog.State
	set       dialog.Settings
	seq       int64
	acked     int64
	armed     time.Time
	fence     store.Fence
	ids       int
	audits    []dialog.Audit
	receipts  map[string]bool
	answers   []string // to ops commands
	signalled int      // signals sent

	steps     []step
	end       time.Duration
	maxRounds int // of each run

	env  *testsuite.TestWorkflowEnvironment // nil: no workflow runs
	now  time.Time                          // while none does
	held []func()                           // signals for the run about to start
	runs int

	timers []time.Time // when each armed timer fired

	afterDue   func() // once, between the decision and its answer
	afterSync  func()
	stale      int         // so many answers are stale from now on
	rests      bool        // some were
	localFails bool        // every local activity fails
	lost       func() bool // a local activity that committed is lost on its way back
	fails      int         // so many ordinary attempts fail
	calls      []string
	ordinals   []int64
}

// step is something that happens at a time after the start.
type step struct {
	at time.Duration
	do func()
}

// tester is *testing.T or *rapid.T.
type tester interface {
	Helper()
	Error(args ...any)
	Errorf(format string, args ...any)
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

func newWorld(t tester) *world {
	w := &world{t: t, now: t0, receipts: map[string]bool{}, end: 10 * time.Minute}
	w.state = dialog.State{ID: dialogID, ProjectID: projectID}
	w.set = dialog.Settings{LongWait: 3 * time.Minute, RatingPrompt: 24 * time.Hour}
	return w
}

func (w *world) at(at time.Duration, do func()) { w.steps = append(w.steps, step{at, do}) }

func (w *world) visitor(at time.Duration) {
	w.at(at, func() { w.must(dialog.VisitorMessage{Text: "hello"}) })
}

func (w *world) reply(at time.Duration) {
	w.at(at, func() { w.must(dialog.Reply{By: anna, Text: "good day"}) })
}

func (w *world) leave(at time.Duration) {
	w.at(at, func() { w.must(dialog.Leave{By: anna, LastSeen: w.state.Seq}) })
}

// clock is the database's.
func (w *world) clock() time.Time {
	if w.env != nil {
		return w.env.Now().UTC().Truncate(time.Microsecond)
	}
	return w.now
}

func (w *world) must(c dialog.Command) {
	if err := w.apply(c); err != nil {
		w.t.Errorf("%T at %s: %v", c, w.clock().Sub(t0), err)
	}
}

// apply decides and records a command, and hands on the signal it owes.
func (w *world) apply(c dialog.Command) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.clock()
	ch, err := dialog.Decide(w.state, c, dialog.Env{Now: now, Settings: w.set, NewID: w.newID})
	if err != nil {
		return err
	}
	signal := dialog.NeedsSignal(w.state, ch, c, w.set, w.armed, now)
	w.state = ch.State
	w.audits = append(w.audits, ch.Audit...)
	if signal != dialog.NoSignal {
		w.seq++
		w.send(signal == dialog.SignalStart, workflows.SignalSync, workflows.Sync{SessionID: w.state.Session.ID, SignalSeq: w.seq})
	}
	return nil
}

func (w *world) newID() string { w.ids++; return fmt.Sprintf("session-%d", w.ids) }

// send is the relay: it signals the run there is, or starts one.
func (w *world) send(start bool, name string, payload any) {
	switch {
	case w.env != nil && !w.env.IsWorkflowCompleted():
		w.env.SignalWorkflow(name, payload)
	case start:
		env := w
		w.held = append(w.held, func() { env.env.SignalWorkflow(name, payload) })
	default:
		w.acked = w.seq // nobody to tell
		return
	}
	w.signalled++
}

// play runs the steps and as many runs of the workflow as they start, until the end.
func (w *world) play() {
	w.t.Helper()
	sort.SliceStable(w.steps, func(i, j int) bool { return w.steps[i].at < w.steps[j].at })
	for {
		for len(w.held) == 0 {
			if len(w.steps) == 0 || w.steps[0].at > w.end {
				return
			}
			s := w.steps[0]
			w.steps = w.steps[1:]
			w.now = t0.Add(s.at)
			s.do()
		}
		start := workflows.Start{DialogID: dialogID, MaxRounds: w.maxRounds}
		for w.run(&start) { // a chain of runs
		}
	}
}

// run executes one run; it reports whether it continues as new, with the input for that in start.
func (w *world) run(start *workflows.Start) bool {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	env := suite.NewTestWorkflowEnvironment()
	env.SetStartTime(w.now)
	left := w.end - w.now.Sub(t0)
	if left <= 0 {
		w.held = nil
		return false
	}
	env.SetWorkflowRunTimeout(left)
	env.SetTestTimeout(20 * time.Second)
	env.RegisterWorkflowWithOptions(workflows.Dialog, workflow.RegisterOptions{Name: workflows.DialogType})
	env.RegisterActivityWithOptions(w.sync, activity.RegisterOptions{Name: workflows.ActivitySync})
	env.RegisterActivityWithOptions(w.due, activity.RegisterOptions{Name: workflows.ActivityDue})
	env.RegisterActivityWithOptions(w.command, activity.RegisterOptions{Name: workflows.ActivityCommand})
	armed := 0
	env.SetOnTimerScheduledListener(func(string, time.Duration) { armed++ })
	env.SetOnTimerFiredListener(func(string) {
		if armed > 1 {
			w.t.Errorf("%d timers armed at once", armed)
		}
		armed--
		w.timers = append(w.timers, env.Now())
		// armed_until on the row is exactly what the workflow does; a rest after stale answers is another timer.
		if off := env.Now().Sub(w.armedUntil()); !w.rests && (off < 0 || off > 100*time.Millisecond) {
			w.t.Errorf("a timer fired at %s, the row says %s", env.Now().Sub(t0), w.armedUntil().Sub(t0))
		}
	})
	env.SetOnTimerCanceledListener(func(string) { armed-- })
	w.env = env
	w.runs++
	for _, signal := range w.held {
		env.RegisterDelayedCallback(signal, 0)
	}
	w.held = nil
	done := 0
	for _, s := range w.steps {
		if in := s.at - w.now.Sub(t0); in >= 0 && s.at <= w.end {
			env.RegisterDelayedCallback(func() {
				if !env.IsWorkflowCompleted() {
					done++
					s.do()
				}
			}, in)
		}
	}
	env.ExecuteWorkflow(workflows.DialogType, *start)
	w.steps = w.steps[done:]
	w.now = env.Now().UTC().Truncate(time.Microsecond)
	w.env = nil
	return w.ended(env.GetWorkflowError(), start)
}

// ended looks at how a run ended; a run that reached the world's end is still open.
func (w *world) ended(err error, start *workflows.Start) bool {
	var timeout *temporal.TimeoutError
	var again *workflow.ContinueAsNewError
	switch {
	case err == nil:
	case errors.As(err, &timeout):
		w.now = t0.Add(w.end)
		w.steps = nil
	case errors.As(err, &again):
		if err := converter.GetDefaultDataConverter().FromPayloads(again.Input, start); err != nil {
			w.t.Fatal(err)
		}
		return true
	default:
		w.t.Fatalf("the workflow failed: %v", err)
	}
	return false
}

// details are the current details of the run.
func (w *world) details() string {
	v, err := w.env.QueryWorkflow("__temporal_workflow_metadata")
	if err != nil {
		w.t.Error(err)
		return ""
	}
	var m sdkpb.WorkflowMetadata
	if err := v.Get(&m); err != nil {
		w.t.Error(err)
	}
	return m.CurrentDetails
}

// deadlines are the kinds that fired, with how late each was.
func (w *world) deadlines() (out []string) {
	for _, a := range w.audits {
		if a.Action == "deadline" {
			out = append(out, a.Detail["kind"].(string))
			if late := a.Detail["late_us"].(int64); late < 0 || late > 100_000 {
				w.t.Errorf("%v was %d µs late", a.Detail["kind"], late)
			}
		}
	}
	return out
}

type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}

var _ log.Logger = quiet{}
