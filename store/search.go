package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// Match is an entry of a dialog that contains what was searched for.
type Match struct {
	Seq       int64
	SessionNo int
	At        time.Time
}

// Search finds the messages and form answers of a dialog that contain the text, without regard to case, ё as е (D-47).
// Newest first, those before the given sequence number; total counts all up to upTo. What the text holds is searched for
// as it stands: nothing in it is a wildcard.
func (s *Store) Search(ctx context.Context, dialogID, text string, upTo, before int64, limit int) (total int, out []Match, err error) {
	b := &pgx.Batch{}
	const hits = `
FROM events e WHERE dialog_id = $1 AND seq <= $2 AND CASE kind
 WHEN 'message' THEN strpos(otklik_fold(body), otklik_fold($3)) > 0
 WHEN 'form' THEN EXISTS (SELECT FROM jsonb_each_text(params) a WHERE strpos(otklik_fold(a.value), otklik_fold($3)) > 0) END`
	b.Queue(`SELECT count(*)`+hits, dialogID, upTo, text).QueryRow(func(r pgx.Row) error { return r.Scan(&total) })
	b.Queue(`SELECT seq, session_no, at`+hits+` AND seq < $4 ORDER BY seq DESC LIMIT $5`, dialogID, upTo, text, before, limit).Query(func(rows pgx.Rows) error {
		out, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Match])
		return err
	})
	return total, out, unavailable(s.pool.SendBatch(ctx, b).Close())
}
