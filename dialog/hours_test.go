package dialog

import (
	"encoding/json"
	"errors"
	"testing"
	"time"
	_ "time/tzdata"

	"pgregory.net/rapid"
)

func zone(t tester, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return z
}

// span of "09:00" to "18:00".
func span(from, to string) Interval {
	var x Interval
	if x.From.UnmarshalText([]byte(from)) != nil || x.To.UnmarshalText([]byte(to)) != nil {
		panic(from + to)
	}
	return x
}

func everyDay(day ...Interval) *Hours {
	var h Hours
	for i := range h.Week {
		h.Week[i] = day
	}
	return &h
}

func (h *Hours) except(date string, day ...Interval) *Hours {
	c := *h
	c.Exceptions = append(append([]Exception{}, h.Exceptions...), Exception{date, day})
	return &c
}

// at reads the wall clock of a zone.
func at(t tester, z *time.Location, wall string) time.Time {
	t.Helper()
	for _, form := range []string{"2006-01-02 15:04", "2006-01-02 15:04:05.999999"} {
		if x, err := time.ParseInLocation(form, wall, z); err == nil {
			return x
		}
	}
	t.Fatalf("bad time %s", wall)
	return time.Time{}
}

// R-027, D-22: intervals are half-open, several per day, overnight, with exceptions by date.
func TestOpen(t *testing.T) {
	office := everyDay(span("09:00", "18:00"))
	weekdays := &Hours{Week: [7][]Interval{0: {span("09:00", "18:00")}, 4: {span("09:00", "18:00")}}} // Monday, Friday
	broken := everyDay(span("09:00", "13:00"), span("14:00", "18:00"))
	night := everyDay(span("22:00", "06:00"))
	friday := &Hours{Week: [7][]Interval{4: {span("22:00", "06:00")}}}
	whole := everyDay(span("00:00", "24:00"))
	turn := everyDay(span("08:00", "08:00")) // a day and a night
	// 2026-11-20 is a Friday.
	for _, c := range []struct {
		name string
		h    *Hours
		at   string
		open bool
	}{
		{"a tick before the start", office, "2026-11-20 08:59:59.999999", false},
		{"at the start", office, "2026-11-20 09:00", true},
		{"a tick before the end", office, "2026-11-20 17:59:59.999999", true},
		{"at the end", office, "2026-11-20 18:00", false},
		{"Friday of two weekdays", weekdays, "2026-11-20 12:00", true},
		{"Thursday of two weekdays", weekdays, "2026-11-19 12:00", false},
		{"Monday of two weekdays", weekdays, "2026-11-23 12:00", true},
		{"before the break", broken, "2026-11-20 12:59:59.999999", true},
		{"in the break", broken, "2026-11-20 13:00", false},
		{"after the break", broken, "2026-11-20 14:00", true},
		{"late", night, "2026-11-20 22:00", true},
		{"midnight of a night shift", night, "2026-11-20 00:00", true},
		{"early", night, "2026-11-20 05:59:59.999999", true},
		{"the morning of a night shift", night, "2026-11-20 06:00", false},
		{"Friday night", friday, "2026-11-20 23:00", true},
		{"Saturday morning of Friday's night", friday, "2026-11-21 05:59", true},
		{"Friday morning has no Thursday night", friday, "2026-11-20 05:00", false},
		{"a day to 24:00", whole, "2026-11-20 23:59:59.999999", true},
		{"and on from 00:00", whole, "2026-11-21 00:00", true},
		{"a shift of 24 hours", turn, "2026-11-20 08:00", true},
		{"never", &Hours{}, "2026-11-20 12:00", false},
		{"always", nil, "2026-11-20 12:00", true},
		{"a day off", office.except("2026-11-20"), "2026-11-20 12:00", false},
		{"the day after a day off", office.except("2026-11-20"), "2026-11-21 12:00", true},
		{"a short day", office.except("2026-11-20", span("10:00", "12:00")), "2026-11-20 09:30", false},
		{"within the short day", office.except("2026-11-20", span("10:00", "12:00")), "2026-11-20 11:59", true},
		{"work on a day off", (&Hours{}).except("2026-11-20", span("10:00", "12:00")), "2026-11-20 10:00", true},
		// The exception replaces what begins on its date: the night of the day before goes on into it.
		{"the night before a day off", night.except("2026-11-20"), "2026-11-20 05:59", true},
		{"the evening of a day off", night.except("2026-11-20"), "2026-11-20 22:00", false},
		{"the morning after a day off", night.except("2026-11-20"), "2026-11-21 05:00", false},
		{"a night of exception", office.except("2026-11-20", span("22:00", "02:00")), "2026-11-21 01:59", true},
		{"its end", office.except("2026-11-20", span("22:00", "02:00")), "2026-11-21 02:00", false},
	} {
		moscow := zone(t, "Europe/Moscow")
		if got := c.h.Open(at(t, moscow, c.at), moscow); got != c.open {
			t.Errorf("%s (%s): %v", c.name, c.at, got)
		}
	}
}

// D-22: the wall clock of the project's zone decides, on days of 23 and 25 hours too.
func TestOpenInZones(t *testing.T) {
	berlin, almaty, moscow := zone(t, "Europe/Berlin"), zone(t, "Asia/Almaty"), zone(t, "Europe/Moscow")
	utc := func(s string) time.Time { return at(t, time.UTC, s) }
	office, night := everyDay(span("09:00", "18:00")), everyDay(span("22:00", "06:00"))
	lost, twice := everyDay(span("02:15", "02:45")), everyDay(span("01:00", "02:30"))
	for _, c := range []struct {
		name string
		h    *Hours
		z    *time.Location
		at   time.Time
		open bool
	}{
		// Kazakhstan is UTC+5 in the whole country since 1 March 2024.
		{"Almaty before", office, almaty, utc("2024-02-29 03:00"), true}, // UTC+6
		{"Almaty, 8:59 now", office, almaty, utc("2026-11-20 03:59:59.999999"), false},
		{"Almaty, 9:00 now", office, almaty, utc("2026-11-20 04:00"), true},
		{"Almaty, 18:00", office, almaty, utc("2026-11-20 13:00"), false},
		{"Moscow, 9:00", office, moscow, utc("2026-11-20 06:00"), true},
		{"Moscow, 8:59", office, moscow, utc("2026-11-20 05:59:59.999999"), false},
		{"Moscow, 18:00", office, moscow, utc("2026-11-20 15:00"), false},
		{"Berlin, winter, 9:00", office, berlin, utc("2026-01-20 08:00"), true},
		{"Berlin, summer, 9:00", office, berlin, utc("2026-07-20 07:00"), true},
		{"Berlin, 9:00 of the day of 23 hours", office, berlin, utc("2026-03-29 07:00"), true},
		{"Berlin, 8:59 of it", office, berlin, utc("2026-03-29 06:59:59"), false},
		{"Berlin, 9:00 of the day of 25 hours", office, berlin, utc("2026-10-25 08:00"), true},
		{"Berlin, 8:59 of it", office, berlin, utc("2026-10-25 07:59:59"), false},
		{"the short night ends at 6:00", night, berlin, utc("2026-03-29 03:59:59"), true},
		{"after 7 hours", night, berlin, utc("2026-03-29 04:00"), false},
		{"the long night ends at 6:00", night, berlin, utc("2026-10-25 04:59:59"), true},
		{"after 9 hours", night, berlin, utc("2026-10-25 05:00"), false},
		{"an hour that is left out", lost, berlin, utc("2026-03-29 01:00"), false},
		{"nor after it", lost, berlin, utc("2026-03-29 01:20"), false},
		{"to the left out hour", twice, berlin, utc("2026-03-29 00:59:59"), true},
		{"and not beyond", twice, berlin, utc("2026-03-29 01:00"), false},
		{"the first 2:20", twice, berlin, utc("2026-10-25 00:20"), true},
		{"the first 2:30", twice, berlin, utc("2026-10-25 00:30"), false},
		{"not again", twice, berlin, utc("2026-10-25 01:10"), false},
	} {
		if got := c.h.Open(c.at, c.z); got != c.open {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	// In Cairo the clock goes on at midnight: that date has no 00:00.
	cairo := zone(t, "Africa/Cairo")
	if h := (&Hours{}).except("2026-04-24", span("00:00", "03:00")); !h.Open(at(t, cairo, "2026-04-24 01:00"), cairo) ||
		h.Open(at(t, cairo, "2026-04-23 23:59:59"), cairo) {
		t.Error("the date without its midnight")
	}
}

// The next change is the first one, however far away it is.
func TestNextChange(t *testing.T) {
	moscow := zone(t, "Europe/Moscow")
	office := everyDay(span("09:00", "18:00"))
	saturday := &Hours{Week: [7][]Interval{5: {span("00:00", "24:00")}}}
	whole := everyDay(span("00:00", "24:00"))
	far := (&Hours{}).except("2031-02-03", span("10:00", "12:00")).except("2029-02-03", span("10:00", "12:00"))
	vacation := office
	for d := at(t, time.UTC, "2026-11-20 00:00"); d.Format(time.DateOnly) <= "2027-01-10"; d = d.AddDate(0, 0, 1) {
		vacation = vacation.except(d.Format(time.DateOnly))
	}
	for _, c := range []struct {
		name     string
		h        *Hours
		at, next string // empty: never
	}{
		{"always", nil, "2026-11-20 12:00", ""},
		{"never", &Hours{}, "2026-11-20 12:00", ""},
		{"whole days are always", whole, "2026-11-20 12:00", ""},
		{"the end of the day", office, "2026-11-20 12:00", "2026-11-20 18:00"},
		{"at the start the end is next", office, "2026-11-20 09:00", "2026-11-20 18:00"},
		{"at the end the start is next", office, "2026-11-20 18:00", "2026-11-21 09:00"},
		{"once a week", saturday, "2026-11-22 00:00", "2026-11-28 00:00"},
		{"to its end", saturday, "2026-11-21 00:00", "2026-11-22 00:00"},
		{"a day off in a year", whole.except("2027-11-20"), "2026-11-20 12:00", "2027-11-20 00:00"},
		{"and on", whole.except("2027-11-20"), "2027-11-20 12:00", "2027-11-21 00:00"},
		{"the nearer of two", far, "2026-11-20 12:00", "2029-02-03 10:00"},
		{"the further one", far, "2029-02-03 12:00", "2031-02-03 10:00"},
		{"then never", far, "2031-02-03 12:00", ""},
		{"seven weeks off", vacation, "2026-11-20 12:00", "2027-01-11 09:00"},
	} {
		want := time.Time{}
		if c.next != "" {
			want = at(t, moscow, c.next)
		}
		if got, ok := c.h.NextChange(at(t, moscow, c.at), moscow); !got.Equal(want) || ok != (c.next != "") {
			t.Errorf("%s: %s %v, want %s", c.name, got.In(moscow), ok, c.next)
		}
	}
	// The one hour of the week is swallowed by the change of the clock: the next week's counts.
	berlin := zone(t, "Europe/Berlin")
	sunday := &Hours{Week: [7][]Interval{6: {span("02:00", "03:00")}}}
	if got, _ := sunday.NextChange(at(t, berlin, "2026-03-22 04:00"), berlin); !got.Equal(at(t, berlin, "2026-04-05 02:00")) {
		t.Errorf("swallowed hour: %s", got)
	}
}

func drawIntervals(t *rapid.T, name string) (out []Interval) {
	for from := 0; from < 1440 && rapid.IntRange(0, 2).Draw(t, name) > 0; {
		x := Interval{From: Minute(rapid.IntRange(from, 1439).Draw(t, "from")), To: Minute(rapid.IntRange(0, 1440).Draw(t, "to"))}
		out = append(out, x)
		if from = int(x.To); x.To <= x.From {
			break // over midnight: the last of the day
		}
	}
	return out
}

func drawHours(t *rapid.T, around time.Time) *Hours {
	var h Hours
	for i := range h.Week {
		h.Week[i] = drawIntervals(t, "more")
	}
	for d := -3; d < 6; d++ {
		if rapid.IntRange(0, 3).Draw(t, "exception") == 0 {
			h.Exceptions = append(h.Exceptions, Exception{around.AddDate(0, 0, d).Format(time.DateOnly), drawIntervals(t, "more")})
		}
	}
	return &h
}

// openByWall is the definition: within an interval of today or yesterday as the wall clock shows it.
func openByWall(h *Hours, t time.Time, z *time.Location) bool {
	local := t.In(z)
	minute := Minute(local.Hour()*60 + local.Minute())
	in := func(day time.Time, m Minute) bool {
		for _, x := range h.on(day) {
			if to := x.To; m >= x.From && (m < to || to <= x.From && m < to+1440) {
				return true
			}
		}
		return false
	}
	today := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, time.UTC)
	return in(today, minute) || in(today.AddDate(0, 0, -1), minute+1440)
}

// Open is what the wall clock says, but for the hour that comes twice; NextChange is where Open changes, found minute by
// minute. Random timetables around days of 23, 24 and 25 hours.
func TestHoursAgainstTheMinutes(t *testing.T) {
	days := []string{"2026-03-28", "2026-10-24", "2026-11-20", "2024-02-28"}
	zones := []string{"Europe/Berlin", "Europe/Moscow", "Asia/Almaty", "Africa/Cairo"}
	rapid.Check(t, func(t *rapid.T) {
		z := zone(t, rapid.SampledFrom(zones).Draw(t, "zone"))
		day := at(t, z, rapid.SampledFrom(days).Draw(t, "day")+" 00:00")
		h := drawHours(t, day)
		if err := CheckHours(h); err != nil {
			t.Fatalf("drawn timetable: %v", err)
		}
		start := day.Add(time.Duration(rapid.IntRange(0, 3*1440).Draw(t, "minute")) * time.Minute)
		next, ok := h.NextChange(start, z)
		open := h.Open(start, z)
		for x, end := start, start.Add(72*time.Hour); x.Before(end); x = x.Add(time.Minute) {
			got := h.Open(x, z)
			_, now := x.In(z).Zone()
			_, before := x.Add(-time.Hour).In(z).Zone()
			_, after := x.Add(time.Hour).In(z).Zone()
			if now == before && now == after && got != openByWall(h, x, z) {
				t.Fatalf("%s: open %v", x.In(z), got)
			}
			if changed := got != open; changed {
				if !ok || !next.Equal(x) {
					t.Fatalf("after %s the next change is at %s, got %s %v", start.In(z), x.In(z), next.In(z), ok)
				}
				return
			}
		}
		if ok && next.Before(start.Add(72*time.Hour)) {
			t.Fatalf("after %s nothing changes for 72 h, got %s", start.In(z), next.In(z))
		}
	})
}

// D-22: a timetable that cannot be meant is refused, with its place.
func TestCheckHours(t *testing.T) {
	office := span("09:00", "18:00")
	for name, c := range map[string]struct {
		h     *Hours
		field string
	}{
		"none":                        {nil, ""},
		"never":                       {&Hours{}, ""},
		"office":                      {everyDay(office), ""},
		"they touch":                  {everyDay(span("12:00", "15:00"), span("09:00", "12:00")), ""},
		"to the end of the day":       {everyDay(span("09:00", "12:00"), span("22:00", "24:00")), ""},
		"the last runs past midnight": {everyDay(span("22:00", "06:00"), span("09:00", "12:00")), ""},
		"they overlap":                {&Hours{Week: [7][]Interval{3: {office, span("17:59", "19:00")}}}, "hours.week.3"},
		"twice the same":              {&Hours{Week: [7][]Interval{6: {office, office}}}, "hours.week.6"},
		"past midnight, then more":    {&Hours{Week: [7][]Interval{0: {span("08:00", "07:00"), office}}}, "hours.week.0"},
		"begins at the end":           {&Hours{Week: [7][]Interval{0: {span("24:00", "06:00")}}}, "hours.week.0"},
		"no such date":                {everyDay(office).except("2026-02-29"), "hours.exceptions.0"},
		"no date":                     {everyDay(office).except("завтра"), "hours.exceptions.0"},
		"a date twice":                {everyDay(office).except("2026-02-28").except("2026-02-28"), "hours.exceptions.1"},
		"an exception that overlaps":  {everyDay(office).except("2026-02-28", office, office), "hours.exceptions.0"},
	} {
		err := CheckHours(c.h)
		var r *Refusal
		if (err != nil) != (c.field != "") || (errors.As(err, &r) && (r.Field != c.field || r.Code != Invalid)) {
			t.Errorf("%s: %v, want %q", name, err, c.field)
		}
	}
}

// Timetables are kept and sent as "09:00"; nothing else is a time of a day.
func TestMinuteText(t *testing.T) {
	for _, bad := range []string{"", "9:00", "09:0", "09:60", "25:00", "24:01", "+9:00", " 9:00", "9:000", "09-00", "09:00 ", "-1:00", "12:00:00"} {
		var m Minute
		if err := m.UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("%q is %d", bad, m)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		m := Minute(rapid.IntRange(0, 1440).Draw(t, "minute"))
		raw, _ := m.MarshalText()
		var back Minute
		if err := back.UnmarshalText(raw); err != nil || back != m || len(raw) != 5 {
			t.Fatalf("%d is %s, is %d: %v", m, raw, back, err)
		}
	})
	h := everyDay(span("22:00", "06:00")).except("2026-12-31", span("00:00", "24:00"))
	raw, err := json.Marshal(h)
	var back Hours
	if err != nil || json.Unmarshal(raw, &back) != nil || back.Week[6][0] != h.Week[6][0] || back.Exceptions[0].Intervals[0].To != 1440 {
		t.Errorf("%s %v", raw, err)
	}
}
