package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// RevokeVisitor takes the token from the visitor of a dialog: whoever holds it becomes a stranger, within 5 s also on
// open sockets. The dialog stays where it is. It reports false when the token was revoked before. ErrNotFound: no such
// dialog.
func (s *Store) RevokeVisitor(ctx context.Context, dialogID string) (bool, error) {
	var revoked bool
	err := s.pool.QueryRow(ctx, `
WITH d AS (SELECT id, project_id, visitor_id FROM dialogs WHERE id::text = $1),
v AS (UPDATE visitors SET revoked_at = clock_timestamp() FROM d WHERE visitors.id = d.visitor_id AND revoked_at IS NULL RETURNING visitors.id),
a AS (INSERT INTO audit (at, action, project_id, dialog_id, source, detail)
 SELECT otklik_now(), 'token_revoke', d.project_id, d.id, 'cli', '{}' FROM d JOIN v ON v.id = d.visitor_id)
SELECT EXISTS (SELECT FROM v) FROM d`, dialogID).Scan(&revoked)
	return revoked, unavailable(err)
}

// RevokedVisitors returns the visitors whose token was revoked within the last period.
func (s *Store) RevokedVisitors(ctx context.Context, period time.Duration) ([]string, error) {
	return collect(ctx, s, pgx.RowTo[string], `SELECT id::text FROM visitors WHERE revoked_at > clock_timestamp() - $1::interval`, period)
}
