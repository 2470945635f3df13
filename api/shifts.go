package api

import (
	"reflect"
	"time"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/store"
)

// shift is an operator's working time in a project as it was told to him (D-22).
type shift struct {
	looked time.Time // when his rows were looked at last as a whole
	next   time.Time // when a queue of his opens or closes by time alone; zero: never
	told   HoursState
}

func newShift(o dialog.Operator, now time.Time) *shift {
	return &shift{looked: now, next: o.ShiftChangesAt(now), told: hoursOf(o, now)}
}

// turnShifts acts where a shift has begun or ended by time alone, with nobody touching anything (I-09).
func (d *desks) turnShifts() {
	for _, x := range d.desks {
		for project, seat := range x.seats {
			if sh := x.shifts[project]; !sh.next.IsZero() && !d.now.Before(sh.next) {
				d.resight(x, project, seat.Operator, seat.Operator)
			}
		}
	}
}

// resight tells an operator whose rights or whose working time changed what looks different to him now: rows that came,
// went, or may be answered no more, and whether he sees new dialogs at all.
func (d *desks) resight(x *desk, project string, before, after dialog.Operator) {
	f, sh := d.floors[project], x.shifts[project]
	if f == nil {
		return
	}
	x.stale[project] = true
	then, now := sh.looked, d.now
	before, after = before.At(then), after.At(now)
	for id, r := range f.rows {
		was, is := dialog.Visible(r.State, before, then), dialog.Visible(r.State, after, now)
		switch {
		case is && (!was || dialog.CanDo(r.State, before, then) != dialog.CanDo(r.State, after, now) || offers(r, before) != offers(r, after)):
			x.show(project, see(r, after, x.marks[id], now))
		case was && !is:
			x.hide(project, goneFrame{Type: "gone", DialogID: id, Rev: r.Rev})
		}
	}
	told := sh.told
	*sh = *newShift(after, now)
	if !reflect.DeepEqual(sh.told, told) {
		x.toAll(hoursFrame{"hours", project, sh.told})
	}
}

func offers(r *store.Row, o dialog.Operator) dialog.Offer {
	offer, _ := dialog.OfferTo(r.State, r.Settings, o.Calendar)
	return offer
}

// nameDepartment gives a row the name of a department that came with a claim or a transfer.
func nameDepartment(r *store.Row, seat store.Seat) {
	if r.DepartmentName != "" || r.State.Session == nil {
		return
	}
	for _, d := range seat.Departments {
		if d.ID == r.State.Session.DepartmentID {
			r.DepartmentName = d.Name
		}
	}
}
