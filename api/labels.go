package api

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/store"
)

// listLabelChoice offers what may be attached now: without those the dialog has.
func (s *Server) listLabelChoice(c *fiber.Ctx) error {
	row, seat, err := s.operatorDialog(c)
	if err != nil {
		return err
	}
	labels, err := s.store.LabelChoice(c.UserContext(), row)
	if err != nil {
		return err
	}
	out := LabelChoice{Labels: []Label{}, MayCreate: dialog.MayCreateLabel(seat.Operator, row.Settings),
		Attached: len(row.Labels), Max: dialog.MaxLabels}
	if ses := row.State.Session; ses != nil {
		out.Department = namedOf(ses.DepartmentID, row.DepartmentName)
	}
	for _, l := range labels {
		if !slices.ContainsFunc(row.Labels, func(on dialog.Label) bool { return on.ID == l.ID }) {
			out.Labels = append(out.Labels, Label{ID: l.ID, Text: l.Text, Color: l.Color, Active: l.Active,
				Department: namedOf(l.DepartmentID, l.Department), Used: l.Used})
		}
	}
	return c.JSON(out)
}

// attachLabel attaches a label of the choice, or a new one.
func (s *Server) attachLabel(c *fiber.Ctx) error {
	req, given, err := body[AttachLabelRequest](c)
	if err != nil {
		return err
	}
	label, err := labelOf(req, given)
	if err != nil {
		return err
	}
	r, _, err := s.operatorCommand(c, req.ClientID, func(by dialog.Operator) (dialog.Command, error) {
		return dialog.AttachLabel{By: by, Label: label}, nil
	})
	if err != nil {
		return err
	}
	return s.answerLabels(c, r)
}

// labelOf is either a label by its id, or a new one with text and colour.
func labelOf(req AttachLabelRequest, given map[string]json.RawMessage) (dialog.Label, error) {
	_, byID := given["label_id"]
	_, text := given["text"]
	_, color := given["color"]
	switch {
	case byID && (text || color):
		return dialog.Label{}, wrong(codeInvalid, "label_id")
	case byID:
		id, err := canonical(req.LabelID, "label_id")
		return dialog.Label{ID: id}, err
	case !text:
		return dialog.Label{}, wrong(codeRequired, "text")
	case !color:
		return dialog.Label{}, wrong(codeRequired, "color")
	}
	return dialog.Label{Text: req.Text, Color: req.Color}, nil
}

func (s *Server) detachLabel(c *fiber.Ctx) error {
	label, err := pathID(c, "label_id")
	if err != nil {
		return err
	}
	r, _, err := s.operatorCommand(c, uuid.NewString(), func(by dialog.Operator) (dialog.Command, error) {
		return dialog.DetachLabel{By: by, ID: label}, nil
	})
	if err != nil {
		return err
	}
	return s.answerLabels(c, r)
}

func (s *Server) answerLabels(c *fiber.Ctx, r store.Result) error {
	if r.Applied != nil {
		return c.JSON(DialogLabels{Labels: labelChips(r.Applied.Row.Labels)})
	}
	row, err := s.store.Load(c.UserContext(), r.DialogID)
	if err != nil {
		return err
	}
	return c.JSON(DialogLabels{Labels: labelChips(row.Labels)})
}

// cardMark is what tells that the card beside a dialog has to be read again: its fields, consent, labels, block, and the
// rating, which comes when the session has ended and nothing else is said (D-39).
type cardMark struct {
	rev     int64
	consent time.Time
	labels  []dialog.Label
	blocked bool
	rating  int
	comment string // beside the rating
}

func cardMarkOf(r *store.Row) cardMark {
	m := cardMark{rev: r.CardRev, consent: r.State.ConsentAt, labels: r.Labels, blocked: r.State.Blocked}
	if ses := r.State.Session; ses != nil {
		m.rating, m.comment = ses.Rating, ses.RatingComment
	}
	return m
}

func (m cardMark) equal(o cardMark) bool {
	return m.rev == o.rev && m.consent.Equal(o.consent) && m.blocked == o.blocked && slices.Equal(m.labels, o.labels) &&
		m.rating == o.rating && m.comment == o.comment
}

// tellCard tells operators who have the dialog open that its card changed; under the hub's lock.
func (t *topic) tellCard(dialogID string) {
	raw := encode(cardFrame{"card", dialogID})
	for x := range t.subs {
		if x.log == store.OperatorLog {
			x.conn.sendRaw(raw)
		}
	}
}
