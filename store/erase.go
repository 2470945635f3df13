package store

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/otklik/otklik/dialog"
)

// takeErase brings the row up to an erase.
func (r *Row) takeErase(ch dialog.Change) {
	if ch.Erased.IsZero() {
		return
	}
	r.CardRev++
	r.VisitorName = ""
	if !r.Last.At.After(ch.Erased) {
		r.Last.Text = ""
	}
}

// queueErase empties what is personal in the dialog (D-64), up to its time when it is repeated. Order, kind and time of the
// log stay, and of a consent its time, its version and the hash of its text. What is asked of the visitor's card is whether
// it is newer than the erase: then it stays.
func (r record) queueErase(b *pgx.Batch) {
	if r.change.Erased.IsZero() {
		return
	}
	id, until := r.after.State.ID, pgtype.Timestamptz{Time: r.change.Erased, Valid: true}
	if r.change.NewErase {
		until = pgtype.Timestamptz{InfinityModifier: pgtype.Infinity, Valid: true}
	}
	b.Queue(`UPDATE events SET body = '', params = CASE kind WHEN 'form' THEN '{}' ELSE params END
WHERE dialog_id = $1 AND at <= $2 AND kind IN ('message', 'form')`, id, until)
	b.Queue(`UPDATE dialogs SET card_name = '', card_email = '', card_phone = '', card_comment = '', card_rev = card_rev + 1
WHERE id = $1 AND NOT EXISTS (SELECT FROM events WHERE dialog_id = $1 AND kind = 'form' AND at > $2)
 AND NOT EXISTS (SELECT FROM audit WHERE dialog_id = $1 AND action = 'card' AND at > $2)`, id, until)
	b.Queue(`UPDATE dialogs SET last_text = '' WHERE id = $1 AND last_shown_at <= $2`, id, until)
	b.Queue(`UPDATE sessions SET ip = NULL, rating_comment = '' WHERE dialog_id = $1 AND started_at <= $2`, id, until)
	b.Queue(`UPDATE visitors SET page_url = '', page_title = '', referrer = '', ip = NULL, user_agent = '' WHERE id = $1`, r.after.State.VisitorID)
	b.Queue(`UPDATE visits SET `+emptyVisit+`, utm_source = '', utm_medium = '', utm_campaign = '', utm_term = ''
WHERE visitor_id = $1 AND started_at <= $2`, r.after.State.VisitorID, until)
	b.Queue(`UPDATE consents SET text_hash = coalesce(text_hash, sha256(convert_to(text, 'UTF8'))), text = '', ip = NULL, user_agent = ''
WHERE dialog_id = $1 AND at <= $2`, id, until)
	b.Queue(`UPDATE audit SET before = NULL, after = NULL WHERE dialog_id = $1 AND at <= $2 AND (before IS NOT NULL OR after IS NOT NULL)`, id, until)
	// Receipts hold no text, but hashes, and whoever tries all phone numbers finds the one. A retry that comes this late is
	// told that its id is taken.
	b.Queue(`UPDATE receipts SET body_hash = '' WHERE dialog_id = $1 AND body_hash <> ''`, id)
	// An address stays on its list, and the outer account is still told of it, but nothing says any more whose it was.
	b.Queue(`UPDATE blocks SET dialog_id = NULL, note = '' WHERE dialog_id = $1 AND at <= $2`, id, until)
	b.Queue(`UPDATE hooks SET body = body - 'dialog_id' WHERE project_id = $1 AND body->>'dialog_id' = $2`, r.after.ProjectID, id)
	var by string
	for _, a := range r.change.Audit {
		by = a.OperatorID
	}
	b.Queue(`INSERT INTO erased (dialog_id, operator_id, at) VALUES ($1, $2, $3)
ON CONFLICT (dialog_id) DO UPDATE SET at = greatest(erased.at, excluded.at), operator_id = coalesce(excluded.operator_id, erased.operator_id)`,
		id, nullable(by), r.change.Erased)
}

// emptyVisit leaves of a visit when it was and which campaign it came from.
const emptyVisit = `landing_url = '', page_url = '', page_title = '', referrer = '', ip = NULL, user_agent = '', language = '', time_zone = ''`

// fullVisit is a visit that emptyVisit has something to do with.
const fullVisit = `(ip IS NOT NULL OR landing_url || page_url || page_title || referrer || user_agent || language || time_zone <> '')`

// Erased is an erase that was made. It holds no more than is needed to make it again after a restore.
type Erased struct {
	DialogID string    `json:"dialog_id"`
	At       time.Time `json:"at"`
}

// ErasedAfter lists erases in the order of their ids, a page at a time.
func (s *Store) ErasedAfter(ctx context.Context, dialogID string, limit int) ([]Erased, error) {
	rows, err := s.pool.Query(ctx, `SELECT dialog_id::text, at FROM erased WHERE dialog_id > coalesce(nullif($1, '')::uuid, '00000000-0000-0000-0000-000000000000')
ORDER BY dialog_id LIMIT $2`, dialogID, limit)
	if err != nil {
		return nil, unavailable(err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Erased])
	return out, unavailable(err)
}

// EraseAgain repeats an erase whose effect a restore may have undone; it reports whether there was anything to erase.
// ErrNotFound when the restored database does not have the dialog; a refusal when its session is open.
func (s *Store) EraseAgain(ctx context.Context, e Erased) (did bool, err error) {
	err = s.pool.QueryRow(ctx, `SELECT
 EXISTS (SELECT FROM events WHERE dialog_id = d.id AND at <= $2 AND (kind = 'message' AND body <> '' OR kind = 'form' AND params <> '{}'))
 OR EXISTS (SELECT FROM visits WHERE visitor_id = d.visitor_id AND started_at <= $2 AND `+fullVisit+`)
 OR EXISTS (SELECT FROM consents WHERE dialog_id = d.id AND at <= $2 AND text <> '')
 OR NOT EXISTS (SELECT FROM erased WHERE dialog_id = d.id AND at >= $2)
FROM dialogs d WHERE d.id = $1`, e.DialogID, e.At).Scan(&did)
	if err != nil || !did {
		return false, unavailable(err)
	}
	out := s.single(ctx, Command{DialogID: e.DialogID, ClientID: uuid.NewString(), Source: "system", Do: dialog.Erase{Again: e.At}})
	return out.Err == nil, out.Err
}
