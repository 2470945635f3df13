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

const dayEnd Minute = 1440

// MarshalText writes "09:00".
func (m Minute) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%02d:%02d", m/60, m%60), nil }

// UnmarshalText reads "09:00".
func (m *Minute) UnmarshalText(b []byte) error {
	if string(b) == "24:00" {
		*m = dayEnd
		return nil
	}
	t, err := time.Parse("15:04", string(b))
	if err != nil || len(b) != len("15:04") {
		return fmt.Errorf("%q is no time of a day", b)
	}
	*m = Minute(t.Hour()*60 + t.Minute())
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
		if x.From >= dayEnd || x.From < end || (x.To <= x.From && i < len(sorted)-1) {
			return false
		}
		end = x.To
	}
	return true
}
