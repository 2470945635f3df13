package store

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// ResetPassword gives an operator another password's hash and signs him out everywhere. Who has been switched off stays
// so. ErrNotFound: nobody has this login.
func (s *Store) ResetPassword(ctx context.Context, login, hash string) error {
	var id string
	b := &pgx.Batch{} // one transaction
	b.Queue(`
WITH o AS (UPDATE operators SET password_hash = $2, rev = rev + 1 WHERE login = $1 RETURNING id),
told AS (INSERT INTO audit (at, action, source, detail)
 SELECT otklik_now(), 'operator_change', 'cli', jsonb_build_object('operator', o.id, 'password', 'changed') FROM o)
SELECT id::text FROM o`, login, hash).QueryRow(func(r pgx.Row) error { return r.Scan(&id) })
	// A statement of its own: it sees the sign-in that the change of the account has waited for.
	b.Queue(`DELETE FROM sign_ins WHERE operator_id = (SELECT id FROM operators WHERE login = $1)`, login)
	return unavailable(s.pool.SendBatch(ctx, b).Close())
}
