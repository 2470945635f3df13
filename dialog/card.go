package dialog

import (
	"slices"
	"strings"
	"time"
)

// Limits of the card's inputs in characters, and of labels on one dialog (docs/decisions.md, section 0; R-073).
const (
	MaxComment = 2000
	MaxLabel   = 30
	MaxLabels  = 5
	Colors     = 12 // of the fixed palette (D-45)
)

// mayEdit checks the right to edit the card: with consent given at least once (R-065, D-42).
func mayEdit(s State, o Operator) error {
	if err := mayTouch(s, o); err != nil {
		return err
	}
	if s.ConsentAt.IsZero() {
		return refuse(ConsentRequired)
	}
	return nil
}

func (d *decision) editCard(c EditCard) error {
	if err := mayEdit(d.State, c.By); err != nil {
		return err
	}
	value := strings.TrimSpace(c.Value)
	before := ""
	switch c.Field {
	case CardName:
		before = c.Before.Name
		if err := checkOptional("value", value, MaxName); err != nil {
			return err
		}
	case CardEmail:
		before = c.Before.Email
		if value != "" && (len(value) > MaxEmail || !validEmail(value)) {
			return refuseField(Invalid, "value")
		}
	case CardPhone:
		before = c.Before.Phone
		if value != "" && (len(value) > MaxPhone || !validPhone(value)) {
			return refuseField(Invalid, "value")
		}
	case CardComment:
		before = c.Before.Comment
		if err := checkOptional("value", value, MaxComment); err != nil {
			return err
		}
	default:
		return refuseField(Invalid, "field")
	}
	if c.Rev != c.Before.Rev {
		return refuse(Conflict) // another operator, or a form, was faster (D-43)
	}
	d.CardEdit = &CardEdit{c.Field, value}
	field := string(c.Field)
	d.Audit = append(d.Audit, Audit{Action: "card", OperatorID: c.By.ID,
		Before: map[string]any{field: before}, After: map[string]any{field: value}})
	return nil
}

// MayCreateLabel reports whether the level is the one set for it, or above (R-072, D-03).
func MayCreateLabel(o Operator, set Settings) bool {
	return o.Level >= max(set.LabelLevel, LevelOperator)
}

// LabelScope is where a label made in the card goes: the session's department, else the common ones.
func LabelScope(s State) string {
	if s.Session == nil {
		return ""
	}
	return s.Session.DepartmentID
}

// Offered reports whether a label is offered for the dialog: active, and of its department or common (R-069, D-45).
func Offered(l Label, s State) bool {
	return l.Active && (l.DepartmentID == "" || l.DepartmentID == LabelScope(s))
}

func (d *decision) attachLabel(c AttachLabel) error {
	if err := mayTouch(d.State, c.By); err != nil {
		return err
	}
	l := c.Label
	if l.ID == "" {
		if !MayCreateLabel(c.By, d.env.Settings) {
			return refuse(Forbidden)
		}
		if err := CheckLabel(l); err != nil {
			return err
		}
		if c.Exists {
			return refuseField(Exists, "text")
		}
		l.Text, l.DepartmentID, l.Active = strings.TrimSpace(l.Text), LabelScope(d.State), true
	} else if slices.ContainsFunc(c.Attached, func(a Label) bool { return a.ID == l.ID }) {
		return nil // it is on already
	} else if !Offered(l, d.State) {
		return refuseField(NotFound, "label_id")
	}
	if len(c.Attached) >= MaxLabels {
		return &Refusal{Code: LabelLimit, Max: MaxLabels}
	}
	d.Attach = &l
	if c.Label.ID == "" {
		d.audit("label_create", c.By.ID, map[string]any{"department": l.DepartmentID})
	}
	return nil
}

// CheckLabel refuses a text or a colour that a label may not have.
func CheckLabel(l Label) error {
	if err := CheckText("text", l.Text, MaxLabel); err != nil {
		return err
	}
	if strings.ContainsAny(l.Text, "\r\n\t") {
		return refuseField(Invalid, "text")
	}
	if l.Color < 0 || l.Color >= Colors {
		return refuseField(Invalid, "color")
	}
	return nil
}

func (d *decision) detachLabel(c DetachLabel) error {
	if err := mayTouch(d.State, c.By); err != nil {
		return err
	}
	if slices.ContainsFunc(c.Attached, func(a Label) bool { return a.ID == c.ID }) {
		d.Detach = c.ID
	}
	return nil
}

// erase redacts the dialog (D-64). An open conversation is left first: its visitor is still writing.
func (d *decision) erase(c Erase) error {
	if c.By.Level < LevelAdmin {
		return refuse(Forbidden)
	}
	if d.State.Open() {
		return refuse(Conflict)
	}
	d.Erased = true // the proof of consent stays
	if d.State.Session != nil {
		d.State.Session.RatingComment = ""
		d.State.Session.IP = ""
		d.add(Event{Kind: KindErased, Author: BySystem, Audience: AudienceAll})
	}
	d.audit("erase", c.By.ID, nil)
	return nil
}

func (d *decision) withdrawConsent(c WithdrawConsent) error {
	if c.By.Level < LevelAdmin {
		return refuse(Forbidden)
	}
	if d.State.ConsentAt.IsZero() {
		return refuse(ConsentRequired)
	}
	d.Withdrawn, d.State.ConsentAt = true, time.Time{}
	d.audit("consent_withdrawn", c.By.ID, nil)
	return nil
}
