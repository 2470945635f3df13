package dialog

import (
	"cmp"
	"net/netip"
	"strings"
	"time"
)

// BacklogPerAddress is how many untaken dialogs from one address count in a backlog (D-71): to start one costs nothing, and
// ten made up by one person shall not send everybody who waits the backlog's text.
const BacklogPerAddress = 3

// BacklogSize is the number of untaken dialogs at which a queue is a backlog (R-034, D-30).
const BacklogSize = 10

// sendForm puts the configured form into the stream; an earlier one that stands open is over (D-34).
func (d *decision) sendForm(author Author, by Operator) {
	d.add(Event{Kind: KindFormRequest, Author: author, OperatorID: by.ID, OperatorName: by.Name, Audience: AudienceAll,
		Params: d.env.Settings.Form.params()})
	ses := d.State.Session
	ses.FormSeq, ses.FormVisitorSeq = d.State.Seq, d.State.VisitorSeq
}

// SentForm is the form of a KindFormRequest event: what was configured when it was sent.
func SentForm(params map[string]string) *Form {
	return &Form{Name: FieldMode(params["name"]), Phone: FieldMode(params["phone"]), Email: FieldMode(params["email"]),
		Title: params["title"], ConsentText: params["consent_text"], ConsentURL: params["consent_url"],
		ConsentVersion: params["consent_version"], Company: params["company"]}
}

// openForm is the form that stands open in the stream; zeros: none.
func (d *decision) openForm() (seq, visitorSeq int64) {
	if ses := d.State.Session; ses != nil {
		return ses.FormSeq, ses.FormVisitorSeq
	}
	return 0, 0
}

// requestContacts sends the form: an answer like a message, with the same race, limit and hours (R-048, D-28).
func (d *decision) requestContacts(c RequestContacts) error {
	if err := d.answer(c.By, c.SeenSeq); err != nil {
		return err
	}
	if !d.env.Settings.Form.Enabled {
		return refuse(FormDisabled)
	}
	d.sendForm(ByOperator, c.By)
	d.system(AudienceOperator, KeyFormSent, nil) // only now: the server has accepted it
	return nil
}

// submitForm takes the filled form: with consent only, held against the form the visitor has before him. One
// that was sent and stands open outlives the switch, as it does every other setting.
func (d *decision) submitForm(c SubmitForm) error {
	if !c.Consent {
		return refuseField(ConsentRequired, "consent")
	}
	form := d.env.Settings.Form
	if c.Sent != nil {
		form = *c.Sent
	}
	c, err := checkForm(c, form)
	if err != nil {
		return err
	}
	if c.Sent == nil && !form.Enabled { // nothing of a person is taken by a form that is switched off (D-34)
		return refuse(FormDisabled)
	}
	started, err := d.arrive(c.Arrival)
	if err != nil {
		return err
	}
	values := map[string]string{}
	for _, f := range c.values() {
		if f.value != "" {
			values[f.name] = f.value
		}
	}
	d.add(Event{Kind: KindForm, Author: ByVisitor, Audience: AudienceAll, Params: values})
	d.system(AudienceOperator, KeyFormFilled, nil)
	d.State.Session.FormSeq, d.State.Session.FormVisitorSeq = 0, 0
	d.fillCard(c)
	d.consent(c, form)
	if started {
		d.unattended(c.Unattended, false)
	}
	return nil
}

type formValue struct{ name, value, before string }

func (c SubmitForm) values() []formValue {
	return []formValue{{"name", c.Name, c.Before.Name}, {"phone", c.Phone, c.Before.Phone}, {"email", c.Email, c.Before.Email}}
}

// fillCard takes what was filled into the card; what was left empty erases nothing. Each change is kept (R-051, D-44).
func (d *decision) fillCard(c SubmitForm) {
	d.Card = &Card{Name: c.Name, Phone: c.Phone, Email: c.Email}
	before, after := map[string]any{}, map[string]any{}
	for _, f := range c.values() {
		if f.value != "" && f.value != f.before {
			before[f.name], after[f.name] = f.before, f.value
		}
	}
	if len(after) > 0 {
		d.Audit = append(d.Audit, Audit{Action: "card", Before: before, After: after})
	}
}

// consent keeps the proof: what the client says it showed, else what this form shows (D-41).
func (d *decision) consent(c SubmitForm, form Form) {
	proof := c.Proof
	proof.Text = cmp.Or(proof.Text, form.ConsentText, strings.ReplaceAll(c.Standard, "{company}", form.Company))
	proof.Version = cmp.Or(proof.Version, form.ConsentVersion)
	d.Consent = &proof
	if d.State.ConsentAt.IsZero() {
		d.State.ConsentAt = d.Events[0].At
	}
	d.audit("consent", "", map[string]any{"version": proof.Version})
}

// InBacklog reports whether the dialog counts in its queue: untaken and not of a blocked visitor (D-30, D-51).
func InBacklog(s State) bool { return s.Open() && s.Session.AssigneeID == "" && !s.Blocked }

// Origin says whom an untaken dialog comes from, as a backlog counts: one address, or in IPv6 the /64 that one customer of
// a provider has. Not ok, it counts by itself: the address is not known, or of a private network, that is of a proxy
// nobody said to trust or of the shop's own office, and tells people apart no more.
func Origin(ip string) (origin netip.Prefix, ok bool) {
	a, err := netip.ParseAddr(ip)
	a = a.Unmap()
	if err != nil || a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() {
		return netip.Prefix{}, false
	}
	bits := 32
	if a.Is6() {
		bits = 64
	}
	origin, err = a.Prefix(bits)
	return origin, err == nil
}

// OfferAt is the first instant at which the dialog's visitor waits long (D-31); false when he is not to be served any more.
func OfferAt(s State, set Settings) (time.Time, bool) {
	if !InBacklog(s) || !s.Waiting() || !s.Session.OfferedAt.IsZero() {
		return time.Time{}, false
	}
	return longFrom(s.Session.WaitingSince, set.LongWait), true
}

// offerContacts is the automatic message of a backlog, then the form. Once per session; it stops no clock and
// claims nothing (D-33).
func (d *decision) offerContacts(c OfferContacts) error {
	at, ok := OfferAt(d.State, d.env.Settings)
	if !ok || c.Untaken < BacklogSize || !c.Open || d.env.Now.Before(at) {
		return refuse(NotYet)
	}
	d.State.Session.OfferedAt = d.env.Now
	d.system(AudienceAll, KeyBacklog, nil)
	if d.env.Settings.Form.Enabled {
		d.sendForm(BySystem, Operator{})
	}
	d.audit("backlog", "", map[string]any{"due_at": at, "late_us": d.env.Now.Sub(at).Microseconds()})
	return nil
}
