package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// Session is one stretch of a dialog as its history shows it.
type Session struct {
	ID                           string
	No                           int
	Begins, Ends                 time.Time // first and last message; of a session without one its start event (D-53)
	ClosedAt                     time.Time // zero: open
	OperatorID, Operator         string    // the last assignee
	DepartmentID, DepartmentName string
	Tags                         []Named
	Rating                       int // 0: none
	FirstSeq, LastSeq            int64
}

const sessionSQL = `
SELECT s.id::text, s.no,
coalesce((SELECT e.at FROM events e WHERE e.dialog_id = s.dialog_id AND e.seq BETWEEN s.first_seq AND s.last_seq
          AND e.kind = 'message' ORDER BY e.seq LIMIT 1), f.at, s.started_at),
coalesce(s.last_message_at, f.at, s.started_at), s.closed_at,
coalesce(s.assignee_id::text, ''), coalesce(o.name, ''), coalesce(s.department_id::text, ''), coalesce(dep.name, ''),
ARRAY(SELECT t.id::text FROM unnest(s.tags) WITH ORDINALITY u(id, n) JOIN tags t ON t.id = u.id ORDER BY u.n),
ARRAY(SELECT t.name FROM unnest(s.tags) WITH ORDINALITY u(id, n) JOIN tags t ON t.id = u.id ORDER BY u.n),
s.rating, s.first_seq, s.last_seq
FROM sessions s
LEFT JOIN events f ON f.dialog_id = s.dialog_id AND f.seq = s.first_seq
LEFT JOIN operators o ON o.id = s.assignee_id
LEFT JOIN departments dep ON dep.id = s.department_id
WHERE s.dialog_id = $1 `

// Sessions reads the newest sessions of a dialog, newest first.
func (s *Store) Sessions(ctx context.Context, dialogID string, limit int) ([]Session, error) {
	return s.sessions(ctx, sessionSQL+`ORDER BY s.no DESC LIMIT $2`, dialogID, limit)
}

// SessionByNo reads one session of a dialog.
func (s *Store) SessionByNo(ctx context.Context, dialogID string, no int) (Session, error) {
	out, err := s.sessions(ctx, sessionSQL+`AND s.no = $2`, dialogID, no)
	if err == nil && len(out) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return Session{}, err
	}
	return out[0], nil
}

func (s *Store) sessions(ctx context.Context, sql string, args ...any) ([]Session, error) {
	rows, err := s.pool.Query(ctx, sql, args...)
	if err != nil {
		return nil, unavailable(err)
	}
	out, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (Session, error) {
		var x Session
		var closed *time.Time
		var tagIDs, tagNames []string
		err := r.Scan(&x.ID, &x.No, &x.Begins, &x.Ends, &closed, &x.OperatorID, &x.Operator, &x.DepartmentID,
			&x.DepartmentName, &tagIDs, &tagNames, &x.Rating, &x.FirstSeq, &x.LastSeq)
		x.Begins, x.Ends, x.ClosedAt = x.Begins.UTC(), x.Ends.UTC(), deref(closed).UTC()
		x.Tags = zip(tagIDs, tagNames)
		return x, err
	})
	return out, unavailable(err)
}
