package dialog

import (
	"iter"
	"net/netip"
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

// Backlog is the number an operator who is online is warned with: untaken dialogs of those of his queues that are a
// backlog, as far as he may see them now; 0: no warning (R-036, D-32). Untaken dialogs of one queue are seen or not seen
// together, so one of each is asked.
func Backlog(dialogs iter.Seq[State], o Operator, now time.Time) int {
	if !o.Online {
		return 0
	}
	type from struct {
		queue  string
		origin netip.Prefix
	}
	queues, seen, extra, froms := map[string]int{}, map[string]bool{}, map[string]int{}, map[from]int{}
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
	}
	sum := 0
	for q, n := range queues {
		if n-extra[q] >= BacklogSize && seen[q] {
			sum += n
		}
	}
	return sum
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
