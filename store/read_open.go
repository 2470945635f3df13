package store

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/otklik/otklik/dialog"
)

// Glance is an open dialog as far as lists, counts and dots need it to be ordered and counted: of its row the place and
// what red is computed from. What is shown of it is read with LoadMany.
type Glance struct {
	State   *dialog.State // of the open session: department, assignee and clocks; of an untaken one its address, too (D-71)
	ShownAt time.Time     // of the entry the list shows
	Read    int64         // visitor events the operator has read
}

const glanceSQL = `
SELECT d.id, s.department_id, s.assignee_id, s.waiting_since, s.transferred, s.transferred_at, d.visitor_events, d.last_at,
d.last_shown_at, d.blocked, coalesce(r.events, 0), s.offered_at, CASE WHEN s.assignee_id IS NULL THEN host(s.ip) END
FROM sessions s JOIN dialogs d ON d.id = s.dialog_id
LEFT JOIN reads r ON r.dialog_id = d.id AND r.operator_id = $2
WHERE s.project_id = $1 AND s.closed_at IS NULL`

// GlanceOpen looks at all open dialogs of a seat's project, in no order: narrow, since there may be ten thousand and a
// page shows fifty.
func (s *Store) GlanceOpen(ctx context.Context, seat Seat) (out []Glance, now time.Time, err error) {
	b := &pgx.Batch{}
	b.Queue(`SELECT otklik_now()`).QueryRow(func(r pgx.Row) error { return r.Scan(&now) })
	b.Queue(glanceSQL, seat.ProjectID, seat.Operator.ID).Query(func(rows pgx.Rows) error {
		out, err = scanGlances(rows, seat)
		return err
	})
	err = unavailable(s.pool.SendBatch(ctx, b).Close())
	return out, now.UTC(), err
}

func scanGlances(rows pgx.Rows, seat Seat) ([]Glance, error) {
	var (
		id, department, assignee          pgtype.UUID
		waiting, handed, lastAt, lastShow pgtype.Timestamptz
		offered                           pgtype.Timestamptz
		ip                                pgtype.Text
		transferred, blocked              bool
		events, read                      int64
		out                               []Glance
	)
	names := map[pgtype.UUID]string{{}: ""} // few, and in very many rows
	name := func(u pgtype.UUID) string {
		text, ok := names[u]
		if !ok {
			text = uuid.UUID(u.Bytes).String()
			names[u] = text
		}
		return text
	}
	into := []any{&id, &department, &assignee, &waiting, &transferred, &handed, &events, &lastAt, &lastShow, &blocked, &read, &offered, &ip}
	type place struct {
		state   dialog.State
		session dialog.Session
	}
	var places []place // a block at a time: ten thousand small things are work for the collector
	_, err := pgx.ForEachRow(rows, into, func() error {
		if len(places) == cap(places) {
			places = make([]place, 0, 256)
		}
		places = append(places, place{})
		p := &places[len(places)-1]
		p.session = dialog.Session{DepartmentID: name(department), AssigneeID: name(assignee), WaitingSince: utc(waiting),
			Transferred: transferred, TransferredAt: utc(handed), OfferedAt: utc(offered), IP: ip.String}
		p.state = dialog.State{ID: uuid.UUID(id.Bytes).String(), ProjectID: seat.ProjectID, LastAt: utc(lastAt),
			VisitorEvents: events, Blocked: blocked, Session: &p.session}
		out = append(out, Glance{&p.state, utc(lastShow), read})
		return nil
	})
	return out, err
}

func utc(t pgtype.Timestamptz) time.Time {
	if !t.Valid {
		return time.Time{}
	}
	return t.Time.UTC()
}
