package dialog

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// D-25, D-69: each of the three start events opens an untaken session and starts the clock.
func TestStartEvents(t *testing.T) {
	for name, c := range map[string]Command{
		"message":    write("Здравствуйте"),
		"department": ChooseDepartment{ID: "sales", Name: "Продажи"},
		"form":       SubmitForm{Phone: "+7 900 000-18-42", Consent: true},
	} {
		t.Run(name, func(t *testing.T) {
			k := newTalk(t)
			ch := k.do(after(0), c)
			if !ch.NewSession || !k.s.Open() || k.s.Session.AssigneeID != "" {
				t.Fatalf("no untaken session: %+v", k.s.Session)
			}
			if !k.s.Session.WaitingSince.Equal(after(0)) {
				t.Errorf("waiting since %v, want the start event", k.s.Session.WaitingSince)
			}
			if k.s.VisitorEvents != 1 {
				t.Errorf("visitor events %d, want 1 for the unread counter", k.s.VisitorEvents)
			}
			if got, want := k.s.VisitorMessages == 0, name != "message"; got != want {
				t.Errorf("visitor messages %d after %s", k.s.VisitorMessages, name)
			}
		})
	}
}

// D-26: the first reply claims; others are told the winner's name and leave nothing behind.
func TestFirstReplyClaims(t *testing.T) {
	k := newTalk(t)
	k.do(after(0), write("Здравствуйте"))
	ch := k.do(after(10), reply(anna, "Добрый день"))
	if !ch.Claimed || k.s.Session.AssigneeID != "anna" || k.s.Waiting() {
		t.Fatalf("not claimed: %+v", k.s.Session)
	}
	before := k.s
	if r := k.refused(after(10), reply(oleg, "И я тут"), AlreadyClaimed); r.OperatorID != "anna" {
		t.Errorf("winner %q, want anna", r.OperatorID)
	}
	if k.s.Seq != before.Seq {
		t.Error("a refused reply left something")
	}
	keys := []string{}
	for _, e := range k.log {
		keys = append(keys, string(e.Kind)+e.Key)
	}
	if want := []string{"message", "system" + KeyOperatorJoined, "message"}; !slices.Equal(keys, want) {
		t.Errorf("log %v, want %v", keys, want)
	}
}

// the loser is told the winner's name even when the claim took the dialog into a department that is not his; of a
// dialog that was never his to see he learns nothing.
func TestLoserOfAnotherDepartment(t *testing.T) {
	stranger := Operator{ID: "x", Level: LevelOperator, Departments: []string{"delivery"}}
	k := newTalk(t)
	k.do(after(0), write("Здравствуйте"))
	k.do(after(10), reply(anna, "Добрый день")) // of sales alone
	if r := k.refused(after(10), reply(stranger, "И я тут"), AlreadyClaimed); r.OperatorID != "anna" {
		t.Errorf("winner %q", r.OperatorID)
	}
	k.refused(after(11), Reply{By: stranger, Text: "x", SeenSeq: k.s.Seq}, NotFound)

	k = newTalk(t)
	k.do(after(0), ChooseDepartment{ID: "sales", Name: "Продажи"})
	k.do(after(10), reply(anna, "Добрый день"))
	k.refused(after(10), reply(stranger, "И я тут"), NotFound)
}

// D-27: who saw the claim on his screen and writes all the same is refused as not_assignee, not as a lost race.
func TestWritingIntoAColleaguesDialog(t *testing.T) {
	k := newTalk(t)
	k.do(after(0), write("Здравствуйте"))
	k.do(after(10), reply(anna, "Добрый день"))
	k.refused(after(20), Reply{By: oleg, Text: "x", SeenSeq: k.s.Seq}, NotAssignee)
	k.refused(after(20), Reply{By: oleg, Text: "x", SeenSeq: 1}, AlreadyClaimed)
	k.do(after(21), Transfer{By: anna, To: oleg})
	k.refused(after(22), Reply{By: anna, Text: "x", SeenSeq: 1}, NotAssignee) // she had it: no race (M-59)
}

// D-26: the conditions of a claim are checked in the same decision.
func TestClaimConditions(t *testing.T) {
	off, full, stranger, viewer := anna, anna, anna, anna
	off.Hours = &Hours{} // never
	full.OpenDialogs = full.Limit
	stranger.Departments = []string{"delivery"}
	viewer.Level = LevelView
	for name, c := range map[string]struct {
		by   Operator
		want Code
	}{
		"R-028 out of hours":         {off, OutsideWorkingHours},
		"R-031 at the limit":         {full, LimitReached},
		"R-026 other department":     {stranger, NotFound},
		"R-006 view level":           {viewer, NotFound},
		"no access":                  {Operator{ID: "x"}, NotFound},
		"limit is asked after hours": {func() Operator { o := off; o.OpenDialogs = 9; return o }(), OutsideWorkingHours},
	} {
		t.Run(name, func(t *testing.T) {
			k := newTalk(t)
			k.do(after(0), ChooseDepartment{ID: "sales", Name: "Продажи"})
			k.refused(after(1), reply(c.by, "Добрый день"), c.want)
			if can := CanDo(k.s, c.by, after(10)); can.Write != c.want {
				t.Errorf("CanDo says %q, Decide says %q", can.Write, c.want)
			}
		})
	}
}

// D-23: out of hours and at the limit an operator goes on with his own dialogs.
func TestOwnDialogOutOfHours(t *testing.T) {
	k := newTalk(t)
	k.do(after(0), write("Здравствуйте"))
	k.do(after(1), reply(anna, "Добрый день"))
	off := anna
	off.Hours, off.OpenDialogs = &Hours{}, 3
	k.do(after(2), reply(off, "Я ещё тут"))
}

// I-03: access taken away acts at once, also on dialogs he has.
func TestAccessTakenAway(t *testing.T) {
	k := newTalk(t)
	k.do(after(0), write("Здравствуйте"))
	k.do(after(1), reply(anna, "Добрый день"))
	out := anna
	out.Level = LevelView
	k.refused(after(2), reply(out, "Я ещё тут"), NotFound)
	if can := CanDo(k.s, out, after(10)); can.Write != NotFound || can.Leave != NotFound {
		t.Errorf("can %+v", can)
	}
}

// D-06, D-08: waiting runs from the first unanswered visitor event; only an operator's message stops it.
func TestWaitingClock(t *testing.T) {
	k := newTalk(t)
	k.do(after(0), write("раз"))
	k.do(after(5), write("два"))
	if !k.s.Session.WaitingSince.Equal(after(0)) {
		t.Error("a second message restarted the clock")
	}
	k.do(after(6), reply(anna, "Добрый день"))
	if k.s.Waiting() {
		t.Error("a reply did not stop the clock")
	}
	k.do(after(7), ChooseDepartment{ID: "delivery", Name: "Доставка"})
	if k.s.Waiting() {
		t.Error("a department choice in an answered session started the clock")
	}
	k.do(after(9), write("три"))
	k.do(after(10), Transfer{By: anna, To: oleg})
	if !k.s.Session.WaitingSince.Equal(after(9)) {
		t.Error("a transfer touched the clock (D-37)")
	}
	if k.s.TurnNo != 3 {
		t.Errorf("turns %d, want 3", k.s.TurnNo)
	}
}

// D-19, R-075: the department of the session comes from the visitor, from the picked target, or from the claimer's only department.
func TestDepartment(t *testing.T) {
	k := newTalk(t)
	k.do(after(0), write("Здравствуйте"))
	k.do(after(1), reply(anna, "Добрый день"))
	if k.s.Session.DepartmentID != "sales" {
		t.Errorf("department %q, want the claimer's only one", k.s.Session.DepartmentID)
	}
	k.do(after(2), Transfer{By: anna, To: oleg, Department: "delivery"})
	if k.s.Session.DepartmentID != "delivery" {
		t.Errorf("department %q, want the one the target was picked under (D-36)", k.s.Session.DepartmentID)
	}
	k.refused(after(3), Transfer{By: oleg, To: anna, Department: "delivery"}, Invalid)
	// "Overrides 1 from then on" (D-19): what he chooses now is told, and the dialog stays where it was handed to.
	for _, off := range []bool{false, true} {
		ch := k.do(after(4), ChooseDepartment{ID: "sales", Name: "Продажи", Off: off})
		if e := ch.Events[0]; k.s.Session.DepartmentID != "delivery" || e.Kind != KindDepartment || e.Params["department_id"] != "sales" {
			t.Errorf("chosen after the transfer: %q, %+v", k.s.Session.DepartmentID, e)
		}
	}
	k.set.Tagging = false
	k.do(after(5), Leave{By: oleg, LastSeen: k.s.Seq})
	k.do(after(6), ChooseDepartment{ID: "sales", Name: "Продажи"})
	if k.s.Session.DepartmentID != "sales" {
		t.Errorf("department %q of a new session, want his choice", k.s.Session.DepartmentID)
	}

	k = newTalk(t)
	k.do(after(0), write("Здравствуйте"))
	k.do(after(1), reply(anna, "Добрый день"))
	k.do(after(2), ChooseDepartment{ID: "delivery", Name: "Доставка"})
	k.do(after(3), Transfer{By: anna, To: vera})
	if k.s.Session.DepartmentID != "delivery" {
		t.Errorf("department %q, want his choice: the claimer's stands behind it, and the transfer brought none", k.s.Session.DepartmentID)
	}

	k = newTalk(t)
	k.do(after(0), write("Здравствуйте"))
	k.do(after(1), reply(oleg, "Добрый день"))
	if k.s.Session.DepartmentID != "" {
		t.Errorf("department %q, want none: he has two", k.s.Session.DepartmentID)
	}
}

// D-36, D-37.
func TestTransfer(t *testing.T) {
	k := newTalk(t)
	k.do(after(0), write("Здравствуйте"))
	k.refused(after(1), Transfer{By: anna, To: oleg}, NotClaimed)
	k.do(after(2), reply(anna, "Добрый день"))

	offline, full, viewer, off := oleg, oleg, oleg, oleg
	offline.Online, full.OpenDialogs, viewer.Level, off.Hours = false, 3, LevelView, &Hours{}
	for _, to := range []Operator{offline, viewer, off, anna} {
		k.refused(after(3), Transfer{By: anna, To: to}, TargetUnavailable)
	}
	k.refused(after(3), Transfer{By: anna, To: full}, LimitReached)
	k.refused(after(3), Transfer{By: oleg, To: oleg}, NotAssignee)

	k.do(after(4), Transfer{By: anna, To: oleg})
	if got := Red(k.s, oleg, k.set, after(4)); !slices.Equal(got, []Reason{Transferred}) {
		t.Errorf("receiver sees %v, want transferred (R-044)", got)
	}
	if got := Red(k.s, anna, k.set, after(4)); got != nil {
		t.Errorf("giver sees %v, want nothing", got)
	}
	last := k.log[len(k.log)-2:]
	if last[0].Key != KeyTransferred || last[0].Params["from"] != anna.Name || last[0].Params["to"] != oleg.Name || last[0].Audience != AudienceOperator {
		t.Errorf("M-14 is %+v", last[0])
	}
	if last[1].Key != KeyOperatorJoined || last[1].Audience != AudienceVisitor {
		t.Errorf("M-15 is %+v", last[1])
	}
	k.do(after(5), reply(oleg, "Здравствуйте, это Олег")) // D-10
	if got := Red(k.s, oleg, k.set, after(5)); got != nil {
		t.Errorf("after his first message the receiver sees %v", got)
	}
}

// D-27: senior takes over a stuck dialog himself; that is not red for him.
func TestSeniorTakesOver(t *testing.T) {
	k := newTalk(t)
	k.do(after(0), write("Здравствуйте"))
	k.do(after(1), reply(anna, "Добрый день"))
	k.do(after(2), Transfer{By: vera, To: vera})
	if k.s.Session.AssigneeID != "vera" || k.s.Session.Transferred {
		t.Errorf("%+v", k.s.Session)
	}
}

// D-38, D-54, D-65.
func TestLeave(t *testing.T) {
	k := newTalk(t)
	k.do(after(0), write("Здравствуйте"))
	k.refused(after(1), Leave{By: anna, LastSeen: 1, Tags: []string{"sale"}}, NotClaimed)
	k.do(after(2), reply(anna, "Добрый день"))
	seen := k.s.Seq
	k.refused(after(3), Leave{By: oleg, LastSeen: seen, Tags: []string{"sale"}}, NotAssignee)
	k.refused(after(3), Leave{By: anna, LastSeen: seen}, TagRequired)
	k.refused(after(3), Leave{By: anna, LastSeen: seen, Tags: []string{"other"}}, Invalid)
	k.do(after(4), write("И ещё вопрос"))
	k.refused(after(5), Leave{By: anna, LastSeen: seen, Tags: []string{"sale"}}, UnseenMessage)
	n := len(k.log)
	k.do(after(6), Leave{By: anna, LastSeen: k.s.Seq, Tags: []string{"sale", "sale"}})

	if k.s.Open() || !slices.Equal(k.s.Session.Tags, []string{"sale"}) {
		t.Errorf("session %+v", k.s.Session)
	}
	end := k.log[n:]
	if len(end) != 2 || end[0].Key != KeyEndedVisitor || end[0].Audience != AudienceVisitor ||
		end[1].Key != KeyEndedOperator || end[1].Audience != AudienceOperator || end[1].Params["name"] != anna.Name {
		t.Errorf("end texts %+v", end)
	}
	if d, ok := NextDeadline(k.s, k.set); !ok || d.Kind != RatingPrompt || !d.At.Equal(after(6).Add(24*time.Hour)) {
		t.Errorf("rating prompt %+v %v (D-68)", d, ok)
	}
	k.refused(after(7), Leave{By: anna, LastSeen: k.s.Seq, Tags: []string{"sale"}}, SessionClosed)
	k.refused(after(7), reply(anna, "Пока"), SessionClosed)
}

// D-54: tagging without active tags is as good as off; off needs none.
func TestLeaveWithoutTagGate(t *testing.T) {
	for name, set := range map[string]Settings{"off": {LongWait: time.Minute}, "no active tags": {Tagging: true, LongWait: time.Minute}} {
		t.Run(name, func(t *testing.T) {
			k := newTalk(t)
			k.set = set
			k.do(after(0), write("Здравствуйте"))
			k.do(after(1), reply(anna, "Добрый день"))
			k.do(after(2), Leave{By: anna, LastSeen: k.s.Seq})
			if _, ok := NextDeadline(k.s, k.set); ok {
				t.Error("a deadline without a rating prompt")
			}
		})
	}
}

// D-39, D-68: changeable until a new session starts, also after the prompt ended; never outside.
func TestRate(t *testing.T) {
	k := newTalk(t)
	k.do(after(0), write("Здравствуйте"))
	first := k.s.Session.ID
	k.refused(after(0), Rate{SessionID: first, Stars: 5}, RatingClosed) // not ended
	k.do(after(1), reply(anna, "Добрый день"))
	k.do(after(2), Leave{By: anna, LastSeen: k.s.Seq, Tags: []string{"lead"}})
	k.refused(after(3), Rate{SessionID: first, Stars: 6}, Invalid)
	k.refused(after(3), Rate{SessionID: first, Stars: 5, Comment: strings.Repeat("я", 1001)}, TooLong)
	k.refused(after(3), Rate{SessionID: "other", Stars: 5}, RatingClosed)
	k.do(after(3), Rate{SessionID: first, Stars: 4})
	k.do(after(4), Rate{SessionID: first, Stars: 5, Comment: "Спасибо"})
	if k.s.Session.Rating != 5 {
		t.Errorf("rating %d", k.s.Session.Rating)
	}
	if k.due(after(3+24*3600)) != Done {
		t.Error("the prompt did not end")
	}
	k.do(after(4+24*3600), Rate{SessionID: first, Stars: 3})
	k.do(after(5+24*3600), write("Я снова тут")) // D-24
	if k.s.Session.No != 2 || k.s.Session.AssigneeID != "" {
		t.Errorf("next session %+v", k.s.Session)
	}
	k.refused(after(6+24*3600), Rate{SessionID: first, Stars: 1}, RatingClosed)

	k.set.Rating = false
	k.refused(after(6+24*3600), Rate{SessionID: first, Stars: 1}, RatingDisabled)
}

// R-065, D-41: no form without the box; R-051, D-44: values reach the card, empty ones do not.
func TestForm(t *testing.T) {
	k := newTalk(t)
	k.refused(after(0), SubmitForm{Phone: "+7 900 000 18 42"}, ConsentRequired)
	for field, c := range map[string]SubmitForm{
		"phone": {Consent: true, Name: "Тимур"},
		"email": {Consent: true, Phone: "+79000001842", Email: "не почта"},
		"name":  {Consent: true, Phone: "+79000001842", Name: strings.Repeat("а", 101)},
	} {
		if r, _ := func() (*Refusal, bool) { _, err := k.try(after(0), c); r, ok := err.(*Refusal); return r, ok }(); r == nil || r.Field != field {
			t.Errorf("%s: %v", field, r)
		}
	}
	ch := k.do(after(1), SubmitForm{Consent: true, Phone: " +7 (900) 000-18-42 ", Proof: ConsentProof{Text: "Даю согласие", Version: "1"}})
	if ch.Card.Phone != "+7 (900) 000-18-42" || ch.Card.Name != "" || ch.Consent == nil {
		t.Errorf("card %+v consent %+v", ch.Card, ch.Consent)
	}
	if k.log[0].Kind != KindForm || k.log[1].Key != KeyFormFilled || k.log[1].Audience != AudienceOperator {
		t.Errorf("log %+v", k.log)
	}
}

func TestTextRules(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want Code
	}{
		"empty":          {"", Required},
		"white space":    {" \n\t", Required},
		"too long":       {strings.Repeat("ж", MaxText+1), TooLong},
		"not UTF-8":      {"\xff\xfe", NotUTF8},
		"control":        {"a\x00b", Invalid},
		"longest":        {strings.Repeat("ж", MaxText), ""},
		"line breaks":    {"раз\r\nдва\tтри", ""},
		"Kazakh letters": {"Сәлеметсіз бе! Алматыға жеткізу бар ма?", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := code(CheckText("text", c.text, MaxText)); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// I-11: what people write is kept as they wrote it.
func TestTextIsNotTouched(t *testing.T) {
	k := newTalk(t)
	text := "<img src=x onerror=alert(1)> \n {name}"
	k.do(after(0), write(text))
	if k.log[0].Text != text {
		t.Errorf("text became %q", k.log[0].Text)
	}
}

// D-68, D-39: the visitor is asked until the prompt's end, also when its timer is late; what he gave stays before him.
func TestPromptEnds(t *testing.T) {
	k := newTalk(t)
	k.do(after(0), write("Здравствуйте"))
	k.do(after(1), reply(anna, "Добрый день"))
	if k.s.OffersRating(k.set, after(2)) {
		t.Error("asked in the middle of the talk")
	}
	k.do(after(2), Leave{By: anna, LastSeen: 9, Tags: []string{"sale"}})
	end := after(2).Add(k.set.RatingPrompt)
	for at, want := range map[time.Time]bool{after(2): true, end.Add(-Tick): true, end: false} {
		if got := k.s.OffersRating(k.set, at); got != want {
			t.Errorf("at %s: %v", at, got)
		}
	}
	off := k.set
	off.Rating = false
	if k.s.OffersRating(off, after(3)) {
		t.Error("asked where it is switched off")
	}
	if o := k.due(end); o != Done || k.s.OffersRating(k.set, after(3)) { // a clock that is behind changes nothing
		t.Errorf("ended by its timer: %s", o)
	}
	k.do(end.Add(time.Hour), Rate{SessionID: k.s.Session.ID, Stars: 4}) // it was on its way (D-68)
	if !k.s.OffersRating(k.set, end.Add(time.Hour)) {
		t.Error("what was given is not to be changed any more")
	}
}
