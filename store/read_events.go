package store

import (
	"context"

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

// Both logs are read along seq, which the primary key has: an index of the visitor's own sequence would cost every
// message a write. His number of an event is never above its seq, and below it by no more than at the end of the log.
const (
	eventsAfter        = `SELECT` + eventColumns + ` FROM events WHERE dialog_id = $1 AND seq > $2 ORDER BY seq LIMIT $3`
	visitorEventsAfter = `SELECT` + eventColumns + ` FROM events WHERE dialog_id = $1 AND seq > $2 AND visitor_seq > $2
ORDER BY seq LIMIT $3`
	eventsBefore = `SELECT * FROM (SELECT` + eventColumns + ` FROM events
WHERE dialog_id = $1 AND seq < $2 ORDER BY seq DESC LIMIT $3) page ORDER BY seq`
	visitorEventsBefore = `SELECT * FROM (SELECT` + eventColumns + ` FROM events
WHERE dialog_id = $1 AND seq < least($2, 1::bigint << 62) + (SELECT d.seq - d.visitor_seq FROM dialogs d WHERE d.id = $1) AND visitor_seq < $2
ORDER BY seq DESC LIMIT $3) page ORDER BY seq`
)

// EventsAfter reads up to limit events that follow the given sequence number, ascending.
func (s *Store) EventsAfter(ctx context.Context, dialogID string, log Log, after int64, limit int) ([]dialog.Event, error) {
	if log == VisitorLog {
		return s.events(ctx, visitorEventsAfter, dialogID, after, limit)
	}
	return s.events(ctx, eventsAfter, dialogID, after, limit)
}

// EventsBefore reads the last events before the given sequence number, at most limit, ascending.
func (s *Store) EventsBefore(ctx context.Context, dialogID string, log Log, before int64, limit int) ([]dialog.Event, error) {
	if log == VisitorLog {
		return s.events(ctx, visitorEventsBefore, dialogID, before, limit)
	}
	return s.events(ctx, eventsBefore, dialogID, before, limit)
}

func (s *Store) events(ctx context.Context, sql string, args ...any) ([]dialog.Event, error) {
	rows, err := s.pool.Query(ctx, sql, args...)
	if err != nil {
		return nil, unavailable(err)
	}
	out, err := pgx.CollectRows(rows, scanEvent)
	return out, unavailable(err)
}
