package bench

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// senders is how many write at once, here and in pgbench.
const senders = 64

// The least a message costs: one row in, one row changed, and a commit that is on disk.
const (
	pgbenchTables = `CREATE TABLE IF NOT EXISTS pgbench_log (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, dialog int, body text, at timestamptz DEFAULT clock_timestamp());
CREATE TABLE IF NOT EXISTS pgbench_dialogs (id int PRIMARY KEY, seq bigint NOT NULL);
INSERT INTO pgbench_dialogs SELECT g, 0 FROM generate_series(0, 63) g ON CONFLICT DO NOTHING`
	pgbenchInsert = `INSERT INTO pgbench_log (dialog, body) VALUES (%s, '` + text + `')`
	pgbenchUpdate = `UPDATE pgbench_dialogs SET seq = seq + 1 WHERE id = %s`
)

// text is a message of the length people write (median of the sample conversations).
const text = "Hello, can you tell me when the black samovar is back in stock?"

// pgbench runs the transaction with 64 clients for d and returns transactions a second. Where the program is missing the
// same is done by pgx, which costs more; by says which.
func (h *house) pgbench(ctx context.Context, d time.Duration) (tps float64, by string, err error) {
	if _, err := h.pool.Exec(ctx, pgbenchTables); err != nil {
		return 0, "", err
	}
	program := findPgbench()
	if program == "" {
		tps, err = h.pgbenchByPgx(ctx, d)
		return tps, "pgx", err
	}
	script := filepath.Join(h.dir, "pgbench.sql")
	sql := "BEGIN;\n" + fmt.Sprintf(pgbenchInsert, ":client_id") + ";\n" + fmt.Sprintf(pgbenchUpdate, ":client_id") + ";\nCOMMIT;\n"
	if err := os.WriteFile(script, []byte(sql), 0o644); err != nil {
		return 0, "", err
	}
	u, err := url.Parse(h.postgres.URL)
	if err != nil {
		return 0, "", err
	}
	q := u.Query()
	cmd := exec.CommandContext(ctx, program, "-n", "-c", strconv.Itoa(senders), "-j", "2", "-M", "prepared",
		"-T", strconv.Itoa(int(d.Seconds())), "-f", script, "-h", firstOf(q.Get("host"), u.Hostname()), "-p", firstOf(q.Get("port"), u.Port(), "5432"),
		"-U", u.User.Username(), u.Path[1:])
	if password, ok := u.User.Password(); ok {
		cmd.Env = append(os.Environ(), "PGPASSWORD="+password)
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		return 0, "", fmt.Errorf("pgbench: %w\n%s", err, out)
	}
	m := regexp.MustCompile(`tps = ([0-9.]+)`).FindSubmatch(out)
	if m == nil {
		return 0, "", fmt.Errorf("pgbench said no tps:\n%s", out)
	}
	tps, err = strconv.ParseFloat(string(m[1]), 64)
	return tps, "pgbench", err
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// findPgbench looks where PostgreSQL's programs are; the newest of several.
func findPgbench() string {
	if p, err := exec.LookPath("pgbench"); err == nil {
		return p
	}
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin/pgbench", "/opt/homebrew/opt/postgresql@*/bin/pgbench", "/usr/local/opt/postgresql@*/bin/pgbench"} {
		if found, _ := filepath.Glob(pattern); len(found) > 0 {
			sort.Strings(found)
			return found[len(found)-1]
		}
	}
	return ""
}

func (h *house) pgbenchByPgx(ctx context.Context, d time.Duration) (float64, error) {
	cfg, err := pgxpool.ParseConfig(h.postgres.URL)
	if err != nil {
		return 0, err
	}
	cfg.MaxConns = senders
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return 0, err
	}
	defer pool.Close()
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	var done atomic.Int64
	var wg sync.WaitGroup
	errs := make([]error, senders)
	start := time.Now()
	for i := range senders {
		wg.Go(func() {
			for ctx.Err() == nil {
				if errs[i] = oneTransaction(ctx, pool, i); errs[i] != nil {
					return
				}
				done.Add(1)
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil && !errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
			return 0, err
		}
	}
	return float64(done.Load()) / time.Since(start).Seconds(), nil
}

func oneTransaction(ctx context.Context, pool *pgxpool.Pool, i int) error {
	tx, err := pool.Begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	if _, err := tx.Exec(ctx, fmt.Sprintf(pgbenchInsert, "$1"), i); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, fmt.Sprintf(pgbenchUpdate, "$1"), i); err != nil {
		return err
	}
	return tx.Commit(ctx)
}
