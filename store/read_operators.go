package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// Account is what signing in needs to know of an operator.
type Account struct {
	ID, PasswordHash string
}

// AccountByLogin finds an active operator. ErrNotFound when there is none.
func (s *Store) AccountByLogin(ctx context.Context, login string) (Account, error) {
	var a Account
	err := s.pool.QueryRow(ctx, `SELECT id::text, password_hash FROM operators WHERE login = $1 AND active`, login).
		Scan(&a.ID, &a.PasswordHash)
	return a, unavailable(err)
}

// Self is an operator as he knows himself.
type Self struct {
	ID, Name, Login, Locale string
	Limit                   int    // 0: none (D-29)
	OpenDialogs             int    // in all projects that are switched on
	Away                    bool   // «Не в сети» set by hand (D-04)
	Admin                   bool   // of at least one project
	Prefs                   string // of the console, JSON; nothing is decided from it
	Access                  string // level and name of each of his projects: only to be compared, with what it was
}

const selfColumns = ` o.id::text, o.name, o.login, o.locale, coalesce(o.dialog_limit, 0),
 ` + openDialogsSQL + `, o.away,
 EXISTS (SELECT FROM access a WHERE a.operator_id = o.id AND a.level >= 4), o.prefs::text,
 (SELECT coalesce(string_agg(concat_ws(' ', p.id, a.level, p.name), ',' ORDER BY p.id), '')
  FROM access a JOIN projects p ON p.id = a.project_id WHERE a.operator_id = o.id)`

func (o *Self) targets() []any {
	return []any{&o.ID, &o.Name, &o.Login, &o.Locale, &o.Limit, &o.OpenDialogs, &o.Away, &o.Admin, &o.Prefs, &o.Access}
}

// Self reads an active operator.
func (s *Store) Self(ctx context.Context, operatorID string) (Self, error) {
	var o Self
	err := s.pool.QueryRow(ctx, `SELECT`+selfColumns+` FROM operators o WHERE o.id = $1 AND o.active`, operatorID).
		Scan(o.targets()...)
	return o, unavailable(err)
}

// Selves reads those of the operators that exist and are active.
func (s *Store) Selves(ctx context.Context, operatorIDs []string) ([]Self, error) {
	rows, err := s.pool.Query(ctx, `SELECT`+selfColumns+` FROM operators o WHERE o.id = ANY($1::text[]::uuid[]) AND o.active`, operatorIDs)
	if err != nil {
		return nil, unavailable(err)
	}
	out, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (o Self, err error) {
		return o, r.Scan(o.targets()...)
	})
	return out, unavailable(err)
}

// SelfChange is what an operator changes of himself; nil stays as it is.
type SelfChange struct {
	Locale *string
	Away   *bool
	Prefs  []byte // JSON object: what it names is set, the rest stays
}

// ChangeSelf records what an operator changes of himself.
func (s *Store) ChangeSelf(ctx context.Context, operatorID string, c SelfChange) error {
	_, err := s.pool.Exec(ctx, `UPDATE operators SET locale = coalesce($2, locale), away = coalesce($3, away),
prefs = prefs || coalesce($4::jsonb, '{}') WHERE id = $1`, operatorID, c.Locale, c.Away, c.Prefs)
	return unavailable(err)
}

// OperatorName reads a name, also of an operator who is no longer active.
func (s *Store) OperatorName(ctx context.Context, operatorID string) (string, error) {
	var name string
	err := s.pool.QueryRow(ctx, `SELECT name FROM operators WHERE id = $1`, operatorID).Scan(&name)
	return name, unavailable(err)
}

// Now is the time all decisions go by: the database's, plus the stored offset (D-60).
func (s *Store) Now(ctx context.Context) (time.Time, error) {
	var now time.Time
	err := s.pool.QueryRow(ctx, `SELECT otklik_now()`).Scan(&now)
	return now.UTC(), unavailable(err)
}
