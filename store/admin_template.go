package store

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/dialog"
)

// TemplateSettings is a kept answer as those who keep it know it (R-053, D-35).
type TemplateSettings struct {
	ID           string `json:"-"`
	Title        string `json:"title"`
	Command      string `json:"command"`
	Text         string `json:"text"`
	Own          bool   `json:"own"`
	DepartmentID string `json:"department"` // empty: common
	Department   string `json:"-"`
}

// templateSQL finds the templates of project $1 that operator $2 knows: the project's and his own.
const templateSQL = `SELECT t.id::text, t.title, t.command, t.text, t.operator_id IS NOT NULL, coalesce(d.id::text, ''), coalesce(d.name, '')
FROM templates t LEFT JOIN departments d ON d.id = t.department_id
WHERE t.project_id = $1 AND (t.operator_id IS NULL OR t.operator_id = $2) `

func scanTemplateSettings(r pgx.CollectableRow) (t TemplateSettings, err error) {
	return t, r.Scan(&t.ID, &t.Title, &t.Command, &t.Text, &t.Own, &t.DepartmentID, &t.Department)
}

// TemplatePage reads a page of the templates of a project, with the operator's own.
func (s *Store) TemplatePage(ctx context.Context, operator, project string, f Find) ([]TemplateSettings, []string, error) {
	out, err := collect(ctx, s, scanTemplateSettings, templateSQL+`AND strpos(lower(t.title || ' ' || t.command || ' ' || t.text), lower($3)) > 0
AND ($4::text IS NULL OR (t.title, t.id) > ($4::text, $5::uuid)) ORDER BY t.title, t.id LIMIT $6`,
		project, operator, f.Query, f.after(0), f.after(1), f.Limit+1)
	items, next := page(out, f.Limit, func(t TemplateSettings) []string { return []string{t.Title, t.ID} })
	return items, next, err
}

// CreateTemplate keeps an answer.
func (s *Store) CreateTemplate(ctx context.Context, actor, project string, t TemplateSettings) (TemplateSettings, error) {
	id := uuid.NewString()
	return s.keepTemplate(ctx, actor, project, id, t, func(a *admin) error {
		_, err := a.Exec(a.ctx, `INSERT INTO templates (id, project_id, operator_id, department_id, title, command, text) VALUES ($1,$2,$3,$4,$5,$6,$7)`,
			id, project, nullable(a.owner(t)), nullable(t.DepartmentID), t.Title, t.Command, t.Text)
		if err != nil {
			return err
		}
		return a.audit("template_create", nil, t, map[string]any{"template": id})
	})
}

// UpdateTemplate changes a kept answer.
func (s *Store) UpdateTemplate(ctx context.Context, actor, project, id string, t TemplateSettings) (TemplateSettings, error) {
	return s.keepTemplate(ctx, actor, project, id, t, func(a *admin) error {
		before, err := a.template(id)
		if err != nil {
			return err
		}
		if err := dialog.MayKeepTemplate(a.level, before.Own); err != nil {
			return err
		}
		a.quiet = a.quiet && before.Own
		_, err = a.Exec(a.ctx, `UPDATE templates SET operator_id = $2, department_id = $3, title = $4, command = $5, text = $6 WHERE id = $1`,
			id, nullable(a.owner(t)), nullable(t.DepartmentID), t.Title, t.Command, t.Text)
		if err != nil {
			return err
		}
		return a.audit("template_change", before, t, map[string]any{"template": id})
	})
}

func (a *admin) owner(t TemplateSettings) string {
	if t.Own {
		return a.actor
	}
	return ""
}

func (s *Store) keepTemplate(ctx context.Context, actor, project, id string, t TemplateSettings, write func(*admin) error) (TemplateSettings, error) {
	var out TemplateSettings
	err := s.administer(ctx, actor, project, dialog.LevelOperator, func(a *admin) error {
		if err := dialog.MayKeepTemplate(a.level, t.Own); err != nil {
			return err
		}
		a.quiet = t.Own
		if err := a.departmentHere(t.DepartmentID); err != nil {
			return err
		}
		if err := write(a); err != nil {
			return err
		}
		if err := a.templateTaken(id, t); err != nil {
			return err
		}
		var err error
		out, err = a.template(id)
		return err
	})
	return out, err
}

// templateTaken refuses a title or a command that another template of the same scope has.
func (a *admin) templateTaken(id string, t TemplateSettings) error {
	for field, value := range map[string]string{"title": t.Title, "command": t.Command} {
		if value == "" {
			continue
		}
		err := a.taken(field, `SELECT FROM templates WHERE project_id = $1 AND id <> $2 AND lower(`+field+`) = lower($3)
AND operator_id IS NOT DISTINCT FROM $4::text::uuid AND department_id IS NOT DISTINCT FROM $5::text::uuid`,
			a.project, id, value, nullable(a.owner(t)), nullable(t.DepartmentID))
		if err != nil {
			return err
		}
	}
	return nil
}

func (a *admin) template(id string) (TemplateSettings, error) {
	rows, err := a.Query(a.ctx, templateSQL+`AND t.id = $3`, a.project, a.actor, id)
	if err != nil {
		return TemplateSettings{}, err
	}
	return pgx.CollectExactlyOneRow(rows, scanTemplateSettings)
}

// DeleteTemplate forgets a kept answer.
func (s *Store) DeleteTemplate(ctx context.Context, actor, project, id string) error {
	return s.administer(ctx, actor, project, dialog.LevelOperator, func(a *admin) error {
		before, err := a.template(id)
		if err != nil {
			return err
		}
		if err := dialog.MayKeepTemplate(a.level, before.Own); err != nil {
			return err
		}
		a.quiet = before.Own
		if err := a.one(`DELETE FROM templates WHERE id = $1`, id); err != nil {
			return err
		}
		return a.audit("template_delete", before, nil, map[string]any{"template": id})
	})
}
