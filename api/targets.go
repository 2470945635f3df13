package api

import (
	"cmp"
	"slices"

	"github.com/gofiber/fiber/v2"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/store"
)

// listTransferTargets lists who may receive the dialog, department after department (R-055, D-36).
func (s *Server) listTransferTargets(c *fiber.Ctx) error {
	row, seat, err := s.operatorDialog(c)
	if err != nil {
		return err
	}
	team, err := s.store.Team(c.UserContext(), row.ProjectID)
	if err != nil {
		return err
	}
	targets := dialog.Targets(row.State, seat.Operator, team, row.Now)
	place := func(t dialog.Target) int { // as the departments stand; who is in none comes last
		i := slices.IndexFunc(seat.Departments, func(n store.Named) bool { return n.ID == t.Department })
		if i < 0 {
			return len(seat.Departments)
		}
		return i
	}
	slices.SortStableFunc(targets, func(a, b dialog.Target) int { return cmp.Compare(place(a), place(b)) })
	out := TransferTargets{Targets: make([]TransferTarget, len(targets))}
	for i, t := range targets {
		out.Targets[i] = TransferTarget{Operator: Person{ID: t.Operator.ID, Name: t.Operator.Name}, Available: !t.AtLimit,
			OpenDialogs: t.Operator.OpenDialogs, DialogLimit: t.Operator.Limit}
		if n := place(t); n < len(seat.Departments) {
			out.Targets[i].Department = namedOf(seat.Departments[n].ID, seat.Departments[n].Name)
		}
		if t.AtLimit {
			out.Targets[i].Reason = TransferTargetReasonLimitReached
		}
	}
	return c.JSON(out)
}
