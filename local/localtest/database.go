package localtest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// DatabaseURL makes an empty database for this test and returns its URL. The
// database goes when the test ends.
func DatabaseURL(t testing.TB) string {
	t.Helper()
	return newDatabase(t, "template1")
}

// MigratedURL is DatabaseURL with a schema in it. migrate is called once per
// test binary, on a template that every later database is copied from.
func MigratedURL(t testing.TB, migrate func(ctx context.Context, databaseURL string) error) string {
	t.Helper()
	if err := start(false); err != nil {
		t.Fatalf("localtest: %v", err)
	}
	template.once.Do(func() { template.name, template.err = newTemplate(migrate) })
	if template.err != nil {
		t.Fatalf("localtest: template: %v", template.err)
	}
	return newDatabase(t, template.name)
}

// Postgres is DatabaseURL with a pool on it that closes with the test.
func Postgres(t testing.TB) *pgxpool.Pool {
	t.Helper()
	pool, err := pgxpool.New(context.Background(), DatabaseURL(t))
	if err != nil {
		t.Fatalf("localtest: %v", err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// template is the migrated database of this test binary. A binary has one
// schema, so one is enough.
var template struct {
	once sync.Once
	name string
	err  error
}

func newTemplate(migrate func(context.Context, string) error) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	pool, err := admin.pool()
	if err != nil {
		return "", err
	}
	name := uniqueName("template", fmt.Sprint(os.Getpid()), 50)
	id := pgx.Identifier{name}.Sanitize()
	if _, err := pool.Exec(ctx, "CREATE DATABASE "+id); err != nil {
		return "", err
	}
	if err := migrate(ctx, withDatabase(shared.database, name)); err != nil {
		return "", err
	}
	// A connection migrate left behind would forbid copying.
	_, err = pool.Exec(ctx, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
	if err != nil {
		return "", err
	}
	_, err = pool.Exec(ctx, "ALTER DATABASE "+id+" ALLOW_CONNECTIONS false")
	return name, err
}

func newDatabase(t testing.TB, from string) string {
	t.Helper()
	if err := start(false); err != nil {
		t.Fatalf("localtest: %v", err)
	}
	pool, err := admin.pool()
	if err != nil {
		t.Fatalf("localtest: %v", err)
	}
	name := uniqueName("t", t.Name(), 60)
	id := pgx.Identifier{name}.Sanitize()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	create := "CREATE DATABASE " + id + " TEMPLATE " + pgx.Identifier{from}.Sanitize()
	for {
		_, err = pool.Exec(ctx, create)
		var pgErr *pgconn.PgError
		// 55006: the template is in use, by a backend that is just ending.
		if !errors.As(err, &pgErr) || pgErr.Code != "55006" || ctx.Err() != nil {
			break
		}
	}
	if err != nil {
		t.Fatalf("localtest: database for %s: %v", t.Name(), err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if _, err := pool.Exec(ctx, "DROP DATABASE IF EXISTS "+id+" WITH (FORCE)"); err != nil {
			t.Errorf("localtest: drop %s: %v", name, err)
		}
	})
	return withDatabase(shared.database, name)
}

// admin is the pool that makes and drops databases.
var admin adminPool

type adminPool struct {
	mu sync.Mutex
	p  *pgxpool.Pool
}

func (a *adminPool) pool() (*pgxpool.Pool, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.p != nil {
		return a.p, nil
	}
	cfg, err := pgxpool.ParseConfig(shared.database)
	if err != nil {
		return nil, err
	}
	cfg.MaxConns = 4
	a.p, err = pgxpool.NewWithConfig(context.Background(), cfg)
	return a.p, err
}

func (a *adminPool) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.p != nil {
		a.p.Close()
	}
}

// withDatabase is the URL of another database of the same cluster.
func withDatabase(databaseURL, name string) string {
	u, err := url.Parse(databaseURL)
	if err != nil {
		panic(fmt.Sprintf("%s is not a URL: %v", DatabaseEnv, err))
	}
	u.Path = "/" + name
	return u.String()
}

// uniqueName makes a name of at most limit bytes that tells whose it is:
// lower-case letters, digits and _.
func uniqueName(prefix, of string, limit int) string {
	var random [6]byte
	_, _ = rand.Read(random[:]) // never fails
	suffix := "_" + hex.EncodeToString(random[:])
	clean := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		}
		return '_'
	}, strings.ToLower(of))
	name := prefix + "_" + clean
	if len(name) > limit-len(suffix) {
		name = name[:limit-len(suffix)]
	}
	return name + suffix
}
