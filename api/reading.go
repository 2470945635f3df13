package api

import (
	"context"
	"errors"

	"github.com/gofiber/fiber/v2"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/store"
)

// reading is a dialog as far as somebody may read it.
type reading struct {
	row store.Row
	by  dialog.Operator
	// past: opened from the chat log (D-63). The row ends with the last finished session, and so does all that is read.
	past bool
}

// readDialog finds the dialog of the path for reading: among the operator's own, else in the chat log.
func (s *Server) readDialog(c *fiber.Ctx) (reading, error) {
	id, err := pathID(c, "dialog_id")
	if err != nil {
		return reading{}, err
	}
	ctx, operator := c.UserContext(), operatorOf(c).OperatorID
	row, seat, err := s.dialogFor(ctx, operator, id)
	if errors.Is(err, store.ErrNotFound) {
		return s.pastFor(ctx, operator, id)
	}
	return reading{row: row, by: seat.Operator}, err
}

// pastFor finds a dialog in the chat log of its project, whether or not the widget is on (D-02).
func (s *Server) pastFor(ctx context.Context, operatorID, dialogID string) (reading, error) {
	row, finished, err := s.store.PastRow(ctx, dialogID)
	if err != nil {
		return reading{}, err
	}
	by, err := s.store.OperatorFacts(ctx, operatorID, row.ProjectID)
	if err == nil && !dialog.MayOpenPast(finished, by) {
		err = store.ErrNotFound
	}
	return reading{row: row, by: by, past: true}, err
}

// wire is the row as the reader sees it. Nothing can be done from the chat log.
func (r reading) wire(readEvents int64) Row {
	if !r.past {
		return see(&r.row, r.by, readEvents, r.row.Now).wire()
	}
	out := see(&r.row, r.by, r.row.State.VisitorEvents, r.row.Now).wire()
	out.Can = Can{Write: CanWriteForbidden, Transfer: CanTransferForbidden, Leave: CanLeaveForbidden, Block: CanBlockForbidden, Edit: CanEditForbidden}
	return out
}

// logReader is the operator of the request in the project of the path, if he may read its chat log.
func (s *Server) logReader(c *fiber.Ctx) (dialog.Operator, string, error) {
	project, err := pathID(c, "project_id")
	if err != nil {
		return dialog.Operator{}, "", err
	}
	by, err := s.store.OperatorFacts(c.UserContext(), operatorOf(c).OperatorID, project)
	if err == nil && by.Level < dialog.LevelView {
		err = store.ErrNotFound
	}
	return by, project, err
}
