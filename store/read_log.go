package store

import (
	"cmp"
	"context"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/dialog"
)

// LogQuery is a page of a project's chat log, as one operator may read it (D-63). Empty values filter nothing.
type LogQuery struct {
	ProjectID                                string
	Reader                                   dialog.Operator
	Text                                     string    // in name, number, phone or e-mail
	Number                                   string    // what of Text is a visitor's number; empty: all of it may be
	From, To                                 time.Time // of the end; To is outside
	OperatorID, DepartmentID, TagID, LabelID string
	BeforeAt                                 time.Time // the page follows this session; zero: the first page
	BeforeID                                 string
	Limit                                    int
}

// LogEntry is one finished session in the chat log.
type LogEntry struct {
	DialogID, SessionID        string
	No                         int
	VisitorID, Visitor, Number string
	Last                       Last
	LastOperator               string
	Operator, Department       Named
	Tags                       []Named
	Labels                     []LogLabel
	StartedAt, ClosedAt        time.Time
	ClaimedAt                  time.Time // the claim is the first answer; zero: there was none
	Messages, Rating           int
}

// LogLabel is a label as a row shows it.
type LogLabel struct {
	ID, Text string
	Color    int
	Active   bool
}

// nearSessions is how many sessions are looked through for a text before its clients are looked for everywhere: what is
// common is found among them, and what is not has few clients.
const nearSessions = 300

const logOrder = ` ORDER BY s.closed_at DESC, s.id LIMIT `

// Log reads a page of finished sessions, newest end first.
func (s *Store) Log(ctx context.Context, q LogQuery) ([]LogEntry, error) {
	if q.Text != "" {
		return s.logOfText(ctx, q)
	}
	w := q.where()
	return s.logEntries(ctx, `SELECT s.id, s.closed_at FROM sessions s WHERE `+w.sql()+logOrder+w.add(q.Limit), w.args)
}

func (s *Store) logOfText(ctx context.Context, q LogQuery) ([]LogEntry, error) {
	w := q.where()
	var sessions int
	err := s.pool.QueryRow(ctx, `SELECT count(*) FROM (SELECT FROM sessions s WHERE `+w.sql()+` LIMIT `+w.add(nearSessions)+`) s`, w.args...).Scan(&sessions)
	if err != nil {
		return nil, unavailable(err)
	}
	w = q.where()
	near := `SELECT s.id, s.closed_at, s.dialog_id FROM sessions s WHERE ` + w.sql() + logOrder + w.add(nearSessions)
	cards, args := contactSQL(q.Text)
	found, err := s.logEntries(ctx, `SELECT s.id, s.closed_at FROM (`+near+`) s JOIN dialogs d ON d.id = s.dialog_id JOIN visitors v ON v.id = d.visitor_id
WHERE `+w.number(cards+` OR `+numberSQL, append(args, q.likeNumber())...)+logOrder+w.add(q.Limit), w.args)
	if err != nil || len(found) == q.Limit || sessions < nearSessions {
		return found, err
	}
	dialogs, err := s.contacts(ctx, q)
	if err != nil || len(dialogs) == 0 {
		return nil, err
	}
	w = q.where()
	w.and(`s.dialog_id = ANY($::text[]::uuid[])`, dialogs)
	return s.logEntries(ctx, `SELECT s.id, s.closed_at FROM sessions s WHERE `+w.sql()+logOrder+w.add(q.Limit), w.args)
}

// where is everything but the text.
func (q LogQuery) where() *where {
	w := &where{}
	w.and(`s.project_id = $ AND s.closed_at IS NOT NULL`, q.ProjectID)
	if q.Reader.Level < dialog.LevelSenior { // as dialog.MayReadPast
		w.and(`(s.department_id IS NULL OR s.department_id = ANY($::text[]::uuid[]) OR s.assignee_id = $)`, q.Reader.Departments, q.Reader.ID)
	}
	if !q.From.IsZero() {
		w.and(`s.closed_at >= $`, q.From)
	}
	if !q.To.IsZero() {
		w.and(`s.closed_at < $`, q.To)
	}
	if q.OperatorID != "" {
		w.and(`s.assignee_id = $`, q.OperatorID)
	}
	if q.DepartmentID != "" {
		w.and(`s.department_id = $`, q.DepartmentID)
	}
	if q.TagID != "" {
		w.and(`s.tags @> ARRAY[$::uuid]`, q.TagID)
	}
	if q.LabelID != "" {
		w.and(`EXISTS (SELECT FROM dialog_labels dl WHERE dl.dialog_id = s.dialog_id AND dl.label_id = $)`, q.LabelID)
	}
	if !q.BeforeAt.IsZero() {
		w.and(`s.closed_at <= $ AND (s.closed_at < $ OR s.id > $)`, q.BeforeAt, q.BeforeAt, q.BeforeID)
	}
	return w
}

// logEntries reads what is shown of the sessions of a page.
func (s *Store) logEntries(ctx context.Context, page string, args []any) ([]LogEntry, error) {
	rows, err := s.pool.Query(ctx, `
WITH page AS MATERIALIZED (`+page+`)
SELECT s.dialog_id::text, s.id::text, s.no, v.id::text, d.card_name, v.number,
coalesce(e.kind, ''), coalesce(e.author, ''), coalesce(e.operator_id::text, ''), coalesce(e.operator_name, ''),
coalesce(CASE e.kind WHEN 'department' THEN e.params->>'department' WHEN 'message' THEN left(e.body, 200) END, ''), e.at,
coalesce(o.id::text, ''), coalesce(o.name, ''), coalesce(dep.id::text, ''), coalesce(dep.name, ''),
ARRAY(SELECT t.id::text FROM unnest(s.tags) WITH ORDINALITY u(id, n) JOIN tags t ON t.id = u.id ORDER BY u.n),
ARRAY(SELECT t.name FROM unnest(s.tags) WITH ORDINALITY u(id, n) JOIN tags t ON t.id = u.id ORDER BY u.n),
l.ids, l.texts, l.colors, l.actives, s.started_at, s.closed_at, s.claimed_at, s.messages, s.rating
FROM page p JOIN sessions s ON s.id = p.id
JOIN dialogs d ON d.id = s.dialog_id
JOIN visitors v ON v.id = d.visitor_id
LEFT JOIN events e ON e.dialog_id = s.dialog_id AND e.seq = coalesce(s.last_message_seq, s.first_seq)
 AND e.kind IN ('message', 'form', 'department')
LEFT JOIN operators o ON o.id = s.assignee_id
LEFT JOIN departments dep ON dep.id = s.department_id
CROSS JOIN LATERAL (SELECT coalesce(array_agg(l.id::text ORDER BY dl.at, l.id), '{}') AS ids, coalesce(array_agg(l.text ORDER BY dl.at, l.id), '{}') AS texts,
 coalesce(array_agg(l.color::int ORDER BY dl.at, l.id), '{}') AS colors, coalesce(array_agg(l.active ORDER BY dl.at, l.id), '{}') AS actives
 FROM dialog_labels dl JOIN labels l ON l.id = dl.label_id WHERE dl.dialog_id = s.dialog_id) l
ORDER BY p.closed_at DESC, p.id`, args...)
	if err != nil {
		return nil, unavailable(err)
	}
	out, err := pgx.CollectRows(rows, scanLogEntry)
	return out, unavailable(err)
}

func scanLogEntry(r pgx.CollectableRow) (LogEntry, error) {
	var e LogEntry
	var lastAt, claimed *time.Time
	var tagIDs, tagNames, labelIDs, labelTexts []string
	var colors []int
	var actives []bool
	err := r.Scan(&e.DialogID, &e.SessionID, &e.No, &e.VisitorID, &e.Visitor, &e.Number,
		&e.Last.Kind, &e.Last.Author, &e.Last.OperatorID, &e.LastOperator, &e.Last.Text, &lastAt,
		&e.Operator.ID, &e.Operator.Name, &e.Department.ID, &e.Department.Name, &tagIDs, &tagNames,
		&labelIDs, &labelTexts, &colors, &actives, &e.StartedAt, &e.ClosedAt, &claimed, &e.Messages, &e.Rating)
	e.Last.At, e.ClaimedAt = deref(lastAt).UTC(), deref(claimed).UTC()
	e.StartedAt, e.ClosedAt, e.Tags = e.StartedAt.UTC(), e.ClosedAt.UTC(), zip(tagIDs, tagNames)
	for i := range labelIDs {
		e.Labels = append(e.Labels, LogLabel{labelIDs[i], labelTexts[i], colors[i], actives[i]})
	}
	return e, err
}

// numberSQL has one argument, of likeNumber.
const numberSQL = `lower(v.number) LIKE $`

// wordStarts is what a word may follow.
const wordStarts = ` (-.@+"«`

// contactSQL is what a client's card must hold: the text, or the digits of a phone number however they are written. A
// text of one or two letters is looked for at the beginnings of words only: it stands somewhere in nearly every card, and
// the index goes by three letters, of which what is none before a word is one.
func contactSQL(text string) (part string, args []any) {
	wanted := []string{text}
	digits := phoneDigits(text)
	if len(digits) == 11 && strings.ContainsRune("78", rune(digits[0])) {
		digits = digits[1:] // 8… at home is +7… from abroad
	}
	if digits != "" && digits != text {
		wanted = append(wanted, digits)
	}
	for _, w := range wanted {
		w = escapeLike(w) + "%"
		if utf8.RuneCountInString(text) > 2 {
			args = append(args, "%"+w)
			continue
		}
		args = append(args, w)
		for _, before := range wordStarts {
			args = append(args, "%"+string(before)+w)
		}
	}
	like := ` OR otklik_contact(d.card_name, d.card_email, d.card_phone) LIKE otklik_fold($)`
	return strings.TrimPrefix(strings.Repeat(like, len(args)), ` OR `), args
}

// contacts finds all dialogs whose client the text of the query stands for.
func (s *Store) contacts(ctx context.Context, q LogQuery) ([]string, error) {
	part, args := contactSQL(q.Text)
	w := &where{args: []any{q.ProjectID}}
	rows, err := s.pool.Query(ctx, `SELECT d.id::text FROM dialogs d WHERE d.project_id = $1 AND (`+w.number(part, args...)+`)
UNION SELECT d.id::text FROM visitors v JOIN dialogs d ON d.visitor_id = v.id AND d.project_id = v.project_id
 WHERE v.project_id = $1 AND `+w.number(numberSQL, q.likeNumber()), w.args...)
	if err != nil {
		return nil, unavailable(err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return found, unavailable(err)
}

// phoneDigits are the digits of what may be a part of a phone number; empty when it is something else.
func phoneDigits(text string) string {
	var digits strings.Builder
	for _, r := range text {
		switch {
		case r >= '0' && r <= '9':
			digits.WriteRune(r)
		case !unicode.IsSpace(r) && !strings.ContainsRune("+-()", r):
			return ""
		}
	}
	return digits.String()
}

var likeSpecial = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// escapeLike makes LIKE take the text as it stands.
func escapeLike(text string) string { return likeSpecial.Replace(text) }

// likeNumber takes the visitor's number from its beginning: that is how it is read out (D-18).
func (q LogQuery) likeNumber() string {
	return escapeLike(strings.ToLower(cmp.Or(q.Number, q.Text))) + "%"
}

// LogFilters is what a project's chat log may be filtered by; what is no longer active has its sessions still (D-63).
type LogFilters struct {
	Operators, Departments, Tags []Named
	Labels                       []LogLabel
}

// LogFilters reads the names for the reader: departments as far as he reads them (D-14).
func (s *Store) LogFilters(ctx context.Context, projectID string, reader dialog.Operator) (f LogFilters, err error) {
	all := reader.Level >= dialog.LevelSenior
	b := &pgx.Batch{}
	named := func(into *[]Named, sql string, args ...any) {
		b.Queue(sql, args...).Query(func(rows pgx.Rows) error {
			*into, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Named])
			return err
		})
	}
	// Who works here, or did: the index of sessions by operator answers with one look each.
	named(&f.Operators, `SELECT o.id::text, o.name FROM operators o
WHERE EXISTS (SELECT FROM access a WHERE a.operator_id = o.id AND a.project_id = $1 AND a.level >= 2)
 OR EXISTS (SELECT FROM sessions s WHERE s.assignee_id = o.id AND s.project_id = $1 AND s.closed_at IS NOT NULL)
ORDER BY o.name, o.id LIMIT 1000`, projectID)
	named(&f.Departments, `SELECT id::text, name FROM departments WHERE project_id = $1 AND ($2 OR id = ANY($3::text[]::uuid[]))
ORDER BY position, name LIMIT 1000`, projectID, all, reader.Departments)
	named(&f.Tags, `SELECT id::text, name FROM tags WHERE project_id = $1 ORDER BY position, name LIMIT 1000`, projectID)
	b.Queue(`SELECT id::text, text, color::int, active FROM labels WHERE project_id = $1
 AND ($2 OR department_id IS NULL OR department_id = ANY($3::text[]::uuid[])) ORDER BY lower(text), id LIMIT 1000`,
		projectID, all, reader.Departments).Query(func(rows pgx.Rows) error {
		f.Labels, err = pgx.CollectRows(rows, pgx.RowToStructByPos[LogLabel])
		return err
	})
	return f, unavailable(s.pool.SendBatch(ctx, b).Close())
}
