package dialog

import (
	"slices"
	"time"
)

// Change is what a command or a deadline does: the state after it and what is to be recorded with it.
type Change struct {
	State      State
	Events     []Event
	NewSession bool      // State.Session was started by this change
	Claimed    bool      // this change took the dialog
	Card       *Card     // new values of the client card; empty fields stay as they were (D-44)
	CardEdit   *CardEdit // one field of it, saved by an operator
	Consent    *ConsentProof
	Withdrawn  bool      // consent was withdrawn
	Erased     time.Time // what is kept of the dialog up to then is to be redacted with this change; zero: nothing is
	NewErase   bool      // not repeated after a restore: nothing is later, whatever the clock said when it was recorded
	Attach     *Label
	NewLabel   bool    // Attach is to be made, too
	Detach     string  // id of a label
	Listed     *Listed // what happens to the block list
	Audit      []Audit
}

// Card holds contact values that a form brought.
type Card struct{ Name, Phone, Email string }

// CardEdit is one field of the card with its new value; empty clears it.
type CardEdit struct {
	Field CardField
	Value string
}

// Listed is a change of the block list «Блокировка из чата» (D-50).
type Listed struct {
	IP         string
	OperatorID string
	Add        bool // else taken off, in every list but the system's
}

// Audit is one record of a consequential action (I-13). Detail holds ids and numbers; Before and After hold values, texts
// of persons included, and go with an erase (D-64).
type Audit struct {
	Action        string
	OperatorID    string // empty: visitor or system
	Detail        map[string]any
	Before, After map[string]any
}

// Env is what a decision takes from outside.
type Env struct {
	Now      time.Time // the database's clock, read after the lock
	Settings Settings
	NewID    func() string // ids of new sessions
	// AssigneeName is whose dialog it is, for what time does in his name (D-40).
	AssigneeName string
}

// Decide returns what the command does to the dialog, or a *Refusal. It does not change s.
func Decide(s State, c Command, env Env) (Change, error) {
	d := decision{Change: Change{State: s.clone()}, env: env}
	if !d.env.Now.After(s.LastAt) {
		d.env.Now = s.LastAt.Add(Tick) // times in the log never go back, whatever the clock does
	}
	var err error
	switch c := c.(type) {
	case VisitorMessage:
		err = d.visitorMessage(c)
	case ChooseDepartment:
		err = d.chooseDepartment(c)
	case SubmitForm:
		err = d.submitForm(c)
	case Reply:
		err = d.reply(c)
	case Transfer:
		err = d.transfer(c)
	case Leave:
		err = d.leave(c)
	case SetTags:
		err = d.setTags(c)
	case Rate:
		err = d.rate(c)
	case RequestContacts:
		err = d.requestContacts(c)
	case OfferContacts:
		err = d.offerContacts(c)
	case Block:
		err = d.block(c)
	case Unblock:
		err = d.unblock(c)
	case Appear:
		d.appear(c)
	case EditCard:
		err = d.editCard(c)
	case AttachLabel:
		err = d.attachLabel(c)
	case DetachLabel:
		err = d.detachLabel(c)
	case Erase:
		err = d.erase(c)
	case WithdrawConsent:
		err = d.withdrawConsent(c)
	default:
		err = refuse(Invalid)
	}
	if err != nil {
		return Change{}, err
	}
	return d.Change, nil
}

// decision is a Change being made.
type decision struct {
	Change
	env Env
}

// add appends an event to the log, numbering it for both sides.
func (d *decision) add(e Event) {
	s := &d.State
	s.Seq++
	e.Seq = s.Seq
	if e.Audience != AudienceOperator {
		s.VisitorSeq++
		e.VisitorSeq = s.VisitorSeq
	}
	e.At = d.env.Now
	if !e.At.After(s.LastAt) {
		e.At = s.LastAt.Add(Tick)
	}
	s.LastAt = e.At
	ses := s.Session
	e.SessionID, e.SessionNo = ses.ID, ses.No
	if ses.FirstSeq == 0 {
		ses.FirstSeq = e.Seq
	}
	ses.LastSeq = e.Seq
	if e.Author == ByVisitor {
		s.VisitorEvents++
		ses.LastVisitorSeq = e.Seq
	}
	switch {
	case e.Author == ByOperator && (e.Kind == KindMessage || e.Kind == KindFormRequest):
		ses.QuietSince = e.At
	case e.Kind == KindMessage:
		ses.QuietSince = time.Time{}
	}
	if e.Kind == KindMessage {
		ses.LastMessageAt = e.At
		if e.Author == ByVisitor {
			s.VisitorMessages++
		}
	}
	d.Events = append(d.Events, e)
}

func (d *decision) system(audience Audience, key string, params map[string]string) {
	d.add(Event{Kind: KindSystem, Author: BySystem, Audience: audience, Key: key, Params: params})
}

func (d *decision) audit(action, operator string, detail map[string]any) {
	d.Audit = append(d.Audit, Audit{Action: action, OperatorID: operator, Detail: detail})
}

// arrive lets the visitor in: not from a blocked address, and with a session, which is started when none is open.
// It reports whether it was. A start event starts the clock (D-06).
func (d *decision) arrive(a Arrival) (started bool, err error) {
	if a.Blocked {
		return false, refuse(Blocked)
	}
	if started = !d.State.Open(); started {
		d.State.SessionNo++
		formSeq, formVisitorSeq := d.openForm() // a form that waits stays in the stream, whatever ended meanwhile (D-34)
		d.State.Session = &Session{
			ID: d.env.NewID(), No: d.State.SessionNo, StartedAt: d.env.Now, FormSeq: formSeq, FormVisitorSeq: formVisitorSeq,
		}
		d.NewSession = true
		d.startWaiting()
	}
	d.blocked(false) // he writes from another address, or his own was taken off the list
	if a.IP != "" {
		d.State.Session.IP = a.IP
	}
	return started, nil
}

// unattended tells the visitor once per session why nobody answers, with the form unless he has just filled it (D-21).
func (d *decision) unattended(why Unattended, withForm bool) {
	ses := d.State.Session
	if why == Attended || ses.Unattended != Attended {
		return
	}
	ses.Unattended = why
	key := KeyOffline
	if why == OutsideHours {
		key = KeyClosed
	}
	d.system(AudienceVisitor, key, nil)
	if withForm && d.env.Settings.Form.Enabled {
		d.sendForm(BySystem, Operator{})
	}
}

// startWaiting starts the clock unless it runs: later messages do not restart it (D-06).
func (d *decision) startWaiting() {
	if ses := d.State.Session; ses.WaitingSince.IsZero() {
		ses.WaitingSince = d.env.Now
		d.State.TurnNo++
	}
}

// answered stops the clock and takes away every mark (D-08, D-10).
func (d *decision) answered() {
	ses := d.State.Session
	if !ses.WaitingSince.IsZero() {
		ses.WaitingSince = time.Time{}
		d.State.TurnNo++
	}
	ses.UnclaimedMarked, ses.OverdueMarked, ses.Transferred = false, false, false
}

func (d *decision) visitorMessage(c VisitorMessage) error {
	if err := CheckText("text", c.Text, MaxText); err != nil {
		return err
	}
	started, err := d.arrive(c.Arrival)
	if err != nil {
		return err
	}
	d.startWaiting()
	d.add(Event{Kind: KindMessage, Author: ByVisitor, Audience: AudienceAll, Text: c.Text})
	if started {
		d.unattended(c.Unattended, true)
	}
	return nil
}

func (d *decision) chooseDepartment(c ChooseDepartment) error {
	if c.ID == "" {
		return refuseField(Invalid, "department_id")
	}
	started, err := d.arrive(c.Arrival) // in an open session a choice is not a message: it starts no clock
	if err != nil {
		return err
	}
	if ses := d.State.Session; !ses.FromTransfer { // else it is told, and the dialog stays where it was handed to (D-19)
		ses.DepartmentID, ses.FromClaimer = c.ID, false
		if c.Off { // nobody answers there any more: what he chose is told, and he stands in the common queue
			ses.DepartmentID = ""
		}
	}
	d.add(Event{Kind: KindDepartment, Author: ByVisitor, Audience: AudienceAll,
		Params: map[string]string{"department": c.Name, "department_id": c.ID}})
	if started {
		d.unattended(c.Unattended, true)
	}
	return nil
}

func (d *decision) reply(c Reply) error {
	if err := CheckText("text", c.Text, MaxText); err != nil {
		return err
	}
	if err := d.answer(c.By, c.SeenSeq); err != nil {
		return err
	}
	d.add(Event{Kind: KindMessage, Author: ByOperator, OperatorID: c.By.ID, OperatorName: c.By.Name,
		Audience: AudienceAll, Text: c.Text})
	return nil
}

// answer lets an operator answer the visitor: it claims an untaken dialog and stops the clock (D-08).
func (d *decision) answer(by Operator, seenSeq int64) error {
	if !d.State.Open() {
		return refuse(SessionClosed)
	}
	ses := d.State.Session
	lostRace := ses.AssigneeID != "" && ses.ClaimedBy != by.ID && seenSeq < ses.ClaimSeq
	// Sight is lost with the access, also of his own dialogs. Who lost the race is told so even when the claim took the
	// dialog into a department that is not his: he could see it until then.
	if !MaySee(d.State, by) && !(lostRace && ses.FromClaimer && by.Level >= LevelOperator) {
		return refuse(NotFound)
	}
	switch ses.AssigneeID {
	case by.ID:
		// a second tab of the winner writes an ordinary message (D-66)
	case "":
		if err := mayClaim(d.State, by, d.env.Now); err != nil {
			return err
		}
		d.claim(by)
	default:
		code := NotAssignee
		if lostRace {
			code = AlreadyClaimed
		}
		return &Refusal{Code: code, OperatorID: ses.AssigneeID}
	}
	d.answered()
	return nil
}

// mayClaim checks what D-26 asks to be checked in the claiming transaction of a dialog he may see: hours, limit. The
// server decides at this moment, whatever the page showed (D-22).
func mayClaim(s State, o Operator, now time.Time) error {
	if !o.Works(s.Session.DepartmentID, now) {
		return refuse(OutsideWorkingHours)
	}
	if o.atLimit() {
		return &Refusal{Code: LimitReached, Max: o.Limit}
	}
	return nil
}

func (d *decision) claim(o Operator) {
	ses := d.State.Session
	ses.AssigneeID, ses.ClaimedBy, ses.ClaimedAt, ses.ClaimSeq = o.ID, o.ID, d.env.Now, d.State.Seq+1
	if own := o.active(); ses.DepartmentID == "" && len(own) == 1 { // D-19, third rule
		ses.DepartmentID, ses.FromClaimer = own[0], true
	}
	d.Claimed = true
	d.system(AudienceVisitor, KeyOperatorJoined, map[string]string{"name": o.Name})
	d.audit("claim", o.ID, nil)
}

// mayManage checks the right to transfer, tag or leave: the assignee, or senior and above (D-27, D-38).
func mayManage(s State, o Operator) error {
	if !MaySee(s, o) {
		return refuse(NotFound)
	}
	if !s.Open() {
		return refuse(SessionClosed)
	}
	if s.Session.AssigneeID == "" {
		return refuse(NotClaimed)
	}
	if s.Session.AssigneeID != o.ID && o.Level < LevelSenior {
		return &Refusal{Code: NotAssignee, OperatorID: s.Session.AssigneeID}
	}
	return nil
}

func (d *decision) transfer(c Transfer) error {
	if err := mayManage(d.State, c.By); err != nil {
		return err
	}
	ses := d.State.Session
	to := c.To
	if err := MayReceive(d.State, to, c.Department, d.env.Now); err != nil {
		return err
	}
	if c.Department != "" {
		ses.DepartmentID, ses.FromClaimer, ses.FromTransfer = c.Department, false, true
	}
	from := ses.AssigneeID
	ses.AssigneeID = to.ID
	// A dialog one takes over himself is no news to him; a blocked visitor's is never red (D-67).
	ses.Transferred = to.ID != c.By.ID && !d.State.Blocked
	ses.TransferredAt = d.env.Now
	d.system(AudienceOperator, KeyTransferred, map[string]string{"from": c.By.Name, "to": to.Name})
	d.system(AudienceVisitor, KeyOperatorJoined, map[string]string{"name": to.Name})
	d.audit("transfer", c.By.ID, map[string]any{"from": from, "to": to.ID, "department": ses.DepartmentID})
	return nil
}

func (d *decision) leave(c Leave) error {
	if err := mayManage(d.State, c.By); err != nil {
		return err
	}
	ses := d.State.Session
	if c.LastSeen < ses.LastVisitorSeq {
		return refuse(UnseenMessage)
	}
	if c.Tags != nil {
		if err := d.replaceTags(c.Tags); err != nil {
			return err
		}
	}
	if d.env.Settings.TagRequired() && len(ses.Tags) == 0 {
		return refuseField(TagRequired, "tags")
	}
	d.close(c.By)
	return nil
}

// close ends the session and tells each side its own text (R-059, R-060, D-38).
func (d *decision) close(by Operator) {
	ses := d.State.Session
	ses.WaitingSince = time.Time{}
	ses.UnclaimedMarked, ses.OverdueMarked, ses.Transferred = false, false, false
	ses.ClosedAt, ses.ClosedBy = d.env.Now, by.ID
	if d.env.Settings.Rating {
		ses.RatingUntil = d.env.Now.Add(d.env.Settings.RatingPrompt)
	}
	d.system(AudienceVisitor, KeyEndedVisitor, nil)
	d.system(AudienceOperator, KeyEndedOperator, map[string]string{"name": by.Name})
	d.audit("leave", by.ID, map[string]any{"tags": ses.Tags})
}

func (d *decision) setTags(c SetTags) error {
	if err := mayManage(d.State, c.By); err != nil {
		return err
	}
	return d.replaceTags(c.Tags)
}

// replaceTags accepts active tags, and those the session has already (a tag deactivated meanwhile).
func (d *decision) replaceTags(tags []string) error {
	ses := d.State.Session
	var out []string
	for _, t := range tags {
		if !slices.Contains(d.env.Settings.ActiveTags, t) && !slices.Contains(ses.Tags, t) {
			return refuseField(Invalid, "tags")
		}
		if !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	ses.Tags = out
	return nil
}

func (d *decision) rate(c Rate) error {
	if c.Stars < 1 || c.Stars > 5 {
		return refuseField(Invalid, "stars")
	}
	if err := checkOptional("comment", c.Comment, MaxRatingComment); err != nil {
		return err
	}
	ses := d.State.Session
	if ses == nil {
		return refuseField(NotFound, "session_id")
	}
	if !d.env.Settings.Rating {
		return refuse(RatingDisabled)
	}
	if ses.ID != c.SessionID || ses.ClosedAt.IsZero() { // a newer session began, or this one has not ended (D-39)
		return refuse(RatingClosed)
	}
	if ses.RatingUntil.IsZero() {
		return refuse(RatingDisabled)
	}
	ses.Rating = c.Stars
	if c.By == "" { // what ops hand in has no words, and takes none away
		ses.RatingComment = c.Comment
	}
	d.audit("rate", c.By, map[string]any{"stars": c.Stars})
	return nil
}
