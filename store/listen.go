package store

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// channel carries hints that dialogs changed. A hint is not the truth: what it tells is read from the rows, and what it
// fails to tell the sweep finds.
const channel = "otklik"

// signChannel carries signs; of one that is lost nobody is told later than with the next.
const signChannel = "otklik_sign"

// Bounds of one payload: PostgreSQL takes less than 8,000 bytes.
const (
	notifyIDs   = 200
	notifySigns = 80
)

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

// Sign says that somebody writes in a dialog or has read it: an operator, or, when there is none, its visitor.
type Sign struct {
	DialogID, OperatorID string
	Read                 int64 // up to here, in the log of the other side; zero: he writes
}

// NotifySigns hints at them to the other API processes.
func (s *Store) NotifySigns(ctx context.Context, origin string, signs []Sign) error {
	for some := range slices.Chunk(signs, notifySigns) {
		parts := make([]string, len(some))
		for i, x := range some {
			parts[i] = x.DialogID + "/" + x.OperatorID + "/" + strconv.FormatInt(x.Read, 10)
		}
		if _, err := s.pool.Exec(ctx, `SELECT pg_notify($1, $2)`, signChannel, origin+":"+strings.Join(parts, ",")); err != nil {
			return unavailable(err)
		}
	}
	return nil
}

// Hints are what a listener is told.
type Hints struct {
	Connected func() // after each connect, since hints from before are lost
	Changed   func(dialogIDs []string)
	Signs     func([]Sign)
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
	if _, err := conn.Exec(ctx, "LISTEN "+channel+"; LISTEN "+signChannel); err != nil {
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
			case signChannel:
				tell.Signs(signsOf(list))
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

func signsOf(list []string) []Sign {
	out := make([]Sign, 0, len(list))
	for _, x := range list {
		part := strings.Split(x, "/")
		if len(part) != 3 {
			continue
		}
		read, err := strconv.ParseInt(part[2], 10, 64)
		if err == nil {
			out = append(out, Sign{DialogID: part[0], OperatorID: part[1], Read: read})
		}
	}
	return out
}
