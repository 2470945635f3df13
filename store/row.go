package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/dialog"
)

// Row is all that is known of one dialog at one moment: the facts every view and every decision starts from.
type Row struct {
	State     dialog.State
	Settings  dialog.Settings
	ProjectID string
	Rev       int64     // bumped by each recorded change
	Now       time.Time // the database's clock when the row was read
	Last      Last

	VisitorName    string // empty: unknown (D-18)
	VisitorNumber  string
	AssigneeName   string
	DepartmentName string
	CardRev        int64          // of name, e-mail, phone and comment together (D-43)
	Labels         []dialog.Label // attached, in that order, inactive ones too (D-45)

	SignalSeq, SignalAcked int64
	SignalStart            bool
	ArmedUntil             time.Time // zero: none
	fence                  Fence
}

// Last is the entry the list shows: the last message, form or department choice.
type Last struct {
	Kind       dialog.Kind // empty: none yet
	Author     dialog.Author
	OperatorID string
	Operator   string // his name
	Text       string // cut at 200 characters; for a department its name
	At         time.Time
}

// rowColumns are read in the order of scanRow. Ids are read as text: the rest of the code knows them as strings.
const rowColumns = dialogColumns + settingsColumns + "," + sessionColumns

const dialogColumns = `
d.id::text, d.project_id::text, d.visitor_id::text, d.rev, otklik_now(),
d.seq, d.visitor_seq, d.last_at, d.turn_no, d.visitor_events, d.visitor_messages, d.session_no,
d.last_kind, d.last_author, d.last_operator_id::text, coalesce(lo.name, ''), d.last_text, d.last_shown_at,
d.card_name, v.number, CASE WHEN d.withdrawn_at IS NULL THEN d.consent_at END, d.blocked, d.card_rev,
(SELECT json_agg(json_build_object('ID', l.id, 'Text', l.text, 'DepartmentID', l.department_id, 'Color', l.color, 'Active', l.active)
 ORDER BY dl.at, l.id) FROM dialog_labels dl JOIN labels l ON l.id = dl.label_id WHERE dl.dialog_id = d.id),
d.signal_seq, d.signal_acked, d.signal_start, d.armed_until, d.fence_at, d.fence_ordinal, d.fence_attempt, d.fence_run,`

// settingsColumns are read in the order of settingsScan.into.
const settingsColumns = `
p.tagging, p.rating, p.long_wait_seconds, p.rating_prompt_seconds, p.auto_close_minutes, p.label_level, coalesce(nullif(p.company, ''), p.name), p.form,
ARRAY(SELECT t.id::text FROM tags t WHERE t.project_id = p.id AND t.active ORDER BY t.position, t.name)`

// noSettings stands in their place where they are read apart.
const noSettings = ` false, false, 0, 0, 0, 0, '', '{}'::jsonb, '{}'::text[],`

const sessionColumns = `
s.id::text, s.no, s.started_at, s.first_seq, s.last_seq, s.department_id::text, s.assignee_id::text, s.claimed_by::text,
s.claim_seq, s.claimed_at, s.waiting_since, s.transferred, s.transferred_at, s.unclaimed_marked, s.overdue_marked,
s.last_visitor_seq, s.last_message_at, s.tags::text[], s.closed_at, s.closed_by::text, s.rating_until, s.prompt_ended,
s.rating, s.rating_comment, s.from_claimer, coalesce(host(s.ip), ''), s.form_seq, s.form_visitor_seq, s.offered_at, s.unattended,
s.quiet_since, s.from_transfer, o.name, dep.name`

const rowFrom = dialogFrom + `
JOIN projects p ON p.id = d.project_id`

const dialogFrom = `
FROM dialogs d
JOIN visitors v ON v.id = d.visitor_id
LEFT JOIN sessions s ON s.id = d.session_id
LEFT JOIN operators o ON o.id = s.assignee_id
LEFT JOIN departments dep ON dep.id = s.department_id
LEFT JOIN operators lo ON lo.id = d.last_operator_id`

// formSettings is how projects.form is kept.
type formSettings struct {
	Enabled        bool             `json:"enabled"`
	Before         bool             `json:"before"`
	Title          string           `json:"title"`
	Name           dialog.FieldMode `json:"name"`
	Phone          dialog.FieldMode `json:"phone"`
	Email          dialog.FieldMode `json:"email"`
	ConsentText    string           `json:"consent_text"`
	ConsentURL     string           `json:"consent_url"`
	ConsentVersion string           `json:"consent_version"`
}

func (f formSettings) form(company string) dialog.Form {
	return dialog.Form{Enabled: f.Enabled, Before: f.Before, Title: f.Title, Name: f.Name, Phone: f.Phone, Email: f.Email,
		ConsentText: f.ConsentText, ConsentURL: f.ConsentURL, ConsentVersion: f.ConsentVersion, Company: company}
}

// settingsScan takes settingsColumns.
type settingsScan struct {
	set                         dialog.Settings
	form                        formSettings
	longWait, prompt, autoClose int
	labelLevel                  int16
	company                     string
}

func (s *settingsScan) into() []any {
	return []any{&s.set.Tagging, &s.set.Rating, &s.longWait, &s.prompt, &s.autoClose, &s.labelLevel, &s.company, &s.form, &s.set.ActiveTags}
}

func (s *settingsScan) settings() dialog.Settings {
	set := s.set
	set.LongWait = time.Duration(s.longWait) * time.Second
	set.RatingPrompt = time.Duration(s.prompt) * time.Second
	set.AutoClose = time.Duration(s.autoClose) * time.Minute
	set.LabelLevel = dialog.Level(s.labelLevel)
	set.Form = s.form.form(s.company)
	return set
}

func scanRow(r pgx.CollectableRow) (Row, error) {
	var (
		row                                                       Row
		st                                                        = &row.State
		ses                                                       dialog.Session
		set                                                       settingsScan
		lastAt, shownAt, consentAt, armed                         *time.Time
		lastKind, lastAuthor, lastOperator                        *string
		sesID, dep, assignee, claimedBy, closedBy                 *string
		assigneeName, depName, comment                            *string
		no, rating                                                *int
		firstSeq, lastSeq, claimSeq, visitorSeq                   *int64
		started, claimed, waiting, transferredAt, messaged        *time.Time
		closed, ratingUntil                                       *time.Time
		transferred, unclaimed, overdue, promptEnded, fromClaimer *bool
		ip, unattended                                            *string
		formSeq, formVisitorSeq                                   *int64
		offered, quiet                                            *time.Time
		fromTransfer                                              *bool
	)
	into := append(append([]any{
		&st.ID, &st.ProjectID, &st.VisitorID, &row.Rev, &row.Now,
		&st.Seq, &st.VisitorSeq, &lastAt, &st.TurnNo, &st.VisitorEvents, &st.VisitorMessages, &st.SessionNo,
		&lastKind, &lastAuthor, &lastOperator, &row.Last.Operator, &row.Last.Text, &shownAt,
		&row.VisitorName, &row.VisitorNumber, &consentAt, &st.Blocked, &row.CardRev, &row.Labels,
		&row.SignalSeq, &row.SignalAcked, &row.SignalStart, &armed,
		&row.fence.At, &row.fence.Ordinal, &row.fence.Attempt, &row.fence.Run,
	}, set.into()...),
		&sesID, &no, &started, &firstSeq, &lastSeq, &dep, &assignee, &claimedBy,
		&claimSeq, &claimed, &waiting, &transferred, &transferredAt, &unclaimed, &overdue,
		&visitorSeq, &messaged, &ses.Tags, &closed, &closedBy, &ratingUntil, &promptEnded,
		&rating, &comment, &fromClaimer, &ip, &formSeq, &formVisitorSeq, &offered, &unattended,
		&quiet, &fromTransfer, &assigneeName, &depName,
	)
	if err := r.Scan(into...); err != nil {
		return Row{}, err
	}
	row.ProjectID = st.ProjectID
	row.Now = row.Now.UTC()
	st.LastAt = deref(lastAt).UTC()
	row.ArmedUntil = deref(armed)
	if consentAt != nil {
		st.ConsentAt = consentAt.UTC()
	}
	row.Last.Kind, row.Last.Author = dialog.Kind(deref(lastKind)), dialog.Author(deref(lastAuthor))
	row.Last.OperatorID, row.Last.At = deref(lastOperator), deref(shownAt).UTC()
	row.AssigneeName, row.DepartmentName = deref(assigneeName), deref(depName)
	row.Settings = set.settings()
	if sesID == nil {
		return row, nil
	}
	ses.ID, ses.No, ses.StartedAt = *sesID, *no, started.UTC()
	ses.FirstSeq, ses.LastSeq, ses.ClaimSeq, ses.LastVisitorSeq = *firstSeq, *lastSeq, *claimSeq, *visitorSeq
	ses.DepartmentID, ses.AssigneeID, ses.ClaimedBy, ses.ClosedBy = deref(dep), deref(assignee), deref(claimedBy), deref(closedBy)
	ses.ClaimedAt, ses.WaitingSince, ses.TransferredAt = deref(claimed).UTC(), deref(waiting).UTC(), deref(transferredAt).UTC()
	ses.Transferred, ses.UnclaimedMarked, ses.OverdueMarked = *transferred, *unclaimed, *overdue
	ses.LastMessageAt, ses.ClosedAt, ses.RatingUntil = deref(messaged).UTC(), deref(closed).UTC(), deref(ratingUntil).UTC()
	ses.PromptEnded, ses.Rating, ses.RatingComment, ses.FromClaimer = *promptEnded, *rating, *comment, *fromClaimer
	ses.IP, ses.Unattended, ses.OfferedAt = deref(ip), dialog.Unattended(deref(unattended)), deref(offered).UTC()
	ses.FormSeq, ses.FormVisitorSeq = deref(formSeq), deref(formVisitorSeq)
	ses.QuietSince, ses.FromTransfer = deref(quiet).UTC(), *fromTransfer
	st.Session = &ses
	return row, nil
}

func deref[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// nullable turns a zero value into NULL.
func nullable[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

const loadSQL = `SELECT` + rowColumns + rowFrom + ` WHERE d.id = $1`

// Load reads one dialog. ErrNotFound when there is none.
func (s *Store) Load(ctx context.Context, dialogID string) (Row, error) {
	rows, err := s.pool.Query(ctx, loadSQL, dialogID)
	if err != nil {
		return Row{}, unavailable(err)
	}
	row, err := pgx.CollectExactlyOneRow(rows, scanRow)
	return row, unavailable(err)
}

// LoadMany reads those of the dialogs that exist, in no order.
func (s *Store) LoadMany(ctx context.Context, ids []string) ([]Row, error) {
	return s.loadRows(ctx, `SELECT`+rowColumns+rowFrom+` WHERE d.id = ANY($1::text[]::uuid[])`, ids)
}

// LoadOpen reads the dialogs of a project that have an open session, in no order.
func (s *Store) LoadOpen(ctx context.Context, projectID string) ([]Row, error) {
	return s.loadRows(ctx, `SELECT`+rowColumns+rowFrom+` WHERE s.project_id = $1 AND s.closed_at IS NULL`, projectID)
}

func (s *Store) loadRows(ctx context.Context, sql string, arg any) ([]Row, error) {
	rows, err := s.pool.Query(ctx, sql, arg)
	if err != nil {
		return nil, unavailable(err)
	}
	out, err := pgx.CollectRows(rows, scanRow)
	return out, unavailable(err)
}
