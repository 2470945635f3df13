package dialog

import (
	"iter"
	"net/netip"
	"slices"
	"time"
)

// Queue is what is known of one queue at one moment: a department's untaken dialogs, or those of none (D-30).
type Queue struct {
	Department string    // empty: the common queue
	Untaken    int       // dialogs that count, see InBacklog and Origin
	Waiting    time.Time // since when the one waits who has waited longest of those still to be served; zero: none is
	LongWait   time.Duration
	Calendar   Calendar
}

// Names of what a queue's workflow waits for.
const (
	LongWaiter    = "long wait in a backlog"
	ShiftBoundary = "shift boundary"
)

// Crowded reports whether the queue is a backlog (R-034, D-30).
func (q Queue) Crowded() bool { return q.Untaken >= BacklogSize }

// Due reports whether somebody in the queue is to be served now: not out of hours (D-13).
func (q Queue) Due(now time.Time) bool {
	at, ok := q.crossing()
	return ok && q.Crowded() && q.Calendar.Open(q.Department, now) && !now.Before(at)
}

// crossing is the first instant at which a visitor who is still to be served waits long (D-31).
func (q Queue) crossing() (time.Time, bool) {
	if q.Waiting.IsZero() {
		return time.Time{}, false
	}
	return longFrom(q.Waiting, q.LongWait), true
}

// LookAt is when time alone does something to a backlog: the next waiter crosses the limit, or the queue opens or closes.
// A queue that is none needs no look.
func (q Queue) LookAt(now time.Time) (at time.Time, why string, ok bool) {
	if !q.Crowded() {
		return time.Time{}, "", false
	}
	if boundary, changes := q.Calendar.NextChange(q.Department, now); changes {
		at, why, ok = boundary, ShiftBoundary, true
	}
	if crossing, waits := q.crossing(); waits && q.Calendar.Open(q.Department, now) && (!ok || crossing.Before(at)) {
		at, why, ok = crossing, LongWaiter, true
	}
	return at, why, ok
}

// LongestStart is the latest start of a wait that is a long one now.
func (q Queue) LongestStart(now time.Time) time.Time { return now.Add(-q.LongWait - Tick) }

// QueueOverdue is how late a queue's own look may be before its workflow is not trusted any more.
const QueueOverdue = 2 * time.Second

// NeedsWake reports whether the queue's workflow must be woken. armed is when it will look by itself; zero: it will not.
// Whatever armed says, a look that is due comes at most QueueOverdue late.
func (q Queue) NeedsWake(armed, now time.Time) bool {
	at, _, ok := q.LookAt(now)
	return ok && (armed.IsZero() || at.Before(armed) || armed.Before(now.Add(-QueueOverdue)))
}

// longFrom is the first instant at which a wait is a long one: strictly more than the setting (D-07, D-31).
func longFrom(since time.Time, longWait time.Duration) time.Time { return since.Add(longWait + Tick) }

// Offer is the form that the visitor of a dialog gets by time alone, should its queue be a backlog then.
type Offer struct {
	Queue string
	At    time.Time
}

// OfferTo is the dialog's offer; false when none comes: it is taken, was served, or the queue is closed then (D-13).
func OfferTo(s State, set Settings, c Calendar) (Offer, bool) {
	at, ok := formAt(s, set)
	if !ok || !c.Open(s.Session.DepartmentID, at) {
		return Offer{}, false
	}
	return Offer{c.QueueOf(s.Session.DepartmentID), at}, true
}

// formAt is OfferAt where the form comes with it (D-34).
func formAt(s State, set Settings) (time.Time, bool) {
	if !set.Form.Enabled {
		return time.Time{}, false
	}
	return OfferAt(s, set)
}

// Warning is what an operator who is online is told of the backlogs he may see now (R-036, D-32).
type Warning struct {
	Untaken int       // dialogs in them; 0: no warning
	Queues  []string  // which they are
	OfferAt time.Time // when time alone sends the next form in one of them; zero: to nobody
}

// Backlog is the operator's warning. Untaken dialogs of one queue are seen or not seen together, so one of each is asked.
func Backlog(dialogs iter.Seq[State], o Operator, set Settings, now time.Time) (w Warning) {
	if !o.Online {
		return Warning{}
	}
	type from struct {
		queue  string
		origin netip.Prefix
	}
	queues, seen, extra, froms := map[string]int{}, map[string]bool{}, map[string]int{}, map[from]int{}
	offers := map[string]time.Time{}
	for s := range dialogs {
		if !InBacklog(s) {
			continue
		}
		q := o.Calendar.QueueOf(s.Session.DepartmentID)
		if queues[q]++; queues[q] == 1 {
			seen[q] = Visible(s, o, now)
		}
		if origin, ok := Origin(s.Session.IP); ok {
			at := from{q, origin}
			if froms[at]++; froms[at] > BacklogPerAddress {
				extra[q]++
			}
		}
		if at, ok := formAt(s, set); ok && at.After(now) {
			offers[q] = sooner(offers[q], at)
		}
	}
	for q, n := range queues {
		if n-extra[q] < BacklogSize || !seen[q] {
			continue
		}
		w.Untaken += n
		w.Queues = append(w.Queues, q)
		if at, ok := offers[q]; ok && o.Calendar.Open(q, at) {
			w.OfferAt = sooner(w.OfferAt, at)
		}
	}
	slices.Sort(w.Queues)
	return w
}

// Attendance says whether anybody would see a new untaken dialog of the queue now (D-21). online are the operators of the
// project who are online.
func Attendance(department string, c Calendar, online []Operator, now time.Time) Unattended {
	if !c.Open(department, now) {
		return OutsideHours
	}
	untaken := State{Session: &Session{DepartmentID: department}}
	for _, o := range online {
		if Visible(untaken, o, now) {
			return Attended
		}
	}
	return NobodyOnline
}

// NeedsAttendance reports whether the command would start a session, so that the visitor is told when nobody is there.
// It returns the queue the dialog would come into.
func NeedsAttendance(s State, c Command) (department string, needed bool) {
	if s.Open() {
		return "", false
	}
	switch c := c.(type) {
	case ChooseDepartment:
		return c.ID, true
	case VisitorMessage, SubmitForm:
		return "", true
	}
	return "", false
}

// WithAttendance puts into an arrival what was found out about the queue.
func WithAttendance(c Command, u Unattended) Command {
	switch c := c.(type) {
	case VisitorMessage:
		c.Unattended = u
		return c
	case ChooseDepartment:
		c.Unattended = u
		return c
	case SubmitForm:
		c.Unattended = u
		return c
	}
	return c
}
