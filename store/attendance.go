package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/dialog"
)

// onlineOperators are the operators of project $1 who are online, as dialog.Visible needs them for a dialog of department
// $2; those who look the same to it are read once.
const onlineOperators = `
SELECT DISTINCT a.level, o.hours, EXISTS (SELECT FROM department_members m WHERE m.operator_id = o.id AND m.department_id = nullif($2, '')::uuid)
FROM access a JOIN operators o ON o.id = a.operator_id AND o.active
WHERE a.project_id = $1 AND a.level >= 2 AND ` + onlineSQL

const projectCalendar = `SELECT otklik_now(),` + calendarColumns + ` FROM projects p WHERE p.id = $1`

// attendance queues the two statements and returns who is there once they have run.
func attendance(b *pgx.Batch, projectID, department string) func() dialog.Unattended {
	var now time.Time
	var cal calendarScan
	var online []dialog.Operator
	b.Queue(projectCalendar, projectID).QueryRow(func(row pgx.Row) error {
		return row.Scan(append([]any{&now}, cal.into()...)...)
	})
	b.Queue(onlineOperators, projectID, department).Query(func(rows pgx.Rows) (err error) {
		online, err = pgx.CollectRows(rows, func(r pgx.CollectableRow) (dialog.Operator, error) {
			o := dialog.Operator{ID: "somebody", Online: true}
			var level int16
			var member bool
			err := r.Scan(&level, &o.Hours, &member)
			o.Level = dialog.Level(level)
			if member {
				o.Departments = []string{department}
			}
			return o, err
		})
		return err
	})
	return func() dialog.Unattended {
		c := cal.calendar()
		for i := range online {
			online[i].Calendar = c
		}
		return dialog.Attendance(department, c, online, now)
	}
}

// Attendance says whether anybody would see a new dialog of the queue now (D-21).
func (s *Store) Attendance(ctx context.Context, q Queue) (dialog.Unattended, error) {
	b := &pgx.Batch{}
	who := attendance(b, q.ProjectID, q.DepartmentID)
	if err := s.pool.SendBatch(ctx, b).Close(); err != nil {
		return dialog.Attended, unavailable(err)
	}
	return who(), nil
}

// attend completes a command that would start a session; nobody else pays for the reading.
func (in *input) attend(ctx context.Context, tx *tx) error {
	department, needed := dialog.NeedsAttendance(in.row.State, in.cmd)
	if !needed {
		return nil
	}
	b := &pgx.Batch{}
	who := attendance(b, in.row.ProjectID, department)
	if err := tx.conn.SendBatch(ctx, b).Close(); err != nil {
		return err
	}
	in.cmd = dialog.WithAttendance(in.cmd, who())
	return nil
}
