package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/dialog"
)

// PastRow is a dialog as it stood at the end of its last finished session, as far as the chat log shows it (D-63).
// ErrNotFound when it has none. finished says whose its finished sessions were.
func (s *Store) PastRow(ctx context.Context, dialogID string) (row Row, finished []dialog.Past, err error) {
	b := &pgx.Batch{}
	b.Queue(`SELECT`+rowColumns+`
FROM dialogs d
JOIN visitors v ON v.id = d.visitor_id
JOIN projects p ON p.id = d.project_id
JOIN sessions s ON s.id = (SELECT x.id FROM sessions x WHERE x.dialog_id = d.id AND x.closed_at IS NOT NULL ORDER BY x.no DESC LIMIT 1)
LEFT JOIN operators o ON o.id = s.assignee_id
LEFT JOIN departments dep ON dep.id = s.department_id
LEFT JOIN operators lo ON lo.id = d.last_operator_id
WHERE d.id = $1`, dialogID).Query(func(rows pgx.Rows) error {
		row, err = pgx.CollectExactlyOneRow(rows, scanRow)
		return err
	})
	b.Queue(`SELECT DISTINCT coalesce(department_id::text, ''), coalesce(assignee_id::text, '') FROM sessions
WHERE dialog_id = $1 AND closed_at IS NOT NULL`, dialogID).Query(func(rows pgx.Rows) error {
		finished, err = pgx.CollectRows(rows, func(r pgx.CollectableRow) (p dialog.Past, err error) {
			return p, r.Scan(&p.DepartmentID, &p.AssigneeID)
		})
		return err
	})
	if err := s.pool.SendBatch(ctx, b).Close(); err != nil {
		return Row{}, nil, unavailable(err)
	}
	if row.State.Session.No == row.State.SessionNo {
		return row, finished, nil
	}
	return row, finished, s.cutAtEnd(ctx, &row)
}

// cutAtEnd takes what a later session added out of the row.
func (s *Store) cutAtEnd(ctx context.Context, row *Row) error {
	st := &row.State
	st.Seq, st.SessionNo, st.Blocked, row.Last = st.Session.LastSeq, st.Session.No, false, Last{}
	st.Session.FormSeq, st.Session.FormVisitorSeq = 0, 0 // a form that waits belongs to the newest session
	var at *time.Time
	err := s.pool.QueryRow(ctx, `SELECT at, (SELECT count(*) FROM events WHERE dialog_id = $1 AND seq <= $2 AND kind = 'message' AND author = 'visitor'),
(SELECT coalesce(max(visitor_seq), 0) FROM events WHERE dialog_id = $1 AND seq <= $2)
FROM events WHERE dialog_id = $1 AND seq = $2`, st.ID, st.Seq).Scan(&at, &st.VisitorMessages, &st.VisitorSeq)
	st.LastAt = deref(at).UTC()
	if err != nil {
		return unavailable(err)
	}
	rows, err := s.pool.Query(ctx, `SELECT`+eventColumns+` FROM events WHERE dialog_id = $1 AND seq <= $2
 AND kind IN ('message', 'form', 'department') ORDER BY seq DESC LIMIT 1`, st.ID, st.Seq)
	if err != nil {
		return unavailable(err)
	}
	e, err := optional(pgx.CollectExactlyOneRow(rows, func(r pgx.CollectableRow) (*dialog.Event, error) {
		e, err := scanEvent(r)
		return &e, err
	}))
	if e != nil {
		row.Last, _ = lastOf(*e)
	}
	return unavailable(err)
}

// LogProjects lists the projects whose chat log the operator may read, by name: level view and above, the widget on or
// off (D-02, D-03).
func (s *Store) LogProjects(ctx context.Context, operatorID string) ([]Named, error) {
	rows, err := s.pool.Query(ctx, `SELECT p.id::text, p.name FROM access a JOIN operators o ON o.id = a.operator_id AND o.active
JOIN projects p ON p.id = a.project_id WHERE a.operator_id = $1 AND a.level >= 1 ORDER BY p.name, p.id`, operatorID)
	if err != nil {
		return nil, unavailable(err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Named])
	return out, unavailable(err)
}
