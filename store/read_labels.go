package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/dialog"
)

const labelColumns = ` l.id::text, l.text, coalesce(l.department_id::text, ''), l.color, l.active`

func scanLabel(r pgx.CollectableRow) (l dialog.Label, err error) {
	return l, r.Scan(&l.ID, &l.Text, &l.DepartmentID, &l.Color, &l.Active)
}

// UsedLabel is a label with the number of dialogs it is attached to.
type UsedLabel struct {
	dialog.Label
	Department string // name; empty: common
	Used       int
}

// LabelChoice reads what may be offered for a dialog: active labels of the session's department and common ones, by text.
// Those it has already are for the caller to leave out.
func (s *Store) LabelChoice(ctx context.Context, r Row) ([]UsedLabel, error) {
	rows, err := s.pool.Query(ctx, `SELECT`+labelColumns+`, coalesce(dep.name, ''),
(SELECT count(*) FROM dialog_labels dl WHERE dl.label_id = l.id)
FROM labels l LEFT JOIN departments dep ON dep.id = l.department_id
WHERE l.project_id = $1 AND l.active AND (l.department_id IS NULL OR l.department_id = $2)
ORDER BY l.department_id IS NULL, lower(l.text), l.id LIMIT 1000`, r.ProjectID, nullable(dialog.LabelScope(r.State)))
	if err != nil {
		return nil, unavailable(err)
	}
	out, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (u UsedLabel, err error) {
		return u, r.Scan(&u.ID, &u.Text, &u.DepartmentID, &u.Color, &u.Active, &u.Department, &u.Used)
	})
	return out, unavailable(err)
}

// Template is an answer kept for use again.
type Template struct {
	ID, Title, Command, Text string
	OperatorID               string // his own; empty: of the project
	DepartmentID, Department string // of a department; empty: common
}

// TemplateChoice reads the templates an operator may use in a dialog: his own, then those of the session's department, then
// common ones (D-35).
func (s *Store) TemplateChoice(ctx context.Context, r Row, operatorID string) ([]Template, error) {
	rows, err := s.pool.Query(ctx, `SELECT t.id::text, t.title, t.command, t.text, coalesce(t.operator_id::text, ''),
coalesce(t.department_id::text, ''), coalesce(dep.name, '')
FROM templates t LEFT JOIN departments dep ON dep.id = t.department_id
WHERE t.project_id = $1 AND (t.operator_id = $2 OR (t.operator_id IS NULL AND (t.department_id IS NULL OR t.department_id = $3)))
ORDER BY t.operator_id IS NULL, t.department_id IS NULL, lower(t.title), t.id LIMIT 1000`,
		r.ProjectID, operatorID, nullable(dialog.LabelScope(r.State)))
	if err != nil {
		return nil, unavailable(err)
	}
	out, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (t Template, err error) {
		return t, r.Scan(&t.ID, &t.Title, &t.Command, &t.Text, &t.OperatorID, &t.DepartmentID, &t.Department)
	})
	return out, unavailable(err)
}
