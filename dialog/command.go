package dialog

import "time"

// Command is something a person does to a dialog.
type Command interface{ command() }

// Arrival is what is known of the visitor's side of a command: filled in under the lock but for the address.
type Arrival struct {
	IP         string     // empty: unknown
	Blocked    bool       // the address is on a list of the project
	Unattended Unattended // why nobody would answer a session that started now (D-21)
}

// VisitorMessage is a message of the visitor; it starts a session when none is open (R-024, D-24).
type VisitorMessage struct {
	Arrival
	Text string
}

// ChooseDepartment is the visitor's choice; it starts a session when none is open (R-023, D-69).
type ChooseDepartment struct {
	Arrival
	ID, Name string
	Off      bool // it was switched off while the visitor had the choice before him (D-70)
}

// SubmitForm is the filled contact form; it starts a session when none is open (R-022, D-69).
type SubmitForm struct {
	Arrival
	Name, Phone, Email string
	Consent            bool
	Proof              ConsentProof
	Standard           string // C-02 in the visitor's language: what he was shown when neither he nor the form says it
	Sent               *Form  // the form that stands open in the stream, as it was sent; nil: the configured one
	Before             CardState
}

// ConsentProof is what is kept of a consent: the text as it was shown, and where it was given (D-41).
type ConsentProof struct{ Text, Version, IP, UserAgent string }

// Reply is an operator's message; the first one of an untaken dialog claims it.
type Reply struct {
	By   Operator
	Text string
	// SeenSeq is the last event the operator had on his screen, -1 when not said. It decides whether writing into a
	// colleague's dialog is a lost race (AlreadyClaimed) or an error (NotAssignee).
	SeenSeq int64
}

// RequestContacts sends the contact form; it is an answer and claims like one (R-048, D-28).
type RequestContacts struct {
	By      Operator
	SeenSeq int64 // as of Reply
}

// Transfer hands the dialog to another operator.
type Transfer struct {
	By, To     Operator
	Department string // the department To was picked under (D-36); empty: unchanged
}

// Leave finishes the session.
type Leave struct {
	By       Operator
	LastSeen int64    // seq of the last event the operator has seen (D-65)
	Tags     []string // set before leaving; nil: keep those of the session
}

// SetTags replaces the tags of the open session (D-54).
type SetTags struct {
	By   Operator
	Tags []string
}

// Rate is the visitor's rating of the finished session (D-39).
type Rate struct {
	SessionID string
	Stars     int
	Comment   string
	By        string // operator, when ops hand the rating in; empty: the visitor
}

// OfferContacts is the backlog's automatic message with the form (R-034, D-31).
type OfferContacts struct {
	Untaken int  // untaken dialogs in this dialog's queue, as a backlog counts them
	Open    bool // the queue works now (D-13)
}

// Block puts the address of the current session on the list (R-084 to R-087, D-51). Without By it follows a list that
// was changed elsewhere (D-67).
type Block struct {
	By     Operator
	Listed bool // the operators' list has the address already
}

// Appear is the visitor seen at an address without saying anything: his page was loaded, or connected again (D-48).
type Appear struct{ Arrival }

// Unblock takes it off the lists but the system's (R-089, D-50). Without By it follows a list that was changed elsewhere.
type Unblock struct {
	By     Operator
	Listed bool // there is a row to take off
	Still  bool // a list that is not touched has the address
}

// EditCard saves one field of the card (R-065, D-42, D-43).
type EditCard struct {
	By     Operator
	Field  CardField
	Value  string
	Rev    int64 // of the card the operator edited
	Before CardState
}

// CardField names a field of the card.
type CardField string

// Fields of the card that need consent (D-42).
const (
	CardName    CardField = "name"
	CardEmail   CardField = "email"
	CardPhone   CardField = "phone"
	CardComment CardField = "comment"
)

// CardState is the card as it stands, read under the lock.
type CardState struct {
	Rev                         int64
	Name, Email, Phone, Comment string
}

// AttachLabel attaches a label, made in the card when ID is empty.
type AttachLabel struct {
	By       Operator
	Label    Label   // ID empty: a new one with Text and Color
	Attached []Label // what the dialog has, inactive ones too (D-46)
	Exists   bool    // a label of this text is there in the scope a new one would go to
}

// DetachLabel takes a label off.
type DetachLabel struct {
	By       Operator
	ID       string
	Attached []Label
}

// Label is a coloured label; without a department it is common (D-45).
type Label struct {
	ID, Text, DepartmentID string
	Color                  int
	Active                 bool
}

// Erase redacts everything personal of the dialog (D-64).
type Erase struct {
	By Operator
	// Again repeats an erase that was made at this time, after a restore: what came later stays, and nobody's level is asked.
	Again time.Time
}

// WithdrawConsent registers that the client withdrew his consent (D-41).
type WithdrawConsent struct{ By Operator }

func (VisitorMessage) command()   {}
func (ChooseDepartment) command() {}
func (SubmitForm) command()       {}
func (Reply) command()            {}
func (Transfer) command()         {}
func (Leave) command()            {}
func (SetTags) command()          {}
func (Rate) command()             {}
func (RequestContacts) command()  {}
func (OfferContacts) command()    {}
func (Block) command()            {}
func (Unblock) command()          {}
func (Appear) command()           {}
func (EditCard) command()         {}
func (AttachLabel) command()      {}
func (DetachLabel) command()      {}
func (Erase) command()            {}
func (WithdrawConsent) command()  {}

// Claims reports whether the command would need the operator's limit counted under his row lock:
// an answer into an untaken dialog.
func Claims(s State, c Command) bool {
	switch c.(type) {
	case Reply, RequestContacts:
		return s.Open() && s.Session.AssigneeID == ""
	}
	return false
}
