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
	if _, err := old.UpTo(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	const project, visitor, d, session = "00000000-0000-7000-8000-000000000001", "00000000-0000-7000-8000-000000000002",
		"00000000-0000-7000-8000-000000000003", "00000000-0000-7000-8000-000000000004"
	for _, stmt := range []string{
		`INSERT INTO projects (id, name, widget_key) VALUES ('` + project + `', 'Лавка', 'lavka')`,
		`INSERT INTO visitors (id, project_id, token_hash, number) VALUES ('` + visitor + `', '` + project + `', 'x', '3E8')`,
		`INSERT INTO dialogs (id, project_id, visitor_id, seq, visitor_seq, session_no, session_id) VALUES ('` + d + `', '` + project + `', '` + visitor + `', 1, 1, 1, '` + session + `')`,
		`INSERT INTO sessions (id, dialog_id, project_id, no, started_at, first_seq, last_seq, waiting_since) VALUES ('` + session + `', '` + d + `', '` + project + `', 1, now(), 1, 1, now())`,
		`INSERT INTO events (dialog_id, seq, visitor_seq, session_id, session_no, kind, author, audience, body, at) VALUES ('` + d + `', 1, 1, '` + session + `', 1, 'message', 'visitor', 'all', 'Здравствуйте', now())`,
	} {
		if _, err := db.ExecContext(t.Context(), stmt); err != nil {
			t.Fatalf("%s: %v", stmt, err)
		}
	}
	if err := store.Migrate(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), url, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	row, err := s.Load(t.Context(), d)
	if err != nil || !row.State.Waiting() || !row.Settings.Form.Enabled || row.Settings.Form.Phone != dialog.FieldRequired {
		t.Errorf("%+v %v", row, err)
	}
	events, err := s.EventsAfter(t.Context(), d, store.VisitorLog, 0, 10)
	if err != nil || len(events) != 1 || events[0].Text != "Здравствуйте" {
		t.Errorf("%+v %v", events, err)
	}
}
