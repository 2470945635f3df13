package store

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/dialog"
)

// Widget is what a visitor's page may know of a project.
type Widget struct {
	ProjectID, ProjectName, Language, Accent string
	Side, Greeting                           string
	Open                                     bool    // it is the widget's working time (D-22)
	Departments                              []Named // empty when the choice is off
	Rating                                   bool
	Form                                     dialog.Form
	Origins                                  []string // sites that may embed it; empty: any
}

// WidgetByKey reads an active widget. ErrNotFound when there is none or it is switched off (D-02).
func (s *Store) WidgetByKey(ctx context.Context, key string) (Widget, error) {
	var w Widget
	var form formSettings
	var company string
	var ids, names []string
	var now time.Time
	var cal calendarScan
	err := s.pool.QueryRow(ctx, `
SELECT p.id::text, p.name, p.language, p.accent, p.side, p.greeting, p.company, p.rating, p.form, p.origins, otklik_now(),`+calendarColumns+`,
ARRAY(SELECT d.id::text FROM departments d WHERE d.project_id = p.id AND d.active AND p.department_choice ORDER BY d.position, d.name),
ARRAY(SELECT d.name FROM departments d WHERE d.project_id = p.id AND d.active AND p.department_choice ORDER BY d.position, d.name)
FROM projects p WHERE p.widget_key = $1 AND p.active`, key).
		Scan(append(append([]any{&w.ProjectID, &w.ProjectName, &w.Language, &w.Accent, &w.Side, &w.Greeting, &company, &w.Rating, &form, &w.Origins, &now},
			cal.into()...), &ids, &names)...)
	if err != nil {
		return Widget{}, unavailable(err)
	}
	w.Open = cal.calendar().Open("", now)
	w.Departments, w.Form = zip(ids, names), form.form(company)
	return w, nil
}

// NewVisitor is what is kept of a visitor when he first acts.
type NewVisitor struct {
	ProjectID string
	TokenHash []byte
	Locale    string
	Page      Page // he acts on; it begins his first visit
}

// Visitor is who a token belongs to.
type Visitor struct {
	ID, DialogID, ProjectID string
	Locale                  string
	Off                     bool // the widget is switched off (D-02)
}

// CreateVisitor keeps a visitor and his dialog, in one transaction: the one never exists without the other.
func (s *Store) CreateVisitor(ctx context.Context, n NewVisitor) (Visitor, error) {
	v := Visitor{ID: uuid.Must(uuid.NewV7()).String(), DialogID: uuid.Must(uuid.NewV7()).String(), ProjectID: n.ProjectID, Locale: n.Locale}
	b := &pgx.Batch{} // one batch is one transaction
	b.Queue(`INSERT INTO visitors (id, project_id, token_hash, number, locale, referrer)
VALUES ($1, $2, $3, upper(to_hex(nextval('visitor_number'))), $4, $5)`, v.ID, n.ProjectID, n.TokenHash, n.Locale, n.Page.Referrer)
	b.Queue(`INSERT INTO dialogs (id, project_id, visitor_id) VALUES ($1, $2, $3)`, v.DialogID, n.ProjectID, v.ID)
	queuePage(b, v.ID, n.Page)
	return v, unavailable(s.pool.SendBatch(ctx, b).Close())
}

// VisitorByToken finds the visitor of a token that was not revoked. He is known while his widget is switched off, too: it may come back, and
// his dialog with it (D-02).
func (s *Store) VisitorByToken(ctx context.Context, tokenHash []byte) (Visitor, error) {
	var v Visitor
	err := s.pool.QueryRow(ctx, `
SELECT v.id::text, d.id::text, v.project_id::text, v.locale, NOT p.active
FROM visitors v JOIN dialogs d ON d.visitor_id = v.id AND d.project_id = v.project_id
JOIN projects p ON p.id = v.project_id
WHERE v.token_hash = $1 AND v.revoked_at IS NULL`, tokenHash).Scan(&v.ID, &v.DialogID, &v.ProjectID, &v.Locale, &v.Off)
	return v, unavailable(err)
}

// SwitchedOff returns those of the projects whose widget is switched off.
func (s *Store) SwitchedOff(ctx context.Context, projects []string) ([]string, error) {
	return collect(ctx, s, pgx.RowTo[string], `SELECT id::text FROM projects WHERE id = ANY($1::text[]::uuid[]) AND NOT active`, projects)
}

// ProjectName reads a project's name and time zone, for the transcript.
func (s *Store) ProjectName(ctx context.Context, projectID string) (name, timeZone string, err error) {
	err = s.pool.QueryRow(ctx, `SELECT name, time_zone FROM projects WHERE id = $1`, projectID).Scan(&name, &timeZone)
	return name, timeZone, unavailable(err)
}
