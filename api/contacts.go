package api

import (
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/store"
)

func cardOf(c store.Card) Card {
	return Card{Rev: c.Rev, Name: c.Name, Email: c.Email, Phone: c.Phone, Comment: c.Comment, ConsentAt: c.ConsentAt, WithdrawnAt: c.WithdrawnAt}
}

func labelChips(labels []dialog.Label) []LabelChip {
	out := make([]LabelChip, len(labels))
	for i, l := range labels {
		out[i] = LabelChip{ID: l.ID, Text: l.Text, Color: l.Color, Active: l.Active}
	}
	return out
}

// requestContacts sends the contact form to the visitor.
func (s *Server) requestContacts(c *fiber.Ctx) error {
	req, given, err := body[CommandRequest](c)
	if err != nil {
		return err
	}
	seen, err := seenSeq(req.SeenSeq, given)
	if err != nil {
		return err
	}
	r, viewer, err := s.operatorCommand(c, req.ClientID, func(by dialog.Operator) (dialog.Command, error) {
		return dialog.RequestContacts{By: by, SeenSeq: seen}, nil
	})
	if err != nil {
		return err
	}
	return c.JSON(MessageAnswer{Event: eventFor(r.Event, viewer), Claimed: r.Claimed})
}

func (s *Server) editCard(c *fiber.Ctx) error {
	req, _, err := body[CardPatch](c)
	if err != nil {
		return err
	}
	r, _, err := s.operatorCommand(c, req.ClientID, func(by dialog.Operator) (dialog.Command, error) {
		return dialog.EditCard{By: by, Field: dialog.CardField(req.Field), Value: req.Value, Rev: req.Rev}, nil
	})
	if err != nil {
		return err
	}
	return s.answerCard(c, r.DialogID)
}

func (s *Server) answerCard(c *fiber.Ctx, dialogID string) error {
	card, err := s.store.Card(c.UserContext(), dialogID)
	if err != nil {
		return err
	}
	return c.JSON(cardOf(card))
}

// withdrawConsent registers that the client took his consent back (D-41).
func (s *Server) withdrawConsent(c *fiber.Ctx) error {
	id, err := pathID(c, "dialog_id")
	if err != nil {
		return err
	}
	row, err := s.store.Load(c.UserContext(), id)
	if err == nil && row.ProjectID != projectOf(c) {
		err = store.ErrNotFound
	}
	if err != nil {
		return err
	}
	_, err = s.apply(c.UserContext(), store.Command{DialogID: id, ClientID: uuid.NewString(),
		Do: dialog.WithdrawConsent{By: dialog.Operator{ID: operatorOf(c).OperatorID}}})
	if err != nil {
		return err
	}
	return s.answerCard(c, id)
}

// listTemplateChoice offers templates as they would stand in the input (R-052, D-35).
func (s *Server) listTemplateChoice(c *fiber.Ctx) error {
	row, seat, err := s.operatorDialog(c)
	if err != nil {
		return err
	}
	templates, err := s.store.TemplateChoice(c.UserContext(), row, seat.Operator.ID)
	if err != nil {
		return err
	}
	out := TemplateChoice{Templates: make([]TemplateOffer, len(templates))}
	for i, t := range templates {
		scope := TemplateOfferScopeCommon
		switch {
		case t.OperatorID != "":
			scope = TemplateOfferScopeOwn
		case t.DepartmentID != "":
			scope = TemplateOfferScopeDepartment
		}
		offer := TemplateOffer{ID: t.ID, Title: t.Title, Command: t.Command, Scope: scope,
			Pieces: []TemplatePiece{}, Department: namedOf(t.DepartmentID, t.Department)}
		for _, p := range dialog.FillTemplate(t.Text, row.VisitorName, seat.Operator.Name) {
			offer.Text += p.Text
			offer.Pieces = append(offer.Pieces, TemplatePiece{Text: p.Text, Filled: TemplatePieceFilled(p.Filled)})
		}
		out.Templates[i] = offer
	}
	return c.JSON(out)
}
