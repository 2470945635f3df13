package store

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// channel carries hints that dialogs changed. A hint is not the truth: what it tells is read from the rows, and what it
// fails to tell the sweep finds.
const channel = "otklik"

// notifyIDs bounds one payload: PostgreSQL takes less than 8,000 bytes.
const notifyIDs = 200

// Notify hints to all API processes that the dialogs changed. It is never called inside a message's transaction: NOTIFY
// takes a lock on the whole cluster at commit (design 5).
func (s *Store) Notify(ctx context.Context, dialogIDs []string) error {
	return s.NotifyFrom(ctx, "", dialogIDs)
}

// NotifyFrom is Notify by a process that listens too and knows its own changes: Listen with the same origin skips them.
func (s *Store) NotifyFrom(ctx context.Context, origin string, dialogIDs []string) error {
	for len(dialogIDs) > 0 {
		n := min(len(dialogIDs), notifyIDs)
		if _, err := s.pool.Exec(ctx, `SELECT pg_notify($1, $2)`, channel, origin+":"+strings.Join(dialogIDs[:n], ",")); err != nil {
			return unavailable(err)
		}
		dialogIDs = dialogIDs[n:]
	}
	return nil
}

// Listen tells changed the ids that others notify, on one connection of its own, until ctx ends. After each connect it
// calls connected, since hints from before are lost.
func (s *Store) Listen(ctx context.Context, origin string, connected func(), changed func(ids []string)) {
	for ctx.Err() == nil {
		s.listen(ctx, origin, connected, changed)
		select {
		case <-ctx.Done():
		case <-time.After(500 * time.Millisecond): // the database is down, or the connection broke
		}
	}
}

func (s *Store) listen(ctx context.Context, origin string, connected func(), changed func(ids []string)) {
	conn, err := pgx.ConnectConfig(ctx, s.pool.Config().ConnConfig)
	if err != nil {
		return
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = conn.Close(ctx)
	}()
	if _, err := conn.Exec(ctx, "LISTEN "+channel); err != nil {
		return
	}
	connected()
	for {
		// A wait has an end, so that a connection that died silently is noticed.
		wait, cancel := context.WithTimeout(ctx, 20*time.Second)
		n, err := conn.WaitForNotification(wait)
		cancel()
		switch {
		case err == nil:
			from, ids, ok := strings.Cut(n.Payload, ":")
			if ok && ids != "" && (origin == "" || from != origin) {
				changed(strings.Split(ids, ","))
			}
		case ctx.Err() != nil:
			return
		case wait.Err() != nil && !conn.IsClosed():
			ping, cancel := context.WithTimeout(ctx, 2*time.Second)
			err := conn.Ping(ping)
			cancel()
			if err != nil {
				return
			}
		default:
			return
		}
	}
}
