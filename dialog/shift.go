package dialog

import (
	"maps"
	"slices"
	"time"
)

// Open reports whether t is working time.
func (h *Hours) Open(t time.Time, zone *time.Location) bool {
	if h == nil {
		return true
	}
	day := dateOf(t, zone)
	for _, day := range []time.Time{day.AddDate(0, 0, -1), day} { // one that began yesterday may run past midnight
		for _, x := range h.on(day) {
			if from, to := x.span(day, zone); !t.Before(from) && t.Before(to) {
				return true
			}
		}
	}
	return false
}

// NextChange is the first instant after t at which Open changes; zero and false when it never does.
func (h *Hours) NextChange(t time.Time, zone *time.Location) (time.Time, bool) {
	at := nextFlip(t, zone, []*Hours{h}, func(at time.Time) bool { return h.Open(at, zone) })
	return at, !at.IsZero()
}

// dateOf is the date of t by the wall clock, kept as midnight UTC: dates are counted there, where each day has 24 hours.
func dateOf(t time.Time, zone *time.Location) time.Time {
	y, m, d := t.In(zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// on are the intervals that begin on a date.
func (h *Hours) on(day time.Time) []Interval {
	if len(h.Exceptions) > 0 {
		date := day.Format(time.DateOnly)
		for _, e := range h.Exceptions {
			if e.Date == date {
				return e.Intervals
			}
		}
	}
	return h.Week[(int(day.Weekday())+6)%7]
}

// span is the interval on a date, as instants. The wall clock decides, so a day of 23 or 25 hours has its hours right.
func (x Interval) span(day time.Time, zone *time.Location) (from, to time.Time) {
	end := x.To
	if end <= x.From {
		end += dayEnd
	}
	return reached(day, x.From, zone), reached(day, end, zone)
}

// reached is the first instant at which the wall clock shows the minute of the date, or is past it: an hour that is left
// out is reached when it would begin, one that comes twice when it comes first.
func reached(day time.Time, m Minute, zone *time.Location) time.Time {
	wall := day.Add(time.Duration(m) * time.Minute)
	t := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), 0, 0, zone)
	begins, ends := t.ZoneBounds()
	_, offset := t.Zone()
	switch shown := t.Add(time.Duration(offset) * time.Second).UTC(); {
	case shown.After(wall):
		return begins
	case shown.Before(wall):
		return ends
	case begins.IsZero():
		return t
	}
	_, before := begins.Add(-1).Zone()
	if early := t.Add(time.Duration(offset-before) * time.Second); before > offset && early.Before(begins) {
		return early
	}
	return t
}

// lookAhead is how many days of one timetable are looked through: a week, and another one, since the change of a clock
// may swallow an hour of the first.
const lookAhead = 17

// nextFlip is the first instant after t at which open, which goes by these hours alone, changes; zero: it never does.
// The hours are the same week after week but for exceptions, so what does not change within lookAhead changes at the
// next exception or soon after it.
func nextFlip(t time.Time, zone *time.Location, hours []*Hours, open func(time.Time) bool) time.Time {
	now, today := open(t), dateOf(t, zone)
	var ahead []time.Time // boundaries that are not looked at yet
	flip := func(until time.Time) (time.Time, bool) {
		slices.SortFunc(ahead, time.Time.Compare)
		for len(ahead) > 0 && ahead[0].Before(until) {
			x := ahead[0]
			if ahead = ahead[1:]; x.After(t) && open(x) != now {
				return x.UTC(), true
			}
		}
		return time.Time{}, false
	}
	next := today.AddDate(0, 0, -1)
	for _, start := range startsOf(today, hours) {
		for day := start; day.Before(start.AddDate(0, 0, lookAhead)); day = day.AddDate(0, 0, 1) {
			if day.Before(next) {
				continue
			}
			next = day.AddDate(0, 0, 1)
			ahead = append(ahead, boundaries(day, zone, hours)...)
			if x, ok := flip(reached(next, 0, zone)); ok { // those of later days begin after it
				return x
			}
		}
	}
	x, _ := flip(t.AddDate(1000, 0, 0))
	return x
}

// startsOf are yesterday and the days before coming exceptions, in order.
func startsOf(today time.Time, hours []*Hours) []time.Time {
	out := []time.Time{today.AddDate(0, 0, -1)}
	for _, h := range hours {
		if h == nil {
			continue
		}
		for _, e := range h.Exceptions {
			if day, err := time.Parse(time.DateOnly, e.Date); err == nil && day.After(today) {
				out = append(out, day.AddDate(0, 0, -1))
			}
		}
	}
	slices.SortFunc(out, time.Time.Compare)
	return slices.CompactFunc(out, time.Time.Equal)
}

// boundaries are the beginnings and ends of the intervals that begin on a date.
func boundaries(day time.Time, zone *time.Location, hours []*Hours) []time.Time {
	var out []time.Time
	for _, h := range hours {
		if h == nil {
			continue
		}
		for _, x := range h.on(day) {
			from, to := x.span(day, zone)
			out = append(out, from, to)
		}
	}
	return out
}

// Calendar is when a project works: the widget's hours, which are also those of the common queue, and its departments'.
type Calendar struct {
	Zone        *time.Location // of the project; nil: UTC
	Widget      *Hours
	Departments map[string]*Hours // by id; a missing one works round the clock
	Off         []string          // departments that are switched off: they have no queue of their own
}

// QueueOf is the queue that open dialogs of the department stand in: its own, or, once it is switched off, the common
// one, for nobody would take them there (D-70).
func (c Calendar) QueueOf(department string) string {
	if slices.Contains(c.Off, department) {
		return ""
	}
	return department
}

func (c Calendar) zone() *time.Location {
	if c.Zone == nil {
		return time.UTC
	}
	return c.Zone
}

// Queue are the hours of a department, or of the common queue when it is empty or switched off (D-20, D-70).
func (c Calendar) Queue(department string) *Hours {
	queue := c.QueueOf(department)
	if queue == "" {
		return c.Widget
	}
	return c.Departments[queue]
}

// Open reports whether a queue works now.
func (c Calendar) Open(department string, now time.Time) bool {
	return c.Queue(department).Open(now, c.zone())
}

// NextChange is the first instant after now at which the queue opens or closes.
func (c Calendar) NextChange(department string, now time.Time) (time.Time, bool) {
	return c.Queue(department).NextChange(now, c.zone())
}

// Closing is the moment at which a queue that works now closes by time alone.
type Closing struct {
	Department string // empty: the common queue
	At         time.Time
}

// Closings are the coming closings of all queues that work now, the common one first, then by department; a department
// that is switched off closes with the common queue.
func (c Calendar) Closings(now time.Time) []Closing {
	departments := append(slices.Sorted(maps.Keys(c.Departments)), c.Off...)
	slices.Sort(departments)
	var out []Closing
	for _, id := range append([]string{""}, slices.Compact(departments)...) {
		if at, ok := c.NextChange(id, now); ok && c.Open(id, now) {
			out = append(out, Closing{id, at})
		}
	}
	return out
}

// Works reports whether the operator may see and take new dialogs of a queue now: his own time and the queue's (R-028, D-22).
func (o Operator) Works(department string, now time.Time) bool {
	if o.at != nil && o.at.now.Equal(now) {
		return o.at.works(o, department)
	}
	return o.Hours.Open(now, o.Calendar.zone()) && o.Calendar.Open(department, now)
}

// At is the operator with his working time at that moment worked out once, for looking at many dialogs. It is not for
// use by several goroutines at once.
func (o Operator) At(now time.Time) Operator {
	o.at = nil
	o.at = &moment{now: now, queues: map[string]*queueNow{}}
	return o
}

// moment keeps what was worked out of an operator's working time at one moment.
type moment struct {
	now    time.Time
	queues map[string]*queueNow
}

type queueNow struct {
	works   bool
	changes time.Time
	known   bool // changes is worked out
}

func (m *moment) queue(o Operator, department string) *queueNow {
	q := m.queues[department]
	if q == nil {
		o.at = nil
		q = &queueNow{works: o.Works(department, m.now)}
		m.queues[department] = q
	}
	return q
}

func (m *moment) works(o Operator, department string) bool { return m.queue(o, department).works }

func (m *moment) changes(o Operator, department string) time.Time {
	q := m.queue(o, department)
	if !q.known {
		o.at = nil
		q.changes, q.known = o.WorkChangesAt(department, m.now), true
	}
	return q.changes
}

// WorkChangesAt is the first instant after now at which Works changes for the queue by time alone; zero: never.
func (o Operator) WorkChangesAt(department string, now time.Time) time.Time {
	if o.at != nil && o.at.now.Equal(now) {
		return o.at.changes(o, department)
	}
	o.at = nil
	hours := []*Hours{o.Hours, o.Calendar.Queue(department)}
	return nextFlip(now, o.Calendar.zone(), hours, func(at time.Time) bool { return o.Works(department, at) })
}

// queues are those whose untaken dialogs he may see in working time: his departments and the common one; all of the
// project for senior and above (D-14).
func (o Operator) queues() []string {
	out := append([]string{""}, o.active()...)
	if o.Level >= LevelSenior {
		for id := range o.Calendar.Departments {
			if q := o.Calendar.QueueOf(id); !slices.Contains(out, q) {
				out = append(out, q)
			}
		}
	}
	return out
}

// active are those of his departments that are switched on: into them dialogs come.
func (o Operator) active() []string {
	if len(o.Calendar.Off) == 0 {
		return o.Departments
	}
	var out []string
	for _, id := range o.Departments {
		if o.Calendar.QueueOf(id) == id {
			out = append(out, id)
		}
	}
	return out
}

// SeesNew reports whether the operator can see any new dialog in the project now; if not, he is told so (R-029, D-22).
func (o Operator) SeesNew(now time.Time) bool {
	return slices.ContainsFunc(o.queues(), func(q string) bool { return o.Works(q, now) })
}

// SeesNewChangesAt is the first instant after now at which SeesNew changes by time alone; zero: it never does.
func (o Operator) SeesNewChangesAt(now time.Time) time.Time {
	o.at = nil
	hours := []*Hours{o.Hours}
	for _, q := range o.queues() {
		hours = append(hours, o.Calendar.Queue(q))
	}
	return nextFlip(now, o.Calendar.zone(), hours, o.SeesNew)
}

// ShiftChangesAt is the first instant after now at which any queue opens or closes for the operator by time alone;
// zero: none ever does.
func (o Operator) ShiftChangesAt(now time.Time) time.Time {
	var at time.Time
	for _, q := range o.queues() {
		at = sooner(at, o.WorkChangesAt(q, now))
	}
	return at
}

// OwnUntil is the end of the operator's own running shift; zero when he works round the clock or not now.
func (o Operator) OwnUntil(now time.Time) time.Time {
	if !o.Hours.Open(now, o.Calendar.zone()) {
		return time.Time{}
	}
	at, _ := o.Hours.NextChange(now, o.Calendar.zone())
	return at
}

// sooner is the earlier of two instants; a zero one is none.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}
