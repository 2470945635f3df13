package dialog

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// shop works by Moscow: the widget to 18:00, sales to 20:00, delivery at night; Anna's own time ends at 18:00 too.
func shop(t tester) Calendar {
	return Calendar{Zone: zone(t, "Europe/Moscow"), Widget: everyDay(span("09:00", "18:00")), Departments: map[string]*Hours{
		"sales": everyDay(span("09:00", "20:00")), "delivery": everyDay(span("20:00", "06:00")), "always": nil}}
}

func works(o Operator, h *Hours, c Calendar) Operator {
	o.Hours, o.Calendar = h, c
	return o
}

// waiting is a dialog that waits since then, in a queue.
func waiting(t *testing.T, since time.Time, department string) *talk {
	k := newTalk(t)
	if department == "" {
		k.do(since, write("Здравствуйте"))
	} else {
		k.do(since, ChooseDepartment{ID: department, Name: "x"})
	}
	return k
}

// D-22: to the microsecond, own hours or the department's, each department by itself, the common queue by
// the widget's, at every place where it is asked.
func TestShiftEdges(t *testing.T) {
	c := shop(t)
	day := everyDay(span("09:00", "18:00"))
	senior := vera
	for _, x := range []struct {
		name       string
		o          Operator
		department string
		at         string
		works      bool
	}{
		{"own time, before its end", works(anna, day, c), "sales", "2026-11-20 17:59:59.999999", true},
		{"own time, over, the department works on", works(anna, day, c), "sales", "2026-11-20 18:00", false},
		{"own time, a tick before", works(anna, day, c), "sales", "2026-11-20 08:59:59.999999", false},
		{"own time, at its start", works(anna, day, c), "sales", "2026-11-20 09:00", true},
		{"round the clock in a department that works", works(anna, nil, c), "sales", "2026-11-20 19:59:59.999999", true},
		{"round the clock, the department is over", works(anna, nil, c), "sales", "2026-11-20 20:00", false},
		{"common queue, the widget works", works(anna, nil, c), "", "2026-11-20 17:59:59.999999", true},
		{"common queue, the widget is over", works(anna, nil, c), "", "2026-11-20 18:00", false},
		{"of two departments the one is over", works(oleg, nil, c), "sales", "2026-11-20 20:00", false},
		{"and the other begins", works(oleg, nil, c), "delivery", "2026-11-20 20:00", true},
		{"the night", works(oleg, nil, c), "delivery", "2026-11-21 05:59:59.999999", true},
		{"after the night", works(oleg, nil, c), "delivery", "2026-11-21 06:00", false},
		{"senior, a department not his", works(senior, nil, c), "sales", "2026-11-20 19:00", true},
		{"senior, when it is over", works(senior, nil, c), "sales", "2026-11-20 20:00", false},
		{"senior, in his own time only", works(senior, day, c), "sales", "2026-11-20 19:00", false},
		{"a department without timetable", works(senior, nil, c), "always", "2026-11-20 03:00", true},
	} {
		now := at(t, c.Zone, x.at)
		k := waiting(t, now.Add(-time.Hour), x.department)
		for _, o := range []Operator{x.o, x.o.At(now)} {
			red := Red(k.s, o, k.set, now)
			if got := Visible(k.s, o, now); got != x.works {
				t.Errorf("%s: visible %v", x.name, got)
			}
			if got := Groups(k.s, o, red, now); slices.Equal(got, []Group{Unassigned, All}) != x.works || (len(got) > 0) != x.works {
				t.Errorf("%s: groups %v", x.name, got)
			}
			if slices.Equal(red, []Reason{Unclaimed}) != x.works {
				t.Errorf("%s: red %v", x.name, red)
			}
			if got := DotOf(k.s, o, red, 1, now); (got == DotRed) != x.works || (got == DotNone) == x.works {
				t.Errorf("%s: dot %s (D-12: out of hours untaken ones do not count)", x.name, got)
			}
			if got := CanDo(k.s, o, now).Write; (got == "") != x.works || (got == OutsideWorkingHours) == x.works {
				t.Errorf("%s: can write %q", x.name, got)
			}
		}
		if x.works {
			k.do(now, reply(x.o, "беру"))
		} else {
			k.refused(now, reply(x.o, "беру"), OutsideWorkingHours)
			k.set.Form.Enabled = true
			k.refused(now, RequestContacts{By: x.o, SeenSeq: -1}, OutsideWorkingHours)
		}
	}
}

// D-22: the page opened at 17:59 shows the dialog; the reply at 18:00:00 is refused, and nothing of it is stored.
func TestReplyAtTheEndOfTheShift(t *testing.T) {
	c := shop(t)
	o := works(anna, everyDay(span("09:00", "18:00")), c)
	k := waiting(t, at(t, c.Zone, "2026-11-20 17:58"), "sales")
	opened := at(t, c.Zone, "2026-11-20 17:59")
	if !Visible(k.s, o, opened) || CanDo(k.s, o, opened).Write != "" {
		t.Fatal("not shown at 17:59")
	}
	before := len(k.log)
	k.refused(at(t, c.Zone, "2026-11-20 18:00:00"), reply(o, "секунда в секунду"), OutsideWorkingHours)
	if len(k.log) != before || k.s.Session.AssigneeID != "" {
		t.Error("something of a refused reply is stored")
	}
	k.do(at(t, c.Zone, "2026-11-21 09:00:00"), reply(o, "утром")) // and taken when the next shift begins
}

// D-23: his own dialogs stay usable out of hours: read, reply, tag, leave, hand over; only new ones are closed to him.
func TestOwnDialogsOutOfHours(t *testing.T) {
	c := shop(t)
	day := everyDay(span("09:00", "18:00"))
	o, to := works(anna, day, c), works(oleg, nil, c)
	k := waiting(t, at(t, c.Zone, "2026-11-20 17:00"), "sales")
	k.do(at(t, c.Zone, "2026-11-20 17:01"), reply(o, "Добрый вечер"))
	night := at(t, c.Zone, "2026-11-20 19:00")
	k.do(night, write("ещё вопрос"))
	later := night.Add(k.set.LongWait + Tick)
	red := Red(k.s, o, k.set, later)
	if !slices.Equal(red, []Reason{Overdue}) || !slices.Equal(Groups(k.s, o, red, later), []Group{Mine, Important, All}) {
		t.Errorf("own dialog out of hours: %v", red)
	}
	if can := CanDo(k.s, o, later); can.Write != "" || can.Transfer != "" || can.Leave != "" {
		t.Errorf("can %+v", can)
	}
	k.do(later, reply(o, "ответ"))
	k.do(later, SetTags{By: o, Tags: []string{"sale"}})
	k.do(later, Transfer{By: o, To: to})
	k.refused(later, Transfer{By: to, To: o}, TargetUnavailable) // he is not offered (D-23)
	k.do(later, Leave{By: to, LastSeen: k.s.Seq})
}

// D-13: the visitor waits all the same: a night dialog is red when the shift begins, since then.
func TestNightDialogIsRedInTheMorning(t *testing.T) {
	c := shop(t)
	o := works(anna, everyDay(span("09:00", "18:00")), c)
	began := at(t, c.Zone, "2026-11-21 03:00")
	k := waiting(t, began, "")
	morning := at(t, c.Zone, "2026-11-21 09:00")
	if _, ok := NextRed(k.s, o, k.set, began.Add(time.Second)); ok {
		t.Error("a row he does not see does not turn red for him")
	}
	if got := ChangesAt(k.s, o, Next{}, began); !got.Equal(morning) {
		t.Errorf("it appears at %s, want %s", got, morning)
	}
	red := Red(k.s, o, k.set, morning)
	if !slices.Equal(red, []Reason{Unclaimed}) || !RedSince(k.s, k.set, red).Equal(began.Add(UntakenAfter+Tick)) {
		t.Errorf("in the morning: %v since %s", red, RedSince(k.s, k.set, red))
	}
}

// Design 2.8: a row says when it changes by time alone, red or the end of the shift, whichever is sooner.
func TestRowChangesWithTheShift(t *testing.T) {
	c := shop(t)
	o := works(anna, everyDay(span("09:00", "18:00")), c)
	end := at(t, c.Zone, "2026-11-20 18:00")
	changes := func(k *talk, now time.Time) time.Time {
		n, _ := NextRed(k.s, o, k.set, now)
		return ChangesAt(k.s, o, n, now)
	}
	k := waiting(t, end.Add(-time.Minute), "sales")
	if got := changes(k, end.Add(-time.Minute)); !got.Equal(end) {
		t.Errorf("the shift ends before it is red: %s", got)
	}
	k = waiting(t, end.Add(-time.Hour), "sales")
	if got, want := changes(k, end.Add(-time.Hour)), end.Add(-time.Hour+UntakenAfter+Tick); !got.Equal(want) {
		t.Errorf("red before the shift ends: %s, want %s", got, want)
	}
	if got := changes(k, end.Add(-time.Minute)); !got.Equal(end) {
		t.Errorf("red already, the end of the shift is next: %s", got)
	}
	k.do(end.Add(-time.Minute), reply(o, "беру"))
	if got := changes(k, end.Add(-time.Second)); !got.IsZero() {
		t.Errorf("his own dialog stays: %s", got)
	}
}

// D-22, D-70: queues that work now say when they close; one that is closed, or never closes, says nothing.
func TestClosings(t *testing.T) {
	c := shop(t)
	c.Departments["old"], c.Off = everyDay(span("00:00", "23:00")), []string{"old"}
	for now, want := range map[string]string{
		"2026-11-20 12:00":        "=18:00 old=18:00 sales=20:00",
		"2026-11-20 17:59:59.999": "=18:00 old=18:00 sales=20:00",
		"2026-11-20 18:00":        "sales=20:00",
		"2026-11-20 20:00":        "delivery=06:00",
		"2026-11-21 06:00":        "",
	} {
		var got []string
		for _, x := range c.Closings(at(t, c.Zone, now)) {
			got = append(got, x.Department+"="+x.At.In(c.Zone).Format("15:04"))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %q, want %q", now, got, want)
		}
	}
	if got := (Calendar{Departments: map[string]*Hours{"always": nil}}).Closings(time.Now()); got != nil {
		t.Errorf("round the clock: %v", got)
	}
}

// R-029, D-22: the notice is shown when he can see no new dialogs at all.
func TestSeesNew(t *testing.T) {
	c := shop(t)
	day := everyDay(span("10:00", "17:00"))
	utc := func(s string) time.Time { return at(t, c.Zone, s) }
	for _, x := range []struct {
		name              string
		o                 Operator
		at                string
		sees              bool
		changes, ownUntil string
	}{
		{"his own time is over", works(anna, day, c), "2026-11-20 17:00", false, "2026-11-21 10:00", ""},
		{"in his own time", works(anna, day, c), "2026-11-20 16:59:59.999999", true, "2026-11-20 17:00", "2026-11-20 17:00"},
		{"sales works when the common queue does not", works(anna, nil, c), "2026-11-20 19:00", true, "2026-11-20 20:00", ""},
		{"all his queues are closed", works(anna, nil, c), "2026-11-20 20:00", false, "2026-11-21 09:00", ""},
		{"delivery takes over from sales", works(oleg, nil, c), "2026-11-20 19:00", true, "2026-11-21 06:00", ""},
		{"senior sees a department that never closes", works(vera, nil, c), "2026-11-20 07:00", true, "", ""},
		{"everything round the clock", works(anna, nil, Calendar{}), "2026-11-20 07:00", true, "", ""},
		{"he never works", works(anna, &Hours{}, c), "2026-11-20 12:00", false, "", ""},
		{"not in any department", works(Operator{ID: "x", Level: LevelOperator}, nil, c), "2026-11-20 18:00", false, "2026-11-21 09:00", ""},
	} {
		now := utc(x.at)
		want := func(s string) (w time.Time) {
			if s != "" {
				w = utc(s)
			}
			return w
		}
		if got := x.o.SeesNew(now); got != x.sees {
			t.Errorf("%s: sees new %v", x.name, got)
		}
		if got := x.o.SeesNewChangesAt(now); !got.Equal(want(x.changes)) {
			t.Errorf("%s: until %s, want %s", x.name, got.In(c.Zone), x.changes)
		}
		if got := x.o.OwnUntil(now); !got.Equal(want(x.ownUntil)) {
			t.Errorf("%s: own until %s, want %s", x.name, got.In(c.Zone), x.ownUntil)
		}
	}
	if got := works(oleg, nil, c).ShiftChangesAt(utc("2026-11-20 17:00")); !got.Equal(utc("2026-11-20 18:00")) {
		t.Errorf("the common queue closes first: %s", got)
	}
}

// Between now and the change nothing changes, and at it something does: random timetables of a person and two queues.
func TestShiftsAgainstTheMinutes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := Calendar{Zone: zone(t, "Europe/Berlin")}
		day := at(t, c.Zone, rapid.SampledFrom([]string{"2026-03-28", "2026-10-24", "2026-11-20"}).Draw(t, "day")+" 00:00")
		drawn := func(name string) *Hours {
			if rapid.IntRange(0, 3).Draw(t, name) == 0 {
				return nil
			}
			return drawHours(t, day)
		}
		c.Widget, c.Departments = drawn("widget"), map[string]*Hours{"sales": drawn("sales"), "other": drawn("other")}
		o := works(anna, drawn("own"), c)
		o.Level = rapid.SampledFrom([]Level{LevelOperator, LevelSenior}).Draw(t, "level")
		start := day.Add(time.Duration(rapid.IntRange(0, 1440).Draw(t, "minute")) * time.Minute)
		for name, x := range map[string]struct {
			is   func(time.Time) any
			next time.Time
		}{
			"sees new": {func(t time.Time) any { return o.SeesNew(t) }, o.SeesNewChangesAt(start)},
			"queue":    {func(t time.Time) any { return o.Works("sales", t) }, o.WorkChangesAt("sales", start)},
			"any": {func(t time.Time) any {
				return [3]bool{o.Works("", t), o.Works("sales", t), o.Level == LevelSenior && o.Works("other", t)}
			}, o.ShiftChangesAt(start)},
		} {
			end := start.Add(48 * time.Hour)
			found := time.Time{}
			for m := start; m.Before(end) && found.IsZero(); m = m.Add(time.Minute) {
				if x.is(m) != x.is(start) {
					found = m
				}
				if q := o.At(m); q.Works("sales", m) != o.Works("sales", m) {
					t.Fatal("At differs")
				}
			}
			if !found.IsZero() && !x.next.Equal(found) || found.IsZero() && !x.next.IsZero() && x.next.Before(end) {
				t.Fatalf("%s after %s: %s, want %s", name, start, x.next, found)
			}
		}
		for _, q := range []string{"", "sales"} {
			if m := o.At(start); !m.WorkChangesAt(q, start).Equal(o.WorkChangesAt(q, start)) || !m.WorkChangesAt(q, start.Add(time.Hour)).Equal(o.WorkChangesAt(q, start.Add(time.Hour))) {
				t.Fatal("At differs")
			}
		}
		if m := o.At(start); m.Works("sales", start.Add(time.Hour)) != o.Works("sales", start.Add(time.Hour)) {
			t.Fatal("At is asked for another moment")
		}
	})
}

// R-055, D-36: who may receive: at work, online, with access, not the current one; under each of his departments; one
// at his limit is shown and not available.
func TestTargets(t *testing.T) {
	c := shop(t)
	now := at(t, c.Zone, "2026-11-20 17:00") // delivery is closed
	k := waiting(t, now, "sales")
	by := works(anna, nil, c)
	k.do(now, reply(by, "беру"))
	full, away, home, viewer := oleg, oleg, oleg, oleg
	full.ID, full.OpenDialogs = "full", 3
	away.ID, away.Online = "away", false
	home.ID = "home"
	viewer.ID, viewer.Level = "viewer", LevelView
	alone := Operator{ID: "alone", Level: LevelOperator, Online: true}
	open := works(vera, nil, c)
	open.Calendar.Departments = map[string]*Hours{"delivery": nil}
	all := []Operator{by, works(oleg, nil, c), works(full, nil, c), works(away, nil, c), works(home, &Hours{}, c),
		works(viewer, nil, c), works(alone, nil, c), open}
	list := func(by Operator) (out []string) {
		for _, x := range Targets(k.s, by, all, now) {
			name := x.Operator.ID + " " + x.Department
			if x.AtLimit {
				name += " full"
			}
			out = append(out, name)
			err := code(MayReceive(k.s, x.Operator, x.Department, now))
			if (err == LimitReached) != x.AtLimit || !x.AtLimit && err != "" {
				t.Errorf("%s: %s", name, err)
			}
			if _, refused := k.try(now, Transfer{By: by, To: x.Operator, Department: x.Department}); (refused != nil) != x.AtLimit {
				t.Errorf("%s: transfer %v", name, refused)
			}
		}
		return out
	}
	want := []string{"oleg sales", "full sales full", "alone ", "vera delivery"}
	if got := list(by); !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	k.do(now, Transfer{By: by, To: works(oleg, nil, c)})
	want = []string{"anna sales", "full sales full", "alone ", "vera delivery"} // senior may take it over herself
	if got := list(open); !slices.Equal(got, want) {
		t.Errorf("senior: got %q\nwant %q", got, want)
	}
	for name, to := range map[string]Transfer{
		"the current one":     {By: open, To: works(oleg, nil, c)},
		"not there":           {By: open, To: works(away, nil, c)},
		"not at work":         {By: open, To: works(home, &Hours{}, c)},
		"a closed department": {By: open, To: works(home, nil, c), Department: "delivery"},
		"no access":           {By: open, To: works(viewer, nil, c)},
	} {
		if _, err := k.try(now, to); code(err) != TargetUnavailable {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := k.try(now, Transfer{By: open, To: works(alone, nil, c), Department: "sales"}); code(err) != Invalid {
		t.Errorf("a department that is not his: %v", err)
	}
	if got := Targets(waiting(t, now, "sales").s, open, all, now); got != nil {
		t.Errorf("untaken: %v (R-056)", got)
	}
}

// red since the transfer, or since the wait was too long.
func TestRedSince(t *testing.T) {
	k := newTalk(t)
	k.do(after(0), write("раз"))
	k.do(after(1), reply(anna, "два"))
	k.do(after(10), write("три"))
	k.do(after(500), Transfer{By: anna, To: oleg})
	for o, want := range map[*Operator]time.Time{&oleg: after(70).Add(Tick), &anna: {}} {
		red := Red(k.s, *o, k.set, after(600))
		if got := RedSince(k.s, k.set, red); !got.Equal(want) {
			t.Errorf("%s: %v since %s, want %s", o.ID, red, got, want)
		}
	}
	red := Red(k.s, oleg, Settings{LongWait: time.Hour}, after(600))
	if got := RedSince(k.s, k.set, red); !got.Equal(after(500)) {
		t.Errorf("%v since %s", red, got)
	}
}
