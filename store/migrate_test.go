package store_test

import (
	"database/sql"
	"io/fs"
	"testing"

	"github.com/pressly/goose/v3"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/local/localtest"
	"github.com/otklik/otklik/store"
)

// A database of the first schema, with a conversation in it, is brought up to date: nothing is lost and the form is on.
func TestMigrateFromTheFirst(t *testing.T) {
	t.Parallel()
	const project, visitor, d, session = "00000000-0000-7000-8000-000000000001", "00000000-0000-7000-8000-000000000002",
		"00000000-0000-7000-8000-000000000003", "00000000-0000-7000-8000-000000000004"
	s := upgraded(t, 1,
		`INSERT INTO projects (id, name, widget_key) VALUES ('`+project+`', 'Лавка', 'lavka')`,
		`INSERT INTO visitors (id, project_id, token_hash, number) VALUES ('`+visitor+`', '`+project+`', 'x', '3E8')`,
		`INSERT INTO dialogs (id, project_id, visitor_id, seq, visitor_seq, session_no, session_id) VALUES ('`+d+`', '`+project+`', '`+visitor+`', 1, 1, 1, '`+session+`')`,
		`INSERT INTO sessions (id, dialog_id, project_id, no, started_at, first_seq, last_seq, waiting_since) VALUES ('`+session+`', '`+d+`', '`+project+`', 1, now(), 1, 1, now())`,
		`INSERT INTO events (dialog_id, seq, visitor_seq, session_id, session_no, kind, author, audience, body, at) VALUES ('`+d+`', 1, 1, '`+session+`', 1, 'message', 'visitor', 'all', 'Здравствуйте', now())`,
	)
	row, err := s.Load(t.Context(), d)
	if err != nil || !row.State.Waiting() || !row.Settings.Form.Enabled || row.Settings.Form.Phone != dialog.FieldRequired {
		t.Errorf("%+v %v", row, err)
	}
	events, err := s.EventsAfter(t.Context(), d, store.VisitorLog, 0, 10)
	if err != nil || len(events) != 1 || events[0].Text != "Здравствуйте" {
		t.Errorf("%+v %v", events, err)
	}
}

// D-40: open dialogs of an older database close by themselves from what an operator said last, be it a contact request, and
// not where the visitor did; their deadlines are worked out anew.
func TestMigrateAutomaticClosing(t *testing.T) {
	t.Parallel()
	s := upgraded(t, 10,
		`INSERT INTO projects (id, name, widget_key, auto_close_minutes, rev, deadlines_rev) VALUES (md5('p')::uuid, 'Лавка', 'lavka', 5, 3, 3)`,
		`INSERT INTO operators (id, login, name, password_hash) VALUES (md5('o')::uuid, 'anna', 'Анна', '')`,
		`CREATE TABLE old (name text, author text, kind text)`,
		`INSERT INTO old VALUES ('answered', 'operator', 'message'), ('asked', 'operator', 'form_request'), ('blocked', 'visitor', 'message'),
 ('served', 'system', 'form_request')`,
		`INSERT INTO visitors (id, project_id, token_hash, number) SELECT md5(name)::uuid, md5('p')::uuid, name::bytea, name FROM old`,
		`INSERT INTO dialogs (id, project_id, visitor_id, seq, visitor_seq, session_no, session_id)
 SELECT md5(name)::uuid, md5('p')::uuid, md5(name)::uuid, 3, 3, 1, md5(name)::uuid FROM old`,
		`INSERT INTO sessions (id, dialog_id, project_id, no, started_at, first_seq, last_seq, assignee_id, last_message_at)
 SELECT md5(name)::uuid, md5(name)::uuid, md5('p')::uuid, 1, '2026-11-01', 1, 3, md5('o')::uuid, '2026-11-01' FROM old`,
		`INSERT INTO events (dialog_id, seq, visitor_seq, session_id, session_no, kind, author, audience, at)
 SELECT md5(name)::uuid, 1, 1, md5(name)::uuid, 1, 'message', 'visitor', 'all', '2026-11-01 10:00Z' FROM old UNION ALL
 SELECT md5(name)::uuid, 2, 2, md5(name)::uuid, 1, kind, author, 'all', '2026-11-01 10:06Z'::timestamptz FROM old UNION ALL
 SELECT md5(name)::uuid, 3, 3, md5(name)::uuid, 1, 'system', 'system', 'all', '2026-11-01 10:07Z' FROM old`,
	)
	if _, err := s.ResettleDeadlines(t.Context()); err != nil {
		t.Fatal(err)
	}
	var closing string
	if err := s.Pool().QueryRow(t.Context(), `SELECT string_agg(o.name || to_char(d.next_deadline_at AT TIME ZONE 'UTC', ' HH24:MI'), ', ' ORDER BY o.name)
FROM old o JOIN dialogs d ON d.id = md5(o.name)::uuid WHERE d.next_deadline_kind = 'automatic closing'`).Scan(&closing); err != nil || closing != "answered 10:11, asked 10:11" {
		t.Errorf("close by themselves: %s, %v", closing, err)
	}
}

// upgraded is a database of an older schema, filled by the statements and then brought up to date.
func upgraded(t *testing.T, version int64, statements ...string) *store.Store {
	t.Helper()
	url := localtest.DatabaseURL(t)
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	dir, err := fs.Sub(store.Migrations, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	old, err := goose.NewProvider(goose.DialectPostgres, db, dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := old.UpTo(t.Context(), version); err != nil {
		t.Fatal(err)
	}
	for _, statement := range statements {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	if err := store.Migrate(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), url, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}
