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

// editCard saves one field, or clears it (R-065, R-066, D-43).
func (d *decision) editCard(c EditCard) error {
	if err := mayEdit(d.State, c.By); err != nil {
		return err
	}
	value := strings.TrimSpace(c.Value)
	if err := checkCardValue(c.Field, value); err != nil {
		return err
	}
	if c.Rev != c.Before.Rev {
		return refuse(Conflict) // another operator, or a form, was faster (D-43)
	}
	before := c.Before.field(c.Field)
	if value == before {
		return nil
	}
	d.CardEdit = &CardEdit{c.Field, value}
	field := string(c.Field)
	d.Audit = append(d.Audit, Audit{Action: "card", OperatorID: c.By.ID,
		Before: map[string]any{field: before}, After: map[string]any{field: value}})
	return nil
}

func checkCardValue(f CardField, value string) error {
	max, ok := map[CardField]int{CardName: MaxName, CardEmail: MaxEmail, CardPhone: MaxPhone, CardComment: MaxComment}[f]
	if !ok {
		return refuseField(Invalid, "field")
	}
	if err := checkOptional("value", value, max); err != nil {
		return err
	}
	valid := true
	switch f {
	case CardEmail:
		valid = value == "" || validEmail(value)
	case CardPhone:
		valid = value == "" || validPhone(value)
	case CardName:
		valid = !strings.ContainsAny(value, "\r\n\t")
	}
	if !valid {
		return refuseField(Invalid, "value")
	}
	return nil
}

func (s CardState) field(f CardField) string {
	return map[CardField]string{CardName: s.Name, CardEmail: s.Email, CardPhone: s.Phone, CardComment: s.Comment}[f]
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

// attachLabel attaches a label of the choice, or a new one.
func (d *decision) attachLabel(c AttachLabel) error {
	if err := mayTouch(d.State, c.By); err != nil {
		return err
	}
	l := c.Label
	isNew := l.ID == ""
	switch {
	case isNew:
		if !MayCreateLabel(c.By, d.env.Settings) {
			return refuse(Forbidden)
		}
		if err := CheckLabel(l); err != nil {
			return err
		}
		if c.Exists {
			return refuseField(Exists, "text")
		}
	case has(c.Attached, l.ID):
		return nil // it is on already
	case !Offered(l, d.State):
		return refuseField(NotFound, "label_id")
	}
	if len(c.Attached) >= MaxLabels {
		return &Refusal{Code: LabelLimit, Max: MaxLabels}
	}
	if isNew {
		l = Label{ID: d.env.NewID(), Text: strings.TrimSpace(l.Text), Color: l.Color, DepartmentID: LabelScope(d.State), Active: true}
		d.NewLabel = true
		d.Audit = append(d.Audit, Audit{Action: "label_create", OperatorID: c.By.ID, Detail: map[string]any{"label": l.ID,
			"department": l.DepartmentID}, After: map[string]any{"text": l.Text, "color": l.Color, "active": true}})
	}
	d.Attach = &l
	return nil
}

func has(labels []Label, id string) bool {
	return slices.ContainsFunc(labels, func(l Label) bool { return l.ID == id })
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

// detachLabel takes a label off, an inactive one too; one that is off already stays off (R-074, D-45).
func (d *decision) detachLabel(c DetachLabel) error {
	if err := mayTouch(d.State, c.By); err != nil {
		return err
	}
	if has(c.Attached, c.ID) {
		d.Detach = c.ID
	}
	return nil
}

// withdrawConsent registers a withdrawal; the proofs stay, and consent may be given again (D-41).
func (d *decision) withdrawConsent(c WithdrawConsent) error {
	if c.By.Level < LevelAdmin {
		return refuse(Forbidden)
	}
	if d.State.ConsentAt.IsZero() {
		return nil // none holds: it is as asked
	}
	d.Withdrawn, d.State.ConsentAt = true, time.Time{}
	d.audit("consent_withdrawn", c.By.ID, nil)
	return nil
}
