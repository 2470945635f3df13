package dialog

import (
	"slices"
	"testing"
	"time"
)

// D-05, D-07: at exactly 180.000 s not red, after it red for everybody who may take it, whatever the setting is.
func TestUntakenTurnsRedAfterThreeMinutes(t *testing.T) {
	for _, longWait := range []time.Duration{30 * time.Second, 600 * time.Second} {
		k := newTalk(t)
		k.set.LongWait = longWait
		k.do(after(0), ChooseDepartment{ID: "sales", Name: "Продажи"})
		for _, o := range []Operator{anna, oleg} {
			if got := Red(k.s, o, k.set, after(180)); got != nil {
				t.Errorf("%s at 180.000 s: %v", o.ID, got)
			}
			if got := Red(k.s, o, k.set, after(180).Add(Tick)); !slices.Equal(got, []Reason{Unclaimed}) {
				t.Errorf("%s after 180 s: %v", o.ID, got)
			}
		}
		stranger := Operator{ID: "x", Level: LevelOperator, Departments: []string{"delivery"}}
		if got := Red(k.s, stranger, k.set, after(999)); got != nil {
			t.Errorf("a stranger sees %v", got)
		}
		if o := k.due(after(180)); o != Wait {
			t.Errorf("due at 180.000 s: %s", o)
		}
		if o := k.due(after(180).Add(Tick)); o != Done || !k.s.Session.UnclaimedMarked {
			t.Errorf("due after 180 s: %s", o)
		}
		if o := k.due(after(500)); o != Obsolete {
			t.Errorf("fired twice: %s", o)
		}
		k.do(after(600), reply(anna, "Добрый день")) // D-10
		if Marks(k.s) != nil || Red(k.s, oleg, k.set, after(600)) != nil {
			t.Error("still red after the claim")
		}
	}
}

// R-042, D-09: a taken dialog turns red for its assignee alone, after the setting.
func TestLongWait(t *testing.T) {
	k := newTalk(t)
	k.do(after(0), write("Здравствуйте"))
	k.do(after(1), reply(anna, "Добрый день"))
	k.do(after(10), write("Вопрос"))
	if got := Red(k.s, anna, k.set, after(70)); got != nil {
		t.Errorf("at 60.000 s: %v", got)
	}
	if got := Red(k.s, anna, k.set, after(70).Add(Tick)); !slices.Equal(got, []Reason{Overdue}) {
		t.Errorf("after 60 s: %v", got)
	}
	if got := Red(k.s, vera, k.set, after(999)); got != nil {
		t.Errorf("a colleague sees %v", got)
	}
	n, ok := NextRed(k.s, anna, k.set, after(20))
	if !ok || n.Reason != Overdue || !n.At.Equal(after(70).Add(Tick)) || !n.From.Equal(after(10)) {
		t.Errorf("next %+v %v", n, ok)
	}
	if k.due(after(71)) != Done {
		t.Error("not done")
	}
	detail := k.audit[len(k.audit)-1].Detail
	if detail["late_us"] != int64(999_999) {
		t.Errorf("lateness %v", detail)
	}
	k.do(after(72), reply(anna, "Ответ"))
	k.do(after(80), write("Ещё")) // a new wait can make it red again
	if d, ok := NextDeadline(k.s, k.set); !ok || d.Kind != LongWait || !d.At.Equal(after(140).Add(Tick)) {
		t.Errorf("next wait %+v %v", d, ok)
	}
}

// D-40: automatic closing ends answered sessions only, and never around the tag gate.
func TestAutomaticClosing(t *testing.T) {
	k := newTalk(t)
	k.set.AutoClose = 10 * time.Minute
	k.do(after(0), write("Здравствуйте"))
	k.do(after(1), reply(anna, "Добрый день"))
	if _, ok := NextDeadline(k.s, k.set); ok {
		t.Error("closes around the tag gate")
	}
	k.do(after(2), SetTags{By: anna, Tags: []string{"sale"}})
	if d, ok := NextDeadline(k.s, k.set); !ok || d.Kind != AutoClosing || !d.At.Equal(k.s.Session.LastMessageAt.Add(10*time.Minute)) {
		t.Errorf("%+v %v", d, ok)
	}
	if k.due(after(602)) != Done || k.s.Open() {
		t.Error("did not close")
	}
}

// closes checks when the dialog closes by itself; zero: never.
func (k *talk) closes(t *testing.T, what string, want time.Time) {
	t.Helper()
	if got := ClosesAt(k.s, k.set); !got.Equal(want) {
		t.Errorf("%s: closes at %v, want %v", what, got, want)
	}
}

// D-40, D-08: a contact request is an answer: automatic closing counts from it, also where nobody has written a message.
// What D-53 calls the last message stays what it is.
func TestAutomaticClosingCountsFromTheContactRequest(t *testing.T) {
	k := newTalk(t)
	k.set.AutoClose, k.set.Tagging, k.set.Form.Enabled = 5*time.Minute, false, true
	k.do(after(0), write("Здравствуйте"))
	k.closes(t, "unanswered", time.Time{})
	k.do(after(360), RequestContacts{By: anna, SeenSeq: -1})
	if o := k.due(after(361)); o == Done || !k.s.Open() {
		t.Fatalf("a second after the request: %s", o)
	}
	k.closes(t, "requested", k.s.Session.QuietSince.Add(5*time.Minute))
	if q := k.s.Session.QuietSince; q.Before(after(360)) || !k.s.Session.LastMessageAt.Equal(after(0)) {
		t.Errorf("quiet since %v, last message %v", q, k.s.Session.LastMessageAt)
	}
	k.do(after(400), write("Не хочу"))
	k.closes(t, "written", time.Time{})

	k = newTalk(t)
	k.set.AutoClose, k.set.Tagging, k.set.Form.Enabled = 5*time.Minute, false, true
	k.do(after(0), ChooseDepartment{ID: "sales", Name: "Продажи"})
	k.do(after(10), RequestContacts{By: anna, SeenSeq: -1})
	k.closes(t, "without a message", k.s.Session.QuietSince.Add(5*time.Minute))
	if k.due(after(311)) != Done || k.s.Open() {
		t.Error("a dialog without a message does not close")
	}
}

// D-40, D-67: a block answers nothing: taken back, an unanswered dialog does not close, and an answered one has the whole
// time again, whoever took the block back.
func TestAutomaticClosingAfterABlock(t *testing.T) {
	for name, free := range map[string]Command{
		"by the operator": Unblock{By: anna, Listed: true}, "by a list": Unblock{},
		"by another address": Appear{Arrival{IP: ip2}}, "by what he sends": SubmitForm{Arrival: Arrival{IP: ip2}, Phone: "+79000001842", Consent: true},
	} {
		k := newTalk(t)
		k.set.AutoClose, k.set.Tagging = 5*time.Minute, false
		k.do(after(0), writeFrom(ip1, "Здравствуйте"))
		k.do(after(1), reply(anna, "Добрый день"))
		k.do(after(10), Block{By: anna})
		k.closes(t, name+": blocked", time.Time{})
		k.do(after(400), free)
		k.closes(t, name+": answered", after(700))

		k = newTalk(t)
		k.set.AutoClose, k.set.Tagging = 5*time.Minute, false
		k.do(after(0), writeFrom(ip1, "Здравствуйте"))
		k.do(after(1), reply(anna, "Добрый день"))
		k.do(after(2), writeFrom(ip1, "А доставка?"))
		k.do(after(10), Block{By: anna})
		k.do(after(400), free)
		k.closes(t, name+": unanswered", time.Time{})
		k.do(after(500), reply(anna, "Завтра"))
		k.closes(t, name+": then answered", k.s.Session.QuietSince.Add(5*time.Minute))
	}
}

// The rules of section 2.5 of the design: what is always sent, and when a turn is.
func TestNeedsSignal(t *testing.T) {
	k := newTalk(t)
	need := func(at time.Time, c Command, armed time.Time) Signal {
		t.Helper()
		before := k.s
		ch := k.do(at, c)
		return NeedsSignal(before, ch, c, k.set, armed, at)
	}
	if need(after(0), write("раз"), time.Time{}) != SignalStart {
		t.Error("a session start is always sent")
	}
	if need(after(1), write("два"), after(180)) != NoSignal {
		t.Error("a message that changes no turn needs none")
	}
	if need(after(2), reply(anna, "три"), after(180)) != SignalStart {
		t.Error("a claim is always sent")
	}
	if need(after(3), Transfer{By: anna, To: oleg}, after(180)) != SignalStart || need(after(4), Transfer{By: oleg, To: anna}, after(180)) != SignalStart {
		t.Error("a transfer is always sent")
	}
	if need(after(5), ChooseDepartment{ID: "delivery", Name: "Доставка"}, after(180)) != SignalStart {
		t.Error("a department is always sent")
	}
	if need(after(6), reply(anna, "ещё"), after(180)) != SignalStart {
		t.Error("the transfer's mark ended")
	}
	if need(after(130), write("четыре"), after(180)) != NoSignal {
		t.Error("the armed timer looks again before 190 s: no signal")
	}
	if need(after(131), reply(anna, "пять"), after(180)) != NoSignal {
		t.Error("an answer that ends no mark needs none")
	}
	if need(after(132), write("шесть"), after(200)) != SignalStart {
		t.Error("the deadline at 192 s is earlier than what is armed")
	}
	k.due(after(193))
	if need(after(194), reply(anna, "семь"), after(999)) != SignalStart {
		t.Error("an answer that ends a mark is sent")
	}
	if need(after(195), write("восемь"), after(195)) != SignalStart {
		t.Error("an armed time that has come is none")
	}
	if need(after(196), Leave{By: anna, LastSeen: k.s.Seq, Tags: []string{"sale"}}, time.Time{}) != SignalStart {
		t.Error("leaving is always sent")
	}
	if need(after(197), Rate{SessionID: k.s.Session.ID, Stars: 5}, time.Time{}) != SignalToRun {
		t.Error("a rating never starts a run")
	}
}
