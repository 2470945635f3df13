package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
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
	change, err := selfChange(c)
	if err != nil {
		return err
	}
	in := operatorOf(c)
	if err := s.store.ChangeSelf(c.UserContext(), in.OperatorID, change); err != nil {
		return err
	}
	s.desks.touch(in.OperatorID)
	return s.getMe(c)
}

func selfChange(c *fiber.Ctx) (store.SelfChange, error) {
	var out store.SelfChange
	req, given, err := body[MePatch](c)
	if err != nil {
		return out, err
	}
	if len(given) == 0 {
		return out, wrong(codeRequired, "locale")
	}
	if _, ok := given["locale"]; ok {
		if !texts.Known(string(req.Locale)) {
			return out, wrong(codeInvalid, "locale")
		}
		locale := string(req.Locale)
		out.Locale = &locale
	}
	if _, ok := given["away"]; ok {
		out.Away = &req.Away
	}
	if raw, ok := given["prefs"]; ok {
		out.Prefs, err = readPrefs(raw)
	}
	return out, err
}

// readPrefs checks the console's preferences: known names and values only, since they are kept and come back.
func readPrefs(raw []byte) ([]byte, error) {
	p, given, err := decode[Prefs](raw)
	if err != nil {
		var in *problem
		if errors.As(err, &in) {
			in.field = strings.TrimSuffix("prefs."+in.field, ".")
		}
		return nil, err
	}
	_, sorted := given["sort"]
	_, themed := given["theme"]
	_, tabbed := given["tab"]
	switch {
	case sorted && !slices.Contains([]PrefsSort{PrefsSortPriority, PrefsSortNewest, PrefsSortOldest}, p.Sort):
		return nil, wrong(codeInvalid, "prefs.sort")
	case themed && !slices.Contains([]PrefsTheme{PrefsThemeSystem, PrefsThemeLight, PrefsThemeDark}, p.Theme):
		return nil, wrong(codeInvalid, "prefs.theme")
	case tabbed && !slices.Contains([]Group{GroupMine, GroupImportant, GroupUnassigned, GroupAll}, p.Tab):
		return nil, wrong(codeInvalid, "prefs.tab")
	}
	if _, ok := given["project_id"]; ok {
		if p.ProjectID, err = canonical(p.ProjectID, ""); err != nil {
			return nil, wrong(codeInvalid, "prefs.project_id")
		}
	}
	return json.Marshal(p)
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
	var prefs Prefs
	if err := json.Unmarshal([]byte(self.Prefs), &prefs); err != nil {
		return Me{}, fmt.Errorf("prefs of %s: %w", operatorID, err)
	}
	me := Me{
		Operator: Operator{ID: self.ID, Name: self.Name, Login: self.Login, Locale: Locale(self.Locale),
			OpenDialogs: self.OpenDialogs, DialogLimit: self.Limit, Away: self.Away, Admin: self.Admin, Prefs: prefs},
		Csrf: csrf, Projects: make([]Project, 0, len(seats)), Now: now, TemporalDelayed: late, LogProjects: namedAll(logs),
	}
	for _, seat := range seats {
		open, err := s.openDialogs(ctx, seat)
		if err != nil {
			return Me{}, err
		}
		dot, red := dotOf(open.sights)
		backlog := backlogOf(seat, self.Away, statesOf(open.open), open.now)
		me.Projects = append(me.Projects, Project{ID: seat.ProjectID, Name: seat.ProjectName, Level: levels[seat.Operator.Level],
			Dot: Dot(dot), Red: red, Tagging: seat.Settings.TagRequired(), Rating: seat.Settings.Rating,
			LongWaitSeconds: int(seat.Settings.LongWait.Seconds()), Tags: namedAll(seat.Tags), Departments: namedAll(seat.Departments),
			TimeZone: seat.TimeZone, FormEnabled: seat.Settings.Form.Enabled, Hours: hoursOf(seat.Operator, now),
			MayCreateLabels: dialog.MayCreateLabel(seat.Operator, seat.Settings),
			Backlog:         backlog.Untaken, BacklogQueues: backlog.Queues, OfferAt: backlog.OfferAt,
			AutoCloseMinutes: int(seat.Settings.AutoClose.Minutes()), Rev: seat.Rev})
	}
	return me, nil
}

// hoursOf says whether the operator can see new dialogs now, and when that changes by time alone (D-22).
func hoursOf(o dialog.Operator, now time.Time) HoursState {
	h := HoursState{Open: o.SeesNew(now), ChangesAt: o.SeesNewChangesAt(now), OwnUntil: o.OwnUntil(now)}
	for _, c := range o.Calendar.Closings(now) {
		h.Closings = append(h.Closings, QueueClosing{DepartmentID: c.Department, At: c.At})
	}
	return h
}

func namedAll(in []store.Named) []Named {
	out := make([]Named, len(in))
	for i, n := range in {
		out[i] = Named{ID: n.ID, Name: n.Name}
	}
	return out
}
