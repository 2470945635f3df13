package store

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// Retain empties sessions that ended longer ago than their project keeps them (D-64), at most limit of them, oldest
// first, each in a transaction of its own; it reports how many. Off by default: retention_days is 0.
//
// Texts of messages, form values, comments on ratings, addresses, visits and what the audit kept of the session go. Order, kind
// and time of the log stay, so do tags, operators, ratings, the campaign of the visit, the client's card and the proofs of
// consent, which are kept for as long as the card is.
func (s *Store) Retain(ctx context.Context, limit int) (int, error) {
	type due struct {
		Session, Dialog, Visitor string
		First, Last              int64
		Days                     int
	}
	rows, err := s.pool.Query(ctx, `SELECT s.id::text, s.dialog_id::text, d.visitor_id::text, s.first_seq, s.last_seq, p.retention_days
FROM projects p CROSS JOIN LATERAL (SELECT * FROM sessions s WHERE s.project_id = p.id AND s.closed_at IS NOT NULL AND NOT s.retained
  AND s.closed_at < otklik_now() - make_interval(days => p.retention_days) ORDER BY s.closed_at LIMIT $1) s
JOIN dialogs d ON d.id = s.dialog_id
WHERE p.retention_days > 0 LIMIT $1`, limit)
	if err != nil {
		return 0, unavailable(err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[due])
	if err != nil {
		return 0, unavailable(err)
	}
	for n, x := range found {
		b := &pgx.Batch{} // one transaction
		b.Queue(`SELECT FROM dialogs WHERE id = $1 FOR NO KEY UPDATE`, x.Dialog)
		b.Queue(`UPDATE events SET body = '', params = CASE kind WHEN 'form' THEN '{}' ELSE params END
WHERE dialog_id = $1 AND seq BETWEEN $2 AND $3 AND kind IN ('message', 'form')`, x.Dialog, x.First, x.Last)
		b.Queue(`UPDATE dialogs SET last_text = '', rev = rev + 1 WHERE id = $1 AND session_id = $2`, x.Dialog, x.Session)
		b.Queue(`UPDATE sessions SET ip = NULL, rating_comment = '', retained = true WHERE id = $1`, x.Session)
		b.Queue(`UPDATE audit SET before = NULL, after = NULL WHERE dialog_id = $1 AND session_id = $2 AND (before IS NOT NULL OR after IS NOT NULL)`, x.Dialog, x.Session)
		const old = `seen_at < otklik_now() - make_interval(days => $2)`
		b.Queue(`UPDATE visits SET `+emptyVisit+` WHERE visitor_id = $1 AND `+old, x.Visitor, x.Days)
		b.Queue(`UPDATE visitors SET page_url = '', page_title = '', referrer = '', ip = NULL, user_agent = ''
WHERE id = $1 AND NOT EXISTS (SELECT FROM visits WHERE visitor_id = $1 AND NOT `+old+`)`, x.Visitor, x.Days)
		if err := s.pool.SendBatch(ctx, b).Close(); err != nil {
			return n, unavailable(err)
		}
	}
	return len(found), nil
}
