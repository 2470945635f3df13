package dialog

import "time"

// BacklogSize is the number of untaken dialogs at which a queue is a backlog (R-034, D-30).
const BacklogSize = 10

// sendForm puts the configured form into the stream; an earlier one that stands open is over (D-34).
func (d *decision) sendForm(author Author, by Operator) {
	d.add(Event{Kind: KindFormRequest, Author: author, OperatorID: by.ID, OperatorName: by.Name, Audience: AudienceAll,
		Params: d.env.Settings.Form.params()})
	ses := d.State.Session
	ses.FormSeq, ses.FormVisitorSeq = d.State.Seq, d.State.VisitorSeq
}

func (d *decision) requestContacts(c RequestContacts) error {
	if !d.env.Settings.Form.Enabled {
		return refuse(FormDisabled)
	}
	if err := d.answer(c.By, c.SeenSeq); err != nil {
		return err
	}
	d.sendForm(ByOperator, c.By)
	d.system(AudienceOperator, KeyFormSent, nil) // only now: the server has accepted it
	return nil
}

// InBacklog reports whether the dialog counts in its queue: untaken and not of a blocked visitor (D-30, D-51).
func InBacklog(s State) bool { return s.Open() && s.Session.AssigneeID == "" && !s.Blocked }

// OfferAt is the first instant at which the dialog's visitor waits long (D-31); false when he is not to be served any more.
func OfferAt(s State, set Settings) (time.Time, bool) {
	if !InBacklog(s) || !s.Waiting() || !s.Session.OfferedAt.IsZero() {
		return time.Time{}, false
	}
	return s.Session.WaitingSince.Add(set.LongWait + Tick), true
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
	d.audit("backlog", "", map[string]any{"untaken": c.Untaken, "late_us": d.env.Now.Sub(at).Microseconds()})
	return nil
}
