package store

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/otklik/otklik/dialog"
)

// Card is what is known of the client.
type Card struct {
	dialog.CardState
	ConsentAt   time.Time // consent that holds; zero: none
	WithdrawnAt time.Time // it was withdrawn, and not given again
}

const cardColumns = ` card_rev, card_name, card_email, card_phone, card_comment`

func cardInto(c *dialog.CardState) []any {
	return []any{&c.Rev, &c.Name, &c.Email, &c.Phone, &c.Comment}
}

// Card reads the card of a dialog.
func (s *Store) Card(ctx context.Context, dialogID string) (Card, error) {
	var c Card
	var consent, withdrawn *time.Time
	err := s.pool.QueryRow(ctx, `SELECT`+cardColumns+`, CASE WHEN withdrawn_at IS NULL THEN consent_at END, withdrawn_at
FROM dialogs WHERE id = $1`, dialogID).Scan(append(cardInto(&c.CardState), &consent, &withdrawn)...)
	c.ConsentAt, c.WithdrawnAt = deref(consent).UTC(), deref(withdrawn).UTC()
	return c, unavailable(err)
}

// queueCard reads the card as it stands under the lock.
func queueCard(b *pgx.Batch, dialogID string, c *dialog.CardState) {
	b.Queue(`SELECT`+cardColumns+` FROM dialogs WHERE id = $1`, dialogID).QueryRow(func(row pgx.Row) error {
		return row.Scan(cardInto(c)...)
	})
}

// queueSentForm reads the form that stands open in the stream.
func queueSentForm(b *pgx.Batch, dialogID string, do *dialog.SubmitForm) {
	b.Queue(`SELECT e.params FROM dialogs d JOIN sessions s ON s.id = d.session_id
JOIN events e ON e.dialog_id = d.id AND e.seq = s.form_seq WHERE d.id = $1 AND s.form_seq > 0`, dialogID).Query(func(rows pgx.Rows) error {
		var params map[string]string
		_, err := pgx.ForEachRow(rows, []any{&params}, func() error {
			do.Sent = dialog.SentForm(params)
			return nil
		})
		return err
	})
}

// queueLabel reads the label to be attached, and keeps it from being deleted meanwhile; of a new one it reads whether the
// text is taken where it would go: the department of the session, else the common ones (R-076, D-45).
func queueLabel(b *pgx.Batch, dialogID string, do *dialog.AttachLabel) {
	if id := do.Label.ID; id != "" {
		do.Label = dialog.Label{ID: id} // stays inactive, and so not offered, when it is none of this project
		b.Queue(`SELECT`+labelColumns+` FROM labels l WHERE l.id = $1 AND l.project_id = (SELECT project_id FROM dialogs WHERE id = $2)
FOR KEY SHARE`, id, dialogID).Query(func(rows pgx.Rows) error {
			found, err := pgx.CollectRows(rows, scanLabel)
			if len(found) > 0 {
				do.Label = found[0]
			}
			return err
		})
		return
	}
	b.Queue(`SELECT EXISTS (SELECT FROM labels l JOIN dialogs d ON d.project_id = l.project_id LEFT JOIN sessions s ON s.id = d.session_id
WHERE d.id = $1 AND l.department_id IS NOT DISTINCT FROM s.department_id AND lower(l.text) = lower($2))`,
		dialogID, strings.ToValidUTF8(strings.TrimSpace(strings.ReplaceAll(do.Label.Text, "\x00", "")), "")).QueryRow(func(row pgx.Row) error {
		return row.Scan(&do.Exists)
	})
}

// labelTwice reports that another command made a label of the same text in the same scope first.
func labelTwice(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "23505" && pg.ConstraintName == "labels_text"
}

// takeCard brings the row up to a change of card and labels.
func (r *Row) takeCard(ch dialog.Change) {
	if c := ch.Card; c != nil && *c != (dialog.Card{}) {
		r.CardRev++
		if c.Name != "" {
			r.VisitorName = c.Name
		}
	}
	if e := ch.CardEdit; e != nil {
		r.CardRev++
		if e.Field == dialog.CardName {
			r.VisitorName = e.Value
		}
	}
	if ch.Attach != nil {
		r.Labels = append(slices.Clip(r.Labels), *ch.Attach)
	}
	if ch.Detach != "" {
		r.Labels = slices.DeleteFunc(slices.Clone(r.Labels), func(l dialog.Label) bool { return l.ID == ch.Detach })
	}
}

// cardColumn names the column of each field.
var cardColumn = map[dialog.CardField]string{
	dialog.CardName: "card_name", dialog.CardEmail: "card_email", dialog.CardPhone: "card_phone", dialog.CardComment: "card_comment",
}

// queueContacts records what became of card, consent and labels.
func (r record) queueContacts(b *pgx.Batch) {
	id := r.after.State.ID
	if e := r.change.CardEdit; e != nil {
		b.Queue(`UPDATE dialogs SET card_rev = card_rev + 1, `+cardColumn[e.Field]+` = $2 WHERE id = $1`, id, e.Value)
	}
	if r.change.Withdrawn {
		b.Queue(`UPDATE dialogs SET withdrawn_at = otklik_now() WHERE id = $1`, id)
	}
	if r.change.Consent != nil && r.before.State.ConsentAt.IsZero() {
		b.Queue(`UPDATE dialogs SET withdrawn_at = NULL WHERE id = $1`, id)
	}
	if l := r.change.Attach; l != nil {
		if r.change.NewLabel {
			b.Queue(`INSERT INTO labels (id, project_id, department_id, text, color, active) VALUES ($1,$2,$3,$4,$5,true)`,
				l.ID, r.after.ProjectID, nullable(l.DepartmentID), l.Text, l.Color)
			b.Queue(`UPDATE projects SET rev = rev + 1 WHERE id = $1`, r.after.ProjectID)
		}
		b.Queue(`INSERT INTO dialog_labels (dialog_id, label_id) VALUES ($1,$2)`, id, l.ID)
	}
	if label := r.change.Detach; label != "" {
		b.Queue(`DELETE FROM dialog_labels WHERE dialog_id = $1 AND label_id = $2`, id, label)
	}
}

// relabel makes open dialogs that have the label newer: rows carry its text and colour, and whoever keeps a row asks by
// its rev. Apart from the change itself: it holds the project's lock, and dialogs are locked before.
func (s *Store) relabel(ctx context.Context, label string) error {
	const sql = `WITH held AS (SELECT d.id FROM dialog_labels dl JOIN dialogs d ON d.id = dl.dialog_id
 JOIN sessions s ON s.id = d.session_id AND s.closed_at IS NULL WHERE dl.label_id = $1 ORDER BY d.id FOR NO KEY UPDATE OF d)
UPDATE dialogs d SET rev = d.rev + 1, changed_at = clock_timestamp() FROM held WHERE d.id = held.id`
	_, err := s.pool.Exec(ctx, sql, label)
	return unavailable(err)
}
