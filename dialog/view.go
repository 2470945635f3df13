package dialog

import (
	"math"
	"slices"
	"time"
)

// Reason says why a dialog is red (R-041, D-05).
type Reason string

// Reasons of importance.
const (
	Overdue     Reason = "overdue"     // taken, long wait
	Unclaimed   Reason = "unclaimed"   // untaken, more than 3 minutes
	Transferred Reason = "transferred" // handed to this operator
)

// Group is a tab of the list.
type Group string

// Groups, in the order of the tabs.
const (
	Mine       Group = "mine"
	Important  Group = "important"
	Unassigned Group = "unassigned"
	All        Group = "all"
)

// MaySee reports whether the operator may know of the dialog at all: his own, or of his departments or of none (D-14);
// senior and above see all departments. An open one of a department that is switched off is as one of none; what has
// ended stays with those who were its members (D-70). Working time is not asked here: see Visible.
func MaySee(s State, o Operator) bool { return maySee(&s, &o) }

// By reference, as everything below that is asked of each of ten thousand rows.
func maySee(s *State, o *Operator) bool {
	if o.Level < LevelOperator || s.Session == nil {
		return false
	}
	ses := s.Session
	return ses.AssigneeID == o.ID || o.Level >= LevelSenior || ses.DepartmentID == "" || o.in(ses.DepartmentID) ||
		(s.Open() && o.Calendar.QueueOf(ses.DepartmentID) == "")
}

// Visible reports whether the dialog stands in the operator's lists: open, and untaken ones only in his and their
// queue's working time (R-026 to R-028, D-22).
func Visible(s State, o Operator, now time.Time) bool { return visible(&s, &o, now) }

func visible(s *State, o *Operator, now time.Time) bool {
	return s.Open() && maySee(s, o) && (s.Session.AssigneeID != "" || o.Works(s.Session.DepartmentID, now))
}

// ReadingCounts reports whether what this operator reads is read for the visitor (D-72): of an untaken dialog whoever
// may take it reads for all, of a taken one only its assignee.
func ReadingCounts(s State, o Operator) bool {
	return s.Open() && (s.Session.AssigneeID == "" || s.Session.AssigneeID == o.ID) && MaySee(s, o)
}

// Sight is what one operator sees of a dialog at one moment. Its slices are shared: they are not to be changed.
type Sight struct {
	Visible bool
	Red     []Reason
	Groups  []Group
	Next    Next // when it turns red by time alone; zero: never
}

// See works out for one row what Visible, Red, Groups and NextRed say of it.
func See(s *State, o *Operator, set *Settings, now time.Time) Sight {
	if !visible(s, o, now) {
		return Sight{}
	}
	v := Sight{Visible: true, Red: redOf(s, o, set, now)}
	v.Groups = groupsOf(s, o, v.Red)
	v.Next, _ = nextOf(s, o, set, now)
	return v
}

// Red returns why the dialog is red for this operator at this moment (D-09); computed from facts, so it is right
// whether or not the timer came.
func Red(s State, o Operator, set Settings, now time.Time) []Reason {
	if !Visible(s, o, now) {
		return nil
	}
	return redOf(&s, &o, &set, now)
}

var (
	onlyOverdue     = []Reason{Overdue}
	onlyUnclaimed   = []Reason{Unclaimed}
	onlyTransferred = []Reason{Transferred}
	bothReasons     = []Reason{Overdue, Transferred}
)

// redOf is Red of a visible dialog.
func redOf(s *State, o *Operator, set *Settings, now time.Time) []Reason {
	ses := s.Session
	late := s.Waiting() && !now.Before(redAt(ses, *set))
	switch ses.AssigneeID {
	case o.ID:
		switch {
		case late && ses.Transferred:
			return bothReasons
		case late:
			return onlyOverdue
		case ses.Transferred:
			return onlyTransferred
		}
	case "":
		if late {
			return onlyUnclaimed
		}
	}
	return nil
}

// Next is the moment the row changes by time alone, for this operator.
type Next struct {
	Reason   Reason
	At, From time.Time
}

// NextRed returns when the dialog turns red for this operator if nobody acts.
func NextRed(s State, o Operator, set Settings, now time.Time) (Next, bool) {
	if !Visible(s, o, now) {
		return Next{}, false
	}
	return nextOf(&s, &o, &set, now)
}

// nextOf is NextRed of a visible dialog.
func nextOf(s *State, o *Operator, set *Settings, now time.Time) (Next, bool) {
	if !s.Waiting() {
		return Next{}, false
	}
	at := redAt(s.Session, *set)
	if !now.Before(at) {
		return Next{}, false
	}
	switch s.Session.AssigneeID {
	case o.ID:
		return Next{Overdue, at, s.Session.WaitingSince}, true
	case "":
		return Next{Unclaimed, at, s.Session.WaitingSince}, true
	}
	return Next{}, false
}

// ChangesAt is when the row changes by time alone for this operator: it turns red, or, untaken, goes with the shift (D-22).
// Zero: never.
func ChangesAt(s State, o Operator, next Next, now time.Time) time.Time {
	if s.Open() && s.Session.AssigneeID == "" && MaySee(s, o) {
		return sooner(next.At, o.WorkChangesAt(s.Session.DepartmentID, now))
	}
	return next.At
}

// RedSince is when the dialog became red for the reasons it is red for now; zero: it is not.
func RedSince(s State, set Settings, red []Reason) time.Time {
	var at time.Time
	for _, r := range red {
		if r == Transferred {
			at = sooner(at, s.Session.TransferredAt)
		} else {
			at = sooner(at, redAt(s.Session, set))
		}
	}
	return at
}

// Groups are the tabs the dialog stands in for this operator.
func Groups(s State, o Operator, red []Reason, now time.Time) []Group {
	if !Visible(s, o, now) {
		return nil
	}
	return groupsOf(&s, &o, red)
}

var (
	ownImportant = []Group{Mine, Important, All}
	ownOrdinary  = []Group{Mine, All}
	untakenOnes  = []Group{Unassigned, All} // red or not: «Важные» holds only one's own
	colleagues   = []Group{All}
)

// groupsOf is Groups of a visible dialog.
func groupsOf(s *State, o *Operator, red []Reason) []Group {
	switch s.Session.AssigneeID {
	case o.ID:
		if len(red) > 0 {
			return ownImportant
		}
		return ownOrdinary
	case "":
		return untakenOnes
	}
	return colleagues
}

// Rank is the row's place in the base order (D-15), ascending by code units: transferred, newest first; other red,
// longest wait first; unanswered, longest wait first; answered, latest message first; ties by id.
func Rank(s State, red []Reason) string {
	ses := s.Session
	if ses == nil {
		return "9"
	}
	switch {
	case slices.Contains(red, Transferred):
		return rank('1', math.MaxInt64-ses.TransferredAt.UnixMicro(), s.ID)
	case len(red) > 0:
		return rank('2', ses.WaitingSince.UnixMicro(), s.ID)
	case s.Waiting():
		return rank('3', ses.WaitingSince.UnixMicro(), s.ID)
	}
	return rank('4', math.MaxInt64-s.LastAt.UnixMicro(), s.ID)
}

func rank(class byte, micros int64, id string) string {
	return string(append(AppendKey(append(make([]byte, 0, 1+16+len(id)), class), micros), id...))
}

// AppendKey appends a number that is not negative so that keys sort as numbers do: sixteen hexadecimal digits.
func AppendKey(key []byte, n int64) []byte {
	for shift := 60; shift >= 0; shift -= 4 {
		key = append(key, "0123456789abcdef"[uint64(n)>>shift&15])
	}
	return key
}

// Dot is the mark of a project: "red", "blue" or "none".
type Dot string

// Dots, strongest first.
const (
	DotRed  Dot = "red"
	DotBlue Dot = "blue"
	DotNone Dot = "none"
)

// DotOf is what one dialog adds to its project's dot: own and untaken ones count, colleagues' do not (D-12).
func DotOf(s State, o Operator, red []Reason, unread int64, now time.Time) Dot {
	if !Visible(s, o, now) || (s.Session.AssigneeID != o.ID && s.Session.AssigneeID != "") {
		return DotNone
	}
	if len(red) > 0 {
		return DotRed
	}
	if unread > 0 || s.Waiting() {
		return DotBlue
	}
	return DotNone
}

// Calls reports whether the dialog is called out to the operator, in whatever project he looks at: nobody has taken it and
// its visitor waits, or it is red for him.
func Calls(s State, o Operator, red []Reason, now time.Time) bool {
	return Visible(s, o, now) && (len(red) > 0 || (s.Session.AssigneeID == "" && s.Waiting()))
}

// Stronger returns the stronger of two dots: red outranks blue.
func Stronger(a, b Dot) Dot {
	strength := map[Dot]int{DotRed: 2, DotBlue: 1}
	if strength[b] > strength[a] {
		return b
	}
	return a
}

// OffersRating reports whether the visitor has the rating before him: until the prompt's end, be its timer late or not
// (D-68). What he has given stays there, to be changed (D-39).
func (s State) OffersRating(set Settings, now time.Time) bool {
	ses := s.Session
	return ses != nil && set.Rating && !ses.RatingUntil.IsZero() && !ses.ClosedAt.IsZero() &&
		(ses.Rating > 0 || (!ses.PromptEnded && now.Before(ses.RatingUntil)))
}

// Can says what the operator may do with the dialog now: empty for yes, else the code of the refusal he would get.
type Can struct{ Write, Transfer, Leave, Block, Edit Code }

// CanDo asks the same rules that Decide applies, so that the console never offers what the server refuses.
func CanDo(s State, o Operator, now time.Time) Can {
	return Can{
		Write:    mayWrite(s, o, now),
		Transfer: code(mayManage(s, o)),
		Leave:    code(mayManage(s, o)),
		Block:    code(mayBlock(s, o, now)),
		Edit:     code(mayEdit(s, o)),
	}
}

func mayWrite(s State, o Operator, now time.Time) Code {
	switch {
	case !s.Open():
		return SessionClosed
	case !MaySee(s, o):
		return NotFound
	case s.Session.AssigneeID == o.ID:
		return ""
	case s.Session.AssigneeID != "":
		return NotAssignee
	}
	return code(mayClaim(s, o, now))
}

func code(err error) Code {
	if r, ok := err.(*Refusal); ok {
		return r.Code
	}
	return ""
}
