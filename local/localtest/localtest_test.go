package localtest_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/local/localtest"
)

func TestMain(m *testing.M) { localtest.Run(m) }

var migrations atomic.Int32

func migrate(ctx context.Context, url string) error {
	migrations.Add(1)
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, "CREATE TABLE t (n int)")
	return err
}

// TestEachTestHasItsOwnDatabase writes to the same table from parallel tests.
func TestEachTestHasItsOwnDatabase(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a", "b", "c", "d", "е (кириллица)"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := context.Background()
			conn, err := pgx.Connect(ctx, localtest.MigratedURL(t, migrate))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close(ctx)
			var n int
			if err := conn.QueryRow(ctx, "WITH i AS (INSERT INTO t VALUES (1)) SELECT count(*) FROM t").Scan(&n); err != nil || n != 0 {
				t.Fatalf("found %d rows, %v", n, err)
			}
			if m := migrations.Load(); m != 1 {
				t.Errorf("migrated %d times", m)
			}
		})
	}
}

func TestDatabaseGoesWithItsTest(t *testing.T) {
	t.Parallel()
	pool := localtest.Postgres(t)
	var name, inner string
	if err := pool.QueryRow(context.Background(), "SELECT current_database()").Scan(&name); err != nil {
		t.Fatal(err)
	}
	t.Run("inner", func(t *testing.T) {
		p := localtest.Postgres(t)
		if err := p.QueryRow(context.Background(), "SELECT current_database()").Scan(&inner); err != nil {
			t.Fatal(err)
		}
	})
	var found []string
	if err := pool.QueryRow(context.Background(), "SELECT array_agg(datname) FROM pg_database WHERE datname = ANY($1)", []string{name, inner}).Scan(&found); err != nil {
		t.Fatal(err)
	}
	if len(found) != 1 || found[0] != name {
		t.Fatalf("left: %v", found)
	}
}

func TestNamespacesDiffer(t *testing.T) {
	t.Parallel()
	address, a := localtest.Temporal(t)
	same, b := localtest.Temporal(t)
	if a == b || address != same {
		t.Fatalf("namespaces %q and %q at %q and %q", a, b, address, same)
	}
}
