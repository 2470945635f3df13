package api

import (
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/store"
)

// eraseContact empties what is kept of a client; open windows drop it at once (D-64). Doing it twice is doing it once, so
// it needs no id of the client's.
func (s *Server) eraseContact(c *fiber.Ctx) error {
	id, err := pathID(c, "dialog_id")
	if err != nil {
		return err
	}
	row, err := s.store.Load(c.UserContext(), id)
	if err != nil {
		return err
	}
	if row.ProjectID != projectOf(c) {
		return store.ErrNotFound
	}
	if _, err := s.apply(c.UserContext(), store.Command{DialogID: id, ClientID: uuid.NewString(),
		Do: dialog.Erase{By: dialog.Operator{ID: operatorOf(c).OperatorID}}}); err != nil {
		return err
	}
	s.log.Info("contact erased", "dialog", id) // logs outlive a restore of the database
	return c.SendStatus(fiber.StatusNoContent)
}
