package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/otklik/otklik/dialog"
)

// admin is one change of settings: a transaction that holds the row of its project, so that changes of one project
// follow one another. Whoever needs an operator's row has locked it before.
type admin struct {
	pgx.Tx
	ctx     context.Context
	actor   string
	project string // empty: of accounts
	level   dialog.Level
	quiet   bool // the change is nobody's business but the actor's
}

// inAdminTx runs f in a transaction, again after a deadlock. What the database refuses becomes a refusal.
func (s *Store) inAdminTx(ctx context.Context, actor string, f func(*admin) error) error {
	var err error
	for range attempts {
		err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error { return f(&admin{Tx: tx, ctx: ctx, actor: actor}) })
		if !retryable(err) {
			return unavailable(refusedByDatabase(err))
		}
	}
	return fmt.Errorf("%w: still contended: %w", ErrUnavailable, err)
}

// administer changes something of a project: the actor's level is held against what is needed under the project's lock,
// and the change is counted, so that every screen follows (D-59).
func (s *Store) administer(ctx context.Context, actor, project string, need dialog.Level, f func(*admin) error) error {
	return s.inAdminTx(ctx, actor, func(a *admin) error {
		if err := a.enter(project, need); err != nil {
			return err
		}
		if err := f(a); err != nil || a.quiet {
			return err
		}
		return a.bump(project)
	})
}

// enter locks the project and checks the actor's level in it.
func (a *admin) enter(project string, need dialog.Level) error {
	a.project = project
	if _, err := a.Exec(a.ctx, `SELECT FROM projects WHERE id = $1 FOR NO KEY UPDATE`, project); err != nil {
		return err
	}
	var err error
	if a.level, err = levelIn(a.ctx, a.Tx, a.actor, project); err != nil {
		return err
	}
	return dialog.CheckLevel(a.level, need)
}

// bump counts a change of what decisions and screens take from the projects.
func (a *admin) bump(projects ...string) error {
	_, err := a.Exec(a.ctx, `UPDATE projects SET rev = rev + 1 WHERE id = ANY($1::text[]::uuid[])`, projects)
	return err
}

// audit records the change with what was before and after (I-13): of two values only the fields that differ.
func (a *admin) audit(action string, before, after any, detail map[string]any) error {
	if detail == nil {
		detail = map[string]any{}
	}
	b, c := difference(asMap(before), asMap(after))
	_, err := a.Exec(a.ctx, `INSERT INTO audit (at, action, project_id, operator_id, source, detail, before, after)
VALUES (otklik_now(), $1, $2, $3, 'api', $4, $5, $6)`, action, nullable(a.project), a.actor, detail, b, c)
	return err
}

// asMap is a value as JSON knows it; nil stays nil.
func asMap(v any) map[string]any {
	raw, err := json.Marshal(v)
	var m map[string]any
	if err == nil {
		_ = json.Unmarshal(raw, &m) // what is no object gives nothing to compare
	}
	return m
}

func difference(before, after map[string]any) (b, a map[string]any) {
	if before == nil || after == nil {
		return before, after
	}
	b, a = map[string]any{}, map[string]any{}
	for name, value := range after {
		if old := before[name]; !reflect.DeepEqual(old, value) {
			b[name], a[name] = old, value
		}
	}
	return b, a
}

type queryer interface {
	QueryRow(context.Context, string, ...any) pgx.Row
}

func levelIn(ctx context.Context, q queryer, operator, project string) (dialog.Level, error) {
	var level int
	err := q.QueryRow(ctx, `SELECT coalesce((SELECT a.level FROM access a JOIN operators o ON o.id = a.operator_id AND o.active
WHERE a.operator_id = $1 AND a.project_id = $2), 0)`, operator, project).Scan(&level)
	return dialog.Level(level), err
}

// LevelIn reads an operator's level in a project, active or not; LevelNone when he has none or there is no such project.
func (s *Store) LevelIn(ctx context.Context, operator, project string) (dialog.Level, error) {
	level, err := levelIn(ctx, s.pool, operator, project)
	return level, unavailable(err)
}

// uniqueFields names the field that a unique index guards.
var uniqueFields = map[string]string{
	"operators_login_key": "login", "departments_project_id_name_key": "name", "tags_project_id_name_key": "name",
	"labels_text": "text", "projects_widget_key_key": "widget_key",
}

// refusedByDatabase turns what the schema forbids into the refusal it stands for.
func refusedByDatabase(err error) error {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return err
	}
	switch pg.Code {
	case "23505": // unique_violation
		if field, known := uniqueFields[pg.ConstraintName]; known {
			return &dialog.Refusal{Code: dialog.Exists, Field: field}
		}
	case "23503": // foreign_key_violation: of what is deleted, since all that is referred to is checked before
		return &dialog.Refusal{Code: dialog.InUse}
	}
	return err
}

// exists asks whether the SQL finds anything.
func (a *admin) exists(sql string, args ...any) (yes bool, err error) {
	err = a.QueryRow(a.ctx, `SELECT EXISTS (`+sql+`)`, args...).Scan(&yes)
	return yes, err
}

// taken refuses a name that something else in the same scope has; whoever asks holds the project's lock.
func (a *admin) taken(field, sql string, args ...any) error {
	yes, err := a.exists(sql, args...)
	if err == nil && yes {
		err = &dialog.Refusal{Code: dialog.Exists, Field: field}
	}
	return err
}

// one runs a statement that must find its row.
func (a *admin) one(sql string, args ...any) error {
	tag, err := a.Exec(a.ctx, sql, args...)
	if err == nil && tag.RowsAffected() == 0 {
		err = ErrNotFound
	}
	return err
}

// departmentHere checks that a department is of this project; empty is none.
func (a *admin) departmentHere(id string) error {
	if id == "" {
		return nil
	}
	yes, err := a.exists(`SELECT FROM departments WHERE id = $1 AND project_id = $2`, id, a.project)
	if err == nil && !yes {
		err = &dialog.Refusal{Code: dialog.Invalid, Field: "department_id"}
	}
	return err
}

// Find says which page of a list is wanted.
type Find struct {
	Query string   // part of a name, in any letter case; empty: all
	After []string // the key of the last item of the page before; nil: from the start
	Limit int
}

// after is the i-th part of the key, for SQL that compares nothing when it is NULL.
func (f Find) after(i int) any {
	if i >= len(f.After) {
		return nil
	}
	return f.After[i]
}

// number is after for a whole number.
func (f Find) number(i int) any {
	if i >= len(f.After) {
		return nil
	}
	n, err := strconv.Atoi(f.After[i])
	if err != nil {
		return nil // no key that we gave
	}
	return n
}

// page cuts the one item too many that tells whether there are more, and gives the key the next page begins after.
func page[T any](items []T, limit int, key func(T) []string) ([]T, []string) {
	if len(items) <= limit {
		return items, nil
	}
	return items[:limit], key(items[limit-1])
}

// collect reads a whole answer.
func collect[T any](ctx context.Context, s *Store, scan pgx.RowToFunc[T], sql string, args ...any) ([]T, error) {
	rows, err := s.pool.Query(ctx, sql, args...)
	if err != nil {
		return nil, unavailable(err)
	}
	out, err := pgx.CollectRows(rows, scan)
	return out, unavailable(err)
}
