package dialog

import (
	"slices"
	"sort"
	"testing"
)

// D-14.
func TestGroups(t *testing.T) {
	k := newTalk(t)
	k.do(after(0), write("Здравствуйте"))
	groups := func(o Operator, s float64) []Group { return Groups(k.s, o, Red(k.s, o, k.set, after(s)), after(s)) }
	if got := groups(anna, 999); !slices.Equal(got, []Group{Unassigned, All}) {
		t.Errorf("untaken and red: %v, «Важные» must not have it (R-018)", got)
	}
	off := anna
	off.Hours = &Hours{} // never
	if got := groups(off, 1); got != nil {
		t.Errorf("out of hours: %v (R-028)", got)
	}
	k.do(after(1), reply(anna, "Добрый день"))
	if got := groups(anna, 2); !slices.Equal(got, []Group{Mine, All}) {
		t.Errorf("own: %v", got)
	}
	if got := groups(oleg, 2); !slices.Equal(got, []Group{All}) {
		t.Errorf("a colleague's: %v", got)
	}
	k.do(after(3), Transfer{By: anna, To: oleg})
	if got := groups(oleg, 4); !slices.Equal(got, []Group{Mine, Important, All}) {
		t.Errorf("transferred to him: %v", got)
	}
	k.do(after(5), Leave{By: oleg, LastSeen: k.s.Seq, Tags: []string{"sale"}})
	if got := groups(oleg, 6); got != nil {
		t.Errorf("finished: %v", got)
	}
}

// D-14: dialogs of other departments are not there, unless assigned to him or he is senior.
func TestMaySee(t *testing.T) {
	k := newTalk(t)
	k.do(after(0), ChooseDepartment{ID: "sales", Name: "Продажи"})
	stranger := Operator{ID: "x", Level: LevelOperator, Departments: []string{"delivery"}, Online: true}
	if MaySee(k.s, stranger) || !MaySee(k.s, anna) || !MaySee(k.s, vera) {
		t.Error("department rule")
	}
	k.do(after(1), reply(anna, "Добрый день"))
	k.do(after(2), Transfer{By: anna, To: stranger})
	if !MaySee(k.s, stranger) {
		t.Error("his own dialog")
	}
	if MaySee(k.s, Operator{ID: "anna", Level: LevelView}) {
		t.Error("view level sees the log only")
	}
}

// R-057, D-15: transferred first, newest transfer first; then other red, longest wait first; then unanswered; then answered.
func TestRank(t *testing.T) {
	build := func(id string, f func(k *talk)) State {
		k := newTalk(t)
		k.s.ID = id
		f(k)
		return k.s
	}
	take := func(k *talk) {
		k.do(after(0), write("раз"))
		k.do(after(1), reply(oleg, "два"))
	}
	rows := []State{
		build("answered late", func(k *talk) { take(k); k.do(after(900), reply(oleg, "три")) }),
		build("answered early", take),
		build("waits short", func(k *talk) { take(k); k.do(after(990), write("три")) }),
		build("waits longer", func(k *talk) { take(k); k.do(after(980), write("три")) }),
		build("red short", func(k *talk) { take(k); k.do(after(100), write("три")) }),
		build("red long", func(k *talk) { k.do(after(0), write("раз")) }),
		build("transferred old", func(k *talk) {
			k.do(after(0), write("раз"))
			k.do(after(1), reply(anna, "два"))
			k.do(after(2), Transfer{By: anna, To: oleg})
		}),
		build("transferred new", func(k *talk) {
			k.do(after(0), write("раз"))
			k.do(after(1), reply(anna, "два"))
			k.do(after(3), Transfer{By: anna, To: oleg})
		}),
	}
	sort.Slice(rows, func(i, j int) bool {
		return Rank(rows[i], Red(rows[i], oleg, settings, after(1000))) < Rank(rows[j], Red(rows[j], oleg, settings, after(1000)))
	})
	var got []string
	for _, r := range rows {
		got = append(got, r.ID)
	}
	want := []string{"transferred new", "transferred old", "red long", "red short", "waits longer", "waits short", "answered late", "answered early"}
	if !slices.Equal(got, want) {
		t.Errorf("order %v\nwant  %v", got, want)
	}
}

// D-12: own and untaken dialogs count, colleagues' do not.
func TestDot(t *testing.T) {
	k := newTalk(t)
	k.do(after(0), write("раз"))
	dot := func(o Operator, s float64, unread int64) Dot {
		return DotOf(k.s, o, Red(k.s, o, k.set, after(s)), unread, after(s))
	}
	if got := dot(anna, 1, 1); got != DotBlue {
		t.Errorf("new: %s", got)
	}
	if got := dot(anna, 181, 0); got != DotRed {
		t.Errorf("untaken too long: %s", got)
	}
	k.do(after(182), reply(oleg, "два"))
	if got := dot(oleg, 183, 0); got != DotNone {
		t.Errorf("answered: %s", got)
	}
	k.do(after(184), write("три"))
	if got := dot(oleg, 185, 0); got != DotBlue {
		t.Errorf("read, not answered: %s (R-011)", got)
	}
	if got := dot(anna, 999, 1); got != DotNone {
		t.Errorf("a colleague's: %s", got)
	}
}

// D-72: whose reading is told to the visitor: of an untaken dialog that of everybody who may take it, then the assignee's.
func TestReadingCounts(t *testing.T) {
	k := newTalk(t)
	stranger := Operator{ID: "x", Level: LevelOperator, Departments: []string{"delivery"}, Online: true}
	check := func(when string, who Operator, want bool) {
		t.Helper()
		if got := ReadingCounts(k.s, who); got != want {
			t.Errorf("%s, %s: %v", when, who.ID, got)
		}
	}
	check("before anything", anna, false)
	k.do(after(0), ChooseDepartment{ID: "sales", Name: "Продажи"})
	check("untaken", anna, true)
	check("untaken", oleg, true)
	check("untaken", stranger, false)
	k.do(after(1), reply(anna, "Добрый день"))
	check("taken", anna, true)
	check("taken", oleg, false)
	check("taken", vera, false)
	k.do(after(2), Transfer{By: anna, To: oleg})
	check("handed over", anna, false)
	check("handed over", oleg, true)
	k.do(after(3), Leave{By: oleg, Tags: []string{"sale"}, LastSeen: k.s.Seq})
	check("ended", oleg, false)
}
