package store

import (
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/dialog"
)

// record is one change on its way into the tables.
type record struct {
	before, after Row
	change        dialog.Change
	signal        dialog.Signal
	source        string
	ack           *acknowledgement // of the workflow, when the change is its own
}

// acknowledgement is what the workflow answers for: the signal number it was handed and the time it will look again.
type acknowledgement struct {
	signalSeq int64
	armed     time.Time
	fence     Fence
}

// queue adds the statements that record the change.
func (r record) queue(b *pgx.Batch) {
	r.queueSession(b)
	for _, e := range r.change.Events {
		queueEvent(b, r.after.State.ID, e)
	}
	r.queueEnding(b)
	r.queueDialog(b)
	r.queueContacts(b)
	r.queueErase(b)
	if p := r.change.Consent; p != nil {
		b.Queue(`INSERT INTO consents (dialog_id, event_seq, text, version, ip, user_agent, at) VALUES ($1,$2,$3,$4,$5::text::inet,$6,$7)`,
			r.after.State.ID, r.change.Events[0].Seq, p.Text, p.Version, nullable(p.IP), p.UserAgent, r.change.Events[0].At)
	}
	if l := r.change.Listed; l != nil {
		queueListed(b, r.after, *l)
	}
	for _, a := range r.change.Audit {
		queueAudit(b, r.after, a, r.source)
	}
}

const insertSession = `INSERT INTO sessions (id, dialog_id, project_id, no, started_at, first_seq, last_seq, department_id,
 assignee_id, claimed_by, claim_seq, claimed_at, waiting_since, transferred, transferred_at, unclaimed_marked, overdue_marked,
 last_visitor_seq, last_message_at, tags, closed_at, closed_by, rating_until, prompt_ended, rating, rating_comment, from_claimer,
 ip, form_seq, form_visitor_seq, offered_at, unattended, quiet_since, from_transfer, visit_id)
 VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19,$20::text[]::uuid[],$21,$22,$23,$24,$25,$26,$27,
 $28::text::inet,$29,$30,$31,$32,$33,$34,
 (SELECT v.id FROM dialogs d JOIN visits v ON v.visitor_id = d.visitor_id WHERE d.id = $2 ORDER BY v.started_at DESC LIMIT 1))`

// A comment that comes after the session was emptied (D-64) is emptied with the next look.
const updateSession = `UPDATE sessions SET last_seq=$2, department_id=$3, assignee_id=$4, claimed_by=$5, claim_seq=$6,
 claimed_at=$7, waiting_since=$8, transferred=$9, transferred_at=$10, unclaimed_marked=$11, overdue_marked=$12,
 last_visitor_seq=$13, last_message_at=$14, tags=$15::text[]::uuid[], closed_at=$16, closed_by=$17, rating_until=$18,
 prompt_ended=$19, rating=$20, rating_comment=$21, retained=retained AND $21='', from_claimer=$22,
 ip=$23::text::inet, form_seq=$24, form_visitor_seq=$25, offered_at=$26, unattended=$27, quiet_since=$28, from_transfer=$29 WHERE id=$1`

func (r record) queueSession(b *pgx.Batch) {
	ses := r.change.State.Session
	if ses == nil {
		return
	}
	tags := ses.Tags
	if tags == nil {
		tags = []string{}
	}
	changing := []any{ses.LastSeq, nullable(ses.DepartmentID), nullable(ses.AssigneeID), nullable(ses.ClaimedBy), ses.ClaimSeq,
		nullable(ses.ClaimedAt), nullable(ses.WaitingSince), ses.Transferred, nullable(ses.TransferredAt), ses.UnclaimedMarked,
		ses.OverdueMarked, ses.LastVisitorSeq, nullable(ses.LastMessageAt), tags, nullable(ses.ClosedAt), nullable(ses.ClosedBy),
		nullable(ses.RatingUntil), ses.PromptEnded, ses.Rating, ses.RatingComment, ses.FromClaimer,
		nullable(ses.IP), ses.FormSeq, ses.FormVisitorSeq, nullable(ses.OfferedAt), string(ses.Unattended),
		nullable(ses.QuietSince), ses.FromTransfer}
	if r.change.NewSession {
		fixed := []any{ses.ID, r.after.State.ID, r.after.ProjectID, ses.No, ses.StartedAt, ses.FirstSeq}
		b.Queue(insertSession, append(fixed, changing...)...)
		return
	}
	b.Queue(updateSession, append([]any{ses.ID}, changing...)...)
}

func queueEvent(b *pgx.Batch, dialogID string, e dialog.Event) {
	b.Queue(`INSERT INTO events (dialog_id, seq, visitor_seq, session_id, session_no, kind, author, operator_id, operator_name,
 audience, body, key, params, client_id, at) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15)`,
		dialogID, e.Seq, nullable(e.VisitorSeq), e.SessionID, e.SessionNo, string(e.Kind), string(e.Author),
		nullable(e.OperatorID), e.OperatorName, string(e.Audience), e.Text, e.Key, e.Params, e.ClientID, e.At)
}

// eventColumns are read in the order of scanEvent.
const eventColumns = ` seq, coalesce(visitor_seq, 0), session_id::text, session_no, kind, author, coalesce(operator_id::text, ''),
 operator_name, audience, body, key, params, client_id, at`

func scanEvent(r pgx.CollectableRow) (dialog.Event, error) {
	var e dialog.Event
	err := r.Scan(&e.Seq, &e.VisitorSeq, &e.SessionID, &e.SessionNo, &e.Kind, &e.Author, &e.OperatorID, &e.OperatorName,
		&e.Audience, &e.Text, &e.Key, &e.Params, &e.ClientID, &e.At)
	e.At = e.At.UTC()
	return e, err
}

// changedAt keeps the time of the last change to 2 s: see the schema.
const changedAt = `CASE WHEN changed_at < clock_timestamp() - interval '2 seconds' THEN clock_timestamp() ELSE changed_at END`

// queueDialog writes the counters, the list's last entry, the card, the outbox and the next deadline.
// A newly owed signal is sent at once, unless acknowledgements have been standing still: then the backing off goes on.
func (r record) queueDialog(b *pgx.Batch) {
	st, last := r.after.State, r.after.Last
	deadline, _ := dialog.NextDeadline(st, r.after.Settings)
	var card dialog.Card
	cardBrought := r.change.Card != nil && *r.change.Card != dialog.Card{}
	if cardBrought {
		card = *r.change.Card
	}
	var sessionID string
	if st.Session != nil {
		sessionID = st.Session.ID
	}
	b.Queue(`UPDATE dialogs SET rev=$2, changed_at=`+changedAt+`, seq=$3, visitor_seq=$4, last_at=$5, turn_no=$6,
 visitor_events=$7, visitor_messages=$8, session_no=$9, session_id=$10, last_kind=$11, last_author=$12, last_operator_id=$13,
 last_text=$14, last_shown_at=$15,
 card_name=coalesce($16, card_name), card_email=coalesce($17, card_email), card_phone=coalesce($18, card_phone), card_rev=card_rev + CASE WHEN $24 THEN 1 ELSE 0 END,
 consent_at=coalesce($19, consent_at), blocked=$25,
 next_deadline_at=$20, next_deadline_kind=$21,
 signal_seq=signal_seq + CASE WHEN $22 THEN 1 ELSE 0 END, signal_start=signal_start OR $23,
 relay_at=CASE WHEN $22 AND relay_tries <= 3 THEN '-infinity' ELSE relay_at END
 WHERE id=$1`,
		st.ID, r.after.Rev, st.Seq, st.VisitorSeq, nullable(st.LastAt), st.TurnNo,
		st.VisitorEvents, st.VisitorMessages, st.SessionNo, nullable(sessionID), nullable(string(last.Kind)), nullable(string(last.Author)),
		nullable(last.OperatorID), last.Text, nullable(last.At),
		nullable(card.Name), nullable(card.Email), nullable(card.Phone), nullable(st.ConsentAt),
		nullable(deadline.At), nullable(string(deadline.Kind)),
		r.signal != dialog.NoSignal, r.signal == dialog.SignalStart, cardBrought, st.Blocked)
	if a := r.ack; a != nil {
		a.queue(b, st.ID)
	}
}

// queue acknowledges the number the workflow was handed, never a newer one, and records what it answers for.
func (a acknowledgement) queue(b *pgx.Batch, dialogID string) {
	b.Queue(`UPDATE dialogs SET signal_acked=greatest(signal_acked, least($2, signal_seq)),
 signal_start=signal_start AND signal_seq > greatest(signal_acked, $2),
 relay_at='-infinity', relay_tries=0, armed_until=$3, fence_at=$4, fence_ordinal=$5, fence_attempt=$6, fence_run=$7 WHERE id=$1`,
		dialogID, a.signalSeq, nullable(a.armed), a.fence.At, a.fence.Ordinal, a.fence.Attempt, a.fence.Run)
}

func queueReceipt(b *pgx.Batch, c Command, hash []byte, r Result) {
	b.Queue(`INSERT INTO receipts (dialog_id, key, body_hash, seq, rev, claimed) VALUES ($1,$2,$3,$4,$5,$6)`,
		c.DialogID, receiptKey(c), hash, r.Event.Seq, r.Rev, r.Claimed)
}

func queueAudit(b *pgx.Batch, row Row, a dialog.Audit, source string) {
	var sessionID string
	if row.State.Session != nil {
		sessionID = row.State.Session.ID
	}
	detail := a.Detail
	if detail == nil {
		detail = map[string]any{}
	}
	b.Queue(`INSERT INTO audit (at, action, project_id, dialog_id, session_id, operator_id, source, detail, before, after)
 VALUES (otklik_now(),$1,$2,$3,$4,$5,$6,$7,$8,$9)`,
		a.Action, row.ProjectID, row.State.ID, nullable(sessionID), nullable(a.OperatorID), source, detail, a.Before, a.After)
}
