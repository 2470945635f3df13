package api

import (
	"context"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/store"
	"github.com/otklik/otklik/texts"
)

func (s *Server) getMe(c *fiber.Ctx) error {
	in := operatorOf(c)
	me, err := s.me(c.UserContext(), in.OperatorID, in.CSRF)
	if err != nil {
		return err
	}
	return c.JSON(me)
}

func (s *Server) patchMe(c *fiber.Ctx) error {
	req, _, err := body[MePatch](c)
	if err != nil {
		return err
	}
	if req.Locale == "" {
		return wrong(codeRequired, "locale")
	}
	if !texts.Known(string(req.Locale)) {
		return wrong(codeInvalid, "locale")
	}
	in := operatorOf(c)
	if err := s.store.SetLocale(c.UserContext(), in.OperatorID, string(req.Locale)); err != nil {
		return err
	}
	s.desks.touch(in.OperatorID)
	return s.getMe(c)
}

var levels = map[dialog.Level]Level{dialog.LevelView: LevelView, dialog.LevelOperator: LevelOperator,
	dialog.LevelSenior: LevelSenior, dialog.LevelAdmin: LevelAdmin}

// me is the operator with the projects he may work in and their dots.
func (s *Server) me(ctx context.Context, operatorID, csrf string) (Me, error) {
	self, err := s.store.Self(ctx, operatorID)
	if err != nil {
		return Me{}, err
	}
	seats, err := s.store.Seats(ctx, []string{operatorID})
	if err != nil {
		return Me{}, err
	}
	now, err := s.store.Now(ctx)
	if err != nil {
		return Me{}, err
	}
	late, err := s.store.TimersLate(ctx, lateAfter)
	if err != nil {
		return Me{}, err
	}
	logs, err := s.store.LogProjects(ctx, operatorID)
	if err != nil {
		return Me{}, err
	}
	me := Me{
		Operator: Operator{ID: self.ID, Name: self.Name, Login: self.Login, Locale: Locale(self.Locale),
			OpenDialogs: self.OpenDialogs, DialogLimit: self.Limit},
		Csrf: csrf, Projects: make([]Project, 0, len(seats)), Now: now, TemporalDelayed: late, LogProjects: namedAll(logs),
	}
	for _, seat := range seats {
		open, err := s.openDialogs(ctx, seat)
		if err != nil {
			return Me{}, err
		}
		dot := dialog.DotNone
		for _, v := range open.sights {
			dot = dialog.Stronger(dot, v.dot())
		}
		me.Projects = append(me.Projects, Project{ID: seat.ProjectID, Name: seat.ProjectName, Level: levels[seat.Operator.Level],
			Dot: Dot(dot), Tagging: seat.Settings.TagRequired(), Rating: seat.Settings.Rating,
			LongWaitSeconds: int(seat.Settings.LongWait.Seconds()), Tags: namedAll(seat.Tags), Departments: namedAll(seat.Departments),
			TimeZone: seat.TimeZone, FormEnabled: seat.Settings.Form.Enabled, Hours: hoursOf(seat.Operator, now),
			MayCreateLabels:  dialog.MayCreateLabel(seat.Operator, seat.Settings),
			AutoCloseMinutes: int(seat.Settings.AutoClose.Minutes()), Rev: seat.Rev})
	}
	return me, nil
}

// hoursOf says whether the operator can see new dialogs now, and when that changes by time alone (D-22).
func hoursOf(o dialog.Operator, now time.Time) HoursState {
	return HoursState{Open: o.SeesNew(now), ChangesAt: o.ShiftChangesAt(now), OwnUntil: o.OwnUntil(now)}
}

func namedAll(in []store.Named) []Named {
	out := make([]Named, len(in))
	for i, n := range in {
		out[i] = Named{ID: n.ID, Name: n.Name}
	}
	return out
}
