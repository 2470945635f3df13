package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"
)

// Outside is what a project keeps of its outer account, at one moment.
type Outside struct {
	ListURL, HookURL, Secret string
	ETag                     string    // of the last good pull
	Now                      time.Time // the database's real clock
}

// OutsideOf reads the outer account of a project. ErrNotFound when there is no such active project.
func (s *Store) OutsideOf(ctx context.Context, projectID string) (Outside, error) {
	var o Outside
	err := s.pool.QueryRow(ctx, `SELECT p.block_list_url, p.block_hook_url, p.block_secret, coalesce(x.etag, ''), clock_timestamp()
FROM projects p LEFT JOIN block_pulls x ON x.project_id = p.id AND x.url = p.block_list_url WHERE p.id = $1 AND p.active`, projectID).
		Scan(&o.ListURL, &o.HookURL, &o.Secret, &o.ETag, &o.Now)
	return o, unavailable(err)
}

// PullProjects lists active projects whose block lists are kept elsewhere: all, or those somebody asked for since they
// were last tried.
func (s *Store) PullProjects(ctx context.Context, asked bool) ([]string, error) {
	return s.ids(ctx, `SELECT p.id::text FROM projects p LEFT JOIN block_pulls x ON x.project_id = p.id
WHERE p.active AND p.block_list_url <> '' AND (NOT $1 OR x.wanted_at > coalesce(x.tried_at, '-infinity')) ORDER BY p.id LIMIT 10000`, asked)
}

func (s *Store) ids(ctx context.Context, sql string, args ...any) ([]string, error) {
	rows, err := s.pool.Query(ctx, sql, args...)
	if err != nil {
		return nil, unavailable(err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return out, unavailable(err)
}

// WantPull asks for a pull now; the worker finds it.
func (s *Store) WantPull(ctx context.Context, projectID string) error {
	_, err := s.pool.Exec(ctx, `INSERT INTO block_pulls (project_id, wanted_at) VALUES ($1, clock_timestamp())
ON CONFLICT (project_id) DO UPDATE SET wanted_at = excluded.wanted_at`, projectID)
	return unavailable(err)
}

// PullTried records a try that changed no list: code says why, empty: nothing was new. What was good stays.
func (s *Store) PullTried(ctx context.Context, projectID string, began time.Time, code string) error {
	_, err := s.pool.Exec(ctx, `INSERT INTO block_pulls (project_id, tried_at, error, pulled_at)
VALUES ($1, $2, $3, CASE WHEN $3 = '' THEN $2::timestamptz END)
ON CONFLICT (project_id) DO UPDATE SET tried_at = excluded.tried_at, error = excluded.error,
 pulled_at = coalesce(excluded.pulled_at, block_pulls.pulled_at)`, projectID, began, code)
	return unavailable(err)
}

// BlockLists are whole lists that replace those of a project; a nil one stays as it is.
type BlockLists struct{ System, Manual []string }

// Replaced is what replacing a list did.
type Replaced struct{ Added, Removed, Total int }

// CodeOwed: the list kept by hand was not replaced, since the outer account has not been told yet what changed here.
const CodeOwed = "owed"

// TakeLists replaces both lists by what was pulled (D-50), in one transaction. «Блокировка из чата» is the outer
// account's too when it is told of blocks made here: then a row that is gone there is gone here, also an operator's
// . That list is taken only if the account knew everything when it answered: else a block made meanwhile would be
// undone. The tag is kept only with both lists, so that a list left out is asked for again.
func (s *Store) TakeLists(ctx context.Context, projectID string, l BlockLists, url, etag string, began time.Time) (code string, err error) {
	err = s.replaceTx(ctx, projectID, func(r *replacing) error {
		if err := r.replace(BlockedBySystem, []string{BlockedBySystem}, l.System); err != nil {
			return err
		}
		var told, owes bool
		if err := r.QueryRow(ctx, `SELECT block_hook_url <> '', EXISTS (SELECT FROM hooks
 WHERE project_id = $1 AND (delivered_at IS NULL OR delivered_at > $2)) FROM projects WHERE id = $1`, projectID, began).Scan(&told, &owes); err != nil {
			return err
		}
		switch {
		case owes && told:
			code, etag = CodeOwed, ""
		case told:
			err = r.replace(BlockedByHand, inChat, l.Manual)
		default:
			err = r.replace(BlockedByHand, []string{BlockedByHand}, l.Manual)
		}
		if err != nil {
			return err
		}
		_, err = r.Exec(ctx, `INSERT INTO block_pulls (project_id, url, etag, pulled_at, tried_at, error) VALUES ($1, $2, $3, $4, $4, $5)
ON CONFLICT (project_id) DO UPDATE SET url = $2, etag = $3, pulled_at = $4, tried_at = $4, error = $5`, projectID, url, etag, began, code)
		return err
	})
	return code, err
}

// replacing is a transaction that replaces lists of one project; it holds the project's row.
type replacing struct {
	pgx.Tx
	ctx     context.Context
	project string
	changed bool
	actor   string // of the audit; empty: pulled
	last    Replaced
}

// replaceTimeout is for a hundred thousand addresses; other transactions of the lists wait, messages do not.
const replaceTimeout = 20 * time.Second

func (s *Store) replaceTx(ctx context.Context, projectID string, f func(*replacing) error) error {
	ctx, cancel := context.WithTimeout(ctx, replaceTimeout)
	defer cancel()
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		r := &replacing{Tx: tx, ctx: ctx, project: projectID}
		if _, err := tx.Exec(ctx, `SET LOCAL statement_timeout = '`+millis(replaceTimeout)+`'`); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `SELECT FROM projects WHERE id = $1 FOR NO KEY UPDATE`, projectID); err != nil {
			return err
		}
		if err := f(r); err != nil || !r.changed {
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE projects SET blocks_rev = blocks_rev + 1 WHERE id = $1`, projectID)
		return err
	})
	return unavailable(err)
}

// replace makes a list what it is to be. Of the sources that are the same list elsewhere, rows that stay keep theirs.
func (r *replacing) replace(source string, same, ips []string) error {
	r.last = Replaced{}
	err := r.QueryRow(r.ctx, `
WITH whole AS (SELECT DISTINCT u.ip::inet AS ip FROM unnest($4::text[]) u(ip)),
gone AS (DELETE FROM blocks b WHERE b.project_id = $1 AND b.source = ANY($3) AND NOT EXISTS (SELECT FROM whole w WHERE w.ip = b.ip) RETURNING 1),
came AS (INSERT INTO blocks (id, project_id, ip, source, at)
 SELECT gen_random_uuid(), $1, w.ip, $2, otklik_now() FROM whole w
 WHERE NOT EXISTS (SELECT FROM blocks b WHERE b.project_id = $1 AND b.ip = w.ip AND b.source = ANY($3)) RETURNING 1)
SELECT (SELECT count(*) FROM came), (SELECT count(*) FROM gone), (SELECT count(*) FROM whole)`,
		r.project, source, same, ips).Scan(&r.last.Added, &r.last.Removed, &r.last.Total)
	if err != nil || r.last.Added+r.last.Removed == 0 {
		return err
	}
	r.changed = true
	by := "system"
	if r.actor != "" {
		by = "api"
	}
	_, err = r.Exec(r.ctx, `INSERT INTO audit (at, action, project_id, operator_id, source, detail)
VALUES (otklik_now(), 'blocks_replaced', $1, $2, $3, jsonb_build_object('list', $4::text, 'added', $5::int, 'removed', $6::int, 'total', $7::int))`,
		r.project, nullable(r.actor), by, source, r.last.Added, r.last.Removed, r.last.Total)
	return err
}

// Hook is the oldest news the outer account has not taken.
type Hook struct {
	ID    int64
	Body  json.RawMessage
	Tries int
}

// Owing is a project that owes its outer account news.
type Owing struct {
	ProjectID string
	Tried     bool // the oldest was not taken: whoever delivers it waits out a pause
}

// HooksOwed lists projects that owe their outer account news, in no order: the first must not keep the last waiting.
func (s *Store) HooksOwed(ctx context.Context, limit int) ([]Owing, error) {
	rows, err := s.pool.Query(ctx, `SELECT id, tried FROM (SELECT DISTINCT ON (p.id) p.id::text, h.tries > 0 AS tried
 FROM hooks h JOIN projects p ON p.id = h.project_id
 WHERE h.delivered_at IS NULL AND p.active AND p.block_hook_url <> '' ORDER BY p.id, h.id) x ORDER BY random() LIMIT $1`, limit)
	if err != nil {
		return nil, unavailable(err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Owing])
	return out, unavailable(err)
}

// NextHook reads what is to be delivered next: in the order of the changes. Nil: nothing.
func (s *Store) NextHook(ctx context.Context, projectID string) (*Hook, error) {
	rows, err := s.pool.Query(ctx, `SELECT id, body, tries FROM hooks WHERE project_id = $1 AND delivered_at IS NULL ORDER BY id LIMIT 1`, projectID)
	if err != nil {
		return nil, unavailable(err)
	}
	h, err := optional(pgx.CollectExactlyOneRow(rows, func(r pgx.CollectableRow) (*Hook, error) {
		var h Hook
		return &h, r.Scan(&h.ID, &h.Body, &h.Tries)
	}))
	return h, unavailable(err)
}

// HookTried records a try of delivery. What was taken keeps no address and no name: only that it was told, and when.
func (s *Store) HookTried(ctx context.Context, id int64, code string) error {
	_, err := s.pool.Exec(ctx, `UPDATE hooks SET tries = tries + 1, error = $2,
 delivered_at = CASE WHEN $2 = '' THEN clock_timestamp() END, body = CASE WHEN $2 = '' THEN body - 'ip' - 'operator' ELSE body END
WHERE id = $1 AND delivered_at IS NULL`, id, code)
	return unavailable(err)
}

// BlockSync is how far a project's lists are in step with its outer account.
type BlockSync struct {
	URLSet            bool
	PulledAt, TriedAt time.Time
	Error             string // of the last pull, else of the delivery that is being tried
	Owed              int
}

// BlockSync reads it.
func (s *Store) BlockSync(ctx context.Context, projectID string) (BlockSync, error) {
	var b BlockSync
	var pulled, tried *time.Time
	err := s.pool.QueryRow(ctx, `SELECT p.block_list_url <> '', x.pulled_at, x.tried_at, coalesce(nullif(x.error, ''),
 (SELECT h.error FROM hooks h WHERE h.project_id = p.id AND h.delivered_at IS NULL ORDER BY h.id LIMIT 1), ''),
 (SELECT count(*) FROM hooks h WHERE h.project_id = p.id AND h.delivered_at IS NULL)
FROM projects p LEFT JOIN block_pulls x ON x.project_id = p.id WHERE p.id = $1`, projectID).
		Scan(&b.URLSet, &pulled, &tried, &b.Error, &b.Owed)
	b.PulledAt, b.TriedAt = deref(pulled).UTC(), deref(tried).UTC()
	return b, unavailable(err)
}
