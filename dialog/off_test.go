package dialog

import (
	"slices"
	"testing"
	"time"
)

// off is the operator after departments of the project were switched off.
func off(o Operator, departments ...string) Operator {
	o.Calendar.Off = departments
	return o
}

// D-70, D-20: an open dialog of a department that is switched off is everybody's: its members do not lose it, and who
// belongs to none may see and take it.
func TestSwitchedOffDepartmentIsTheCommonQueue(t *testing.T) {
	k := newTalk(t)
	k.do(t0, ChooseDepartment{ID: "sales", Name: "Продажи"})
	none := Operator{ID: "nina", Name: "Нина", Level: LevelOperator, Limit: 3, Online: true}
	k.refused(after(1), reply(none, "слушаю"), NotFound) // as long as it is on
	for _, o := range []Operator{anna, oleg, vera, none} {
		o = off(o, "sales")
		if !Visible(k.s, o, after(1)) || !slices.Equal(Groups(k.s, o, nil, after(1)), []Group{Unassigned, All}) {
			t.Errorf("%s does not see it", o.ID)
		}
		if got := CanDo(k.s, o, after(1)).Write; got != "" {
			t.Errorf("%s may not take it: %s", o.ID, got)
		}
		if got := Red(k.s, o, k.set, after(181)); !slices.Equal(got, []Reason{Unclaimed}) {
			t.Errorf("%s sees it red for %v", o.ID, got)
		}
	}
	none = off(none, "sales")
	k.do(after(2), reply(none, "слушаю"))
	if s := k.s.Session; s.AssigneeID != "nina" || s.DepartmentID != "sales" {
		t.Errorf("taken by %q, department %q: the session keeps what it is of (D-19)", s.AssigneeID, s.DepartmentID)
	}
	k.refused(after(3), reply(off(anna, "sales"), "и я"), AlreadyClaimed) // who lost the race is told so, and by whom
	k.do(after(4), Leave{By: none, LastSeen: k.s.Seq, Tags: []string{"sale"}})
}

// D-70, D-63: what has ended stays with those who were its members.
func TestPastOfASwitchedOffDepartment(t *testing.T) {
	k := newTalk(t)
	k.set.Tagging = false
	k.do(t0, ChooseDepartment{ID: "sales", Name: "Продажи"})
	k.do(after(1), reply(anna, "слушаю"))
	k.do(after(2), Leave{By: anna, LastSeen: k.s.Seq})
	member, stranger := off(oleg, "sales"), off(Operator{ID: "nina", Level: LevelOperator}, "sales")
	past := Past{DepartmentID: "sales", AssigneeID: "anna"}
	if !MaySee(k.s, member) || !MayReadPast(past, member) {
		t.Error("a member lost it")
	}
	if MaySee(k.s, stranger) || MayReadPast(past, stranger) {
		t.Error("a stranger sees what ended in a department that is not his")
	}
}

// D-70, D-22: its open dialogs keep the hours of the common queue.
func TestHoursOfASwitchedOffDepartment(t *testing.T) {
	c := Calendar{Widget: everyDay(span("09:00", "18:00")), Departments: map[string]*Hours{"sales": everyDay(span("20:00", "22:00"))}}
	noon, evening := t0.Add(3*time.Hour), t0.Add(12*time.Hour)
	if c.Open("sales", noon) || !c.Open("sales", evening) {
		t.Fatal("the department's own hours do not hold")
	}
	c.Off = []string{"sales"}
	if !c.Open("sales", noon) || c.Open("sales", evening) {
		t.Error("it does not keep the widget's hours")
	}
	chief := Operator{ID: "vera", Level: LevelSenior, Calendar: c}
	if member := (Operator{ID: "anna", Level: LevelOperator, Departments: []string{"sales"}, Calendar: c}); member.SeesNew(evening) || chief.SeesNew(evening) {
		t.Error("somebody sees new dialogs in the hours of a department that is switched off")
	}
}

// D-70, D-30, D-32: they count in the common queue's backlog, for everybody who sees it.
func TestBacklogOfASwitchedOffDepartment(t *testing.T) {
	var rows []State
	for i := range 10 {
		department := []string{"", "sales"}[i%2]
		rows = append(rows, State{ID: string(rune('a' + i)), Session: &Session{DepartmentID: department}})
	}
	none := Operator{ID: "nina", Level: LevelOperator, Online: true}
	if got := Backlog(slices.Values(rows), none, settings, t0).Untaken; got != 0 {
		t.Errorf("five of each: %d", got)
	}
	if got := Backlog(slices.Values(rows), off(none, "sales"), settings, t0).Untaken; got != 10 {
		t.Errorf("sales switched off: %d, want 10", got)
	}
}

// D-70, D-21: a visitor whose dialog comes there is attended by whoever attends the common queue.
func TestAttendanceOfASwitchedOffDepartment(t *testing.T) {
	o := Operator{ID: "nina", Level: LevelOperator, Online: true}
	if got := Attendance("sales", Calendar{}, []Operator{o}, t0); got != NobodyOnline {
		t.Fatalf("%q", got)
	}
	o = off(o, "sales")
	if got := Attendance("sales", o.Calendar, []Operator{o}, t0); got != Attended {
		t.Errorf("%q", got)
	}
}

// D-70, D-36, D-19: nobody receives a dialog under it, and no claim brings a dialog into it; a member of nothing else
// still receives, under none.
func TestNothingComesIntoASwitchedOffDepartment(t *testing.T) {
	k := newTalk(t)
	k.do(t0, write("здравствуйте"))
	k.do(after(1), reply(off(anna, "sales"), "слушаю"))
	if d := k.s.Session.DepartmentID; d != "" {
		t.Errorf("the claim brought it into %q", d)
	}
	to, only := off(oleg, "sales"), off(Operator{ID: "nina", Level: LevelOperator, Departments: []string{"sales"}, Online: true}, "sales")
	k.refused(after(2), Transfer{By: anna, To: to, Department: "sales"}, Invalid)
	var got []string
	for _, x := range Targets(k.s, anna, []Operator{to, only}, after(2)) {
		got = append(got, x.Operator.ID+":"+x.Department)
	}
	if want := []string{"oleg:delivery", "nina:"}; !slices.Equal(got, want) {
		t.Errorf("targets %v, want %v", got, want)
	}
	two := oleg
	two.ID, two.Calendar.Off = "two", []string{"delivery"}
	other := newTalk(t)
	other.do(t0, write("здравствуйте"))
	other.do(after(1), reply(two, "слушаю"))
	if d := other.s.Session.DepartmentID; d != "sales" {
		t.Errorf("of two departments one is switched off: %q, want the other (D-19)", d)
	}
}
