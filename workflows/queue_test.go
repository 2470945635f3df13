package workflows_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/workflows"
)

// lobby is one queue in memory, with the real rules, and the sweep that wakes its workflow: runs of the real workflow
// follow each other on it in skipped time.
type lobby struct {
	t     *testing.T
	rows  []dialog.State
	set   dialog.Settings
	hours *dialog.Hours
	armed time.Time

	now   time.Time // while no run is under way
	end   time.Duration
	sweep time.Duration
	steps []step
	env   *testsuite.TestWorkflowEnvironment

	maxLooks  int
	afterLook func() // once, between the counting and its answer
	fails     int    // so many looks fail
	blind     bool   // the sweep does not look
	served    map[int]time.Duration
	looks     int
	why       []string
	runs      int
}

func newLobby(t *testing.T) *lobby {
	return &lobby{t: t, now: t0, end: 10 * time.Minute, sweep: 2 * time.Second, served: map[int]time.Duration{},
		set: dialog.Settings{LongWait: time.Minute, Form: dialog.Form{Enabled: true}}}
}

func (l *lobby) clock() time.Time {
	if l.env != nil {
		return l.env.Now().UTC().Truncate(time.Microsecond)
	}
	return l.now
}

func (l *lobby) at(at time.Duration, do func()) { l.steps = append(l.steps, step{at, do}) }

// come makes n visitors write, a second apart.
func (l *lobby) come(at time.Duration, n int) {
	for i := range n {
		l.at(at+time.Duration(i)*time.Second, func() {
			l.rows = append(l.rows, dialog.State{ID: fmt.Sprint(len(l.rows))})
			l.must(len(l.rows)-1, dialog.VisitorMessage{Text: "есть кто?"})
		})
	}
}

func (l *lobby) must(i int, c dialog.Command) {
	ch, err := dialog.Decide(l.rows[i], c, dialog.Env{Now: l.clock(), Settings: l.set, NewID: func() string { return "session" }})
	if err != nil {
		l.t.Fatalf("%T at %s: %v", c, l.clock().Sub(t0), err)
	}
	l.rows[i] = ch.State
}

// queue counts, as the SQL does.
func (l *lobby) queue() dialog.Queue {
	q := dialog.Queue{LongWait: l.set.LongWait, Calendar: dialog.Calendar{Widget: l.hours}}
	for _, s := range l.rows {
		if !dialog.InBacklog(s) {
			continue
		}
		q.Untaken++
		if since := s.Session.WaitingSince; s.Session.OfferedAt.IsZero() && (q.Waiting.IsZero() || since.Before(q.Waiting)) {
			q.Waiting = since
		}
	}
	return q
}

func (l *lobby) look(_ context.Context, req workflows.LookRequest) (workflows.LookResult, error) {
	if req.ProjectID != projectID {
		l.t.Errorf("asked for %+v", req)
	}
	if l.fails > 0 {
		l.fails--
		return workflows.LookResult{}, errors.New("database away")
	}
	l.looks++
	l.why = append(l.why, req.Why)
	var out workflows.LookResult
	now := l.clock()
	q := l.queue()
	open := q.Calendar.Open("", now)
	for i, s := range l.rows {
		ch, err := dialog.Decide(s, dialog.OfferContacts{Untaken: q.Untaken, Open: open}, dialog.Env{Now: now, Settings: l.set})
		if err != nil {
			continue
		}
		if _, twice := l.served[i]; twice {
			l.t.Errorf("visitor %d is served twice", i)
		}
		l.rows[i], l.served[i] = ch.State, now.Sub(t0)
		out.Served++
	}
	q = l.queue()
	out.Untaken, l.armed = q.Untaken, time.Time{}
	if at, why, ok := q.LookAt(now); ok {
		l.armed = at
		out.Next = &workflows.Deadline{Kind: why, At: at, In: max(0, at.Sub(now))}
	}
	if f := l.afterLook; f != nil {
		l.afterLook = nil
		f()
	}
	return out, nil
}

func (l *lobby) needsWake() bool { return !l.blind && l.queue().NeedsWake(l.armed, l.clock()) }

// play lets time pass until the end.
func (l *lobby) play() {
	l.t.Helper()
	slices.SortStableFunc(l.steps, func(a, b step) int { return int(a.at - b.at) })
	for sweep := t0; l.now.Sub(t0) < l.end; {
		l.now = sweep
		if len(l.steps) > 0 && t0.Add(l.steps[0].at).Before(sweep) {
			l.now = t0.Add(l.steps[0].at)
			l.steps[0].do()
			l.steps = l.steps[1:]
			continue
		}
		if l.needsWake() {
			l.run()
		}
		for sweep = sweep.Add(l.sweep); sweep.Before(l.now); sweep = sweep.Add(l.sweep) {
		}
	}
}

func (l *lobby) run() {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	env := suite.NewTestWorkflowEnvironment()
	env.SetStartTime(l.now)
	env.SetWorkflowRunTimeout(t0.Add(l.end).Sub(l.now))
	env.SetTestTimeout(20 * time.Second)
	env.RegisterWorkflowWithOptions(workflows.Queue, workflow.RegisterOptions{Name: workflows.QueueType})
	env.RegisterActivityWithOptions(l.look, activity.RegisterOptions{Name: workflows.ActivityLook})
	armed := 0
	env.SetOnTimerScheduledListener(func(string, time.Duration) { armed++ })
	env.SetOnTimerFiredListener(func(string) {
		if armed > 1 {
			l.t.Errorf("%d timers armed at once", armed)
		}
		armed--
	})
	env.SetOnTimerCanceledListener(func(string) { armed-- })
	l.env, l.runs = env, l.runs+1
	began, done := l.now, 0
	for _, s := range l.steps {
		if in := s.at - began.Sub(t0); s.at <= l.end {
			env.RegisterDelayedCallback(func() {
				if !env.IsWorkflowCompleted() {
					done++
					s.do()
				}
			}, in)
		}
	}
	for in := l.sweep; began.Add(in).Sub(t0) < l.end; in += l.sweep {
		env.RegisterDelayedCallback(func() {
			if !env.IsWorkflowCompleted() && l.needsWake() {
				env.SignalWorkflow(workflows.SignalWake, nil)
			}
		}, in)
	}
	env.ExecuteWorkflow(workflows.QueueType, workflows.QueueStart{ProjectID: projectID, MaxLooks: l.maxLooks})
	l.steps = l.steps[done:]
	l.now, l.env = env.Now().UTC().Truncate(time.Microsecond), nil
	var timeout *temporal.TimeoutError
	var again *workflow.ContinueAsNewError
	switch err := env.GetWorkflowError(); {
	case err == nil, errors.As(err, &timeout):
	case errors.As(err, &again):
		l.run()
	default:
		l.t.Fatalf("the workflow failed: %v", err)
	}
}

// servedAt checks who was served, and when: not before, and not later than a tenth of a second after.
func (l *lobby) servedAt(want map[int]time.Duration) {
	l.t.Helper()
	for i := range l.rows {
		got, ok := l.served[i]
		at, should := want[i]
		if ok != should || ok && (got <= at || got > at+100*time.Millisecond) {
			l.t.Errorf("visitor %d: served %v at %s, want %v after %s", i, ok, got, should, at)
		}
	}
}

func each(n int, at func(i int) time.Duration) map[int]time.Duration {
	out := map[int]time.Duration{}
	for i := range n {
		out[i] = at(i)
	}
	return out
}

// R-034, D-31: from ten on everybody is served as he crosses the limit, by timer; the eleventh, too, and nobody twice.
func TestBacklogServesEachAtHisSecond(t *testing.T) {
	l := newLobby(t)
	l.come(0, 10)
	l.come(3*time.Minute, 1)
	l.play()
	want := each(10, func(i int) time.Duration { return time.Duration(i+60) * time.Second })
	want[10] = 4 * time.Minute
	l.servedAt(want)
	if l.runs != 2 { // when all are served there is nothing to wait for
		t.Errorf("%d runs", l.runs)
	}
}

// The tenth comes when the others wait long already: the sweep finds it within 2 s.
func TestTenthArrivesLate(t *testing.T) {
	l := newLobby(t)
	l.come(0, 9)
	l.come(5*time.Minute+time.Second, 1)
	l.play()
	for i := range 9 {
		if at := l.served[i]; at < 5*time.Minute+time.Second || at > 5*time.Minute+3*time.Second {
			t.Errorf("visitor %d served at %s", i, at)
		}
	}
	if at := l.served[9]; at < 6*time.Minute+time.Second || at > 6*time.Minute+1100*time.Millisecond {
		t.Errorf("the tenth served at %s", at)
	}
}

// D-30: below ten nobody else is served, whatever the timer was armed for.
func TestBacklogEnds(t *testing.T) {
	l := newLobby(t)
	l.come(0, 10)
	l.at(62500*time.Millisecond, func() { l.must(9, dialog.Reply{By: anna, Text: "слушаю"}) })
	l.play()
	l.servedAt(each(3, func(i int) time.Duration { return time.Duration(i+60) * time.Second }))
}

// another limit acts on who waits already; the timer that is armed does not hold it up.
func TestBacklogGoesByTheSettingOfNow(t *testing.T) {
	l := newLobby(t)
	l.set.LongWait = 10 * time.Minute
	l.end = 15 * time.Minute
	l.come(0, 10)
	l.at(5*time.Minute, func() { l.set.LongWait = time.Minute })
	l.play()
	for i := range 10 {
		if at := l.served[i]; at < 5*time.Minute || at > 5*time.Minute+2*time.Second {
			t.Errorf("visitor %d served at %s", i, at)
		}
	}
}

// D-13: nothing out of hours; who waited for the opening is served then.
func TestBacklogWaitsForOpening(t *testing.T) {
	l := newLobby(t)
	l.hours = &dialog.Hours{}
	for d := range l.hours.Week {
		l.hours.Week[d] = []dialog.Interval{{From: 11 * 60, To: 12 * 60}} // t0 is 9:00
	}
	l.end, l.sweep = 4*time.Hour, 20*time.Second
	l.come(0, 10)
	l.come(150*time.Minute, 1)                // 11:30
	l.come(180*time.Minute-59*time.Second, 1) // 11:59:01, crosses after closing
	l.at(2*time.Hour, func() { l.why = nil }) // what follows is the opening
	l.play()
	want := each(10, func(int) time.Duration { return 2 * time.Hour })
	want[10] = 151 * time.Minute
	for i, at := range want {
		if got := l.served[i]; got < at || got > at+100*time.Millisecond {
			t.Errorf("visitor %d served at %s, want %s", i, got, at)
		}
	}
	if _, ok := l.served[11]; ok {
		t.Error("served after closing")
	}
	if !slices.Contains(l.why, dialog.ShiftBoundary) {
		t.Errorf("looked because of %q", l.why)
	}
}

// A wake that comes while a look is on its way back with "no backlog" is not lost: drain before the end.
func TestQueueDrainsBeforeItEnds(t *testing.T) {
	l := newLobby(t)
	l.come(0, 10)
	l.at(30*time.Second, func() {
		l.blind = true // no sweep helps
		for i := range 10 {
			l.rows[i].Session.OfferedAt = l.clock()
		}
		l.afterLook = func() { // counted: nobody is left to be served; now one comes
			l.rows = append(l.rows, dialog.State{ID: "late"})
			l.must(10, dialog.VisitorMessage{Text: "а я?"})
			l.env.SignalWorkflow(workflows.SignalWake, nil)
		}
		l.env.SignalWorkflow(workflows.SignalWake, nil)
	})
	l.play()
	if at := l.served[10]; at < 90*time.Second || at > 91*time.Second || l.runs != 1 {
		t.Errorf("the late one served at %s, %d runs", at, l.runs)
	}
}

// Runs that continue as new, lost connections and repeated wakes change nothing of it.
func TestQueueUnderTrouble(t *testing.T) {
	l := newLobby(t)
	l.maxLooks = 2
	l.come(0, 12)
	l.at(30*time.Second, func() { l.fails = 2 })
	for i := range 20 {
		l.at(time.Duration(40+i)*time.Second, func() {
			if l.env != nil {
				l.env.SignalWorkflow(workflows.SignalWake, map[string]any{"what": "ever"})
			}
		})
	}
	l.play()
	if len(l.served) != 12 || l.runs < 3 {
		t.Errorf("%d served in %d runs", len(l.served), l.runs)
	}
	for i, at := range l.served {
		if want := time.Duration(i+60) * time.Second; at <= want || at > want+6*time.Second {
			t.Errorf("visitor %d served at %s", i, at)
		}
	}
}

// TestRecordedQueuesReplay: histories of queues, as TestRecordedHistoriesReplay.
func TestRecordedQueuesReplay(t *testing.T) {
	files, err := filepath.Glob("testdata/queues/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d recorded histories: %v", len(files), err)
	}
	for _, file := range files {
		play := func(queue func(workflow.Context, workflows.QueueStart) error) error {
			r := worker.NewWorkflowReplayer()
			r.RegisterWorkflowWithOptions(queue, workflow.RegisterOptions{Name: workflows.QueueType})
			return r.ReplayWorkflowHistoryFromJSONFile(quiet{}, file)
		}
		if err := play(workflows.Queue); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		changed := func(ctx workflow.Context, in workflows.QueueStart) error {
			_ = workflow.NewTimer(ctx, time.Minute)
			return workflows.Queue(ctx, in)
		}
		if play(changed) == nil {
			t.Errorf("%s: a changed workflow replays", file)
		}
	}
}
