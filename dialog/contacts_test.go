package dialog

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// withForm is a conversation of a project whose form operators may send.
func withForm(t *testing.T) *talk {
	k := newTalk(t)
	k.set.Form.Enabled, k.set.Form.Company, k.set.Form.ConsentVersion = true, "ООО «Заварка»", "7"
	return k
}

func last(k *talk, kind Kind) Event {
	for i := len(k.log) - 1; i >= 0; i-- {
		if k.log[i].Kind == kind {
			return k.log[i]
		}
	}
	return Event{}
}

var filled = SubmitForm{Name: "Тимур", Phone: "+79000001842", Consent: true}

// D-28, D-08: the request claims an untaken dialog, stops the clock, and tells operators, and them alone, that
// the form was sent.
func TestContactRequestClaims(t *testing.T) {
	k := withForm(t)
	k.do(after(0), write("Здравствуйте"))
	ch := k.do(after(10), RequestContacts{By: anna, SeenSeq: -1})
	if !ch.Claimed || k.s.Session.AssigneeID != "anna" || k.s.Waiting() {
		t.Fatalf("not an answer: %+v", k.s.Session)
	}
	request, sent := ch.Events[1], ch.Events[2]
	if request.Kind != KindFormRequest || request.Audience != AudienceAll || request.OperatorID != "anna" {
		t.Errorf("request %+v", request)
	}
	if sent.Key != KeyFormSent || sent.Audience != AudienceOperator {
		t.Errorf("M-04 %+v", sent)
	}
	if k.s.Session.FormSeq != request.Seq || k.s.Session.FormVisitorSeq != request.VisitorSeq {
		t.Errorf("the form does not stand open: %+v", k.s.Session)
	}
	if k.s.VisitorMessages != 1 || !k.s.Session.LastMessageAt.Equal(after(0)) {
		t.Error("a form counts as a message")
	}
	k.refused(after(11), RequestContacts{By: oleg, SeenSeq: 1}, AlreadyClaimed)
	k.refused(after(11), RequestContacts{By: oleg, SeenSeq: k.s.Seq}, NotAssignee)
}

// D-28: the request goes through the same checks as a first reply.
func TestContactRequestChecks(t *testing.T) {
	off, full, stranger := anna, anna, anna
	off.Hours = &Hours{}
	full.OpenDialogs = full.Limit
	stranger.Departments = []string{"delivery"}
	for name, c := range map[string]struct {
		by   Operator
		want Code
	}{"R-028 hours": {off, OutsideWorkingHours}, "R-031 limit": {full, LimitReached}, "R-026 department": {stranger, NotFound}} {
		t.Run(name, func(t *testing.T) {
			k := withForm(t)
			k.do(after(0), ChooseDepartment{ID: "sales", Name: "Продажи"})
			k.refused(after(1), RequestContacts{By: c.by, SeenSeq: -1}, c.want)
		})
	}
	k := withForm(t)
	k.refused(after(0), RequestContacts{By: anna}, SessionClosed)
	k.do(after(1), write("Здравствуйте"))
	k.set.Form.Enabled = false // D-34: switched off, there is no button, and a late click is refused
	k.refused(after(2), RequestContacts{By: anna, SeenSeq: -1}, FormDisabled)
	k.refused(after(2), RequestContacts{By: Operator{ID: "x"}, SeenSeq: -1}, NotFound) // and a stranger does not learn it
}

// a sent form stays what it was; what is submitted is held against it, not against newer settings.
func TestFormAsItWasSent(t *testing.T) {
	k := withForm(t)
	k.do(after(0), write("Здравствуйте"))
	k.do(after(1), RequestContacts{By: anna, SeenSeq: -1})
	sent := SentForm(last(k, KindFormRequest).Params)
	want := k.set.Form
	want.Enabled, want.Before = false, false // where a form may be sent from is no part of it
	if *sent != want {
		t.Fatalf("sent %+v, want %+v", *sent, want)
	}
	k.set.Form = Form{Enabled: true, Name: FieldHidden, Phone: FieldHidden, Email: FieldRequired, ConsentText: "новый текст"}
	form := filled
	form.Sent = sent
	ch := k.do(after(2), form)
	if ch.Card.Phone != filled.Phone || ch.Card.Name != filled.Name {
		t.Errorf("card %+v", ch.Card)
	}
	if k.s.Session.FormSeq != 0 || k.s.Session.FormVisitorSeq != 0 {
		t.Error("the form still stands open")
	}
	k.refused(after(3), filled, Required) // none stands open: the configured one asks for an e-mail
}

// D-34: a form that is switched off takes nothing of a person and starts no dialog; the one that was sent before is filled
// all the same.
func TestFormSwitchedOff(t *testing.T) {
	k := withForm(t)
	if k.set.Form.Offered() != k.set.Form {
		t.Error("the widget does not get the form that is on")
	}
	k.do(after(0), write("Здравствуйте"))
	k.do(after(1), RequestContacts{By: anna, SeenSeq: -1})
	sent := SentForm(last(k, KindFormRequest).Params)
	k.set.Form.Enabled = false
	if f := k.set.Form.Offered(); f.Before || f.Name != FieldHidden || f.Phone != FieldHidden || f.Email != FieldHidden {
		t.Errorf("the widget gets %+v", f)
	}
	k.refused(after(2), filled, FormDisabled)
	k.do(after(2), SubmitForm{Name: "Тимур", Phone: "+79000001842", Consent: true, Sent: sent})
	k.refused(after(3), filled, FormDisabled)
	k.s = State{ID: "other"}
	k.refused(after(4), filled, FormDisabled) // nor does it begin a talk
}

// D-34: a newer form replaces the older; one that waits outlives the end of the session it was sent in.
func TestPendingForm(t *testing.T) {
	k := withForm(t)
	k.set.Tagging = false
	k.do(after(0), write("Здравствуйте"))
	k.do(after(1), RequestContacts{By: anna, SeenSeq: -1})
	first := k.s.Session.FormSeq
	k.do(after(2), RequestContacts{By: anna, SeenSeq: -1})
	second, visitors := k.s.Session.FormSeq, k.s.Session.FormVisitorSeq
	if request := last(k, KindFormRequest); second <= first || second != request.Seq || visitors != request.VisitorSeq || second == visitors {
		t.Fatalf("form %d and %d after %d: %+v", second, visitors, first, request)
	}
	k.do(after(3), Leave{By: anna, LastSeen: k.s.Seq})
	k.do(after(4), write("Я снова тут"))
	if k.s.Session.No != 2 || k.s.Session.FormSeq != second || k.s.Session.FormVisitorSeq != visitors {
		t.Errorf("the next session forgot the form: %+v", k.s.Session)
	}
	k.do(after(5), filled)
	k.do(after(6), reply(vera, "Принято"))
	k.do(after(7), Leave{By: vera, LastSeen: k.s.Seq})
	k.do(after(8), filled) // D-69: after the end it is a start event
	if k.s.Session.No != 3 || k.s.Session.FormSeq != 0 || !k.s.Waiting() {
		t.Errorf("session %+v", k.s.Session)
	}
}

// D-41: the proof is the text as shown, else the form's own text, else C-02 with the company's name.
func TestConsentProof(t *testing.T) {
	for name, c := range map[string]struct {
		proof         ConsentProof
		own           string
		text, version string
	}{
		"as shown": {ConsentProof{Text: "показанный", Version: "5", IP: "192.0.2.1", UserAgent: "browser"}, "свой", "показанный", "5"},
		"own text": {ConsentProof{}, "свой", "свой", "7"},
		"C-02":     {ConsentProof{}, "", "Даю ООО «Заварка» согласие", "7"},
	} {
		t.Run(name, func(t *testing.T) {
			k := withForm(t)
			k.set.Form.ConsentText = c.own
			form := filled
			form.Proof, form.Standard = c.proof, "Даю {company} согласие"
			got := *k.do(after(0), form).Consent
			if got.Text != c.text || got.Version != c.version || got.IP != c.proof.IP || got.UserAgent != c.proof.UserAgent {
				t.Errorf("proof %+v", got)
			}
		})
	}
}

// D-44, I-13: later wins, empty fields erase nothing, and each change is kept with before and after.
func TestFormChangesAreAudited(t *testing.T) {
	k := withForm(t)
	form := SubmitForm{Phone: "+79000001842", Email: "t@example.org", Consent: true,
		Before: CardState{Name: "Тимур", Phone: "+70000000000", Email: "t@example.org"}}
	k.do(after(0), form)
	var card *Audit
	for i := range k.audit {
		if k.audit[i].Action == "card" {
			card = &k.audit[i]
		}
	}
	if card == nil || !maps.Equal(card.Before, map[string]any{"phone": "+70000000000"}) ||
		!maps.Equal(card.After, map[string]any{"phone": "+79000001842"}) || card.OperatorID != "" {
		t.Errorf("audit %+v", card)
	}
}

// D-41: withdrawing is an admin's; no field may be edited after it, until consent is given again.
func TestWithdrawal(t *testing.T) {
	admin := Operator{ID: "admin", Level: LevelAdmin}
	k := withForm(t)
	if ch := k.do(after(0), WithdrawConsent{By: admin}); ch.Withdrawn || len(ch.Audit) > 0 {
		t.Errorf("withdrew what was never given: %+v", ch)
	}
	k.do(after(1), filled)
	k.do(after(2), reply(anna, "Добрый день"))
	k.refused(after(3), WithdrawConsent{By: vera}, Forbidden)
	k.do(after(4), EditCard{By: anna, Field: CardComment, Value: "постоянный"})
	if ch := k.do(after(5), WithdrawConsent{By: admin}); !ch.Withdrawn || ch.Audit[0].Action != "consent_withdrawn" {
		t.Errorf("%+v", ch)
	}
	k.refused(after(6), EditCard{By: anna, Field: CardComment, Value: "x"}, ConsentRequired)
	k.do(after(7), filled)
	k.do(after(8), EditCard{By: anna, Field: CardComment, Value: "x"})
	if !k.s.ConsentAt.Equal(after(7)) {
		t.Errorf("consent at %v", k.s.ConsentAt)
	}
}

// D-42, D-43: which values a field takes, and who saves it.
func TestEditCard(t *testing.T) {
	before := CardState{Rev: 4, Name: "Тимур", Email: "t@example.org", Phone: "+79000001842", Comment: "старый"}
	edit := func(f CardField, v string) EditCard {
		return EditCard{By: anna, Field: f, Value: v, Rev: 4, Before: before}
	}
	k := withForm(t)
	k.do(after(0), write("Здравствуйте"))
	k.do(after(1), reply(anna, "Добрый день"))
	for _, f := range []CardField{CardName, CardEmail, CardPhone, CardComment} {
		k.refused(after(2), edit(f, ""), ConsentRequired)
	}
	if CanDo(k.s, anna, after(2)).Edit != ConsentRequired {
		t.Error("CanDo offers what is refused")
	}
	k.do(after(3), filled)
	for name, c := range map[string]struct {
		field CardField
		value string
		code  Code
	}{
		"name":             {CardName, " Тимур Ахметов ", ""},
		"name cleared":     {CardName, "", ""},
		"name of 100":      {CardName, strings.Repeat("ж", 100), ""},
		"name of 101":      {CardName, strings.Repeat("ж", 101), TooLong},
		"name of lines":    {CardName, "Тимур\nАхметов", Invalid},
		"name not UTF-8":   {CardName, "\xff", NotUTF8},
		"e-mail":           {CardEmail, "a@b.kz", ""},
		"e-mail cleared":   {CardEmail, "", ""},
		"no e-mail":        {CardEmail, "почта", Invalid},
		"no domain":        {CardEmail, "a@b", Invalid},
		"e-mail of 201":    {CardEmail, strings.Repeat("a", 196) + "@b.kz", TooLong},
		"phone":            {CardPhone, "+7 (900) 000-18-42", ""},
		"phone cleared":    {CardPhone, " ", ""},
		"no phone":         {CardPhone, "позвоните", Invalid},
		"comment":          {CardComment, "две\nстроки <b>", ""},
		"comment of 2000":  {CardComment, strings.Repeat("ж", 2000), ""},
		"comment of 2001":  {CardComment, strings.Repeat("ж", 2001), TooLong},
		"comment control":  {CardComment, "a\x00", Invalid},
		"another field":    {"labels", "x", Invalid},
		"field not called": {"", "x", Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			ch, err := k.try(after(4), edit(c.field, c.value))
			if code(err) != c.code {
				t.Fatalf("got %v, want %q", err, c.code)
			}
			if err != nil {
				if r := err.(*Refusal); r.Field != "value" && r.Field != "field" {
					t.Errorf("field %q", r.Field)
				}
				return
			}
			field, value := string(c.field), strings.TrimSpace(c.value)
			if *ch.CardEdit != (CardEdit{c.field, value}) || len(ch.Events) > 0 {
				t.Errorf("%+v", ch)
			}
			if a := ch.Audit[0]; a.OperatorID != "anna" || a.Before[field] != before.field(c.field) || a.After[field] != value {
				t.Errorf("audit %+v", a)
			}
		})
	}
	late := edit(CardName, "Тимур")
	late.Rev = 3
	k.refused(after(4), late, Conflict)
	colleague, senior, stranger := edit(CardName, "x"), edit(CardName, "x"), edit(CardName, "x")
	colleague.By, senior.By, stranger.By = oleg, vera, Operator{ID: "x"}
	k.refused(after(4), colleague, NotAssignee)
	k.refused(after(4), stranger, NotFound)
	k.do(after(4), senior)
	if ch := k.do(after(5), edit(CardName, before.Name)); ch.CardEdit != nil || len(ch.Audit) > 0 {
		t.Error("what did not change was saved")
	}
}

// D-45, D-46.
func TestLabels(t *testing.T) {
	label := func(id, department string) Label {
		return Label{ID: id, Text: id, DepartmentID: department, Active: true}
	}
	off := label("off", "")
	off.Active = false
	five := []Label{label("1", ""), label("2", ""), label("3", "delivery"), off, label("5", "sales")}
	k := newTalk(t)
	k.set.LabelLevel = LevelSenior
	k.do(after(0), write("Здравствуйте"))
	senior := vera
	attach := func(l Label, attached ...Label) AttachLabel {
		return AttachLabel{By: senior, Label: l, Attached: attached}
	}

	fresh := Label{Text: " Новый ", Color: 3}
	ch := k.do(after(1), attach(fresh))
	if got := *ch.Attach; !ch.NewLabel || got.ID == "" || got.Text != "Новый" || got.DepartmentID != "" || !got.Active || got.Color != 3 {
		t.Errorf("R-076: common while the department is unknown: %+v", got)
	}
	if a := ch.Audit[0]; a.Action != "label_create" || a.OperatorID != "vera" || a.Detail["label"] != ch.Attach.ID {
		t.Errorf("I-13: %+v", a)
	}
	k.refused(after(1), attach(label("s", "sales")), NotFound) // not offered
	k.do(after(2), ChooseDepartment{ID: "sales", Name: "Продажи"})
	if ch := k.do(after(3), attach(fresh)); ch.Attach.DepartmentID != "sales" {
		t.Errorf("R-076: %+v", ch.Attach)
	}
	k.do(after(3), attach(label("s", "sales")))
	k.do(after(3), attach(label("c", "")))
	k.refused(after(3), attach(label("d", "delivery")), NotFound)
	k.refused(after(3), attach(off), NotFound)

	k.refused(after(4), AttachLabel{By: anna, Label: fresh}, Forbidden)
	k.set.LabelLevel = LevelOperator
	k.do(after(4), AttachLabel{By: anna, Label: fresh})
	exists := attach(fresh)
	exists.Exists = true
	if r := k.refused(after(4), exists, Exists); r.Field != "text" {
		t.Errorf("D-45: %+v", r)
	}
	for text, want := range map[string]Code{"": Required, "  ": Required, strings.Repeat("ж", 31): TooLong, "a\nb": Invalid, "\xff": NotUTF8} {
		k.refused(after(4), attach(Label{Text: text}), want)
	}
	k.refused(after(4), attach(Label{Text: "x", Color: Colors}), Invalid)
	k.refused(after(4), attach(Label{Text: "x", Color: -1}), Invalid)

	// five, inactive and other departments' ones counted; one that is on already is no sixth.
	if r := k.refused(after(5), attach(label("6", ""), five...), LabelLimit); r.Max != MaxLabels {
		t.Errorf("%+v", r)
	}
	k.refused(after(5), attach(fresh, five...), LabelLimit)
	if ch := k.do(after(5), attach(five[3], five...)); ch.Attach != nil {
		t.Error("attached twice")
	}
	// each of them can be taken off; twice is once.
	for _, l := range five {
		if ch := k.do(after(6), DetachLabel{By: senior, ID: l.ID, Attached: five}); ch.Detach != l.ID {
			t.Errorf("%+v", ch.Detach)
		}
	}
	if ch := k.do(after(6), DetachLabel{By: senior, ID: "gone", Attached: five}); ch.Detach != "" {
		t.Error("detached what is not there")
	}
	// Rights: as of the card, but without consent (D-42).
	k.do(after(7), reply(anna, "Добрый день"))
	k.refused(after(8), AttachLabel{By: oleg, Label: label("c", "")}, NotAssignee)
	k.refused(after(8), DetachLabel{By: oleg, ID: "1", Attached: five}, NotAssignee)
	k.refused(after(8), AttachLabel{By: Operator{ID: "x"}, Label: label("c", "")}, NotFound)
	k.do(after(8), AttachLabel{By: anna, Label: label("c", "")})
}

// D-35: both names are filled in, in the three languages; the rest goes.
func TestTemplate(t *testing.T) {
	for text, want := range map[string]string{
		"Здравствуйте, {имя посетителя}! Меня зовут {имя оператора}.": "Здравствуйте, Тимур! Меня зовут Анна.",
		"Hello, {visitor name}, I am { Operator  Name }":              "Hello, Тимур, I am Анна",
		"Сәлем, {келуші аты}! {оператор аты}":                         "Сәлем, Тимур! Анна",
		"Ваш заказ {номер заказа} готов":                              "Ваш заказ готов",
		"{имя посетителя}, добрый день":                               "Тимур, добрый день",
		"{скидка}, добрый день":                                       "добрый день",
		"без замен {не закрыто":                                       "без замен {не закрыто",
		"{имя посетителя}, {скидка} здравствуйте":                     "Тимур, здравствуйте",
		"{a}{b}":   "",
		"пусто {}": "пусто",
		"две\nстроки {имя оператора}": "две\nстроки Анна",
	} {
		if got := asText(text, "Тимур", "Анна"); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
	if got := asText("Здравствуйте, {имя посетителя}!", "", "Анна"); got != "Здравствуйте!" { // D-18: not known yet
		t.Errorf("%q", got)
	}
	if got := asText("{имя посетителя}", "{имя оператора}", "Анна"); got != "{имя оператора}" { // I-11: a name is text
		t.Errorf("%q", got)
	}
	got := FillTemplate("{имя посетителя}, вечером возим.\n{имя оператора}", "Тимур", "Анна")
	want := []Piece{{"Тимур", VisitorName}, {", вечером возим.\n", ""}, {"Анна", OperatorName}}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func asText(text, visitor, operator string) string {
	var b strings.Builder
	for _, p := range FillTemplate(text, visitor, operator) {
		b.WriteString(p.Text)
	}
	return b.String()
}
