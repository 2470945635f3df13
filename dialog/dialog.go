// Package dialog holds every rule of a conversation: who may do what, what follows, what time does to it,
// and how one operator sees it. It is pure: no I/O, no clock, no randomness of its own. The store runs
// Decide and Due under the dialog's row lock; everything that is shown is computed here from the same facts.
//
// Words are those of docs/glossary.md; R-, I- and D- numbers refer to docs/requirements.md and docs/decisions.md.
package dialog

import (
	"slices"
	"time"
)

// UntakenAfter is how long an untaken dialog waits before it is red for all who may take it (R-043, D-07).
// "More than": at exactly this age it is not red yet.
const UntakenAfter = 180 * time.Second

// Tick is the resolution of the database's clock. The first instant after an age is age + Tick.
const Tick = time.Microsecond

// Level is an operator's access to one project, ordered (D-03).
type Level int

// Levels of access, weakest first; comparison is always >= (D-03).
const (
	LevelNone Level = iota
	LevelView
	LevelOperator
	LevelSenior
	LevelAdmin
)

// Author says who made an event.
type Author string

// Authors of events.
const (
	ByVisitor  Author = "visitor"
	ByOperator Author = "operator"
	BySystem   Author = "system"
)

// Audience says whose log an event belongs to. Operators' sequence holds all events, visitors' all but AudienceOperator.
type Audience string

// Audiences of events.
const (
	AudienceAll      Audience = "all"
	AudienceOperator Audience = "operator"
	AudienceVisitor  Audience = "visitor"
)

// Kind is the kind of an event in the log.
type Kind string

// Kinds of events.
const (
	KindMessage    Kind = "message"
	KindForm       Kind = "form"
	KindDepartment Kind = "department"
	KindSystem     Kind = "system"
	// KindFormRequest is the contact form as it was sent to the visitor, with its configuration (R-048, R-049, D-34).
	KindFormRequest Kind = "form_request"
	// KindErased tells clients to drop the bodies they keep of everything before it (D-64).
	KindErased Kind = "erased"
)

// Keys of system messages: keys of the glossary, rendered in the reader's language (D-56).
const (
	KeyOperatorJoined = "operator.joined"       // M-15, visitor
	KeyEndedVisitor   = "dialog.ended.visitor"  // M-01, visitor
	KeyEndedOperator  = "dialog.ended.operator" // M-02, operator
	KeyTransferred    = "transfer.done"         // M-14, operator
	KeyFormFilled     = "form.filled"           // M-05, operator
	KeyFormSent       = "form.sent"             // M-04, operator
	KeyBacklog        = "backlog.visitor"       // M-07, both (D-33)
	KeyClosed         = "hours.visitor"         // M-31, visitor
	KeyOffline        = "offline.visitor"       // M-32, visitor
	KeyBlocked        = "block.done"            // M-20, operator
	KeyUnblocked      = "unblock.done"          // M-21, operator
	KeyBlockedVisitor = "block.visitor"         // M-22, visitor
)

// Event is one entry of the log. It is never changed after it was decided.
type Event struct {
	Seq          int64 // contiguous per dialog, the only order
	VisitorSeq   int64 // contiguous per dialog for the visitor; 0 when he does not see it
	SessionID    string
	SessionNo    int
	Kind         Kind
	Author       Author
	OperatorID   string
	OperatorName string
	Audience     Audience
	Text         string
	Key          string
	Params       map[string]string
	ClientID     string
	At           time.Time
}

// State is what is known of one dialog: its counters and its newest session.
type State struct {
	ID, ProjectID, VisitorID string

	Seq, VisitorSeq int64     // last used
	LastAt          time.Time // time of the last event
	TurnNo          int64     // turns so far: the waiting side changed
	VisitorEvents   int64     // visitor events so far, the base of unread counters (D-11)
	VisitorMessages int64     // visitor messages so far; 0 means no download
	SessionNo       int       // sessions so far
	Blocked         bool      // the current session's address is on a list: its clock stands still (D-67)
	ConsentAt       time.Time // consent that holds; zero: none (D-41)
	Session         *Session  // the newest session, open or closed; nil before the first
}

// Session is one stretch of a dialog, from a start event until an operator leaves it (D-01).
type Session struct {
	ID        string
	No        int
	StartedAt time.Time
	FirstSeq  int64
	LastSeq   int64 // last event of the session

	IP           string // last seen in this session (D-48); empty: unknown
	DepartmentID string
	// FromClaimer: the department came with the claim (D-19, third rule); before it the dialog was everybody's.
	FromClaimer bool
	// FromTransfer: it was picked with a transfer, and from then on the visitor's own choice changes it no more (D-19, second rule).
	FromTransfer bool
	AssigneeID   string // empty: untaken
	ClaimedBy    string // who took it first
	ClaimSeq     int64  // first event of the claim
	ClaimedAt    time.Time

	WaitingSince  time.Time // first visitor event not answered yet (D-06); zero: nobody waits
	Transferred   bool      // red for the assignee until his first message (R-044, D-10)
	TransferredAt time.Time
	// Marks are what the fired deadlines have pushed; red itself is computed from facts, not from marks.
	UnclaimedMarked bool
	OverdueMarked   bool

	FormSeq, FormVisitorSeq int64     // the contact form that stands open in the stream (D-34); 0: none
	OfferedAt               time.Time // backlog message and form; zero: not offered in this session (D-31)
	Unattended              Unattended

	LastVisitorSeq int64     // last visitor event, for unseen_message (D-65)
	LastMessageAt  time.Time // last message of either side
	// QuietSince: since when the visitor has his answer, a message or a form (D-08), and no message has come; after a block
	// since it was taken back. Automatic closing counts from it (D-40). Zero: the last word is not an operator's.
	QuietSince time.Time
	Tags       []string

	ClosedAt      time.Time // zero: open
	ClosedBy      string    // operator; empty when the system closed it
	RatingUntil   time.Time // the prompt is shown until then (D-68); zero: no offer
	PromptEnded   bool      // the prompt's deadline has fired
	Rating        int       // 0: none
	RatingComment string
}

// Unattended says why nobody answers at the start of a session; told to the visitor once per session (D-21).
type Unattended string

// Reasons why nobody answers.
const (
	Attended     Unattended = ""
	OutsideHours Unattended = "closed"  // M-31
	NobodyOnline Unattended = "offline" // M-32
)

// Open reports whether the dialog has an open session.
func (s State) Open() bool { return s.Session != nil && s.Session.ClosedAt.IsZero() }

// Waiting reports whether the visitor waits for an answer (D-06).
func (s State) Waiting() bool { return s.Open() && !s.Session.WaitingSince.IsZero() }

// clone copies the state so that Decide never changes what it was given.
func (s State) clone() State {
	if s.Session != nil {
		c := *s.Session
		c.Tags = slices.Clone(c.Tags)
		s.Session = &c
	}
	return s
}

// Settings of a project, read at the moment of the decision.
type Settings struct {
	Tagging      bool     // «Тегирование диалогов» is on
	ActiveTags   []string // ids
	Rating       bool     // «Оценка качества» is on
	LongWait     time.Duration
	RatingPrompt time.Duration
	AutoClose    time.Duration // 0: off (D-40)
	Form         Form
	LabelLevel   Level // may create labels in the card (D-03)
}

// TagRequired reports whether a session may not end without a tag; no active tags is as good as off (D-54).
func (s Settings) TagRequired() bool { return s.Tagging && len(s.ActiveTags) > 0 }

// FieldMode says whether a field of the contact form is shown, and whether it must be filled.
type FieldMode string

// Modes of form fields.
const (
	FieldHidden   FieldMode = "hidden"
	FieldShown    FieldMode = "shown"
	FieldRequired FieldMode = "required"
)

// Form is the configured contact form, which serves three places (D-34). Sent forms keep what it was then.
type Form struct {
	Enabled                                 bool // else no visitor gets it, in none of the three places
	Before                                  bool // offered before the talk
	Title                                   string
	Name, Phone, Email                      FieldMode
	ConsentText, ConsentURL, ConsentVersion string
	Company                                 string
}

// Offered is the form as the widget may offer it by itself: no field of one that is switched off (D-34).
func (f Form) Offered() Form {
	if !f.Enabled {
		f.Before, f.Name, f.Phone, f.Email = false, FieldHidden, FieldHidden, FieldHidden
	}
	return f
}

// params is the form as an event keeps it; SentForm reads it.
func (f Form) params() map[string]string {
	return map[string]string{
		"name": string(f.Name), "phone": string(f.Phone), "email": string(f.Email), "title": f.Title,
		"consent_text": f.ConsentText, "consent_url": f.ConsentURL, "consent_version": f.ConsentVersion, "company": f.Company,
	}
}

// Operator is an operator as one project sees him at the moment of the decision.
type Operator struct {
	ID, Name    string
	Level       Level
	Departments []string // ids of this project's departments he belongs to, switched on or off
	Limit       int      // dialogs in all projects (D-29, D-73); 0: no limit
	OpenDialogs int      // open sessions assigned to him in all projects that are switched on (D-73)
	Online      bool     // status «В сети» and a live connection, or he himself acts (D-04)
	Hours       *Hours   // his own; nil: round the clock (D-22)
	Calendar    Calendar // the project's

	at *moment // what At worked out
}

func (o Operator) atLimit() bool { return o.Limit > 0 && o.OpenDialogs >= o.Limit }

func (o Operator) in(department string) bool { return slices.Contains(o.Departments, department) }
