package dialog

import "time"

// DeadlineKind names what time does to a dialog; it is also the name of the workflow's timer.
type DeadlineKind string

// Kinds of deadlines.
const (
	Untaken      DeadlineKind = "untaken 3 min"
	LongWait     DeadlineKind = "long wait"
	RatingPrompt DeadlineKind = "rating prompt"
	AutoClosing  DeadlineKind = "automatic closing"
)

// Deadline is the next thing time does.
type Deadline struct {
	Kind DeadlineKind
	At   time.Time // the first instant at which it is due
}

// NextDeadline returns the nearest deadline that has not fired yet, or a zero one and false; it derives from stored
// facts alone (D-60).
func NextDeadline(s State, set Settings) (Deadline, bool) {
	ses := s.Session
	switch {
	case ses == nil:
		return Deadline{}, false
	case !ses.ClosedAt.IsZero():
		if ses.RatingUntil.IsZero() || ses.PromptEnded {
			return Deadline{}, false
		}
		return Deadline{RatingPrompt, ses.RatingUntil}, true
	case s.Waiting():
		return nextRed(ses, set)
	case mayAutoClose(s, set):
		return Deadline{AutoClosing, ses.QuietSince.Add(set.AutoClose)}, true
	}
	return Deadline{}, false
}

func nextRed(ses *Session, set Settings) (Deadline, bool) {
	kind, pushed := Untaken, ses.UnclaimedMarked
	if ses.AssigneeID != "" {
		kind, pushed = LongWait, ses.OverdueMarked
	}
	if pushed {
		return Deadline{}, false
	}
	return Deadline{kind, redAt(ses, set)}, true
}

// redAt is the first instant at which the running wait is red: strictly more than the limit (D-07).
func redAt(ses *Session, set Settings) time.Time {
	limit := UntakenAfter
	if ses.AssigneeID != "" {
		limit = set.LongWait
	}
	return longFrom(ses.WaitingSince, limit)
}

// ClosesAt is when automatic closing ends the dialog if nobody says anything (D-40); zero: it does not.
func ClosesAt(s State, set Settings) time.Time {
	if next, ok := NextDeadline(s, set); ok && next.Kind == AutoClosing {
		return next.At
	}
	return time.Time{}
}

// mayAutoClose is the condition of D-40 without its time: answered sessions only, and never around the tag gate. A clock
// that a block has stopped is no answer.
func mayAutoClose(s State, set Settings) bool {
	ses := s.Session
	return set.AutoClose > 0 && s.Open() && !s.Waiting() && !s.Blocked && ses.AssigneeID != "" &&
		!ses.QuietSince.IsZero() && !(set.TagRequired() && len(ses.Tags) == 0)
}

// Outcome says what a fired timer found.
type Outcome string

// Outcomes of Due.
const (
	Done     Outcome = "done"     // the deadline was due and its consequence is in the Change
	Obsolete Outcome = "obsolete" // nothing is to come
	Wait     Outcome = "wait"     // something is to come, later
)

// Due asks what the clock does to the dialog now. On Done the Change holds the consequence; on Wait d says how long
// until the next deadline. It does not matter which deadline the timer was armed for: the facts decide.
func Due(s State, env Env) (c Change, o Outcome, d time.Duration) {
	next, ok := NextDeadline(s, env.Settings)
	if !ok {
		return Change{}, Obsolete, 0
	}
	if wait := next.At.Sub(env.Now); wait > 0 {
		return Change{}, Wait, wait
	}
	dec := decision{Change: Change{State: s.clone()}, env: env}
	ses := dec.State.Session
	switch next.Kind {
	case Untaken:
		ses.UnclaimedMarked = true
	case LongWait:
		ses.OverdueMarked = true
	case RatingPrompt:
		ses.PromptEnded = true
	case AutoClosing:
		dec.close(Operator{Name: env.AssigneeName}) // in his name (M-02), but not by him
	}
	dec.audit("deadline", "", map[string]any{
		"kind": string(next.Kind), "due_at": next.At, "late_us": env.Now.Sub(next.At).Microseconds(),
	})
	return dec.Change, Done, 0
}

// Signal says what the workflow is owed after a change.
type Signal int

// Signals owed.
const (
	NoSignal    Signal = iota
	SignalToRun        // to a run that exists; never starts one
	SignalStart        // starts a run when there is none
)

// NeedsSignal decides whether a change must reach the workflow (design: not every message is a signal).
// armedUntil is the time the workflow is obliged to look by itself; zero or past means never.
func NeedsSignal(before State, c Change, cmd Command, set Settings, armedUntil, now time.Time) Signal {
	switch cmd.(type) {
	case Rate:
		return SignalToRun // a finished session needs no new run for it
	case SetTags:
		if set.AutoClose == 0 {
			return NoSignal
		}
	case ChooseDepartment, SubmitForm, Transfer, Leave:
		return SignalStart
	case Block, Unblock, Appear:
		if before.Blocked == c.State.Blocked && before.Open() == c.State.Open() {
			return NoSignal
		}
		return SignalStart
	case EditCard, AttachLabel, DetachLabel, WithdrawConsent, OfferContacts, Erase:
		return NoSignal
	}
	if c.NewSession || c.Claimed || endsMark(before, c.State) {
		return SignalStart
	}
	if tooLate(c.State, set, armedUntil, now) {
		return SignalStart
	}
	return NoSignal
}

// tooLate reports whether the workflow, left alone, would look after the next deadline.
func tooLate(s State, set Settings, armedUntil, now time.Time) bool {
	next, ok := NextDeadline(s, set)
	return ok && (!armedUntil.After(now) || next.At.Before(armedUntil))
}

// Resettle is what new settings do to a dialog that goes on: a mark that a shorter limit had pushed is taken
// back, for the new one to push again, and the workflow is owed a signal when it would look too late.
func Resettle(s State, set Settings, armedUntil, now time.Time) (State, Signal) {
	after := s.clone()
	if after.Waiting() && after.Session.OverdueMarked && now.Before(redAt(after.Session, set)) {
		after.Session.OverdueMarked = false
	}
	if endsMark(s, after) || tooLate(after, set, armedUntil, now) {
		return after, SignalStart
	}
	return after, NoSignal
}

// endsMark reports whether a red reason that ops see in the workflow's search attributes ended.
func endsMark(before, after State) bool {
	b, a := Marks(before), Marks(after)
	return len(b) > 0 && len(a) < len(b)
}

// Marks are the red reasons that have been pushed, whoever looks: what ops read.
func Marks(s State) []Reason {
	if !s.Open() {
		return nil
	}
	var out []Reason
	if s.Session.OverdueMarked {
		out = append(out, Overdue)
	}
	if s.Session.UnclaimedMarked {
		out = append(out, Unclaimed)
	}
	if s.Session.Transferred {
		out = append(out, Transferred)
	}
	return out
}
