package store

import "context"

// Connection is a live socket of an operator (D-04).
type Connection struct{ OperatorID, ID string }

// Beat says that the connections are alive now. Presence goes by real time, whatever the offset of the clock.
func (s *Store) Beat(ctx context.Context, live []Connection) error {
	operators, ids := make([]string, len(live)), make([]string, len(live))
	for i, c := range live {
		operators[i], ids[i] = c.OperatorID, c.ID
	}
	_, err := s.pool.Exec(ctx, `
INSERT INTO presence (operator_id, connection_id, seen_at)
SELECT o::uuid, c::uuid, clock_timestamp() FROM unnest($1::text[], $2::text[]) AS u(o, c)
ON CONFLICT (operator_id, connection_id) DO UPDATE SET seen_at = excluded.seen_at`, operators, ids)
	return unavailable(err)
}

// Left says that the connections are gone.
func (s *Store) Left(ctx context.Context, gone []Connection) error {
	ids := make([]string, len(gone))
	operators := make([]string, len(gone))
	for i, c := range gone {
		operators[i], ids[i] = c.OperatorID, c.ID
	}
	_, err := s.pool.Exec(ctx, `DELETE FROM presence WHERE (operator_id, connection_id) IN
(SELECT o::uuid, c::uuid FROM unnest($1::text[], $2::text[]) AS u(o, c))`, operators, ids)
	return unavailable(err)
}

// ExpirePresence forgets connections of processes that died.
func (s *Store) ExpirePresence(ctx context.Context) error {
	_, err := s.pool.Exec(ctx, `DELETE FROM presence WHERE seen_at < clock_timestamp() - interval '10 minutes'`)
	return unavailable(err)
}
