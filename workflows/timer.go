package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"
)

// timer is the one armed timer; the zero value is none.
type timer struct {
	future workflow.Future
	stop   workflow.CancelFunc
	kind   string
	at     time.Time // by the database's clock: what the row's armed_until means
	fires  time.Time // by this workflow's clock
}

// newTimer arms a timer, named by what it is for.
func newTimer(ctx workflow.Context, d Deadline, fires time.Time) timer {
	ctx, stop := workflow.WithCancel(ctx)
	in := max(fires.Sub(workflow.Now(ctx)), minTimer)
	future := workflow.NewTimerWithOptions(ctx, in, workflow.TimerOptions{Summary: d.Kind})
	return timer{future: future, stop: stop, kind: d.Kind, at: d.At, fires: fires}
}

func (t timer) armed() bool { return t.future != nil }
func (t timer) fired() bool { return t.future != nil && t.future.IsReady() }

func (t timer) cancel() {
	if t.stop != nil {
		t.stop()
	}
}
