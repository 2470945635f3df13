package dialog

import (
	"testing"
	"time"
)

const ip1, ip2 = "203.0.113.1", "2001:db8::2"

func writeFrom(ip, text string) VisitorMessage {
	return VisitorMessage{Arrival: Arrival{IP: ip}, Text: text}
}

// keysOf are the audiences and keys of the events of a change, in order.
func keysOf(ch Change) (keys []string) {
	for _, e := range ch.Events {
		keys = append(keys, string(e.Audience)+" "+e.Key)
	}
	return keys
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %v, want %v", what, got, want)
	}
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("%s: %v, want %v", what, got, want)
		}
	}
}

// what is blocked is the address of the current session, not of an earlier one; the last one seen in it (D-48).
func TestBlockTakesTheCurrentAddress(t *testing.T) {
	k := newTalk(t)
	k.set.Tagging, k.set.Rating = false, false
	k.do(after(0), writeFrom(ip1, "Здравствуйте"))
	k.do(after(1), reply(anna, "Добрый день"))
	k.do(after(2), Leave{By: anna, LastSeen: k.s.Seq})
	k.do(after(3), writeFrom(ip1, "Это снова я"))
	k.do(after(4), reply(anna, "Слушаю"))
	k.do(after(5), writeFrom(ip2, "Теперь с телефона"))
	ch := k.do(after(6), Block{By: anna})
	if l := ch.Listed; l == nil || *l != (Listed{IP: ip2, OperatorID: "anna", Add: true}) {
		t.Errorf("listed %+v", l)
	}
	if a := ch.Audit; len(a) != 1 || a[0].Action != "block" || a[0].OperatorID != "anna" || a[0].After["ip"] != ip2 || len(a[0].Detail) > 0 {
		t.Errorf("I-13: audit %+v", a)
	}
}

// R-084, D-48: where he was seen without saying anything counts, too; a listed address does not let him in, and what has
// ended keeps its address.
func TestBlockTakesTheAddressHeWasSeenAt(t *testing.T) {
	k := newTalk(t)
	k.do(after(0), writeFrom(ip1, "Здравствуйте"))
	k.do(after(1), Appear{Arrival{IP: "198.51.100.7", Blocked: true}})
	k.do(after(1), Appear{})
	if k.s.Session.IP != ip1 {
		t.Errorf("address %s", k.s.Session.IP)
	}
	before, seq := k.s, k.s.Seq
	ch := k.do(after(2), Appear{Arrival{IP: ip2}})
	if k.s.Seq != seq || len(ch.Audit) > 0 || !k.s.Waiting() || NeedsSignal(before, ch, Appear{}, k.set, after(999), after(2)) != NoSignal {
		t.Errorf("it is an event: %+v", ch)
	}
	if l := k.do(after(3), Block{By: anna}).Listed; l == nil || l.IP != ip2 {
		t.Errorf("listed %+v", l)
	}
	k.do(after(4), Appear{Arrival{IP: ip1}})
	if k.s.Session.IP != ip2 {
		t.Error("an ended session moved")
	}
}

// R-085, D-67: a taken dialog stays with its assignee, its clock stands still, it is not red and is left as ever; each
// side is told its own text.
func TestBlockTaken(t *testing.T) {
	k := newTalk(t)
	k.do(after(0), writeFrom(ip1, "Здравствуйте"))
	k.do(after(1), reply(anna, "Добрый день"))
	k.do(after(2), writeFrom(ip1, "Спам"))
	ch := k.do(after(3), Block{By: anna})
	same(t, "events", keysOf(ch), []string{"operator " + KeyBlocked, "visitor " + KeyBlockedVisitor})
	if ch.Events[0].Params["name"] != anna.Name || len(ch.Events[1].Params) > 0 {
		t.Errorf("M-20 names the operator, M-22 nobody: %+v", ch.Events)
	}
	if !k.s.Open() || k.s.Session.AssigneeID != "anna" || k.s.Waiting() {
		t.Errorf("state %+v", k.s.Session)
	}
	if _, ok := NextDeadline(k.s, k.set); ok {
		t.Error("a clock runs")
	}
	if red := Red(k.s, anna, k.set, after(9999)); len(red) > 0 {
		t.Errorf("red %v", red)
	}
	k.set.AutoClose = time.Minute
	if _, ok := NextDeadline(k.s, k.set); ok {
		t.Error("a blocked dialog closes by itself")
	}
	k.do(after(3.5), Transfer{By: anna, To: oleg})
	if red := Red(k.s, oleg, k.set, after(4)); len(red) > 0 {
		t.Errorf("handed over it is red: %v", red)
	}
	k.do(after(5), Leave{By: oleg, LastSeen: k.s.Seq, Tags: []string{"lead"}}) // as ever
	if k.s.Open() {
		t.Error("cannot be finished")
	}
}

// D-67, D-51: an untaken dialog ends with the block, without a tag though tags are required, without a rating, with
// the two texts only, and blocking claims nothing.
func TestBlockUntaken(t *testing.T) {
	k := newTalk(t)
	k.do(after(0), writeFrom(ip1, "Спам"))
	ch := k.do(after(200), Block{By: anna})
	same(t, "events", keysOf(ch), []string{"operator " + KeyBlocked, "visitor " + KeyBlockedVisitor})
	ses := k.s.Session
	if k.s.Open() || ses.ClosedBy != "anna" || ses.AssigneeID != "" || !ses.RatingUntil.IsZero() || ch.Claimed {
		t.Errorf("session %+v, claimed %v", ses, ch.Claimed)
	}
	if InBacklog(k.s) || len(Groups(k.s, anna, nil, after(200))) > 0 {
		t.Error("it is still in a queue")
	}
}

// nothing of a blocked visitor is accepted, whatever he sends; from another address he is another man.
func TestBlockedVisitorIsRefused(t *testing.T) {
	k := newTalk(t)
	k.do(after(0), writeFrom(ip1, "Здравствуйте"))
	k.do(after(1), reply(anna, "Добрый день"))
	k.do(after(2), Block{By: anna})
	blocked := Arrival{IP: ip1, Blocked: true}
	k.refused(after(3), VisitorMessage{Arrival: blocked, Text: "Ещё спам"}, Blocked)
	k.refused(after(3), ChooseDepartment{Arrival: blocked, ID: "sales", Name: "Продажи"}, Blocked)
	k.refused(after(3), SubmitForm{Arrival: blocked, Phone: "+79000001842", Consent: true}, Blocked)
	k.do(after(4), writeFrom(ip2, "А так?"))
	if k.s.Blocked || k.s.Session.IP != ip2 || !k.s.Waiting() {
		t.Errorf("from elsewhere: %+v %+v", k.s.Blocked, k.s.Session)
	}
}

// D-51: who may write or claim may block; the rules are those of the answer.
func TestWhoMayBlock(t *testing.T) {
	viewer, full, off := anna, anna, anna
	viewer.Level, full.OpenDialogs, off.Hours = LevelView, anna.Limit, &Hours{}
	k := newTalk(t)
	k.refused(after(0), Block{By: anna}, SessionClosed)
	k.do(after(0), write("Здравствуйте"))
	k.refused(after(1), Block{By: anna}, NoAddress)
	k.refused(after(1), Unblock{By: anna}, NoAddress)
	k.do(after(1), writeFrom(ip1, "Ещё"))
	k.refused(after(2), Block{By: viewer}, NotFound)
	k.refused(after(2), Block{By: full}, LimitReached)
	k.refused(after(2), Block{By: off}, OutsideWorkingHours)
	k.refused(after(2), Unblock{By: viewer}, NotFound)
	k.do(after(3), reply(anna, "Добрый день"))
	k.refused(after(4), Block{By: oleg}, NotAssignee)
	k.refused(after(4), Unblock{By: oleg}, NotAssignee)
	for _, o := range []Operator{anna, oleg, viewer} {
		_, err := k.try(after(5), Block{By: o})
		if can := CanDo(k.s, o, after(5)).Block; (can == "") != (err == nil) {
			t.Errorf("%s: can %q, decided %v", o.ID, can, err)
		}
	}
}

// R-089, D-67: unblocking lets him write at once, and the clock starts with what he writes next.
func TestUnblock(t *testing.T) {
	k := newTalk(t)
	k.do(after(0), writeFrom(ip1, "Здравствуйте"))
	k.do(after(1), reply(anna, "Добрый день"))
	k.do(after(2), writeFrom(ip1, "Спам"))
	k.do(after(3), Block{By: anna})
	ch := k.do(after(4), Unblock{By: anna, Listed: true})
	same(t, "events", keysOf(ch), []string{"operator " + KeyUnblocked})
	if l := ch.Listed; l == nil || *l != (Listed{IP: ip1, OperatorID: "anna"}) {
		t.Errorf("listed %+v", l)
	}
	if a := ch.Audit; len(a) != 1 || a[0].Action != "unblock" || a[0].Before["ip"] != ip1 {
		t.Errorf("I-13: audit %+v", a)
	}
	if k.s.Blocked || k.s.Waiting() {
		t.Errorf("blocked %v, waiting %v", k.s.Blocked, k.s.Waiting())
	}
	k.do(after(10), writeFrom(ip1, "Простите"))
	if !k.s.Session.WaitingSince.Equal(after(10)) {
		t.Errorf("waits since %v", k.s.Session.WaitingSince)
	}
}

// R-089, D-67: what ended with its block is unblocked by whoever may see it: a wrong press is taken back by the one who
// pressed, whoever may see the dialog, and nobody else. It stays ended.
func TestUnblockOfAnEndedDialog(t *testing.T) {
	viewer, stranger := anna, anna
	viewer.Level, stranger.Departments = LevelView, nil
	for _, c := range []struct {
		who  string
		by   Operator
		want Code
	}{
		{"who blocked", anna, ""},
		{"a colleague who may see it", oleg, ""},
		{"senior", vera, ""},
		{"level view", viewer, NotFound},
		{"of another department", stranger, NotFound},
	} {
		k := newTalk(t)
		k.do(after(0), ChooseDepartment{ID: "sales", Name: "Продажи"})
		k.do(after(1), writeFrom(ip1, "Здравствуйте"))
		k.do(after(2), Block{By: anna})
		ch, err := k.try(after(3), Unblock{By: c.by, Listed: true})
		if code(err) != c.want {
			t.Errorf("%s: %v, want %q", c.who, err, c.want)
			continue
		}
		if c.want == "" && (ch.Listed == nil || ch.State.Blocked || ch.State.Open()) {
			t.Errorf("%s: listed %v, state %+v", c.who, ch.Listed, ch.State)
		}
	}
}

// D-50: an address that the system's list has stays blocked, and nobody is told otherwise (M-24 is the console's).
func TestUnblockLeavesTheSystemList(t *testing.T) {
	k := newTalk(t)
	k.do(after(0), writeFrom(ip1, "Здравствуйте"))
	k.do(after(1), reply(anna, "Добрый день"))
	k.do(after(2), Block{By: anna})
	ch := k.do(after(3), Unblock{By: anna, Listed: true, Still: true})
	if !k.s.Blocked || len(ch.Events) > 0 || ch.Listed == nil {
		t.Errorf("blocked %v, events %v, listed %v", k.s.Blocked, keysOf(ch), ch.Listed)
	}
}

// Blocking what is blocked and unblocking what is not change nothing: both may be sent twice.
func TestBlockTwice(t *testing.T) {
	k := newTalk(t)
	k.do(after(0), writeFrom(ip1, "Здравствуйте"))
	k.do(after(1), reply(anna, "Добрый день"))
	k.do(after(2), Block{By: anna})
	nothing := func(c Command) {
		t.Helper()
		before := k.s
		ch := k.do(after(3), c)
		if len(ch.Events) > 0 || len(ch.Audit) > 0 || ch.Listed != nil {
			t.Errorf("%+v did %+v", c, ch)
		}
		if s := NeedsSignal(before, ch, c, k.set, time.Time{}, after(3)); s != NoSignal {
			t.Errorf("%+v owes a signal", c)
		}
	}
	nothing(Block{By: anna, Listed: true})
	nothing(Block{})
	k.do(after(4), Unblock{By: anna, Listed: true})
	nothing(Unblock{By: anna})
	nothing(Unblock{})
}

// D-67: a list that was changed elsewhere acts on open dialogs the same way, and names nobody.
func TestFollowingAList(t *testing.T) {
	k := newTalk(t)
	k.do(after(0), writeFrom(ip1, "Спам"))
	ch := k.do(after(1), Block{})
	same(t, "events", keysOf(ch), []string{"visitor " + KeyBlockedVisitor})
	if ch.Listed != nil || k.s.Open() || k.s.Session.ClosedBy != "" {
		t.Errorf("listed %v, session %+v", ch.Listed, k.s.Session)
	}
	k.do(after(2), Unblock{})
	if k.s.Blocked {
		t.Error("still blocked")
	}
	k.do(after(3), writeFrom(ip1, "Здравствуйте"))
	k.do(after(4), reply(anna, "Добрый день"))
	k.do(after(5), Block{})
	k.do(after(6), Unblock{Still: true})
	if !k.s.Blocked {
		t.Error("another list has the address")
	}
	k.do(after(7), Unblock{})
	if k.s.Blocked || k.s.Session.AssigneeID != "anna" {
		t.Errorf("blocked %v, session %+v", k.s.Blocked, k.s.Session)
	}
}

// D-48: single addresses, IPv4 or IPv6, in one form; anything else is refused.
func TestParseAddress(t *testing.T) {
	for in, want := range map[string]string{
		"203.0.113.1": "203.0.113.1", "::ffff:203.0.113.1": "203.0.113.1", "2001:0DB8:0:0::2": "2001:db8::2", "::1": "::1",
		"203.0.113.0/24": "", "203.0.113": "", "203.0.113.256": "", "0203.0.113.1": "", " 203.0.113.1": "", "fe80::1%eth0": "",
		"localhost": "", "": "", "203.0.113.1:80": "", "2001:db8::/32": "", "1.2.3.4, 1.2.3.5": "",
	} {
		if got, ok := ParseAddress(in); got != want || ok != (want != "") {
			t.Errorf("%q: %q %v, want %q", in, got, ok, want)
		}
	}
}
