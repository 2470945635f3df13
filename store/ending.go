package store

import "github.com/jackc/pgx/v5"

// queueEnding counts what a session was when it ends, so that the chat log and the history need not read its events.
// Nothing is said in a session after its end.
func (r record) queueEnding(b *pgx.Batch) {
	ses := r.after.State.Session
	if !r.before.State.Open() || r.after.State.Open() {
		return
	}
	b.Queue(`UPDATE sessions SET messages=m.n, first_message_seq=m.first, first_message_at=m.at, last_message_seq=m.last
FROM (SELECT count(*) AS n, min(seq) AS first, min(at) AS at, max(seq) AS last FROM events
 WHERE dialog_id = $2 AND seq BETWEEN $3 AND $4 AND kind = 'message') m WHERE id = $1`,
		ses.ID, r.after.State.ID, ses.FirstSeq, ses.LastSeq)
}
