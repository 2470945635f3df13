package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/dialog"
)

// Log names one of the two sequences of a dialog: operators read all events, visitors those that are not for operators
// only, each contiguous (design 4).
type Log bool

// The two logs.
const (
	OperatorLog Log = false
	VisitorLog  Log = true
)

func (l Log) seq() string {
	if l == VisitorLog {
		return "visitor_seq"
	}
	return "seq"
}

// EventsAfter reads up to limit events that follow the given sequence number, ascending.
func (s *Store) EventsAfter(ctx context.Context, dialogID string, log Log, after int64, limit int) ([]dialog.Event, error) {
	return s.events(ctx, fmt.Sprintf(`SELECT`+eventColumns+` FROM events WHERE dialog_id = $1 AND %[1]s > $2
ORDER BY %[1]s LIMIT $3`, log.seq()), dialogID, after, limit)
}

// EventsBefore reads the last events before the given sequence number, at most limit, ascending.
func (s *Store) EventsBefore(ctx context.Context, dialogID string, log Log, before int64, limit int) ([]dialog.Event, error) {
	return s.events(ctx, fmt.Sprintf(`SELECT * FROM (SELECT`+eventColumns+`, %[1]s AS ordinal FROM events
WHERE dialog_id = $1 AND %[1]s < $2 ORDER BY %[1]s DESC LIMIT $3) page ORDER BY ordinal`, log.seq()), dialogID, before, limit)
}

func (s *Store) events(ctx context.Context, sql string, args ...any) ([]dialog.Event, error) {
	rows, err := s.pool.Query(ctx, sql, args...)
	if err != nil {
		return nil, unavailable(err)
	}
	out, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (dialog.Event, error) {
		var e dialog.Event
		targets := []any{&e.Seq, &e.VisitorSeq, &e.SessionID, &e.SessionNo, &e.Kind, &e.Author, &e.OperatorID,
			&e.OperatorName, &e.Audience, &e.Text, &e.Key, &e.Params, &e.ClientID, &e.At}
		for len(targets) < len(r.FieldDescriptions()) { // the ordinal of EventsBefore
			targets = append(targets, nil)
		}
		err := r.Scan(targets...)
		e.At = e.At.UTC()
		return e, err
	})
	return out, unavailable(err)
}
