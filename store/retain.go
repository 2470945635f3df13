package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// Retain empties sessions that ended longer ago than their project keeps them (D-64), at most limit of them, oldest
// first, each in a transaction of its own; it reports how many. Off by default: retention_days is 0.
//
// Texts of messages, form values, comments on ratings, addresses, hashes in receipts and what the audit kept of the session go.
// Order, kind and time of the log stay, so do tags, operators, ratings, the client's card and the proofs of consent, which are kept for as
// long as the card is. Visits go by their own age: see RetainVisits.
func (s *Store) Retain(ctx context.Context, limit int) (int, error) {
	type due struct {
		Session, Dialog string
		First, Last     int64
	}
	rows, err := s.pool.Query(ctx, `SELECT s.id::text, s.dialog_id::text, s.first_seq, s.last_seq
FROM projects p CROSS JOIN LATERAL (SELECT * FROM sessions s WHERE s.project_id = p.id AND s.closed_at IS NOT NULL AND NOT s.retained
  AND s.closed_at < otklik_now() - make_interval(days => p.retention_days) ORDER BY s.closed_at LIMIT $1) s
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
		b.Queue(`UPDATE receipts SET body_hash = '' WHERE dialog_id = $1 AND seq <= $2 AND body_hash <> ''`, x.Dialog, x.Last) // see queueErase
		b.Queue(`UPDATE dialogs SET last_text = '', rev = rev + 1 WHERE id = $1 AND session_id = $2`, x.Dialog, x.Session)
		b.Queue(`UPDATE sessions SET ip = NULL, rating_comment = '', retained = true WHERE id = $1`, x.Session)
		b.Queue(`UPDATE audit SET before = NULL, after = NULL WHERE dialog_id = $1 AND session_id = $2 AND (before IS NOT NULL OR after IS NOT NULL)`, x.Dialog, x.Session)
		if err := s.pool.SendBatch(ctx, b).Close(); err != nil {
			return n, unavailable(err)
		}
	}
	return len(found), nil
}

// RetainVisits empties visits that were last seen longer ago than their project keeps them (D-64), whatever became of
// sessions: also those after the last one, of visitors who never began one, and of an open one, which keeps its own address.
// It looks at limit visitors at most, the oldest first, each in a transaction of its own, and reports how many. The
// campaign of a visit stays.
func (s *Store) RetainVisits(ctx context.Context, limit int) (int, error) {
	type due struct {
		Visitor string
		Until   time.Time
	}
	found, err := collect(ctx, s, pgx.RowToStructByPos[due], `SELECT v.id::text, p.until
FROM (SELECT id, (SELECT otklik_now()) - make_interval(days => retention_days) AS until FROM projects WHERE retention_days > 0) p
CROSS JOIN LATERAL (SELECT id FROM visitors WHERE project_id = p.id AND visits_from < p.until ORDER BY visits_from LIMIT $1) v LIMIT $1`, limit)
	if err != nil {
		return 0, err
	}
	for n, x := range found {
		b := &pgx.Batch{}                                                          // one transaction
		b.Queue(`SELECT FROM visitors WHERE id = $1 FOR NO KEY UPDATE`, x.Visitor) // page loads lock it first, too
		b.Queue(`UPDATE visits SET `+emptyVisit+` WHERE visitor_id = $1 AND seen_at < $2 AND `+fullVisit, x.Visitor, x.Until)
		b.Queue(`UPDATE visitors SET visits_from = (SELECT min(seen_at) FROM visits WHERE visitor_id = $1 AND seen_at >= $2) WHERE id = $1`, x.Visitor, x.Until)
		b.Queue(`UPDATE visitors SET page_url = '', page_title = '', referrer = '', ip = NULL, user_agent = '' WHERE id = $1 AND visits_from IS NULL`, x.Visitor)
		if err := s.pool.SendBatch(ctx, b).Close(); err != nil {
			return n, unavailable(err)
		}
	}
	return len(found), nil
}
