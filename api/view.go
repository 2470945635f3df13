package api

import (
	"time"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/store"
)

// sight is how one operator sees one dialog at one moment, before it is put into words for the wire.
type sight struct {
	state  *dialog.State
	shown  time.Time  // of the entry the list shows
	row    *store.Row // nil: only what lists are ordered and counted by was read
	viewer *dialog.Operator
	read   int64 // visitor events he has read
	red    []dialog.Reason
	groups []dialog.Group
	next   dialog.Next
	now    time.Time
}

func see(row *store.Row, viewer dialog.Operator, read int64, now time.Time) sight {
	v := look(&row.State, &row.Settings, row.Last.At, &viewer, read, now)
	v.row = row
	return v
}

func look(s *dialog.State, set *dialog.Settings, shown time.Time, viewer *dialog.Operator, read int64, now time.Time) sight {
	return sightOf(dialog.See(s, viewer, set, now), s, shown, viewer, read, now)
}

func sightOf(v dialog.Sight, s *dialog.State, shown time.Time, viewer *dialog.Operator, read int64, now time.Time) sight {
	return sight{state: s, shown: shown, viewer: viewer, read: read, now: now, red: v.Red, groups: v.Groups, next: v.Next}
}

func (v sight) unread() int64   { return max(0, v.state.VisitorEvents-v.read) }
func (v sight) rank() string    { return dialog.Rank(*v.state, v.red) }
func (v sight) dot() dialog.Dot { return dialog.DotOf(*v.state, *v.viewer, v.red, v.unread(), v.now) }
func (v sight) calls() bool     { return dialog.Calls(*v.state, *v.viewer, v.red, v.now) }

// callsSince is when it began to call, or turned red.
func (v sight) callsSince() time.Time {
	if len(v.red) > 0 {
		return dialog.RedSince(*v.state, v.row.Settings, v.red)
	}
	return v.state.Session.WaitingSince
}

func (v sight) in(g dialog.Group) bool {
	for _, x := range v.groups {
		if x == g {
			return true
		}
	}
	return false
}

// dotOf is the mark of a project and how many of its dialogs are red for the operator.
func dotOf(sights []sight) (dot dialog.Dot, red int) {
	dot = dialog.DotNone
	for _, v := range sights {
		one := v.dot()
		dot = dialog.Stronger(dot, one)
		if one == dialog.DotRed {
			red++
		}
	}
	return dot, red
}

// wire is the row as the contract has it.
func (v sight) wire() Row {
	r, st := v.row, v.row.State
	out := Row{
		ID: st.ID, ProjectID: r.ProjectID, Rev: r.Rev,
		Visitor:    RowVisitor{ID: st.VisitorID, Name: r.VisitorName, Number: r.VisitorNumber},
		Unread:     int(v.unread()),
		Unanswered: st.Waiting(),
		Important:  len(v.red) > 0,
		Reasons:    make([]Reason, len(v.red)),
		Groups:     make([]Group, len(v.groups)),
		Rank:       v.rank(),
		ChangesAt:  dialog.ChangesAt(st, *v.viewer, v.next, v.now),
		Can:        canOf(dialog.CanDo(st, *v.viewer, v.now)),
		Last:       lastOf(r.Last, v.viewer.ID),
		Labels:     labelChips(r.Labels),
		RedSince:   dialog.RedSince(st, r.Settings, v.red),
	}
	if st.Blocked && st.Session != nil {
		out.BlockedIP = st.Session.IP
	}
	for i, x := range v.red {
		out.Reasons[i] = Reason(x)
	}
	for i, x := range v.groups {
		out.Groups[i] = Group(x)
	}
	if !v.next.At.IsZero() {
		out.Next = NextDeadline{Kind: NextDeadlineKind(v.next.Reason), At: v.next.At, From: v.next.From}
	}
	if offer, ok := dialog.OfferTo(st, r.Settings, v.viewer.Calendar); ok {
		out.Offer = RowOffer{Queue: offer.Queue, At: offer.At}
	}
	if ses := st.Session; ses != nil {
		out.Session = RowSession{ID: ses.ID, No: ses.No, StartedAt: ses.StartedAt, ClosedAt: ses.ClosedAt,
			Assignee: personOf(ses.AssigneeID, r.AssigneeName), Department: namedOf(ses.DepartmentID, r.DepartmentName),
			WaitingSince: ses.WaitingSince, ClosesAt: dialog.ClosesAt(st, r.Settings), Tags: ses.Tags}
		if out.Session.Tags == nil {
			out.Session.Tags = []string{}
		}
		out.Form = RowForm{Seq: ses.FormSeq}
		if !st.Open() && r.Settings.Rating && !ses.PromptEnded {
			out.Session.RatingUntil = ses.RatingUntil
		}
	}
	return out
}

// winner is who took the dialog into a department of his, out of the sight of the viewer; empty: nobody did (D-19).
func winner(r *store.Row, viewer string) Person {
	if ses := r.State.Session; r.State.Open() && ses.FromClaimer && ses.AssigneeID != viewer {
		return personOf(ses.AssigneeID, r.AssigneeName)
	}
	return Person{}
}

func personOf(id, name string) Person {
	if id == "" {
		return Person{}
	}
	return Person{ID: id, Name: name}
}

func namedOf(id, name string) Named {
	if id == "" {
		return Named{}
	}
	return Named{ID: id, Name: name}
}

func lastOf(l store.Last, viewer string) LastEvent {
	if l.Kind == "" {
		return LastEvent{}
	}
	out := LastEvent{Kind: EventKind(l.Kind), Author: AuthorKind(l.Author), Mine: l.OperatorID == viewer, At: l.At}
	if !out.Mine {
		out.Operator = l.Operator
	}
	if l.Kind == dialog.KindDepartment {
		out.Department = l.Text
	} else {
		out.Text = l.Text
	}
	return out
}

func canOf(c dialog.Can) Can {
	word := func(code dialog.Code) string {
		switch code {
		case "":
			return "ok"
		case dialog.NotFound: // he sees the row, but has no right here
			return string(dialog.Forbidden)
		}
		return string(code)
	}
	return Can{Write: CanWrite(word(c.Write)), Transfer: CanTransfer(word(c.Transfer)), Leave: CanLeave(word(c.Leave)),
		Block: CanBlock(word(c.Block)), Edit: CanEdit(word(c.Edit))}
}

// eventFor is an event as an operator reads it.
func eventFor(e dialog.Event, viewer string) Event {
	out := eventOf(e)
	out.Seq = e.Seq
	if e.OperatorID == viewer && e.Author == dialog.ByOperator {
		out.ClientID = e.ClientID
	}
	return out
}

// eventForVisitor is an event as the visitor reads it: in his own sequence.
func eventForVisitor(e dialog.Event) Event {
	out := eventOf(e)
	out.Seq = e.VisitorSeq
	if e.Author == dialog.ByVisitor {
		out.ClientID = e.ClientID
	}
	return out
}

func eventOf(e dialog.Event) Event {
	return Event{SessionID: e.SessionID, SessionNo: e.SessionNo, Kind: EventKind(e.Kind), Author: AuthorKind(e.Author),
		Operator: personOf(e.OperatorID, e.OperatorName), Audience: EventAudience(e.Audience), Text: e.Text, Key: e.Key,
		Params: e.Params, At: e.At}
}

// stateOf is the dialog as its visitor may know it.
func stateOf(r *store.Row, now time.Time) VisitorState {
	st := r.State
	out := VisitorState{DialogID: st.ID, Rev: r.Rev, HeadSeq: st.VisitorSeq, Consent: !r.State.ConsentAt.IsZero(),
		CanDownload: st.VisitorMessages > 0, Now: now}
	ses := st.Session
	if ses == nil {
		return out
	}
	out.FormSeq = ses.FormVisitorSeq
	out.Session = VisitorSession{ID: ses.ID, Open: st.Open(), Operator: r.AssigneeName,
		Department: namedOf(ses.DepartmentID, r.DepartmentName)}
	if st.OffersRating(r.Settings, now) {
		out.Rating = RatingOffer{SessionID: ses.ID, Until: ses.RatingUntil, Stars: ses.Rating, Comment: ses.RatingComment}
	}
	return out
}
