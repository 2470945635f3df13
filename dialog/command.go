package dialog

// Command is something a person does to a dialog.
type Command interface{ command() }

// VisitorMessage is a message of the visitor; it starts a session when none is open (R-024, D-24).
type VisitorMessage struct{ Text string }

// ChooseDepartment is the visitor's choice; it starts a session when none is open (R-023, D-69).
type ChooseDepartment struct{ ID, Name string }

// SubmitForm is the filled contact form; it starts a session when none is open (R-022, D-69).
type SubmitForm struct {
	Name, Phone, Email string
	Consent            bool
	Proof              ConsentProof
}

// ConsentProof is what is kept of a consent (D-41).
type ConsentProof struct{ Text, Version, IP, UserAgent string }

// Reply is an operator's message; the first one of an untaken dialog claims it.
type Reply struct {
	By   Operator
	Text string
	// SeenSeq is the last event the operator had on his screen, -1 when not said. It decides whether writing into a
	// colleague's dialog is a lost race (AlreadyClaimed) or an error (NotAssignee).
	SeenSeq int64
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

func (VisitorMessage) command()   {}
func (ChooseDepartment) command() {}
func (SubmitForm) command()       {}
func (Reply) command()            {}
func (Transfer) command()         {}
func (Leave) command()            {}
func (SetTags) command()          {}
func (Rate) command()             {}

// Claims reports whether the command would need the operator's limit counted under his row lock:
// a reply into an untaken dialog.
func Claims(s State, c Command) bool {
	_, reply := c.(Reply)
	return reply && s.Open() && s.Session.AssigneeID == ""
}
