package dialog

import (
	"errors"
	"fmt"
	"time"
)

// t0 is when test conversations begin.
var t0 = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

func after(s float64) time.Time { return t0.Add(time.Duration(s * float64(time.Second))) }

var (
	anna = Operator{ID: "anna", Name: "Анна Иванова", Level: LevelOperator, Departments: []string{"sales"}, Limit: 3, Online: true}
	oleg = Operator{ID: "oleg", Name: "Олег Петров", Level: LevelOperator, Departments: []string{"sales", "delivery"}, Limit: 3, Online: true}
	vera = Operator{ID: "vera", Name: "Вера Кузнецова", Level: LevelSenior, Departments: []string{"delivery"}, Limit: 3, Online: true}
)

var settings = Settings{
	Tagging: true, ActiveTags: []string{"sale", "lead"}, Rating: true,
	LongWait: 60 * time.Second, RatingPrompt: 24 * time.Hour,
	Form: Form{Enabled: true, Name: FieldShown, Phone: FieldRequired, Email: FieldShown},
}

// tester is what testing.T and rapid.T share.
type tester interface {
	Helper()
	Fatalf(format string, args ...any)
}

// talk is a conversation under test: each step is decided and must be accepted.
type talk struct {
	t     tester
	s     State
	set   Settings
	log   []Event
	ids   int
	audit []Audit
}

func newTalk(t tester) *talk {
	return &talk{t: t, s: State{ID: "dialog", ProjectID: "project", VisitorID: "visitor"}, set: settings}
}

func (k *talk) newID() string { k.ids++; return fmt.Sprintf("session-%d", k.ids) }

func (k *talk) try(at time.Time, c Command) (Change, error) {
	return Decide(k.s, c, Env{Now: at, Settings: k.set, NewID: k.newID})
}

func (k *talk) do(at time.Time, c Command) Change {
	k.t.Helper()
	ch, err := k.try(at, c)
	if err != nil {
		k.t.Fatalf("%T at %s: %v", c, at, err)
	}
	k.take(ch)
	return ch
}

func (k *talk) take(ch Change) {
	k.s = ch.State
	k.log = append(k.log, ch.Events...)
	k.audit = append(k.audit, ch.Audit...)
}

func (k *talk) refused(at time.Time, c Command, want Code) *Refusal {
	k.t.Helper()
	_, err := k.try(at, c)
	var r *Refusal
	if !errors.As(err, &r) || r.Code != want {
		k.t.Fatalf("%T: got %v, want refusal %s", c, err, want)
	}
	return r
}

func (k *talk) due(at time.Time) Outcome {
	k.t.Helper()
	ch, o, _ := Due(k.s, Env{Now: at, Settings: k.set, NewID: k.newID})
	if o == Done {
		k.take(ch)
	}
	return o
}

func reply(o Operator, text string) Reply { return Reply{By: o, Text: text, SeenSeq: -1} }

func write(text string) VisitorMessage { return VisitorMessage{Text: text} }
