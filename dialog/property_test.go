package dialog

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// world is a random conversation with a model of its workflow: one timer at armed, which looks at the row when it fires.
type world struct {
	*talk
	now       time.Time
	armed     time.Time // zero: no timer
	operators []Operator
}

func newWorld(t *rapid.T) *world {
	w := &world{talk: &talk{t: t, s: State{ID: "dialog"}, set: settings}, now: t0, operators: []Operator{anna, oleg, vera}}
	w.set.Tagging = rapid.Bool().Draw(t, "tagging")
	w.set.Rating = rapid.Bool().Draw(t, "rating")
	w.set.Form.Enabled = rapid.Bool().Draw(t, "form")
	w.set.LongWait = time.Duration(rapid.IntRange(30, 3600).Draw(t, "longWait")) * time.Second
	return w
}

func (w *world) command(t *rapid.T) Command {
	by := rapid.SampledFrom(w.operators).Draw(t, "by")
	if rapid.IntRange(0, 3).Draw(t, "off") == 0 {
		by.Hours = &Hours{} // never at work
	}
	if w.s.Open() && w.s.Session.AssigneeID == by.ID {
		by.OpenDialogs = 1
	}
	tags := [][]string{nil, {}, {"sale"}, {"sale", "lead"}, {"unknown"}}
	switch rapid.IntRange(0, 13).Draw(t, "command") {
	case 11:
		return RequestContacts{By: by, SeenSeq: w.s.Seq}
	case 12:
		return EditCard{By: by, Field: CardComment, Value: "комментарий"}
	case 13:
		return WithdrawConsent{By: Operator{ID: "admin", Level: LevelAdmin}}
	case 9:
		if rapid.Bool().Draw(t, "from a list") {
			return Block{}
		}
		return Block{By: by, Listed: rapid.Bool().Draw(t, "listed")}
	case 10:
		c := Unblock{Listed: rapid.Bool().Draw(t, "listed"), Still: rapid.Bool().Draw(t, "still")}
		if rapid.Bool().Draw(t, "by hand") {
			c.By = by
		}
		return c
	case 0, 1:
		return VisitorMessage{Arrival: Arrival{IP: rapid.SampledFrom([]string{"", ip1, ip2}).Draw(t, "ip"),
			Blocked: rapid.IntRange(0, 4).Draw(t, "blocked") == 0}, Text: "текст"}
	case 2:
		return ChooseDepartment{ID: rapid.SampledFrom([]string{"sales", "delivery"}).Draw(t, "dep"), Name: "x"}
	case 3:
		return SubmitForm{Phone: "+79000001842", Consent: rapid.Bool().Draw(t, "consent")}
	case 4, 5:
		return reply(by, "ответ")
	case 6:
		return Transfer{By: by, To: rapid.SampledFrom(w.operators).Draw(t, "to")}
	case 7:
		return Leave{By: by, LastSeen: w.s.Seq - int64(rapid.IntRange(0, 1).Draw(t, "unseen")), Tags: rapid.SampledFrom(tags).Draw(t, "tags")}
	default:
		id := "none"
		if w.s.Session != nil {
			id = w.s.Session.ID
		}
		return Rate{SessionID: id, Stars: rapid.IntRange(0, 6).Draw(t, "stars")}
	}
}

// signal is what the workflow does when a signal reaches it: keep an earlier timer, else arm the next deadline.
func (w *world) signal() {
	next, ok := NextDeadline(w.s, w.set)
	if ok && (!w.armed.After(w.now) || next.At.Before(w.armed)) {
		w.armed = next.At
	}
}

// pass lets time go by; the timer fires on the way.
func (w *world) pass(to time.Time) {
	for w.armed.After(w.now) && !w.armed.After(to) {
		w.now, w.armed = w.armed, time.Time{}
		for w.due(w.now) == Done {
		}
		w.signal()
	}
	w.now = to
}

// Promise: every deadline is kept, although not every message is a signal.
func TestNoDeadlineIsMissed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			w.pass(w.now.Add(time.Duration(rapid.IntRange(0, 400_000).Draw(t, "ms")) * time.Millisecond))
			before, c := w.s, w.command(t)
			if ch, err := w.try(w.now, c); err == nil {
				w.take(ch)
				if NeedsSignal(before, ch, c, w.set, w.armed, w.now) != NoSignal {
					w.signal()
				}
			}
			next, ok := NextDeadline(w.s, w.set)
			if !ok && next != (Deadline{}) {
				t.Fatalf("no deadline, yet %+v", next)
			}
			if ok && !next.At.After(w.now) {
				t.Fatalf("%+v is past and was not pushed, now %v", next, w.now)
			}
			if ok && (!w.armed.After(w.now) || w.armed.After(next.At)) {
				t.Fatalf("%+v would be missed: armed %v, now %v", next, w.armed, w.now)
			}
		}
	})
}

// What holds of the log and the state after any sequence of commands.
func TestInvariants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			w.now = w.now.Add(time.Duration(rapid.IntRange(-5, 300_000).Draw(t, "ms")) * time.Millisecond) // clocks step back, too
			before, c := w.s.clone(), w.command(t)
			ch, err := w.try(w.now, c)
			if !reflect.DeepEqual(before, w.s.clone()) {
				t.Fatalf("%T changed the state it was given", c)
			}
			if r, isReply := c.(Reply); isReply && (err == nil) != (CanDo(w.s, r.By, w.now).Write == "") {
				t.Fatalf("CanDo %q, Decide %v", CanDo(w.s, r.By, w.now).Write, err)
			}
			checkContacts(t, w, c, err)
			if err == nil {
				w.take(ch)
			}
			checkLog(t, w)
			checkPendingForm(t, w)
			checkViews(t, w)
		}
	})
}

func checkLog(t *rapid.T, w *world) {
	var visitorSeq, visitorEvents, messages int64
	var last time.Time
	for i, e := range w.log {
		if e.Seq != int64(i+1) {
			t.Fatalf("seq %d at %d", e.Seq, i)
		}
		if !e.At.After(last) {
			t.Fatalf("times do not grow at seq %d", e.Seq)
		}
		last = e.At
		if e.Audience == AudienceOperator {
			if e.VisitorSeq != 0 {
				t.Fatalf("operator-only event in the visitor's sequence")
			}
		} else if visitorSeq++; e.VisitorSeq != visitorSeq {
			t.Fatalf("visitor_seq %d, want %d", e.VisitorSeq, visitorSeq)
		}
		if e.Author == ByVisitor {
			visitorEvents++
			if e.Kind == KindMessage {
				messages++
			}
		}
	}
	if w.s.VisitorEvents != visitorEvents || w.s.VisitorMessages != messages || w.s.VisitorSeq != visitorSeq {
		t.Fatalf("counters %+v", w.s)
	}
}

func checkViews(t *rapid.T, w *world) {
	if w.s.Blocked && (w.s.Waiting() || len(Marks(w.s)) > 0 || InBacklog(w.s)) { // D-67, D-51
		t.Fatalf("blocked, yet it waits, is red or counts in a queue: %+v", w.s)
	}
	for _, o := range w.operators {
		red := Red(w.s, o, w.set, w.now)
		groups := Groups(w.s, o, red, w.now)
		has := func(g Group) bool { return slices.Contains(groups, g) }
		if len(groups) > 0 && !has(All) || has(Important) && !has(Mine) || has(Mine) && has(Unassigned) {
			t.Fatalf("groups %v", groups)
		}
		if !w.s.Open() && (len(red) > 0 || len(groups) > 0) {
			t.Fatalf("a finished session is shown: %v %v", red, groups)
		}
		if n, ok := NextRed(w.s, o, w.set, w.now); ok {
			if got := Red(w.s, o, w.set, n.At.Add(-Tick)); slices.Contains(got, n.Reason) {
				t.Fatalf("red before its time")
			}
			if got := Red(w.s, o, w.set, n.At); !slices.Contains(got, n.Reason) {
				t.Fatalf("not red at its time: %+v", n)
			}
		}
	}
	if !w.s.Open() {
		return
	}
	if next, ok := NextDeadline(w.s, w.set); ok {
		if _, o, d := Due(w.s, Env{Now: next.At.Add(-Tick), Settings: w.set}); o != Wait || d != Tick {
			t.Fatalf("a tick early: %s %s", o, d)
		}
		if ch, o, _ := Due(w.s, Env{Now: next.At, Settings: w.set}); o != Done || reflect.DeepEqual(ch.State, w.s) {
			t.Fatalf("at its time: %s", o)
		}
	}
}

// red outranks blue, whatever the order of the dialogs.
func TestStrongerDot(t *testing.T) {
	dots := []Dot{DotNone, DotBlue, DotRed}
	for i, a := range dots {
		for j, b := range dots {
			if got, want := Stronger(a, b), dots[max(i, j)]; got != want {
				t.Errorf("Stronger(%s, %s) = %s", a, b, got)
			}
		}
	}
}

// checkContacts: the console offers the form and the card exactly when the server takes them.
func checkContacts(t *rapid.T, w *world, c Command, err error) {
	switch c := c.(type) {
	case RequestContacts:
		if may := CanDo(w.s, c.By, w.now).Write == "" && w.set.Form.Enabled; may != (err == nil) {
			t.Fatalf("CanDo and the setting say %v, Decide %v", may, err)
		}
	case EditCard:
		if can := CanDo(w.s, c.By, w.now).Edit; can != code(err) {
			t.Fatalf("CanDo %q, Decide %v", can, err)
		}
	}
}

// checkPendingForm: what stands open is the newest form that was sent and not answered since (D-34).
func checkPendingForm(t *rapid.T, w *world) {
	var seq, visitorSeq int64
	for _, e := range w.log {
		switch e.Kind {
		case KindFormRequest:
			seq, visitorSeq = e.Seq, e.VisitorSeq
		case KindForm:
			seq, visitorSeq = 0, 0
		}
	}
	if w.s.Session == nil {
		return
	}
	if got := w.s.Session; got.FormSeq != seq || got.FormVisitorSeq != visitorSeq {
		t.Fatalf("form %d, %d stands open; the log says %d, %d", got.FormSeq, got.FormVisitorSeq, seq, visitorSeq)
	}
}
