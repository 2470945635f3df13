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
	rows, err := s.pool.Query(ctx, `WITH hit AS MATERIALIZED (SELECT seq, session_no, at FROM events e WHERE dialog_id = $1 AND seq <= $2 AND CASE kind
 WHEN 'message' THEN strpos(otklik_fold(body), otklik_fold($3)) > 0
 WHEN 'form' THEN EXISTS (SELECT FROM jsonb_each_text(params) a WHERE strpos(otklik_fold(a.value), otklik_fold($3)) > 0) END)
SELECT n, coalesce(seq, 0), coalesce(session_no, 0), coalesce(at, 'epoch')
FROM (SELECT count(*) AS n FROM hit) all_hits LEFT JOIN (SELECT * FROM hit WHERE seq < $4 ORDER BY seq DESC LIMIT $5) page ON true ORDER BY seq DESC`,
		dialogID, upTo, text, before, limit)
	if err != nil {
		return 0, nil, unavailable(err)
	}
	var m Match
	_, err = pgx.ForEachRow(rows, []any{&total, &m.Seq, &m.SessionNo, &m.At}, func() error {
		if m.Seq > 0 { // without any the number of all still comes
			out = append(out, m)
		}
		return nil
	})
	return total, out, unavailable(err)
}
