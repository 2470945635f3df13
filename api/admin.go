package api

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/store"
)

// adminRoutes are settings, access and audit. Who may what is asked here before anything is read, and again where it is
// written, under the lock.
func (s *Server) adminRoutes(v1 fiber.Router) {
	v1.Get("/setup", s.perAddress, s.getSetup)
	v1.Post("/setup", s.checkOrigin, s.setUp)
	a := v1.Group("/admin", s.authenticate)
	a.Get("/projects", s.listAdminProjects)
	a.Post("/projects", s.createProject)
	a.Get("/operators", s.anyAdmin, s.listOperators)
	a.Post("/operators", s.anyAdmin, s.createOperator)
	a.Put("/operators/:operator_id", s.anyAdmin, s.updateOperator)
	a.Get("/access", s.anyAdmin, s.getAccess)
	a.Put("/access/:operator_id/:project_id", s.needs(dialog.LevelAdmin), s.setAccess)
	a.Get("/audit", s.anyAdmin, s.listAudit)

	admin, operator := s.needs(dialog.LevelAdmin), s.needs(dialog.LevelOperator)
	const project = "/projects/:project_id"
	a.Get(project, admin, s.getProjectSettings)
	a.Patch(project, admin, s.patchProjectSettings)
	a.Get(project+"/departments", admin, s.listDepartments)
	a.Post(project+"/departments", admin, s.createDepartment)
	a.Put(project+"/departments/:department_id", admin, s.updateDepartment)
	a.Delete(project+"/departments/:department_id", admin, s.deleteDepartment)
	a.Get(project+"/labels", admin, s.listLabels)
	a.Post(project+"/labels", admin, s.createLabel)
	a.Put(project+"/labels/:label_id", admin, s.updateLabel)
	a.Delete(project+"/labels/:label_id", admin, s.deleteLabel)
	a.Get(project+"/tags", admin, s.listTags)
	a.Post(project+"/tags", admin, s.createTag)
	a.Put(project+"/tags/:tag_id", admin, s.updateTag)
	a.Delete(project+"/tags/:tag_id", admin, s.deleteTag)
	a.Delete(project+"/dialogs/:dialog_id/contact", admin, s.eraseContact)
	a.Get(project+"/tag-report", s.needs(dialog.LevelSenior), s.tagReport)
	s.blockRoutes(a.Group(project+"/blocks", admin))
	a.Get(project+"/templates", operator, s.listTemplates)
	a.Post(project+"/templates", operator, s.createTemplate)
	a.Put(project+"/templates/:template_id", operator, s.updateTemplate)
	a.Delete(project+"/templates/:template_id", operator, s.deleteTemplate)
	a.Delete(project+"/dialogs/:dialog_id/consent", admin, s.withdrawConsent)
}

const localProject = "project"

// projectOf is the project of the path, after needs.
func projectOf(c *fiber.Ctx) string { return c.Locals(localProject).(string) }

// needs lets through who has the level in the project of the path. No access at all looks as if there were no such
// project (I-03).
func (s *Server) needs(level dialog.Level) fiber.Handler {
	return func(c *fiber.Ctx) error {
		project, err := pathID(c, "project_id")
		if err != nil {
			return err
		}
		have, err := s.store.LevelIn(c.UserContext(), operatorOf(c).OperatorID, project)
		if err != nil {
			return err
		}
		if err := dialog.CheckLevel(have, level); err != nil {
			return err
		}
		c.Locals(localProject, project)
		return c.Next()
	}
}

// anyAdmin lets through who administers at least one project.
func (s *Server) anyAdmin(c *fiber.Ctx) error {
	projects, err := s.store.AdminProjects(c.UserContext(), operatorOf(c).OperatorID)
	if err != nil {
		return err
	}
	if len(projects) == 0 {
		return wrong(string(dialog.Forbidden), "")
	}
	return c.Next()
}

// What the parts of a list's key are, in the cursor.
const (
	keyText   = 't'
	keyNumber = 'n'
	keyID     = 'i'
)

// findOf reads which page of a list is wanted; kinds are those of the parts of its key.
func findOf(c *fiber.Ctx, kinds string) (store.Find, error) {
	f := store.Find{Query: strings.TrimSpace(c.Query("q"))}
	if err := plainText("q", f.Query, 100); err != nil {
		return f, err
	}
	if !utf8.ValidString(f.Query) {
		return f, wrong(codeNotUTF8, "q")
	}
	limit, err := queryInt(c, "limit", 50, 1, 200)
	if err != nil {
		return f, err
	}
	f.Limit = int(limit)
	f.After, err = cursorOf(c.Query("cursor"), kinds)
	return f, err
}

// cursorOf is the key a cursor stands for; one that we cannot have given is invalid.
func cursorOf(cursor, kinds string) ([]string, error) {
	if cursor == "" {
		return nil, nil
	}
	var key []string
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil {
		err = json.Unmarshal(raw, &key)
	}
	if err == nil && len(key) != len(kinds) {
		err = errors.New("parts")
	}
	for i := 0; err == nil && i < len(kinds); i++ {
		switch kinds[i] {
		case keyNumber:
			_, err = strconv.ParseInt(key[i], 10, 64)
		case keyID:
			_, err = canonical(key[i], "")
		case keyText:
			err = plainText("", key[i], 4000)
		}
	}
	if err != nil {
		return nil, wrong(codeInvalid, "cursor")
	}
	return key, nil
}

func cursorAfter(key []string) string {
	if key == nil {
		return ""
	}
	raw, _ := json.Marshal(key) // strings always marshal
	return base64.RawURLEncoding.EncodeToString(raw)
}

// each turns a page of the store's into one of the contract's; it is never null.
func each[A, B any](in []A, f func(A) B) []B {
	out := make([]B, len(in))
	for i, x := range in {
		out[i] = f(x)
	}
	return out
}

// flag is an optional boolean that is on when it is not given.
func flag(given map[string]json.RawMessage, name string, value bool) bool {
	_, said := given[name]
	return value || !said
}

// idOf reads an optional id of a body; a malformed one is as good as one that does not exist.
func idOf(id, field string) (string, error) {
	if id == "" {
		return "", nil
	}
	out, err := canonical(id, field)
	if err != nil {
		err = wrong(codeInvalid, field)
	}
	return out, err
}

// nested decodes an object within a body as strictly as the body itself.
func nested[T any](given map[string]json.RawMessage, name string) (v T, inner map[string]json.RawMessage, err error) {
	v, inner, err = decode[T](given[name])
	var p *problem
	if errors.As(err, &p) {
		field := name
		if p.field != "" {
			field += "." + p.field
		}
		err = &problem{code: p.code, field: field, max: p.max}
	}
	return v, inner, err
}

func answer201[A, B any](c *fiber.Ctx, made A, out func(A) B, err error) error {
	if err != nil {
		return err
	}
	return c.Status(fiber.StatusCreated).JSON(out(made))
}

// change answers a PUT of one item of a project.
func change[In, A, B any](c *fiber.Ctx, id string, in func(*fiber.Ctx) (In, error),
	update func(ctx context.Context, actor, project, id string, in In) (A, error), out func(A) B) error {
	item, err := pathID(c, id)
	if err != nil {
		return err
	}
	input, err := in(c)
	if err != nil {
		return err
	}
	changed, err := update(c.UserContext(), operatorOf(c).OperatorID, projectOf(c), item, input)
	if err != nil {
		return err
	}
	return c.JSON(out(changed))
}

// remove answers a DELETE of one item of a project.
func remove(c *fiber.Ctx, id string, del func(ctx context.Context, actor, project, id string) error) error {
	item, err := pathID(c, id)
	if err != nil {
		return err
	}
	if err := del(c.UserContext(), operatorOf(c).OperatorID, projectOf(c), item); err != nil {
		return err
	}
	return c.SendStatus(fiber.StatusNoContent)
}
