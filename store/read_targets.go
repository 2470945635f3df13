package store

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// Target is a person a dialog may be handed to, under one of his departments (D-36).
type Target struct {
	OperatorID, Operator     string
	DepartmentID, Department string // empty: he is in none
	AtLimit                  bool
}

// TransferTargets reads who is there for a transfer: level operator and above in the dialog's project, online, and
// neither of the two given people. One of several departments stands under each of them.
func (s *Store) TransferTargets(ctx context.Context, dialogID, exceptA, exceptB string) ([]Target, error) {
	rows, err := s.pool.Query(ctx, `
SELECT o.id::text, o.name, coalesce(dep.id::text, ''), coalesce(dep.name, ''),
o.dialog_limit IS NOT NULL AND o.dialog_limit <= (SELECT count(*) FROM sessions s WHERE s.assignee_id = o.id AND s.closed_at IS NULL)
FROM dialogs d
JOIN access a ON a.project_id = d.project_id AND a.level >= 2
JOIN operators o ON o.id = a.operator_id AND o.active
LEFT JOIN (department_members m JOIN departments dep ON dep.id = m.department_id)
  ON m.operator_id = o.id AND dep.project_id = d.project_id
WHERE d.id = $1 AND o.id::text <> $2 AND o.id::text <> $3
  AND EXISTS (SELECT FROM presence pr WHERE pr.operator_id = o.id AND pr.seen_at > clock_timestamp() - `+presenceTimeout+`)
ORDER BY dep.position NULLS LAST, dep.name, o.name, o.id`, dialogID, exceptA, exceptB)
	if err != nil {
		return nil, unavailable(err)
	}
	out, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (t Target, err error) {
		return t, r.Scan(&t.OperatorID, &t.Operator, &t.DepartmentID, &t.Department, &t.AtLimit)
	})
	return out, unavailable(err)
}
