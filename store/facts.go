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

// openDialogsSQL counts what operator o has to do (D-29): open sessions of projects that are switched off come back with
// them, and until then he cannot finish any (D-73).
const openDialogsSQL = `(SELECT count(*) FROM sessions os JOIN projects op ON op.id = os.project_id
 WHERE os.assignee_id = o.id AND os.closed_at IS NULL AND op.active)`

// factsOf reads operators as the project sees them that the expression names. Without access the level is 0.
func factsOf(project string) string {
	return `
SELECT o.id::text, o.name, coalesce(a.level, 0),
ARRAY(SELECT m.department_id::text FROM department_members m JOIN departments dep ON dep.id = m.department_id
      WHERE m.operator_id = o.id AND dep.project_id = p.id ORDER BY dep.position, dep.name),
coalesce(o.dialog_limit, 0),
` + openDialogsSQL + `,
` + onlineSQL + `, o.hours,` + calendarColumns + `
FROM operators o JOIN projects p ON p.id = ` + project + `
LEFT JOIN access a ON a.operator_id = o.id AND a.project_id = p.id
WHERE o.active AND `
}

var (
	factsInProject = factsOf(`$2::uuid`) + `o.id = $1`
	factsForDialog = factsOf(`(SELECT project_id FROM dialogs WHERE id = $2)`) + `o.id = $1`
	factsOfTeam    = factsOf(`$1::uuid`) + `a.level >= 2 AND ` + onlineSQL + ` ORDER BY o.name, o.id`
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

// Team reads those who may work in a project and are online, by name.
func (s *Store) Team(ctx context.Context, projectID string) ([]dialog.Operator, error) {
	rows, err := s.pool.Query(ctx, factsOfTeam, projectID)
	if err != nil {
		return nil, unavailable(err)
	}
	team, err := pgx.CollectRows(rows, scanFacts)
	return team, unavailable(err)
}
