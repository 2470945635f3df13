package api

import (
	"encoding/json"
	"fmt"
	"regexp"
	"time"

	"github.com/otklik/otklik/dialog"
)

// Bounds of a timetable in the contract.
const (
	maxIntervals  = 10
	maxExceptions = 400
)

var timeOfDay = regexp.MustCompile(`^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$`)

// hoursIn reads the working hours of a body; round the clock is nil.
func hoursIn(given map[string]json.RawMessage) (*dialog.Hours, error) {
	h, inner, err := nested[Hours](given, "hours")
	if err != nil {
		return nil, err
	}
	if err := strictHours(inner); err != nil {
		return nil, err
	}
	if len(h.Week) != 7 {
		return nil, wrong(codeInvalid, "hours.week")
	}
	if len(h.Exceptions) > maxExceptions {
		return nil, tooLong("hours.exceptions", maxExceptions)
	}
	out := &dialog.Hours{Exceptions: []dialog.Exception{}}
	for i, day := range h.Week {
		if out.Week[i], err = intervalsIn(day, fmt.Sprintf("hours.week.%d", i)); err != nil {
			return nil, err
		}
	}
	for i, e := range h.Exceptions {
		intervals, err := intervalsIn(e.Intervals, fmt.Sprintf("hours.exceptions.%d", i))
		if err != nil {
			return nil, err
		}
		out.Exceptions = append(out.Exceptions, dialog.Exception{Date: e.Date, Intervals: intervals})
	}
	if err := dialog.CheckHours(out); err != nil {
		return nil, err
	}
	if h.Always {
		return nil, nil
	}
	return out, nil
}

// strictHours refuses what intervals and exceptions do not have; the fields around them were read strictly before.
func strictHours(given map[string]json.RawMessage) error {
	var week [][]map[string]json.RawMessage
	var exceptions []map[string]json.RawMessage
	_ = json.Unmarshal(given["week"], &week) // it was read once already
	_ = json.Unmarshal(given["exceptions"], &exceptions)
	for i, e := range exceptions {
		if len(e) != 2 || e["date"] == nil || e["intervals"] == nil {
			return wrong(codeInvalid, fmt.Sprintf("hours.exceptions.%d", i))
		}
		var day []map[string]json.RawMessage
		_ = json.Unmarshal(e["intervals"], &day)
		week = append(week, day)
	}
	for _, day := range week {
		for _, x := range day {
			if len(x) != 2 || x["from"] == nil || x["to"] == nil {
				return wrong(codeInvalid, "hours")
			}
		}
	}
	return nil
}

func intervalsIn(day []HoursInterval, field string) ([]dialog.Interval, error) {
	if len(day) > maxIntervals {
		return nil, tooLong(field, maxIntervals)
	}
	out := make([]dialog.Interval, len(day))
	for i, x := range day {
		if !timeOfDay.MatchString(x.From) || !timeOfDay.MatchString(x.To) {
			return nil, wrong(codeInvalid, field)
		}
		_ = out[i].From.UnmarshalText([]byte(x.From)) // it matches the pattern
		_ = out[i].To.UnmarshalText([]byte(x.To))
	}
	return out, nil
}

// hoursOut is a timetable as the contract has it.
func hoursOut(h *dialog.Hours) Hours {
	out := Hours{Always: h == nil, Week: make([][]HoursInterval, 7), Exceptions: []HoursException{}}
	if h == nil {
		h = &dialog.Hours{}
	}
	for i := range out.Week {
		out.Week[i] = intervalsOut(h.Week[i])
	}
	for _, e := range h.Exceptions {
		out.Exceptions = append(out.Exceptions, HoursException{Date: e.Date, Intervals: intervalsOut(e.Intervals)})
	}
	return out
}

func intervalsOut(day []dialog.Interval) []HoursInterval {
	return each(day, func(x dialog.Interval) HoursInterval { return HoursInterval{minute(x.From), minute(x.To)} })
}

func minute(m dialog.Minute) string {
	text, _ := m.MarshalText() // it has no error
	return string(text)
}

// hoursNow says whether a timetable is open, and until when.
func hoursNow(h *dialog.Hours, now time.Time, zone *time.Location) HoursNow {
	at, _ := h.NextChange(now, zone)
	return HoursNow{Open: h.Open(now, zone), ChangesAt: at.UTC()}
}
