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

// typingChannel carries that somebody writes; one that is lost is missed by nobody.
const typingChannel = "otklik_typing"

// MaxTyping bounds one payload of it: what is more is dropped.
const MaxTyping = 100

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

// Typing says that somebody writes in a dialog: an operator, or, when there is none, its visitor.
type Typing struct{ DialogID, OperatorID string }

// NotifyTyping hints to the other API processes that these write now.
func (s *Store) NotifyTyping(ctx context.Context, origin string, now []Typing) error {
	parts := make([]string, 0, MaxTyping)
	for _, t := range now[:min(len(now), MaxTyping)] {
		parts = append(parts, t.DialogID+"/"+t.OperatorID)
	}
	_, err := s.pool.Exec(ctx, `SELECT pg_notify($1, $2)`, typingChannel, origin+":"+strings.Join(parts, ","))
	return unavailable(err)
}

// Hints are what a listener is told.
type Hints struct {
	Connected func() // after each connect, since hints from before are lost
	Changed   func(dialogIDs []string)
	Typing    func([]Typing)
}

// Listen tells what others notify, on one connection of its own, until ctx ends.
func (s *Store) Listen(ctx context.Context, origin string, tell Hints) {
	for ctx.Err() == nil {
		s.listen(ctx, origin, tell)
		select {
		case <-ctx.Done():
		case <-time.After(500 * time.Millisecond): // the database is down, or the connection broke
		}
	}
}

func (s *Store) listen(ctx context.Context, origin string, tell Hints) {
	conn, err := pgx.ConnectConfig(ctx, s.pool.Config().ConnConfig)
	if err != nil {
		return
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = conn.Close(ctx)
	}()
	if _, err := conn.Exec(ctx, "LISTEN "+channel+"; LISTEN "+typingChannel); err != nil {
		return
	}
	tell.Connected()
	for {
		// A wait has an end, so that a connection that died silently is noticed.
		wait, cancel := context.WithTimeout(ctx, 20*time.Second)
		n, err := conn.WaitForNotification(wait)
		cancel()
		switch {
		case err == nil:
			from, ids, ok := strings.Cut(n.Payload, ":")
			if !ok || ids == "" || (origin != "" && from == origin) {
				continue
			}
			switch list := strings.Split(ids, ","); n.Channel {
			case channel:
				tell.Changed(list)
			case typingChannel:
				tell.Typing(typingOf(list))
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

func typingOf(list []string) []Typing {
	out := make([]Typing, len(list))
	for i, x := range list {
		out[i].DialogID, out[i].OperatorID, _ = strings.Cut(x, "/")
	}
	return out
}
