package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// Changed says that a dialog has reached a revision.
type Changed struct {
	DialogID string
	Rev      int64
	At       time.Time // real time of the change
}

// ChangedSince lists the dialogs changed since then, oldest first, and the time of the database when it looked: the
// sweep that finds what no notification told (design 5). Real time, not the offset one.
func (s *Store) ChangedSince(ctx context.Context, since time.Time, limit int) ([]Changed, error) {
	rows, err := s.pool.Query(ctx, `SELECT id::text, rev, changed_at FROM dialogs WHERE changed_at > $1 ORDER BY changed_at LIMIT $2`, since, limit)
	if err != nil {
		return nil, unavailable(err)
	}
	out, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (c Changed, err error) {
		return c, r.Scan(&c.DialogID, &c.Rev, &c.At)
	})
	return out, unavailable(err)
}

// Clocks reads the database's real time and the time decisions go by.
func (s *Store) Clocks(ctx context.Context) (real, now time.Time, err error) {
	err = s.pool.QueryRow(ctx, `SELECT clock_timestamp(), otklik_now()`).Scan(&real, &now)
	return real.UTC(), now.UTC(), unavailable(err)
}
