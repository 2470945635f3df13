package dialog

import (
	"fmt"
	"slices"
	"time"
)

// Hours is a weekly timetable with exceptions by date (D-22). A nil *Hours is round the clock. Times are of the wall
// clock in a zone that is given with each question.
type Hours struct {
	Week       [7][]Interval `json:"week"` // Monday first
	Exceptions []Exception   `json:"exceptions"`
}

// Interval is half-open: [From, To). To not after From runs past midnight, into the next day.
type Interval struct {
	From Minute `json:"from"`
	To   Minute `json:"to"`
}

// Exception replaces the intervals that begin on its date; none is a day off.
type Exception struct {
	Date      string     `json:"date"` // 2026-12-31
	Intervals []Interval `json:"intervals"`
}

// Minute of a day: 0 to 1440, written "09:00"; "24:00" is the end of the day.
type Minute int

// MarshalText writes "09:00".
func (m Minute) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%02d:%02d", m/60, m%60), nil }

// UnmarshalText reads "09:00".
func (m *Minute) UnmarshalText(b []byte) error {
	var hour, minute int
	if n, err := fmt.Sscanf(string(b), "%02d:%02d", &hour, &minute); err != nil || n != 2 || len(b) != 5 ||
		hour < 0 || minute < 0 || minute > 59 || hour*60+minute > 1440 {
		return fmt.Errorf("%q is no time of a day", b)
	}
	*m = Minute(hour*60 + minute)
	return nil
}

// CheckHours refuses a timetable that cannot be meant: a bad date, a date twice, an interval that begins at 24:00, or
// intervals of one day that overlap. Field names the place.
func CheckHours(h *Hours) error {
	if h == nil {
		return nil
	}
	for i, day := range h.Week {
		if !disjoint(day) {
			return refuseField(Invalid, fmt.Sprintf("hours.week.%d", i))
		}
	}
	seen := map[string]bool{}
	for i, e := range h.Exceptions {
		if _, err := time.Parse(time.DateOnly, e.Date); err != nil || seen[e.Date] || !disjoint(e.Intervals) {
			return refuseField(Invalid, fmt.Sprintf("hours.exceptions.%d", i))
		}
		seen[e.Date] = true
	}
	return nil
}

func disjoint(day []Interval) bool {
	sorted := slices.Clone(day)
	slices.SortFunc(sorted, func(a, b Interval) int { return int(a.From - b.From) })
	end := Minute(0)
	for i, x := range sorted {
		if x.From >= 1440 || x.From < end || (x.To <= x.From && i < len(sorted)-1) {
			return false
		}
		end = x.To
	}
	return true
}

// Open reports whether t is working time.
func (h *Hours) Open(t time.Time, zone *time.Location) bool {
	if h == nil {
		return true
	}
	local := t.In(zone)
	today := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, zone)
	for _, day := range []time.Time{today.AddDate(0, 0, -1), today} {
		for _, x := range h.on(day) {
			if from, to := x.span(day); !t.Before(from) && t.Before(to) {
				return true
			}
		}
	}
	return false
}

// NextChange is the first instant after t at which Open changes; zero and false when it never does. It looks ahead a
// week, and then as far as any row of exceptions may reach.
func (h *Hours) NextChange(t time.Time, zone *time.Location) (time.Time, bool) {
	if h == nil {
		return time.Time{}, false
	}
	open := h.Open(t, zone)
	for _, days := range []int{8, 400} {
		for _, at := range h.boundaries(t.In(zone), days) {
			if at.After(t) && h.Open(at, zone) != open {
				return at, true
			}
		}
	}
	return time.Time{}, false
}

// boundaries are the beginnings and ends of the intervals from the day before t on, in order.
func (h *Hours) boundaries(t time.Time, days int) []time.Time {
	var out []time.Time
	for d := -1; d <= days; d++ {
		day := time.Date(t.Year(), t.Month(), t.Day()+d, 0, 0, 0, 0, t.Location())
		for _, x := range h.on(day) {
			from, to := x.span(day)
			out = append(out, from, to)
		}
	}
	slices.SortFunc(out, time.Time.Compare)
	return out
}

// on are the intervals that begin on a day.
func (h *Hours) on(day time.Time) []Interval {
	date := day.Format(time.DateOnly)
	for _, e := range h.Exceptions {
		if e.Date == date {
			return e.Intervals
		}
	}
	return h.Week[(int(day.Weekday())+6)%7]
}

// span is the interval on a day, as instants. The wall clock decides, so a day of 23 or 25 hours has its hours right.
func (x Interval) span(day time.Time) (from, to time.Time) {
	at := func(m Minute) time.Time {
		return time.Date(day.Year(), day.Month(), day.Day(), 0, int(m), 0, 0, day.Location())
	}
	end := x.To
	if end <= x.From {
		end += 1440
	}
	return at(x.From), at(end)
}

// Calendar is when a project works: the widget's hours, which are also those of the common queue, and its departments'.
type Calendar struct {
	Zone        *time.Location // of the project; nil: UTC
	Widget      *Hours
	Departments map[string]*Hours // by id; a missing one works round the clock
}

func (c Calendar) zone() *time.Location {
	if c.Zone == nil {
		return time.UTC
	}
	return c.Zone
}

// Queue are the hours of a department, or of the common queue when it is empty (D-20).
func (c Calendar) Queue(department string) *Hours {
	if department == "" {
		return c.Widget
	}
	return c.Departments[department]
}

// Open reports whether a queue works now.
func (c Calendar) Open(department string, now time.Time) bool {
	return c.Queue(department).Open(now, c.zone())
}

// NextChange is the first instant after now at which the queue opens or closes.
func (c Calendar) NextChange(department string, now time.Time) (time.Time, bool) {
	return c.Queue(department).NextChange(now, c.zone())
}

// Works reports whether the operator may see and take new dialogs of a queue now: his own time and the queue's (R-028, D-22).
func (o Operator) Works(department string, now time.Time) bool {
	return o.Hours.Open(now, o.Calendar.zone()) && o.Calendar.Open(department, now)
}

// queues are those whose untaken dialogs he may see in working time: his departments and the common one; all of the
// project for senior and above (D-14).
func (o Operator) queues() []string {
	out := append([]string{""}, o.Departments...)
	if o.Level >= LevelSenior {
		for id := range o.Calendar.Departments {
			if !slices.Contains(out, id) {
				out = append(out, id)
			}
		}
	}
	return out
}

// SeesNew reports whether the operator can see any new dialog in the project now; if not, he is told so (R-029, D-22).
func (o Operator) SeesNew(now time.Time) bool {
	return slices.ContainsFunc(o.queues(), func(q string) bool { return o.Works(q, now) })
}

// ShiftChangesAt is the first instant after now at which any queue opens or closes for the operator by time alone;
// zero: none ever does.
func (o Operator) ShiftChangesAt(now time.Time) time.Time {
	at, _ := o.Hours.NextChange(now, o.Calendar.zone())
	for _, q := range o.queues() {
		if next, ok := o.Calendar.NextChange(q, now); ok && (at.IsZero() || next.Before(at)) {
			at = next
		}
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
