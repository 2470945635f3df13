package api

import (
	"iter"
	"slices"
	"time"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/store"
)

// backlogOf is the warning over the list (R-036, D-32). Whoever asks is connected or just about to be, so he is online
// unless he says that he is not (D-04).
func backlogOf(seat store.Seat, away bool, open iter.Seq[dialog.State], now time.Time) dialog.Warning {
	o := seat.Operator
	o.Online = !away
	return dialog.Backlog(open, o.At(now), seat.Settings, now)
}

// states are the open dialogs of a floor.
func (f *floor) states() iter.Seq[dialog.State] {
	return func(yield func(dialog.State) bool) {
		for _, r := range f.rows {
			if !yield(r.State) {
				return
			}
		}
	}
}

// statesOf are those of dialogs as they were read.
func statesOf(open []store.Glance) iter.Seq[dialog.State] {
	return func(yield func(dialog.State) bool) {
		for i := range open {
			if !yield(*open[i].State) {
				return
			}
		}
	}
}

// warn tells the operator's sockets the warning when it is another than the one told.
func (d *desks) warn(x *desk, project string, w dialog.Warning) {
	told, ok := x.queued[project]
	if ok && told.Untaken == w.Untaken && told.OfferAt.Equal(w.OfferAt) && slices.Equal(told.Queues, w.Queues) {
		return
	}
	x.queued[project] = w
	x.send(project, backlogFrame{"backlog", project, w.Untaken, w.Queues, w.OfferAt})
}

// rewarn counts all projects again: he came, or said that he is away.
func (x *desk) rewarn() {
	for project := range x.seats {
		x.stale[project] = true
	}
}
