package api

import (
	"github.com/gofiber/fiber/v2"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/store"
)

// maxMembers bounds one department in the contract.
const maxMembers = 1000

func (s *Server) listDepartments(c *fiber.Ctx) error {
	f, err := findOf(c, "nti")
	if err != nil {
		return err
	}
	items, next, err := s.store.Departments(c.UserContext(), projectOf(c), f)
	if err != nil {
		return err
	}
	return c.JSON(DepartmentPage{Items: each(items, departmentOut), NextCursor: cursorAfter(next)})
}

func departmentOut(d store.Department) Department {
	return Department{ID: d.ID, Name: d.Name, Active: d.Active, Hours: hoursOut(d.Hours), Now: hoursNow(d.Hours, d.Now, d.Zone),
		Members: each(d.Members, func(n store.Named) Person { return Person{ID: n.ID, Name: n.Name} })}
}

func departmentIn(c *fiber.Ctx) (store.DepartmentInput, error) {
	req, given, err := body[DepartmentInput](c)
	if err != nil {
		return store.DepartmentInput{}, err
	}
	in := store.DepartmentInput{Name: req.Name, Active: flag(given, "active", req.Active), Members: make([]string, len(req.MemberIds))}
	if err := dialog.CheckTitle("name", &in.Name, dialog.MaxTitle); err != nil {
		return in, err
	}
	if len(req.MemberIds) > maxMembers {
		return in, tooLong("member_ids", maxMembers)
	}
	for i, id := range req.MemberIds {
		if in.Members[i], err = canonical(id, ""); err != nil {
			return in, wrong(codeInvalid, "member_ids")
		}
	}
	in.Hours, err = hoursIn(given)
	return in, err
}

func (s *Server) createDepartment(c *fiber.Ctx) error {
	in, err := departmentIn(c)
	if err != nil {
		return err
	}
	d, err := s.store.CreateDepartment(c.UserContext(), operatorOf(c).OperatorID, projectOf(c), in)
	return answer201(c, d, departmentOut, err)
}

func (s *Server) updateDepartment(c *fiber.Ctx) error {
	return change(c, "department_id", departmentIn, s.store.UpdateDepartment, departmentOut)
}

func (s *Server) deleteDepartment(c *fiber.Ctx) error {
	return remove(c, "department_id", s.store.DeleteDepartment)
}

func (s *Server) listLabels(c *fiber.Ctx) error {
	f, err := findOf(c, "ti")
	if err != nil {
		return err
	}
	items, next, err := s.store.LabelPage(c.UserContext(), projectOf(c), f)
	if err != nil {
		return err
	}
	return c.JSON(LabelPage{Items: each(items, labelOut), NextCursor: cursorAfter(next)})
}

func labelOut(l store.LabelSettings) Label {
	return Label{ID: l.ID, Text: l.Text, Color: l.Color, Active: l.Active, Department: namedOf(l.DepartmentID, l.Department), Used: l.Used}
}

func labelIn(c *fiber.Ctx) (store.LabelSettings, error) {
	req, given, err := body[LabelInput](c)
	if err != nil {
		return store.LabelSettings{}, err
	}
	l := store.LabelSettings{Text: req.Text, Color: req.Color, Active: flag(given, "active", req.Active)}
	if err := dialog.CheckTitle("text", &l.Text, dialog.MaxLabel); err != nil {
		return l, err
	}
	if err := dialog.CheckLabel(dialog.Label{Text: l.Text, Color: l.Color}); err != nil {
		return l, err
	}
	l.DepartmentID, err = idOf(req.DepartmentID, "department_id")
	return l, err
}

func (s *Server) createLabel(c *fiber.Ctx) error {
	in, err := labelIn(c)
	if err != nil {
		return err
	}
	l, err := s.store.CreateLabel(c.UserContext(), operatorOf(c).OperatorID, projectOf(c), in)
	return answer201(c, l, labelOut, err)
}

func (s *Server) updateLabel(c *fiber.Ctx) error {
	return change(c, "label_id", labelIn, s.store.UpdateLabel, labelOut)
}

func (s *Server) deleteLabel(c *fiber.Ctx) error { return remove(c, "label_id", s.store.DeleteLabel) }

func (s *Server) listTags(c *fiber.Ctx) error {
	f, err := findOf(c, "nti")
	if err != nil {
		return err
	}
	items, next, err := s.store.Tags(c.UserContext(), projectOf(c), f)
	if err != nil {
		return err
	}
	return c.JSON(TagPage{Items: each(items, tagOut), NextCursor: cursorAfter(next)})
}

func tagOut(t store.Tag) Tag { return Tag{ID: t.ID, Name: t.Name, Active: t.Active, Used: t.Used} }

func tagIn(c *fiber.Ctx) (store.Tag, error) {
	req, given, err := body[TagInput](c)
	if err != nil {
		return store.Tag{}, err
	}
	t := store.Tag{Name: req.Name, Active: flag(given, "active", req.Active)}
	return t, dialog.CheckTitle("name", &t.Name, dialog.MaxTag)
}

func (s *Server) createTag(c *fiber.Ctx) error {
	in, err := tagIn(c)
	if err != nil {
		return err
	}
	t, err := s.store.CreateTag(c.UserContext(), operatorOf(c).OperatorID, projectOf(c), in)
	return answer201(c, t, tagOut, err)
}

func (s *Server) updateTag(c *fiber.Ctx) error {
	return change(c, "tag_id", tagIn, s.store.UpdateTag, tagOut)
}
func (s *Server) deleteTag(c *fiber.Ctx) error { return remove(c, "tag_id", s.store.DeleteTag) }

func (s *Server) listTemplates(c *fiber.Ctx) error {
	f, err := findOf(c, "ti")
	if err != nil {
		return err
	}
	items, next, err := s.store.TemplatePage(c.UserContext(), operatorOf(c).OperatorID, projectOf(c), f)
	if err != nil {
		return err
	}
	return c.JSON(TemplatePage{Items: each(items, templateOut), NextCursor: cursorAfter(next)})
}

func templateOut(t store.TemplateSettings) Template {
	return Template{ID: t.ID, Title: t.Title, Command: t.Command, Text: t.Text, Own: t.Own, Department: namedOf(t.DepartmentID, t.Department)}
}

func templateIn(c *fiber.Ctx) (store.TemplateSettings, error) {
	req, _, err := body[TemplateInput](c)
	if err != nil {
		return store.TemplateSettings{}, err
	}
	t := dialog.Template{Title: req.Title, Command: req.Command, Text: req.Text, Own: req.Own}
	if t.DepartmentID, err = idOf(req.DepartmentID, "department_id"); err != nil {
		return store.TemplateSettings{}, err
	}
	err = t.Check()
	return store.TemplateSettings{Title: t.Title, Command: t.Command, Text: t.Text, Own: t.Own, DepartmentID: t.DepartmentID}, err
}

func (s *Server) createTemplate(c *fiber.Ctx) error {
	in, err := templateIn(c)
	if err != nil {
		return err
	}
	t, err := s.store.CreateTemplate(c.UserContext(), operatorOf(c).OperatorID, projectOf(c), in)
	return answer201(c, t, templateOut, err)
}

func (s *Server) updateTemplate(c *fiber.Ctx) error {
	return change(c, "template_id", templateIn, s.store.UpdateTemplate, templateOut)
}

func (s *Server) deleteTemplate(c *fiber.Ctx) error {
	return remove(c, "template_id", s.store.DeleteTemplate)
}
