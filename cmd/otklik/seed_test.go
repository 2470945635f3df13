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
