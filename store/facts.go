package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/dialog"
)

// presenceTimeout in seconds: 60 s without a heartbeat is offline (D-04).
const presenceTimeout = `interval '60 seconds'`

// onlineSQL says whether operator o is online: status «В сети» and a live connection in at least one tab (D-04).
const onlineSQL = `(NOT o.away AND EXISTS (SELECT FROM presence pr
 WHERE pr.operator_id = o.id AND pr.seen_at > clock_timestamp() - ` + presenceTimeout + `))`

// factsSQL reads operator $1 as the project sees him that the expression over $2 names. Without access the level is 0.
func factsSQL(project string) string {
	return `
SELECT o.id::text, o.name, coalesce(a.level, 0),
ARRAY(SELECT m.department_id::text FROM department_members m JOIN departments dep ON dep.id = m.department_id
      WHERE m.operator_id = o.id AND dep.project_id = p.id AND dep.active ORDER BY dep.position, dep.name),
coalesce(o.dialog_limit, 0),
(SELECT count(*) FROM sessions s WHERE s.assignee_id = o.id AND s.closed_at IS NULL),
` + onlineSQL + `, o.hours,` + calendarColumns + `
FROM operators o JOIN projects p ON p.id = ` + project + `
LEFT JOIN access a ON a.operator_id = o.id AND a.project_id = p.id
WHERE o.active AND o.id = $1`
}

var (
	factsInProject = factsSQL(`$2::uuid`)
	factsForDialog = factsSQL(`(SELECT project_id FROM dialogs WHERE id = $2)`)
)

func scanFacts(r pgx.CollectableRow) (dialog.Operator, error) {
	var o dialog.Operator
	var level int16
	var cal calendarScan
	err := r.Scan(append([]any{&o.ID, &o.Name, &level, &o.Departments, &o.Limit, &o.OpenDialogs, &o.Online, &o.Hours}, cal.into()...)...)
	o.Level, o.Calendar = dialog.Level(level), cal.calendar()
	return o, err
}

// OperatorFacts reads an operator as one project sees him. ErrNotFound when there is no such active operator.
func (s *Store) OperatorFacts(ctx context.Context, operatorID, projectID string) (dialog.Operator, error) {
	rows, err := s.pool.Query(ctx, factsInProject, operatorID, projectID)
	if err != nil {
		return dialog.Operator{}, unavailable(err)
	}
	o, err := pgx.CollectExactlyOneRow(rows, scanFacts)
	return o, unavailable(err)
}
