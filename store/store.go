// Package store keeps the truth: PostgreSQL. A command is decided by package dialog under the dialog's row lock and
// recorded in that transaction; nothing here decides anything of its own.
//
// Lock order everywhere: operators by id, then dialogs by id, then the rest. What learns its second lock late gives up
// its locks and begins again in order.
package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/otklik/otklik/dialog"
)

// Errors that are not refusals.
var (
	// ErrNotFound: no such thing, or not for the one who asks; the two look the same from outside.
	ErrNotFound = errors.New("not found")
	// ErrUnavailable: PostgreSQL could not be asked, or did not answer in time. The command may be tried again with the
	// same client id.
	ErrUnavailable = errors.New("database unavailable")
)

// Limits of one statement and one transaction. They are below the activities' StartToClose of 3 s, and a stopped
// process must not keep a lock (design 2.2).
const (
	statementTimeout = 2500 * time.Millisecond
	lockTimeout      = 2 * time.Second
	idleTimeout      = 2 * time.Second // idle in transaction
	// pingTimeout is for connections that have rested: those to a host that vanished are thrown away, one after the other.
	pingTimeout = time.Second
)

// Store is a pool of connections and the rules' way to the database. It is safe for concurrent use.
type Store struct {
	pool   *pgxpool.Pool // reads, and writes of one statement
	writes *pgxpool.Pool // transactions that lock rows
	newID  func() string
	writer *writer
}

// Options of Open; zero values are good defaults.
type Options struct {
	MaxConns int32         // connections in the pool; default 16
	AppName  string        // application_name, to tell processes apart in pg_stat_activity
	NewID    func() string // ids of sessions; default UUID v7
}

// Open connects lazily: it fails on a malformed URL, not on a database that is down.
func Open(ctx context.Context, url string, o Options) (*Store, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("database url: %w", err)
	}
	cfg.MaxConns = 16
	if o.MaxConns > 0 {
		cfg.MaxConns = o.MaxConns
	}
	cfg.ConnConfig.ConnectTimeout = lockTimeout
	cfg.PingTimeout = pingTimeout
	for k, v := range map[string]string{
		"application_name":                    o.AppName,
		"statement_timeout":                   millis(statementTimeout),
		"lock_timeout":                        millis(lockTimeout),
		"idle_in_transaction_session_timeout": millis(idleTimeout),
		"timezone":                            "UTC",
		"jit":                                 "off", // compiling takes longer than any statement here
	} {
		if v != "" {
			cfg.ConnConfig.RuntimeParams[k] = v
		}
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("database pool: %w", err)
	}
	writes, err := pgxpool.NewWithConfig(ctx, pointLookups(cfg))
	if err != nil {
		pool.Close()
		return nil, fmt.Errorf("database pool: %w", err)
	}
	s := &Store{pool: pool, writes: writes, newID: o.NewID}
	if s.newID == nil {
		s.newID = func() string { return uuid.Must(uuid.NewV7()).String() }
	}
	s.writer = newWriter(s)
	return s, nil
}

// pointLookups is the configuration for the transactions that lock rows. All their statements find rows by key, so they
// are planned once per connection, and never as a scan: while the tables are small a scan looks cheap to the planner,
// and the plan would stay when they have grown.
func pointLookups(cfg *pgxpool.Config) *pgxpool.Config {
	c := cfg.Copy()
	for k, v := range map[string]string{
		"plan_cache_mode": "force_generic_plan", "enable_seqscan": "off", "enable_hashjoin": "off", "enable_mergejoin": "off",
	} {
		c.ConnConfig.RuntimeParams[k] = v
	}
	return c
}

func millis(d time.Duration) string { return fmt.Sprint(d.Milliseconds()) }

// Close ends the writer and closes the pool; it waits for connections in use.
func (s *Store) Close() {
	s.writer.close()
	s.writes.Close()
	s.pool.Close()
}

// Pool is the pool itself, for tests and tools.
func (s *Store) Pool() *pgxpool.Pool { return s.pool }

// Ready reports whether the database answers and has the schema of this build.
func (s *Store) Ready(ctx context.Context) error {
	var version int64
	err := s.pool.QueryRow(ctx, `SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied`).Scan(&version)
	if err != nil {
		return unavailable(err)
	}
	if want := latestMigration(); version < want {
		return fmt.Errorf("schema is at %d, this build needs %d: run otklik migrate", version, want)
	}
	return nil
}

// unavailable turns what the driver says into this package's errors: no row, or PostgreSQL not to be asked now.
// Errors of our own SQL stay what they are.
func unavailable(err error) error {
	var (
		pg      *pgconn.PgError
		scan    pgx.ScanArgError
		refusal *dialog.Refusal
	)
	switch {
	case errors.As(err, &refusal):
		return err
	case errors.As(err, &scan): // our own SQL does not fit our own code
		return err
	case err == nil, errors.Is(err, ErrNotFound), errors.Is(err, ErrUnavailable):
		return err
	case errors.Is(err, pgx.ErrNoRows):
		return ErrNotFound
	case errors.As(err, &pg):
		switch pg.Code[:2] {
		case "08", "53", "57", "25": // connection, resources, operator intervention, transaction ended by a timeout
			return fmt.Errorf("%w: SQLSTATE %s", ErrUnavailable, pg.Code)
		}
		if pg.Code == "55P03" { // lock_timeout
			return fmt.Errorf("%w: SQLSTATE %s", ErrUnavailable, pg.Code)
		}
		return err
	default: // dial errors, broken connections, deadlines
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
}

// retryable reports whether the whole transaction may simply be run again: a deadlock or a serialization failure.
func retryable(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "40P01" || pg.Code == "40001")
}
