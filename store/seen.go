package store

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
)

// Seen is how far each side of a dialog has read what the other wrote (D-72), each in the log of the side that is told.
type Seen struct {
	ByOperators int64 // last event of the visitor's log that was read for the visitor
	ByVisitor   int64 // last event of the operators' log that the visitor has read
}

// visitorSeqAt is the last number of the visitor's log at or before a seq of the operators'.
const visitorSeqAt = `coalesce((SELECT e.visitor_seq FROM events e WHERE e.dialog_id = m.dialog_id AND e.seq <= m.by_operators
AND e.visitor_seq IS NOT NULL ORDER BY e.seq DESC LIMIT 1), 0)`

// Seen reads how far both sides have read; zero: nothing.
func (s *Store) Seen(ctx context.Context, dialogID string) (Seen, error) {
	var x Seen
	err := s.pool.QueryRow(ctx, `SELECT `+visitorSeqAt+`, m.by_visitor FROM seen m WHERE m.dialog_id = $1`, dialogID).
		Scan(&x.ByOperators, &x.ByVisitor)
	if errors.Is(err, pgx.ErrNoRows) {
		return Seen{}, nil
	}
	return x, unavailable(err)
}

// SeenByOperators moves forward what was read for the visitor, and returns it in his log; zero: nothing new to him. A
// number beyond the log means its end.
func (s *Store) SeenByOperators(ctx context.Context, dialogID string, seq int64) (visitorSeq int64, err error) {
	err = s.pool.QueryRow(ctx, `
WITH m AS (INSERT INTO seen AS x (dialog_id, by_operators) SELECT id, least(seq, $2) FROM dialogs WHERE id = $1
ON CONFLICT (dialog_id) DO UPDATE SET by_operators = excluded.by_operators WHERE x.by_operators < excluded.by_operators
RETURNING dialog_id, by_operators)
SELECT `+visitorSeqAt+` FROM m`, dialogID, seq).Scan(&visitorSeq)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, nil
	}
	return visitorSeq, unavailable(err)
}

// SeenByVisitor moves forward what the visitor has read, and returns it in the operators' log; zero: nothing new. A
// number beyond his log is answered with ErrNotFound.
func (s *Store) SeenByVisitor(ctx context.Context, dialogID string, visitorSeq int64) (seq int64, err error) {
	var upto, moved *int64
	err = s.pool.QueryRow(ctx, `
WITH upto AS (SELECT e.dialog_id, e.seq FROM events e JOIN dialogs d ON d.id = e.dialog_id
  WHERE d.id = $1 AND d.visitor_seq >= $2 AND e.visitor_seq <= $2 ORDER BY e.seq DESC LIMIT 1),
m AS (INSERT INTO seen AS x (dialog_id, by_visitor) SELECT dialog_id, seq FROM upto
ON CONFLICT (dialog_id) DO UPDATE SET by_visitor = excluded.by_visitor WHERE x.by_visitor < excluded.by_visitor
RETURNING by_visitor)
SELECT (SELECT seq FROM upto), (SELECT by_visitor FROM m)`, dialogID, visitorSeq).Scan(&upto, &moved)
	if err == nil && upto == nil {
		err = ErrNotFound
	}
	return deref(moved), unavailable(err)
}
