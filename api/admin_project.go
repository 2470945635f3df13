package api

import (
	"cmp"
	"encoding/json"
	"fmt"
	"html"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/store"
	"github.com/otklik/otklik/texts"
)

func (s *Server) listAdminProjects(c *fiber.Ctx) error {
	projects, err := s.store.AdminProjects(c.UserContext(), operatorOf(c).OperatorID)
	if err != nil {
		return err
	}
	return c.JSON(AdminProjects{Projects: each(projects, adminProject)})
}

func adminProject(p store.AdminProject) AdminProject {
	return AdminProject{ID: p.ID, Name: p.Name, Active: p.Active, WidgetKey: p.WidgetKey}
}

func (s *Server) createProject(c *fiber.Ctx) error {
	req, _, err := body[ProjectCreate](c)
	if err != nil {
		return err
	}
	actor := operatorOf(c).OperatorID
	self, err := s.store.Self(c.UserContext(), actor)
	if err != nil {
		return err
	}
	p, err := s.store.CreateProject(c.UserContext(), actor, store.NewProject{Name: req.Name, TimeZone: req.TimeZone, Tags: exampleTags(self.Locale)})
	if err != nil {
		return err
	}
	s.desks.touch(actor)
	return c.Status(fiber.StatusCreated).JSON(s.settingsOf(c, p))
}

// exampleTags are those of R-103, in a language.
func exampleTags(locale string) []string {
	return each([]string{"tag.sale", "tag.lead", "tag.request", "tag.repeat"}, func(key string) string { return texts.Text(locale, key, nil) })
}

func (s *Server) getProjectSettings(c *fiber.Ctx) error {
	p, err := s.store.ProjectSettings(c.UserContext(), projectOf(c))
	if err != nil {
		return err
	}
	return c.JSON(s.settingsOf(c, p))
}

func (s *Server) patchProjectSettings(c *fiber.Ctx) error {
	req, given, err := body[ProjectSettingsPatch](c)
	if err != nil {
		return err
	}
	p, err := s.store.ChangeProject(c.UserContext(), operatorOf(c).OperatorID, projectOf(c), req.Rev, func(p *dialog.Project) error {
		return req.into(p, given)
	})
	if err != nil {
		return err
	}
	return c.JSON(s.settingsOf(c, p))
}

// into changes what was given.
func (r ProjectSettingsPatch) into(p *dialog.Project, given map[string]json.RawMessage) error {
	set := map[string]func(){
		"name": func() { p.Name = r.Name }, "active": func() { p.Active = r.Active }, "language": func() { p.Language = string(r.Language) },
		"accent": func() { p.Accent = r.Accent }, "side": func() { p.Side = string(r.Side) }, "greeting": func() { p.Greeting = r.Greeting },
		"company": func() { p.Company = r.Company }, "origins": func() { p.Origins = r.Origins }, "time_zone": func() { p.TimeZone = r.TimeZone },
		"department_choice": func() { p.DepartmentChoice = r.DepartmentChoice }, "long_wait_seconds": func() { p.LongWaitSeconds = r.LongWaitSeconds },
		"auto_close_minutes": func() { p.AutoCloseMinutes = r.AutoCloseMinutes }, "rating": func() { p.Rating = r.Rating },
		"rating_prompt_seconds": func() { p.RatingPromptSeconds = r.RatingPromptSeconds }, "tagging": func() { p.Tagging = r.Tagging },
		"label_level":    func() { p.LabelLevel, _ = dialog.LevelNamed(string(r.LabelLevel)) },
		"retention_days": func() { p.RetentionDays = r.RetentionDays }, "block_list_url": func() { p.BlockListURL = r.BlockListURL },
		"block_hook_url": func() { p.BlockHookURL = r.BlockHookURL }, "block_secret": func() { p.BlockSecret = r.BlockSecret },
	}
	for name := range given {
		if f := set[name]; f != nil {
			f()
		}
	}
	if given["form"] != nil {
		f, _, err := nested[FormSettings](given, "form")
		if err != nil {
			return err
		}
		p.Form = dialog.Form{Enabled: f.Enabled, Before: f.Before, Title: f.Title, Name: dialog.FieldMode(f.Name), Phone: dialog.FieldMode(f.Phone),
			Email: dialog.FieldMode(f.Email), ConsentText: f.ConsentText, ConsentURL: f.ConsentURL} // the version is the server's to say
	}
	var err error
	if given["hours"] != nil {
		p.Hours, err = hoursIn(given)
	}
	return err
}

// settingsOf is a project's settings as the contract has them; the secret is not among them.
func (s *Server) settingsOf(c *fiber.Ctx, p store.ProjectSettings) ProjectSettings {
	mode := func(m dialog.FieldMode) FieldMode { return cmp.Or(FieldMode(m), FieldModeHidden) }
	return ProjectSettings{
		ID: p.ID, Rev: p.Rev, Name: p.Name, Active: p.Active, WidgetKey: p.WidgetKey, Snippet: s.snippet(c, p.WidgetKey),
		Language: ProjectSettingsLanguage(p.Language), Accent: p.Accent, Side: ProjectSettingsSide(p.Side), Greeting: p.Greeting,
		Company: p.Company, Origins: p.Origins, TimeZone: p.TimeZone, DepartmentChoice: p.DepartmentChoice,
		LongWaitSeconds: p.LongWaitSeconds, AutoCloseMinutes: p.AutoCloseMinutes, Rating: p.Rating,
		RatingPromptSeconds: p.RatingPromptSeconds, Tagging: p.Tagging, LabelLevel: ProjectSettingsLabelLevel(p.LabelLevel.Name()),
		RetentionDays: p.RetentionDays, Hours: hoursOut(p.Hours),
		Form: FormSettings{Enabled: p.Form.Enabled, Before: p.Form.Before, Title: p.Form.Title, Name: mode(p.Form.Name), Phone: mode(p.Form.Phone),
			Email: mode(p.Form.Email), ConsentText: p.Form.ConsentText, ConsentURL: p.Form.ConsentURL, ConsentVersion: p.Form.ConsentVersion},
		BlockListURL: p.BlockListURL, BlockHookURL: p.BlockHookURL, BlockSecretSet: p.BlockSecret != "",
	}
}

// snippet is the script tag that puts the widget on a page, as web/demo has it.
func (s *Server) snippet(c *fiber.Ctx, key string) string {
	base := strings.TrimSuffix(cmp.Or(s.o.PublicURL, c.BaseURL()), "/")
	return fmt.Sprintf(`<script src="%s/widget.js" data-key="%s" async></script>`, html.EscapeString(base), html.EscapeString(key))
}
