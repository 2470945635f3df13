package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// tx is a transaction that begins with its first batch and commits with its last, saving a round trip at each end.
type tx struct {
	conn      *pgxpool.Conn
	committed bool
}

// inTx runs f on one connection and rolls back what f did not commit.
func (s *Store) inTx(ctx context.Context, f func(*tx) error) error {
	conn, err := s.writes.Acquire(ctx)
	if err != nil {
		return unavailable(err)
	}
	// A connection that is not idle when it goes back is closed by the pool, so no open transaction can be inherited.
	defer conn.Release()
	t := &tx{conn: conn}
	err = f(t)
	if !t.committed && !conn.Conn().IsClosed() && conn.Conn().PgConn().TxStatus() != 'I' {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_, _ = conn.Exec(ctx, "rollback")
	}
	return err
}

// beginWith begins and runs the batch in one round trip.
func (t *tx) beginWith(ctx context.Context, b *pgx.Batch) error {
	all := &pgx.Batch{QueuedQueries: make([]*pgx.QueuedQuery, 0, len(b.QueuedQueries)+1)}
	all.Queue("begin")
	all.QueuedQueries = append(all.QueuedQueries, b.QueuedQueries...)
	return t.conn.SendBatch(ctx, all).Close()
}

// commitWith runs the batch and commits in one round trip. After an error of the connection it is unknown whether the
// commit happened; the caller's receipt settles it when the command is tried again.
func (t *tx) commitWith(ctx context.Context, b *pgx.Batch) error {
	b.Queue("commit")
	err := t.conn.SendBatch(ctx, b).Close()
	t.committed = err == nil
	return err
}
