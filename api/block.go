package api

import (
	"context"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/store"
)

// arrival is where a visitor's command comes from; the store knows under the lock whether that is blocked.
func (s *Server) arrival(c *fiber.Ctx) dialog.Arrival { return dialog.Arrival{IP: s.address(c)} }

// seenAt notes the address a visitor is seen at: an operator who blocks him takes the last one (D-48).
func (s *Server) seenAt(ctx context.Context, dialogID, address string) error {
	moved, err := s.store.SeeAddress(ctx, dialogID, address)
	if err == nil && moved != nil {
		s.told(ctx, *moved)
	}
	return err
}

// notBlocked lets through whoever does not come from a listed address: to all others the widget is not shown (R-082,
//
func (s *Server) notBlocked(c *fiber.Ctx, projectID string) error {
	blocked, _, err := s.store.AddressBlocked(c.UserContext(), projectID, s.address(c))
	if err == nil && blocked {
		err = wrong(codeBlocked, "")
	}
	return err
}

// stateFor is the visitor's state as it is told to this client: whether he may write goes by where he is now.
func (s *Server) stateFor(c *fiber.Ctx, row *store.Row) (VisitorState, error) {
	blocked, _, err := s.store.AddressBlocked(c.UserContext(), row.ProjectID, s.address(c))
	state := stateOf(row, row.Now)
	state.Blocked, state.OperatorOnline = blocked, s.attendance.online(c.UserContext(), queueOf(row))
	return state, err
}

// blockVisitor blocks the address of the current session.
func (s *Server) blockVisitor(c *fiber.Ctx) error {
	req, given, err := body[CommandRequest](c)
	if err != nil {
		return err
	}
	if _, said := given["seen_seq"]; said { // of answers only
		return wrong(codeUnknownField, "seen_seq")
	}
	r, _, err := s.operatorCommand(c, req.ClientID, func(by dialog.Operator) (dialog.Command, error) {
		return dialog.Block{By: by}, nil
	})
	if err != nil {
		return err
	}
	return s.answerBlock(c, r.DialogID)
}

// unblockVisitor takes it off the lists a person may change; what the system's list has stays blocked (M-24).
// Doing it twice is doing it once, so it needs no id of the client's.
func (s *Server) unblockVisitor(c *fiber.Ctx) error {
	r, _, err := s.operatorCommand(c, uuid.NewString(), func(by dialog.Operator) (dialog.Command, error) {
		return dialog.Unblock{By: by}, nil
	})
	if err != nil {
		return err
	}
	return s.answerBlock(c, r.DialogID)
}

func (s *Server) answerBlock(c *fiber.Ctx, dialogID string) error {
	s.blocks.poke()
	b, err := s.store.BlockOf(c.UserContext(), dialogID)
	if err != nil {
		return err
	}
	return c.JSON(BlockAnswer{Blocked: len(b.Sources) > 0, IP: b.IP})
}

// blockOf is the address of a dialog and how it is blocked, for its card.
func (s *Server) blockOf(ctx context.Context, dialogID string) (ip string, block DialogBlock, err error) {
	b, err := s.store.BlockOf(ctx, dialogID)
	if err != nil || len(b.Sources) == 0 {
		return b.IP, DialogBlock{}, err
	}
	block = DialogBlock{IP: b.IP, Sources: make([]BlockSource, len(b.Sources))}
	for i, source := range b.Sources {
		block.Sources[i] = BlockSource(source)
	}
	return b.IP, block, nil
}
