package dialog

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// untaken is a dialog that waits in a queue.
func untaken(t tester, department string) *talk {
	k := newTalk(t)
	k.set.Form.Enabled = true
	if department == "" {
		k.do(t0, write("кто-нибудь есть?"))
	} else {
		k.do(t0, ChooseDepartment{ID: department, Name: department})
	}
	return k
}

// offer is the backlog's offer under an open queue of n untaken dialogs.
func offer(n int) OfferContacts { return OfferContacts{Untaken: n, Open: true} }

// R-034, D-31: ten untaken and a long wait are both needed; strictly more than the setting; once per session.
func TestBacklogServesLongWaiters(t *testing.T) {
	at := after(60.000001) // settings.LongWait is 60 s
	for name, c := range map[string]struct {
		at      time.Time
		offer   OfferContacts
		prepare func(*talk)
	}{
		"nine untaken":        {at, offer(9), nil},
		"exactly the limit":   {after(60), offer(10), nil},
		"out of hours (D-13)": {at, OfferContacts{Untaken: 10}, nil},
		"taken":               {at, offer(10), func(k *talk) { k.do(after(1), reply(anna, "слушаю")) }},
		"blocked (D-51)":      {at, offer(10), func(k *talk) { k.s.Blocked = true }},
		"already served":      {after(90), offer(10), func(k *talk) { k.do(at, offer(10)) }},
		"served, then the backlog ended and came back": {after(900), offer(10), func(k *talk) {
			k.do(at, offer(12))
			k.refused(after(120), offer(9), NotYet)
		}},
		"ended": {at, offer(10), func(k *talk) {
			k.do(after(1), reply(anna, "слушаю"))
			k.do(after(2), Leave{By: anna, LastSeen: k.s.Seq, Tags: []string{"sale"}})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			k := untaken(t, "sales")
			if c.prepare != nil {
				c.prepare(k)
			}
			k.refused(c.at, c.offer, NotYet)
		})
	}
	k := untaken(t, "sales")
	k.refused(after(60), offer(10), NotYet)
	ch := k.do(at, offer(10))
	if len(ch.Events) != 2 || ch.Events[0].Key != KeyBacklog || ch.Events[0].Audience != AudienceAll || ch.Events[1].Kind != KindFormRequest ||
		ch.Events[0].Author != BySystem || ch.Events[1].Author != BySystem {
		t.Errorf("message first, form second: %+v", ch.Events)
	}
	// A new session may be served again.
	k.do(after(70), reply(anna, "слушаю"))
	k.do(after(71), Leave{By: anna, LastSeen: k.s.Seq, Tags: []string{"sale"}})
	k.do(after(100), write("ещё вопрос"))
	k.do(after(161), offer(10))
}

// D-33: the automatic message stops no clock, claims nothing and is not unread.
func TestBacklogMessageIsNoAnswer(t *testing.T) {
	k := untaken(t, "")
	before := k.s.clone()
	ch := k.do(after(61), offer(10))
	if !k.s.Session.WaitingSince.Equal(t0) || k.s.Session.AssigneeID != "" || ch.Claimed || k.s.TurnNo != before.TurnNo ||
		k.s.VisitorEvents != before.VisitorEvents || !k.s.Session.LastMessageAt.Equal(before.Session.LastMessageAt) {
		t.Errorf("before %+v, after %+v", before, k.s)
	}
	if NeedsSignal(before, ch, offer(10), k.set, time.Time{}, after(61)) != NoSignal {
		t.Error("the dialog's workflow is told of it")
	}
	if red := Red(k.s, anna, k.set, after(180.000001)); !slices.Equal(red, []Reason{Unclaimed}) {
		t.Errorf("red %v after three minutes", red)
	}
}

// D-31: an open form is moved under the message, also of who left contacts already; without forms it is the message alone.
func TestBacklogForm(t *testing.T) {
	k := untaken(t, "")
	k.State(func(s *State) { s.Session.FormSeq, s.Session.FormVisitorSeq = 1, 1 })
	k.do(after(61), offer(10))
	if k.s.Session.FormSeq != k.s.Seq || k.s.Session.FormVisitorSeq != k.s.VisitorSeq {
		t.Errorf("the open form is %d of %d", k.s.Session.FormSeq, k.s.Seq)
	}
	k = untaken(t, "")
	k.do(after(10), SubmitForm{Phone: "+79000001842", Consent: true})
	if ch := k.do(after(61), offer(10)); len(ch.Events) != 2 {
		t.Errorf("who left contacts gets both, too: %+v", ch.Events)
	}
	k = untaken(t, "")
	k.set.Form.Enabled = false
	if ch := k.do(after(61), offer(10)); len(ch.Events) != 1 || ch.Events[0].Key != KeyBacklog || k.s.Session.FormSeq != 0 {
		t.Errorf("the form is off: %+v", ch.Events)
	}
}

func (k *talk) State(change func(*State)) { change(&k.s) }

// office works from 9 to 18 on every day, in UTC.
func office() *Hours {
	h := &Hours{}
	for d := range h.Week {
		h.Week[d] = []Interval{{540, 1080}}
	}
	return h
}

// D-13, D-30, design 3: a queue is looked at when its next waiter crosses the limit and when it opens or closes.
func TestQueueLooks(t *testing.T) {
	day := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	at := func(h, m int) time.Time { return day.Add(time.Duration(h)*time.Hour + time.Duration(m)*time.Minute) }
	for _, c := range []struct {
		name    string
		untaken int
		hours   *Hours
		waiting time.Time // zero: everybody is served
		now     time.Time
		at      time.Time // zero: no look
		why     string
		due     bool
	}{
		{"no backlog", 9, nil, at(10, 0), at(10, 30), time.Time{}, "", false},
		{"all served, around the clock", 12, nil, time.Time{}, at(10, 0), time.Time{}, "", false},
		{"somebody waits", 10, nil, at(10, 0), at(10, 0), at(10, 1).Add(Tick), LongWaiter, false},
		{"somebody waits long", 10, nil, at(10, 0), at(10, 1).Add(Tick), at(10, 1).Add(Tick), LongWaiter, true},
		{"exactly the limit", 10, nil, at(10, 0), at(10, 1), at(10, 1).Add(Tick), LongWaiter, false},
		{"open: the waiter comes before the evening", 10, office(), at(10, 0), at(10, 0), at(10, 1).Add(Tick), LongWaiter, false},
		{"open: the evening comes first", 10, office(), at(17, 59).Add(time.Second), at(17, 59).Add(2 * time.Second), at(18, 0), ShiftBoundary, false},
		{"closed: whoever waits, waits for the opening", 10, office(), at(19, 0), at(20, 0), at(33, 0), ShiftBoundary, false},
		{"opening", 10, office(), at(19, 0), at(33, 0), at(19, 1).Add(Tick), LongWaiter, true},
		{"all served by day", 10, office(), time.Time{}, at(12, 0), at(18, 0), ShiftBoundary, false},
	} {
		q := Queue{Untaken: c.untaken, Waiting: c.waiting, LongWait: time.Minute, Calendar: Calendar{Widget: c.hours}}
		got, why, ok := q.LookAt(c.now)
		if !got.Equal(c.at) || why != c.why || ok != !c.at.IsZero() || q.Due(c.now) != c.due {
			t.Errorf("%s: %s at %v (%v), due %v", c.name, why, got, ok, q.Due(c.now))
		}
	}
}

// Promise: whatever a queue's workflow says it will do, a look that is due comes at most QueueOverdue late, as long as
// somebody asks NeedsWake.
func TestQueueIsAlwaysWokenInTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		minutes := func(name string) time.Duration {
			return time.Duration(rapid.IntRange(0, 3000).Draw(t, name)) * time.Minute
		}
		q := Queue{Untaken: rapid.IntRange(9, 11).Draw(t, "untaken"), LongWait: time.Minute, Calendar: Calendar{}}
		if rapid.Bool().Draw(t, "hours") {
			q.Calendar.Widget = office()
		}
		if rapid.Bool().Draw(t, "waits") {
			q.Waiting = t0.Add(minutes("waiting"))
		}
		var armed time.Time
		if rapid.Bool().Draw(t, "armed") {
			armed = t0.Add(minutes("armed until"))
		}
		now := t0.Add(minutes("now"))
		at, _, ok := q.LookAt(now)
		overdue := ok && now.After(at.Add(QueueOverdue))
		dead := armed.IsZero() || armed.After(at) || now.After(armed.Add(QueueOverdue)) // no workflow will look in time
		if ok && overdue && dead && !q.NeedsWake(armed, now) {
			t.Fatalf("%v is due since %v, armed %v, and nobody is woken", q, at, armed)
		}
		if !ok && q.NeedsWake(armed, now) || ok && armed.Equal(at) && !overdue && armed.After(now) && q.NeedsWake(armed, now) {
			t.Fatalf("woken for nothing: %v", q)
		}
	})
}

// R-036, D-32: the sum over the operator's queues of ten and more, as far as he may see them; nothing out of hours.
func TestBacklogOfAnOperator(t *testing.T) {
	queue := func(department string, n int) (out []State) {
		for range n {
			out = append(out, untaken(t, department).s)
		}
		return out
	}
	blocked := queue("sales", 1)
	blocked[0].Blocked = true
	taken := untaken(t, "sales")
	taken.do(after(1), reply(anna, "слушаю"))
	night := anna
	night.Hours = &Hours{}
	closed := oleg
	closed.Calendar.Departments = map[string]*Hours{"sales": {}}
	viewer := anna
	viewer.Level = LevelView
	away := anna
	away.Online = false
	for _, c := range []struct {
		name string
		who  Operator
		rows []State
		want int
	}{
		{"ten of his department", anna, queue("sales", 10), 10},
		{"nine", anna, queue("sales", 9), 0},
		{"ten of another department", anna, queue("delivery", 10), 0},
		{"ten of everybody's", anna, queue("", 10), 10},
		{"nine and nine", oleg, slices.Concat(queue("sales", 9), queue("delivery", 9)), 0},
		{"two queues: the sum", oleg, slices.Concat(queue("sales", 11), queue("delivery", 10), queue("", 9)), 21},
		{"senior sees all departments", vera, queue("sales", 12), 12},
		{"blocked visitors do not count (D-51)", anna, slices.Concat(queue("sales", 9), blocked), 0},
		{"taken ones do not count", anna, append(queue("sales", 9), taken.s), 0},
		{"out of his hours", night, queue("sales", 10), 0},
		{"one of two departments is closed", closed, slices.Concat(queue("sales", 10), queue("delivery", 10)), 10},
		{"«Не в сети»", away, queue("sales", 10), 0},
		{"who may only look", viewer, queue("sales", 10), 0},
	} {
		if got := Backlog(slices.Values(c.rows), c.who, settings, after(10)).Untaken; got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

// D-21: closed outranks nobody there; who is there must be one who would see the dialog now.
func TestAttendance(t *testing.T) {
	shut := Calendar{Widget: &Hours{}, Departments: map[string]*Hours{"delivery": {}}}
	open := Calendar{}
	at := func(c Calendar, ops ...Operator) []Operator {
		out := slices.Clone(ops)
		for i := range out {
			out[i].Calendar = c
		}
		return out
	}
	night := anna
	night.Hours = &Hours{}
	viewer := anna
	viewer.Level = LevelView
	for _, c := range []struct {
		name       string
		department string
		calendar   Calendar
		online     []Operator
		want       Unattended
	}{
		{"somebody is there", "", open, []Operator{anna}, Attended},
		{"nobody is", "", open, nil, NobodyOnline},
		{"closed, though somebody is there", "", shut, []Operator{anna}, OutsideHours},
		{"the department is open, the widget closed", "sales", shut, []Operator{anna}, Attended},
		{"the department is closed", "delivery", shut, []Operator{oleg}, OutsideHours},
		{"only one of another department", "delivery", open, []Operator{anna}, NobodyOnline},
		{"a senior sees all departments", "sales", open, []Operator{vera}, Attended},
		{"only one who is off", "", open, []Operator{night}, NobodyOnline},
		{"only one who may just look", "", open, []Operator{viewer}, NobodyOnline},
	} {
		if got := Attendance(c.department, c.calendar, at(c.calendar, c.online...), t0); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// D-21: told at the start of a session, once, with the form unless it was just sent; the dialog waits all the same.
func TestUnattendedStart(t *testing.T) {
	form := SubmitForm{Phone: "+79000001842", Consent: true}
	for _, c := range []struct {
		name  string
		start Command
		why   Unattended
		want  []string
	}{
		{"message, closed", write("есть кто?"), OutsideHours, []string{"message", KeyClosed, "form_request"}},
		{"message, nobody online", write("есть кто?"), NobodyOnline, []string{"message", KeyOffline, "form_request"}},
		{"message, somebody is there", write("есть кто?"), Attended, []string{"message"}},
		{"department, closed", ChooseDepartment{ID: "sales", Name: "Продажи"}, OutsideHours, []string{"department", KeyClosed, "form_request"}},
		{"form, nobody online", form, NobodyOnline, []string{"form", KeyFormFilled, KeyOffline}},
	} {
		k := newTalk(t)
		k.set.Form.Enabled = true
		k.do(t0, WithAttendance(c.start, c.why))
		k.do(after(5), WithAttendance(write("ау"), c.why)) // once
		if got := entries(k.log[:len(k.log)-1]); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
		if !k.s.Waiting() || !InBacklog(k.s) || k.s.Session.Unattended != c.why {
			t.Errorf("%s: %+v", c.name, k.s.Session)
		}
		if _, asked := NeedsAttendance(k.s, c.start); asked {
			t.Errorf("%s: asked again in an open session", c.name)
		}
	}
	for c, want := range map[Command]string{write("x"): "", ChooseDepartment{ID: "sales"}: "sales"} {
		if got, asked := NeedsAttendance(State{}, c); !asked || got != want {
			t.Errorf("%T: %q %v", c, got, asked)
		}
	}
	if _, asked := NeedsAttendance(State{}, Reply{}); asked {
		t.Error("asked for an operator's command")
	}
}

func entries(log []Event) (out []string) {
	for _, e := range log {
		if e.Kind == KindSystem {
			out = append(out, e.Key)
		} else {
			out = append(out, string(e.Kind))
		}
	}
	return out
}

// D-61: of what the system says, only three messages come by themselves; the rest follows a person's act.
func TestAutomaticMessages(t *testing.T) {
	automatic := []string{}
	for _, c := range []Command{WithAttendance(write("x"), OutsideHours), WithAttendance(write("x"), NobodyOnline)} {
		k := newTalk(t)
		k.do(t0, c)
		k.do(after(60.000001), offer(10))
		for k.due(after(4000)) == Done {
		}
		for _, e := range k.log {
			if e.Author == BySystem && e.Key != "" && !slices.Contains(automatic, e.Key) {
				automatic = append(automatic, e.Key)
			}
		}
	}
	slices.Sort(automatic)
	if want := []string{KeyBacklog, KeyClosed, KeyOffline}; !slices.Equal(automatic, want) {
		t.Errorf("comes by itself: %q, want %q", automatic, want)
	}
}

// R-035, D-07: changed settings take back a mark that is not due any more, and wake a workflow that would look too late.
func TestResettle(t *testing.T) {
	overdue := func(longWait time.Duration) *talk { // taken, the visitor waits since second 10
		k := newTalk(t)
		k.set.LongWait = longWait
		k.do(t0, write("вопрос"))
		k.do(after(5), reply(anna, "да?"))
		k.do(after(10), write("ещё"))
		return k
	}
	for _, c := range []struct {
		name            string
		from, to, armed float64 // seconds; armed after t0, 0: not
		now             float64
		marked          bool
		signal          Signal
		next            float64
	}{
		{"longer, before it is red", 60, 120, 70.000001, 30, false, NoSignal, 130.000001},
		{"longer, while it is red", 60, 120, 0, 75, false, SignalStart, 130.000001},
		{"longer, but red by the new one, too", 60, 120, 0, 140, true, NoSignal, 0},
		{"shorter", 120, 60, 130.000001, 30, false, SignalStart, 70.000001},
		{"shorter, and red at once", 120, 60, 130.000001, 90, false, SignalStart, 70.000001},
		{"the same", 60, 60, 70.000001, 30, false, NoSignal, 70.000001},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := overdue(time.Duration(c.from) * time.Second)
			k.due(after(c.now))
			k.set.LongWait = time.Duration(c.to) * time.Second
			armed := time.Time{}
			if c.armed > 0 {
				armed = after(c.armed)
			}
			s, signal := Resettle(k.s, k.set, armed, after(c.now))
			next, ok := NextDeadline(s, k.set)
			if s.Session.OverdueMarked != c.marked || signal != c.signal || ok != (c.next > 0) || ok && !next.At.Equal(after(c.next)) {
				t.Errorf("marked %v, signal %v, next %v", s.Session.OverdueMarked, signal, next)
			}
		})
	}
}

// D-40: both sides get their text, the operator's in the name of whose dialog it was; the rating is offered.
func TestAutomaticClosingTexts(t *testing.T) {
	k := newTalk(t)
	k.set.AutoClose, k.set.Tagging = 5*time.Minute, false
	k.do(t0, write("вопрос"))
	k.do(after(10), reply(anna, "ответ"))
	ch, o, _ := Due(k.s, Env{Now: after(311), Settings: k.set, AssigneeName: anna.Name})
	if o != Done || fmt.Sprint(entries(ch.Events)) != fmt.Sprint([]string{KeyEndedVisitor, KeyEndedOperator}) ||
		ch.Events[1].Params["name"] != anna.Name || ch.Events[1].Audience != AudienceOperator || ch.Events[0].Audience != AudienceVisitor {
		t.Errorf("%s: %+v", o, ch.Events)
	}
	if ses := ch.State.Session; ses.ClosedBy != "" || !ses.RatingUntil.Equal(after(311).Add(k.set.RatingPrompt)) {
		t.Errorf("closed by %q, rating until %v", ses.ClosedBy, ses.RatingUntil)
	}
}

// R-035, D-07: the setting changed from 60 to 120 s moves both effects, red of a taken dialog and the backlog's message,
// from more than 60 s to more than 120 s.
func TestLongWaitMovesBothEffects(t *testing.T) {
	k := newTalk(t)
	k.do(t0.Add(-time.Minute), write("здравствуйте"))
	k.do(t0.Add(-30*time.Second), reply(anna, "слушаю"))
	k.do(t0, write("жду"))
	for _, limit := range []time.Duration{60 * time.Second, 120 * time.Second} {
		k.set.LongWait = limit
		q := Queue{Untaken: BacklogSize, Waiting: t0, LongWait: limit}
		for _, c := range []struct {
			at   time.Time
			want bool
		}{{t0.Add(limit - time.Second), false}, {t0.Add(limit), false}, {t0.Add(limit + Tick), true}, {t0.Add(limit + time.Second), true}} {
			if red := len(Red(k.s, anna, k.set, c.at)) > 0; red != c.want {
				t.Errorf("limit %s, after %s: red %v", limit, c.at.Sub(t0), red)
			}
			if due := q.Due(c.at); due != c.want {
				t.Errorf("limit %s, after %s: message %v", limit, c.at.Sub(t0), due)
			}
		}
	}
}

// D-71: whom an untaken dialog comes from, as a backlog counts.
func TestOrigin(t *testing.T) {
	for ip, want := range map[string]string{
		"203.0.113.7": "203.0.113.7/32", "2001:db8:0:1:a::1": "2001:db8:0:1::/64", "2001:db8:0:1:b::2": "2001:db8:0:1::/64",
		"": "", "127.0.0.1": "", "10.1.2.3": "", "172.31.0.1": "", "192.168.1.1": "", "169.254.0.1": "", "::1": "", "fd00::1": "", "fe80::1": "",
	} {
		origin, ok := Origin(ip)
		if got := origin.String(); ok != (want != "") || ok && got != want {
			t.Errorf("%q: %s %v, want %q", ip, got, ok, want)
		}
	}
}

// D-71, R-036: ten dialogs from one address are no backlog; seven people more are one, and the number is of all who wait.
func TestBacklogOfOneAddress(t *testing.T) {
	backlog := func(ips ...string) int {
		var crowd []State
		for _, ip := range ips {
			k := untaken(t, "")
			k.s.Session.IP = ip
			crowd = append(crowd, k.s)
		}
		return Backlog(slices.Values(crowd), anna, settings, after(10)).Untaken
	}
	fakes := slices.Repeat([]string{"203.0.113.7"}, 12)
	people := []string{"198.51.100.1", "198.51.100.2", "198.51.100.3", "2001:db8:0:1::1", "2001:db8:0:2::1", "198.51.100.4", "198.51.100.5"}
	for want, ips := range map[int][]string{
		0:  fakes,
		19: append(slices.Clone(fakes), people...),
		10: slices.Repeat([]string{"10.0.0.1"}, 10), // a proxy's address tells nobody apart
	} {
		if got := backlog(ips...); got != want {
			t.Errorf("%d of %d dialogs, want %d", got, len(ips), want)
		}
	}
	if got := backlog(append(slices.Clone(fakes), people[1:]...)...); got != 0 {
		t.Errorf("nine count, and %d is told", got)
	}
}

// R-034, D-31, D-07: the next form of a backlog comes when the setting says, whatever turns red after three minutes; to who
// was served, in a queue that is none, and with the form switched off, none is announced.
func TestNextOffer(t *testing.T) {
	crowd := func(department string, ips ...string) []State {
		var out []State
		for i, ip := range ips {
			k := newTalk(t)
			k.do(after(float64(i)), write("Здравствуйте"))
			k.s.Session.DepartmentID, k.s.Session.IP = department, ip
			out = append(out, k.s)
		}
		return out
	}
	ten := crowd("sales", slices.Repeat([]string{""}, 10)...)
	set := settings
	for longWait, want := range map[time.Duration]time.Time{
		60 * time.Second:  after(60).Add(Tick),
		600 * time.Second: after(600).Add(Tick),
	} {
		set.LongWait = longWait
		w := Backlog(slices.Values(ten), anna, set, after(10))
		if !w.OfferAt.Equal(want) || !slices.Equal(w.Queues, []string{"sales"}) {
			t.Errorf("at %s: %+v", longWait, w)
		}
		offer, ok := OfferTo(ten[0], set, Calendar{})
		if !ok || offer != (Offer{"sales", want}) {
			t.Errorf("at %s: %+v %v", longWait, offer, ok)
		}
	}
	set = settings
	if w := Backlog(slices.Values(ten), anna, set, after(63.5)); !w.OfferAt.Equal(after(64).Add(Tick)) {
		t.Errorf("four have had theirs by now: %+v", w)
	}
	served := slices.Clone(ten)
	ses := *served[0].Session
	ses.OfferedAt = after(61)
	served[0].Session = &ses
	if _, ok := OfferTo(served[0], set, Calendar{}); ok {
		t.Error("once per session")
	}
	if w := Backlog(slices.Values(served), anna, set, after(10)); w.Untaken != 10 || !w.OfferAt.Equal(after(61).Add(Tick)) {
		t.Errorf("one was served: %+v", w)
	}
	none := func(what string, rows []State, o Operator, set Settings) {
		t.Helper()
		if w := Backlog(slices.Values(rows), o, set, after(10)); !w.OfferAt.IsZero() {
			t.Errorf("%s: %+v", what, w)
		}
	}
	none("nine, and nine of another", slices.Concat(ten[1:], crowd("delivery", slices.Repeat([]string{""}, 9)...)), oleg, set)
	none("ten from one address (D-71)", crowd("sales", slices.Repeat([]string{"203.0.113.7"}, 10)...), anna, set)
	off := set
	off.Form.Enabled = false
	none("switched off (D-34)", ten, anna, off)
	closing := anna
	closing.Calendar = Calendar{Departments: map[string]*Hours{"sales": {Week: [7][]Interval{6: {{From: 0, To: 9*60 + 1}}}}}} // t0 is a Sunday, 9:00
	if w := Backlog(slices.Values(ten), closing, set, after(10)); w.Untaken != 10 || !w.OfferAt.IsZero() {
		t.Errorf("the queue closes before (D-13): %+v", w)
	}
	if _, ok := OfferTo(ten[0], set, closing.Calendar); ok {
		t.Error("the queue closes before (D-13)")
	}
	common := Calendar{Off: []string{"sales"}}
	if offer, _ := OfferTo(ten[0], set, common); offer.Queue != "" {
		t.Errorf("a department that is switched off (D-70): %+v", offer)
	}
	five := anna
	five.Calendar = common
	if w := Backlog(slices.Values(slices.Concat(ten[:5], crowd("", slices.Repeat([]string{""}, 5)...))), five, set, after(10)); !slices.Equal(w.Queues, []string{""}) || !w.OfferAt.Equal(after(60).Add(Tick)) {
		t.Errorf("five of it and five of the common queue (D-70): %+v", w)
	}
	mine := crowd("sales", "")[0]
	mine.Session.AssigneeID = "anna"
	if _, ok := OfferTo(mine, set, Calendar{}); ok {
		t.Error("taken")
	}
}
