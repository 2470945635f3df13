package store

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// Mark is how far an operator has read a dialog (D-11).
type Mark struct {
	DialogID, OperatorID string
	Seq                  int64 // last event he has seen
	Events               int64 // visitor events up to it: unread is dialogs.visitor_events minus this
}

// MarkRead moves an operator's read mark forward; an older number than the one stored changes nothing. A number beyond
// the log means its end.
func (s *Store) MarkRead(ctx context.Context, dialogID, operatorID string, seq int64) (Mark, error) {
	m := Mark{DialogID: dialogID, OperatorID: operatorID}
	// Counted backwards from the dialog's own counter, so that the cost is that of the unread part.
	err := s.pool.QueryRow(ctx, `
WITH d AS (SELECT id, least(seq, $3) AS upto, visitor_events, seq FROM dialogs WHERE id = $1),
n AS (SELECT d.id, d.upto, d.visitor_events - (SELECT count(*) FROM events e
      WHERE e.dialog_id = d.id AND e.seq > d.upto AND e.seq <= d.seq AND e.author = 'visitor') AS events FROM d)
INSERT INTO reads AS r (dialog_id, operator_id, seq, events) SELECT id, $2, upto, events FROM n
ON CONFLICT (dialog_id, operator_id) DO UPDATE SET seq = greatest(r.seq, excluded.seq), events = greatest(r.events, excluded.events)
RETURNING seq, events`, dialogID, operatorID, seq).Scan(&m.Seq, &m.Events)
	return m, unavailable(err)
}

// MarkOf reads one operator's mark in one dialog; a zero mark when there is none.
func (s *Store) MarkOf(ctx context.Context, dialogID, operatorID string) (Mark, error) {
	marks, err := s.Marks(ctx, []string{dialogID}, []string{operatorID})
	if err != nil || len(marks) == 0 {
		return Mark{DialogID: dialogID, OperatorID: operatorID}, err
	}
	return marks[0], nil
}

// Marks reads the read marks of the operators in the dialogs.
func (s *Store) Marks(ctx context.Context, dialogIDs, operatorIDs []string) ([]Mark, error) {
	return s.marks(ctx, `SELECT dialog_id::text, operator_id::text, seq, events FROM reads
WHERE dialog_id = ANY($1::text[]::uuid[]) AND operator_id = ANY($2::text[]::uuid[])`, dialogIDs, operatorIDs)
}

// MarksInProject reads an operator's read marks in the open dialogs of a project.
func (s *Store) MarksInProject(ctx context.Context, projectID, operatorID string) ([]Mark, error) {
	return s.marks(ctx, `SELECT r.dialog_id::text, r.operator_id::text, r.seq, r.events
FROM sessions s JOIN reads r ON r.dialog_id = s.dialog_id AND r.operator_id = $2
WHERE s.project_id = $1 AND s.closed_at IS NULL`, projectID, operatorID)
}

func (s *Store) marks(ctx context.Context, sql string, args ...any) ([]Mark, error) {
	rows, err := s.pool.Query(ctx, sql, args...)
	if err != nil {
		return nil, unavailable(err)
	}
	out, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (m Mark, err error) {
		return m, r.Scan(&m.DialogID, &m.OperatorID, &m.Seq, &m.Events)
	})
	return out, unavailable(err)
}
