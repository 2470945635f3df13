package store

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/dialog"
)

// LabelSettings is a coloured label as its project's administrators know it (R-068 to R-070, D-45).
type LabelSettings struct {
	ID           string `json:"-"`
	Text         string `json:"text"`
	Color        int    `json:"color"`
	Active       bool   `json:"active"`
	DepartmentID string `json:"department"` // empty: common
	Department   string `json:"-"`
	Used         int    `json:"-"` // dialogs it is attached to, counted up to countedUses
}

const labelSQL = `SELECT l.id::text, l.text, l.color, l.active, coalesce(d.id::text, ''), coalesce(d.name, ''),
(SELECT count(*) FROM (SELECT FROM dialog_labels x WHERE x.label_id = l.id LIMIT ` + countedUses + `) x)
FROM labels l LEFT JOIN departments d ON d.id = l.department_id WHERE l.project_id = $1 `

func scanLabelSettings(r pgx.CollectableRow) (l LabelSettings, err error) {
	return l, r.Scan(&l.ID, &l.Text, &l.Color, &l.Active, &l.DepartmentID, &l.Department, &l.Used)
}

// LabelPage reads a page of a project's labels.
func (s *Store) LabelPage(ctx context.Context, project string, f Find) ([]LabelSettings, []string, error) {
	out, err := collect(ctx, s, scanLabelSettings, labelSQL+`AND strpos(lower(l.text), lower($2)) > 0
AND ($3::text IS NULL OR (l.text, l.id) > ($3::text, $4::uuid)) ORDER BY l.text, l.id LIMIT $5`,
		project, f.Query, f.after(0), f.after(1), f.Limit+1)
	items, next := page(out, f.Limit, func(l LabelSettings) []string { return []string{l.Text, l.ID} })
	return items, next, err
}

// CreateLabel adds a label to a project.
func (s *Store) CreateLabel(ctx context.Context, actor, project string, l LabelSettings) (LabelSettings, error) {
	id := uuid.NewString()
	return s.keepLabel(ctx, actor, project, id, l, func(a *admin) error {
		_, err := a.Exec(a.ctx, `INSERT INTO labels (id, project_id, department_id, text, color, active) VALUES ($1, $2, $3, $4, $5, $6)`,
			id, project, nullable(l.DepartmentID), l.Text, l.Color, l.Active)
		if err != nil {
			return err
		}
		return a.audit("label_create", nil, l, map[string]any{"label": id})
	})
}

// UpdateLabel changes a label of a project; open dialogs that have it show it within seconds (D-59).
func (s *Store) UpdateLabel(ctx context.Context, actor, project, id string, l LabelSettings) (LabelSettings, error) {
	out, err := s.keepLabel(ctx, actor, project, id, l, func(a *admin) error {
		before, err := a.label(id)
		if err != nil {
			return err
		}
		_, err = a.Exec(a.ctx, `UPDATE labels SET department_id = $2, text = $3, color = $4, active = $5 WHERE id = $1`,
			id, nullable(l.DepartmentID), l.Text, l.Color, l.Active)
		if err != nil {
			return err
		}
		return a.audit("label_change", before, l, map[string]any{"label": id})
	})
	if err == nil {
		err = s.relabel(ctx, id)
	}
	return out, err
}

func (s *Store) keepLabel(ctx context.Context, actor, project, id string, l LabelSettings, write func(*admin) error) (LabelSettings, error) {
	var out LabelSettings
	err := s.administer(ctx, actor, project, dialog.LevelAdmin, func(a *admin) error {
		if err := a.departmentHere(l.DepartmentID); err != nil {
			return err
		}
		if err := write(a); err != nil {
			return err
		}
		var err error
		out, err = a.label(id)
		return err
	})
	return out, err
}

func (a *admin) label(id string) (LabelSettings, error) {
	rows, err := a.Query(a.ctx, labelSQL+`AND l.id = $2`, a.project, id)
	if err != nil {
		return LabelSettings{}, err
	}
	return pgx.CollectExactlyOneRow(rows, scanLabelSettings)
}

// DeleteLabel deletes a label that is on no dialog.
func (s *Store) DeleteLabel(ctx context.Context, actor, project, id string) error {
	return s.administer(ctx, actor, project, dialog.LevelAdmin, func(a *admin) error {
		before, err := a.label(id)
		if err != nil {
			return err
		}
		if err := a.one(`DELETE FROM labels WHERE id = $1`, id); err != nil {
			return err
		}
		return a.audit("label_delete", before, nil, map[string]any{"label": id})
	})
}
