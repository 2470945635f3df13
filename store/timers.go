package store

import (
	"cmp"
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/dialog"
)

// Fence orders the writes of a workflow's activities (design 2.4): a write counts only if it is newer than the last.
type Fence struct {
	At      time.Time // workflow time of the call: ahead of every earlier run's, also after a reset
	Ordinal int64     // call number within the run
	Attempt int       // 0: local activity; 1 and up: attempts of the ordinary one
	Run     string    // run id, for people who read the row
}

// after reports whether f is newer than g, which was read from a row: microseconds are all a row keeps.
func (f Fence) after(g Fence) bool {
	return cmp.Or(
		cmp.Compare(f.At.UnixMicro(), g.At.UnixMicro()),
		cmp.Compare(f.Ordinal, g.Ordinal),
		cmp.Compare(f.Attempt, g.Attempt),
	) > 0
}

// Sync acknowledges the signal number the workflow was handed and tells it the row. armed is the instant its armed timer
// fires, by the database's clock (zero: none). A stale call writes nothing.
func (s *Store) Sync(ctx context.Context, dialogID string, signalSeq int64, armed time.Time, f Fence) (row Row, stale bool, err error) {
	err = s.locked(ctx, dialogID, func(tx *tx, r Row) error {
		row = r
		if stale = !f.after(r.fence); stale {
			return nil
		}
		row.ArmedUntil = keepArmed(armed, r)
		b := &pgx.Batch{}
		acknowledgement{signalSeq, row.ArmedUntil, f}.queue(b, dialogID)
		return tx.commitWith(ctx, b)
	})
	return row, stale, err
}

// keepArmed is when the workflow will look again by itself: its armed timer stays unless a nearer deadline replaces it.
func keepArmed(armed time.Time, r Row) time.Time {
	next, ok := dialog.NextDeadline(r.State, r.Settings)
	switch {
	case !ok:
		if armed.After(r.Now) {
			return armed
		}
		return time.Time{}
	case armed.After(r.Now) && armed.Before(next.At):
		return armed
	}
	return next.At
}

// Due applies what the clock does to the dialog now. Its timer has fired, so what is armed after it is the next deadline.
func (s *Store) Due(ctx context.Context, dialogID string, f Fence) (o dialog.Outcome, a Applied, stale bool, err error) {
	err = s.locked(ctx, dialogID, func(tx *tx, r Row) error {
		a = Applied{Row: r}
		if stale = !f.after(r.fence); stale {
			return nil
		}
		var change dialog.Change
		change, o, _ = dialog.Due(r.State, dialog.Env{Now: r.Now, Settings: r.Settings, NewID: s.newID, AssigneeName: r.AssigneeName})
		b := &pgx.Batch{}
		if o != dialog.Done {
			next, _ := dialog.NextDeadline(r.State, r.Settings)
			a.Row.ArmedUntil = next.At
			acknowledgement{0, next.At, f}.queue(b, dialogID)
			return tx.commitWith(ctx, b)
		}
		next, _ := dialog.NextDeadline(change.State, r.Settings)
		after := r.after(change, input{})
		after.ArmedUntil = next.At
		a = Applied{Row: after, Events: change.Events}
		rec := record{before: r, after: after, change: change, source: "system", ack: &acknowledgement{0, next.At, f}}
		rec.queue(b)
		return tx.commitWith(ctx, b)
	})
	return o, a, stale, err
}

// locked runs f under the dialog's row lock with its row, again after a deadlock.
func (s *Store) locked(ctx context.Context, dialogID string, f func(*tx, Row) error) error {
	var err error
	for range attempts {
		err = s.inTx(ctx, func(tx *tx) error {
			var row Row
			b := &pgx.Batch{}
			b.Queue(`SELECT FROM dialogs WHERE id = $1 FOR NO KEY UPDATE`, dialogID)
			b.Queue(loadSQL, dialogID).Query(func(rows pgx.Rows) (err error) {
				row, err = pgx.CollectExactlyOneRow(rows, scanRow)
				return err
			})
			if err := tx.beginWith(ctx, b); err != nil {
				return err
			}
			return f(tx, row)
		})
		if !retryable(err) {
			break
		}
	}
	return unavailable(err)
}

// Owed is a signal a dialog's workflow has not acknowledged.
type Owed struct {
	DialogID, SessionID string
	SignalSeq           int64
	Start               bool // may start a run when there is none
}

// LeaseOwed takes up to limit owed signals for the time of the lease: starts first, then the nearest deadline. A dialog
// whose acknowledgement stands still is leased for twice as long each time, up to 32 leases.
func (s *Store) LeaseOwed(ctx context.Context, limit int, lease time.Duration) ([]Owed, error) {
	rows, err := s.pool.Query(ctx, `
WITH picked AS (
  SELECT id FROM dialogs WHERE signal_seq > signal_acked AND relay_at <= clock_timestamp()
  ORDER BY (signal_acked = 0) DESC, next_deadline_at NULLS LAST, id LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED)
UPDATE dialogs d SET relay_at = clock_timestamp() + $2::interval * power(2, least(d.relay_tries, 5)), relay_tries = d.relay_tries + 1
FROM picked WHERE d.id = picked.id
RETURNING d.id::text, d.session_id::text, d.signal_seq, d.signal_start`, limit, lease)
	if err != nil {
		return nil, unavailable(err)
	}
	out, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (o Owed, err error) {
		return o, r.Scan(&o.DialogID, &o.SessionID, &o.SignalSeq, &o.Start)
	})
	return out, unavailable(err)
}

// Unlease gives signals back that could not be sent because Temporal is down: the next try is not delayed per dialog.
func (s *Store) Unlease(ctx context.Context, dialogIDs []string) error {
	_, err := s.pool.Exec(ctx, `UPDATE dialogs SET relay_at='-infinity', relay_tries=greatest(relay_tries - 1, 0)
WHERE id = ANY($1::text[]::uuid[]) AND signal_seq > signal_acked`, dialogIDs)
	return unavailable(err)
}

// DropOwed acknowledges a signal that was for an existing run only and found none.
func (s *Store) DropOwed(ctx context.Context, dialogID string, signalSeq int64) error {
	_, err := s.pool.Exec(ctx, `UPDATE dialogs SET signal_acked=greatest(signal_acked, least($2, signal_seq)), relay_tries=0
WHERE id=$1 AND NOT signal_start`, dialogID, signalSeq)
	return unavailable(err)
}

// rewake is how long the watchdog waits before it wakes the same dialog again.
const rewake = `interval '10 seconds'`

// turnedAway is after how many leases a signal that Temporal took and nobody acknowledged is held up by the fence: the
// second one comes after more than 5 s. What Temporal does not take costs no try.
const turnedAway = `2`

// Wake is the watchdog's step: dialogs whose next deadline is overdue by late and not pushed get a new signal, whatever
// happened to their workflow. Where a signal is owed already and its acknowledgement stands still, it sets the fence back:
// a Temporal whose clock was set back is turned away until it has caught up (ADR 4). It returns how many.
func (s *Store) Wake(ctx context.Context, late time.Duration, limit int) (int, error) {
	back, err := s.pool.Exec(ctx, `
WITH picked AS (
  SELECT id FROM dialogs
  WHERE next_deadline_at < (SELECT otklik_now()) - $1::interval AND signal_seq > signal_acked AND relay_tries >= `+turnedAway+`
    AND fence_at > 'epoch' AND (woken_at IS NULL OR woken_at < clock_timestamp() - `+rewake+`)
  ORDER BY next_deadline_at LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED)
UPDATE dialogs d SET fence_at = 'epoch', fence_ordinal = 0, fence_attempt = 0, fence_run = '', relay_at = '-infinity',
 woken_at = clock_timestamp() FROM picked WHERE d.id = picked.id`, late, limit)
	if err != nil {
		return 0, unavailable(err)
	}
	tag, err := s.pool.Exec(ctx, `
WITH picked AS (
  SELECT id FROM dialogs
  WHERE next_deadline_at < (SELECT otklik_now()) - $1::interval AND signal_seq = signal_acked
    AND (woken_at IS NULL OR woken_at < clock_timestamp() - `+rewake+`)
  ORDER BY next_deadline_at LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED)
UPDATE dialogs d SET signal_seq = signal_seq + 1, signal_start = true, relay_at = '-infinity', relay_tries = 0,
 woken_at = clock_timestamp() FROM picked WHERE d.id = picked.id`, late, limit)
	return int(back.RowsAffected() + tag.RowsAffected()), unavailable(err)
}

// TimersLate reports whether some deadline is overdue by late: consoles say so (design 2.8).
func (s *Store) TimersLate(ctx context.Context, late time.Duration) (bool, error) {
	var yes bool
	err := s.pool.QueryRow(ctx,
		`SELECT EXISTS (SELECT FROM dialogs WHERE next_deadline_at < (SELECT otklik_now()) - $1::interval)`, late).Scan(&yes)
	return yes, unavailable(err)
}

// OpenDialog is a dialog with an open session.
type OpenDialog struct{ DialogID, SessionID string }

// OpenPage lists dialogs with an open session by id, after the given one (empty: from the start).
func (s *Store) OpenPage(ctx context.Context, after string, limit int) ([]OpenDialog, error) {
	rows, err := s.pool.Query(ctx, `SELECT dialog_id::text, id::text FROM sessions
WHERE closed_at IS NULL AND ($1 = '' OR dialog_id > nullif($1, '')::uuid) ORDER BY dialog_id LIMIT $2`, after, limit)
	if err != nil {
		return nil, unavailable(err)
	}
	out, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (o OpenDialog, err error) {
		return o, r.Scan(&o.DialogID, &o.SessionID)
	})
	return out, unavailable(err)
}

// CountRunning counts the open sessions whose workflow must be running: those that have acknowledged everything, and
// those older than young.
func (s *Store) CountRunning(ctx context.Context, young time.Duration) (n int, err error) {
	err = s.pool.QueryRow(ctx, `SELECT count(*) FROM sessions s JOIN dialogs d ON d.id = s.dialog_id
WHERE s.closed_at IS NULL AND (d.signal_seq = d.signal_acked OR s.started_at < (SELECT otklik_now()) - $1::interval)`, young).Scan(&n)
	return n, unavailable(err)
}

// Owe gives each dialog that still has an open session a new signal that may start a run; it returns how many.
func (s *Store) Owe(ctx context.Context, dialogIDs []string) (int, error) {
	tag, err := s.pool.Exec(ctx, `
WITH picked AS (SELECT id FROM dialogs WHERE id = ANY($1::text[]::uuid[]) ORDER BY id FOR NO KEY UPDATE)
UPDATE dialogs d SET signal_seq = signal_seq + 1, signal_start = true, relay_at = '-infinity', relay_tries = 0
FROM picked, sessions s WHERE d.id = picked.id AND s.id = d.session_id AND s.closed_at IS NULL`, dialogIDs)
	return int(tag.RowsAffected()), unavailable(err)
}

// Refused audits a command that came from the Temporal side and was refused (design 2.6). call names the call that was
// refused: one that is made again because its answer was lost is audited once.
func (s *Store) Refused(ctx context.Context, c Command, code dialog.Code, call string) error {
	actor := author(c.Do)
	if actor == "visitor" {
		actor = ""
	}
	_, err := s.pool.Exec(ctx, `INSERT INTO audit (at, action, project_id, dialog_id, session_id, operator_id, source, detail)
SELECT otklik_now(), 'refused', project_id, id, session_id, (SELECT id FROM operators WHERE id::text = $2), $3, jsonb_build_object('code', $4::text, 'call', $5::text)
FROM dialogs WHERE id = $1 AND NOT EXISTS (SELECT FROM audit WHERE dialog_id = $1 AND action = 'refused' AND detail->>'call' = $5)`,
		c.DialogID, actor, c.Source, string(code), call)
	return unavailable(err)
}
