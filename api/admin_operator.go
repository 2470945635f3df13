package api

import (
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/store"
)

func (s *Server) listOperators(c *fiber.Ctx) error {
	f, err := findOf(c, "ti")
	if err != nil {
		return err
	}
	items, next, err := s.store.Operators(c.UserContext(), operatorOf(c).OperatorID, f)
	if err != nil {
		return err
	}
	return c.JSON(OperatorPage{Items: each(items, colleagueOut), NextCursor: cursorAfter(next)})
}

func colleagueOut(o store.Colleague) AdminOperator {
	return AdminOperator{ID: o.ID, Rev: o.Rev, Name: o.Name, Login: o.Login, Active: o.Active, Online: o.Online, Away: o.Away,
		OpenDialogs: o.OpenDialogs, DialogLimit: o.Limit, Hours: hoursOut(o.Hours), Departments: namedAll(o.Departments), Elsewhere: o.Elsewhere}
}

// operatorIn reads an account. The hash of a password is made here: it takes long, and no lock may wait for it.
func (s *Server) operatorIn(c *fiber.Ctx, isNew bool) (store.OperatorInput, error) {
	req, given, err := body[OperatorInput](c)
	if err != nil {
		return store.OperatorInput{}, err
	}
	in := store.OperatorInput{Name: req.Name, Login: req.Login, Active: flag(given, "active", req.Active), Limit: req.DialogLimit, Rev: -1}
	if _, said := given["rev"]; said {
		in.Rev = req.Rev
	}
	if err := dialog.CheckTitle("name", &in.Name, dialog.MaxName); err != nil {
		return in, err
	}
	if err := dialog.CheckLogin(&in.Login); err != nil {
		return in, err
	}
	if in.Limit < 0 || in.Limit > dialog.MaxOwnLimit {
		return in, wrong(codeInvalid, "dialog_limit")
	}
	if _, said := given["dialog_limit"]; !said && isNew {
		in.Limit = dialog.OwnLimit
	}
	if in.Hours, err = hoursIn(given); err != nil {
		return in, err
	}
	if _, said := given["password"]; said {
		in.PasswordHash, err = s.passwords.make(c.UserContext(), req.Password)
	}
	return in, err
}

func (s *Server) createOperator(c *fiber.Ctx) error {
	in, err := s.operatorIn(c, true)
	if err != nil {
		return err
	}
	if in.PasswordHash == "" {
		return wrong(codeRequired, "password")
	}
	o, err := s.store.CreateOperator(c.UserContext(), operatorOf(c).OperatorID, in)
	return answer201(c, o, colleagueOut, err)
}

// updateOperator changes an account. Switched off or with a new password he is signed out: here at once, at other
// processes with their next look at the sign-ins.
func (s *Server) updateOperator(c *fiber.Ctx) error {
	id, err := pathID(c, "operator_id")
	if err != nil {
		return err
	}
	in, err := s.operatorIn(c, false)
	if err != nil {
		return err
	}
	actor := operatorOf(c)
	if actor.OperatorID == id {
		in.KeepSignIn = actor.hash
	}
	o, err := s.store.UpdateOperator(c.UserContext(), actor.OperatorID, id, in)
	if err != nil {
		return err
	}
	if in.PasswordHash != "" || !o.Active {
		s.hub.closeOperator(id, string(in.KeepSignIn))
	}
	s.desks.touch(id)
	return c.JSON(colleagueOut(o))
}

func (s *Server) getAccess(c *fiber.Ctx) error {
	f, err := findOf(c, "ti")
	if err != nil {
		return err
	}
	actor := operatorOf(c).OperatorID
	projects, err := s.store.AdminProjects(c.UserContext(), actor)
	if err != nil {
		return err
	}
	rows, next, err := s.store.AccessPage(c.UserContext(), actor, f)
	if err != nil {
		return err
	}
	return c.JSON(AccessPage{Projects: each(projects, adminProject), NextCursor: cursorAfter(next),
		Items: each(rows, func(x store.AccessRow) AccessRow { return accessOut(x, projects) })})
}

func accessOut(x store.AccessRow, projects []store.AdminProject) AccessRow {
	out := AccessRow{Operator: Person{ID: x.OperatorID, Name: x.Name}, Login: x.Login, Active: x.Active, Levels: map[string]AccessLevel{}}
	for _, p := range projects {
		out.Levels[p.ID] = AccessLevel(x.Levels[p.ID].Name())
	}
	return out
}

func (s *Server) setAccess(c *fiber.Ctx) error {
	operator, err := pathID(c, "operator_id")
	if err != nil {
		return err
	}
	req, _, err := body[AccessInput](c)
	if err != nil {
		return err
	}
	level, known := dialog.LevelNamed(string(req.Level))
	if !known {
		return wrong(codeInvalid, "level")
	}
	actor := operatorOf(c).OperatorID
	row, err := s.store.SetAccess(c.UserContext(), actor, operator, projectOf(c), level)
	if err != nil {
		return err
	}
	projects, err := s.store.AdminProjects(c.UserContext(), actor)
	if err != nil {
		return err
	}
	s.desks.touch(operator)
	return c.JSON(accessOut(row, projects))
}

func (s *Server) listAudit(c *fiber.Ctx) error {
	f, err := auditFind(c)
	if err != nil {
		return err
	}
	items, next, err := s.store.Audit(c.UserContext(), operatorOf(c).OperatorID, f)
	if err != nil {
		return err
	}
	return c.JSON(AuditPage{Items: each(items, auditOut), NextCursor: cursorAfter(next)})
}

func auditFind(c *fiber.Ctx) (store.AuditFind, error) {
	f := store.AuditFind{Action: c.Query("action")}
	if err := plainText("action", f.Action, 60); err != nil {
		return f, err
	}
	for name, into := range map[string]*string{"project_id": &f.Project, "operator_id": &f.Operator, "dialog_id": &f.Dialog} {
		var err error
		if *into, err = idOf(c.Query(name), name); err != nil {
			return f, err
		}
	}
	for name, into := range map[string]*time.Time{"from": &f.From, "to": &f.To} {
		raw := c.Query(name)
		if raw == "" {
			continue
		}
		at, err := time.Parse(time.RFC3339, raw)
		if err != nil {
			return f, wrong(codeInvalid, name)
		}
		*into = at.UTC()
	}
	page, err := findOf(c, "n")
	if err != nil {
		return f, err
	}
	f.Limit = page.Limit
	if page.After != nil {
		f.Before, _ = strconv.ParseInt(page.After[0], 10, 64) // it was checked
	}
	return f, nil
}

func auditOut(x store.AuditRecord) AuditRecord {
	return AuditRecord{ID: x.ID, At: x.At, Action: x.Action, Source: AuditRecordSource(x.Source), Project: namedOf(x.Project.ID, x.Project.Name),
		Operator: personOf(x.Operator.ID, x.Operator.Name), DialogID: x.DialogID, Visitor: x.Visitor, Before: x.Before, After: x.After, Detail: x.Detail, Names: x.Names}
}
