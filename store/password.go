package store

import "context"

// ResetPassword gives an operator another password's hash and signs him out everywhere. Who has been switched off stays
// so. ErrNotFound: nobody has this login.
func (s *Store) ResetPassword(ctx context.Context, login, hash string) error {
	var id string
	err := s.pool.QueryRow(ctx, `
WITH o AS (UPDATE operators SET password_hash = $2, rev = rev + 1 WHERE login = $1 RETURNING id),
gone AS (DELETE FROM sign_ins USING o WHERE sign_ins.operator_id = o.id),
told AS (INSERT INTO audit (at, action, source, detail)
 SELECT otklik_now(), 'operator_change', 'cli', jsonb_build_object('operator', o.id, 'password', 'changed') FROM o)
SELECT id::text FROM o`, login, hash).Scan(&id)
	return unavailable(err)
}
