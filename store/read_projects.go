package store

import (
	"context"
	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/dialog"
)

// Named is an id with a name.
type Named struct{ ID, Name string }

// Seat is an operator in a project he may work in: his facts there, and the project's settings.
type Seat struct {
	ProjectID   string
	ProjectName string
	TimeZone    string
	Rev         int64 // of the project's settings
	Operator    dialog.Operator
	Settings    dialog.Settings
	Tags        []Named // active ones, in order
	Departments []Named
}

// seatSQL lists seats by R-006: active projects only, level operator and above only.
const seatSQL = `
SELECT p.id::text, p.name, p.time_zone, o.id::text, o.name, a.level,
ARRAY(SELECT m.department_id::text FROM department_members m JOIN departments dep ON dep.id = m.department_id
      WHERE m.operator_id = o.id AND dep.project_id = p.id ORDER BY dep.position, dep.name),
coalesce(o.dialog_limit, 0),
` + openDialogsSQL + `,
` + onlineSQL + `, o.hours, p.rev,` + calendarColumns + `,` + settingsColumns + `,
ARRAY(SELECT t.name FROM tags t WHERE t.project_id = p.id AND t.active ORDER BY t.position, t.name),
ARRAY(SELECT dep.id::text FROM departments dep WHERE dep.project_id = p.id AND dep.active ORDER BY dep.position, dep.name),
ARRAY(SELECT dep.name FROM departments dep WHERE dep.project_id = p.id AND dep.active ORDER BY dep.position, dep.name)
FROM access a JOIN operators o ON o.id = a.operator_id JOIN projects p ON p.id = a.project_id
WHERE o.active AND p.active AND a.level >= 2 AND `

func scanSeat(r pgx.CollectableRow) (Seat, error) {
	var seat Seat
	var level int16
	var cal calendarScan
	var set settingsScan
	var tagNames, depIDs, depNames []string
	o := &seat.Operator
	into := []any{&seat.ProjectID, &seat.ProjectName, &seat.TimeZone, &o.ID, &o.Name, &level, &o.Departments,
		&o.Limit, &o.OpenDialogs, &o.Online, &o.Hours, &seat.Rev}
	into = append(append(append(into, cal.into()...), set.into()...), &tagNames, &depIDs, &depNames)
	err := r.Scan(into...)
	if err != nil {
		return Seat{}, err
	}
	o.Level, o.Calendar = dialog.Level(level), cal.calendar()
	seat.Settings = set.settings()
	seat.Tags, seat.Departments = zip(seat.Settings.ActiveTags, tagNames), zip(depIDs, depNames)
	return seat, nil
}

func zip(ids, names []string) []Named {
	out := make([]Named, len(ids))
	for i := range ids {
		out[i] = Named{ids[i], names[i]}
	}
	return out
}

// Seats reads every seat of the operators, by project name.
func (s *Store) Seats(ctx context.Context, operatorIDs []string) ([]Seat, error) {
	rows, err := s.pool.Query(ctx, seatSQL+`o.id = ANY($1::text[]::uuid[]) ORDER BY p.name, p.id`, operatorIDs)
	if err != nil {
		return nil, unavailable(err)
	}
	out, err := pgx.CollectRows(rows, scanSeat)
	return out, unavailable(err)
}

// Seat reads one operator's seat in one project. ErrNotFound when he has none: no such project, not his, or switched off.
func (s *Store) Seat(ctx context.Context, operatorID, projectID string) (Seat, error) {
	return s.oneSeat(ctx, `o.id = $1 AND p.id = $2`, operatorID, projectID)
}

// SeatAt is Seat in the project of a dialog.
func (s *Store) SeatAt(ctx context.Context, operatorID, dialogID string) (Seat, error) {
	return s.oneSeat(ctx, `o.id = $1 AND p.id = (SELECT project_id FROM dialogs WHERE id = $2)`, operatorID, dialogID)
}

func (s *Store) oneSeat(ctx context.Context, where string, args ...any) (Seat, error) {
	rows, err := s.pool.Query(ctx, seatSQL+where, args...)
	if err != nil {
		return Seat{}, unavailable(err)
	}
	seat, err := pgx.CollectExactlyOneRow(rows, scanSeat)
	return seat, unavailable(err)
}
