package main

import (
	"context"
	"testing"
	"time"

	"github.com/otklik/otklik/local/localtest"
	"github.com/otklik/otklik/store"
)

// The demo has something on every screen, is open at any time of the day, and does not come back where an administrator
// changed it.
func TestSeedDemo(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s, err := store.Open(ctx, localtest.MigratedURL(t, store.Migrate), store.Options{AppName: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	count := func(table string) (n int) {
		t.Helper()
		if err := s.Pool().QueryRow(ctx, `SELECT count(*) FROM `+table).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	seed := func() {
		t.Helper()
		if err := seedDemo(context.WithoutCancel(ctx), s); err != nil {
			t.Fatal(err)
		}
	}
	seed()
	for table, want := range map[string]int{"projects": 2, "departments": 2, "tags": 4, "labels": 5, "templates": 4, "operators": 4, "access": 8, "department_members": 4} {
		if got := count(table); got != want {
			t.Errorf("%d %s, want %d", got, table, want)
		}
	}
	project := seedID("project", "zavarka")
	departments, _, err := s.Departments(ctx, project, store.Find{Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range departments {
		for hour := range 48 {
			if at := d.Now.Add(time.Duration(hour) * time.Hour); !d.Hours.Open(at, d.Zone) {
				t.Errorf("%s is closed at %s", d.Name, at)
			}
		}
	}
	admin := seedID("operator", "admin@demo.otklik")
	if err := s.DeleteLabel(ctx, admin, project, seedID("label", "zavarka", "Срочно")); err != nil {
		t.Fatal(err)
	}
	seed()
	if got := count("labels"); got != 4 {
		t.Errorf("a deleted label came back: %d", got)
	}
}

// A long list to look at: rows, their logs and their texts fit together, and a second start adds nothing.
func TestSeedOpen(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s, err := store.Open(ctx, localtest.MigratedURL(t, store.Migrate), store.Options{AppName: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := seedDemo(ctx, s); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := seedOpen(ctx, s, 50); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := s.LoadOpen(ctx, seedID("project", "zavarka"))
	if err != nil {
		t.Fatal(err)
	}
	taken := 0
	for _, r := range rows {
		log, err := s.EventsAfter(ctx, r.State.ID, store.OperatorLog, 0, 10)
		if err != nil {
			t.Fatal(err)
		}
		if int64(len(log)) != r.State.Seq || log[len(log)-1].Text != r.Last.Text {
			t.Errorf("%d events, want %d; the last is %q, in the list it is %q", len(log), r.State.Seq, log[len(log)-1].Text, r.Last.Text)
		}
		if r.State.Session.AssigneeID != "" {
			taken++
		}
		if waits := !r.State.Session.WaitingSince.IsZero(); waits == (r.State.Session.AssigneeID != "") {
			t.Errorf("waits: %v, taken by %q", waits, r.State.Session.AssigneeID)
		}
	}
	if len(rows) != 50 || taken != 10 {
		t.Errorf("%d open dialogs, %d taken", len(rows), taken)
	}
}
