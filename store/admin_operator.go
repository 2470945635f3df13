package store

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/dialog"
)

// Colleague is an operator's account as administrators know it (I-05, I-06).
type Colleague struct {
	ID                   string
	Rev                  int64
	Name, Login          string
	Active, Online, Away bool
	OpenDialogs          int // in all projects (D-29)
	Limit                int // 0: none
	Hours                *dialog.Hours
	Departments          []Named // of the projects that the reader administers
	Elsewhere            bool    // he has access to others, too: his account is not the reader's to change
}

// OperatorInput is what an operator's account is made of.
type OperatorInput struct {
	Name   string        `json:"name"`
	Login  string        `json:"login"`
	Active bool          `json:"active"`
	Limit  int           `json:"dialog_limit"` // 0: none
	Hours  *dialog.Hours `json:"hours"`

	PasswordHash string `json:"-"` // empty: as it was
	Rev          int64  `json:"-"` // negative: whatever it is
	KeepSignIn   []byte `json:"-"` // hash of the one that outlives a new password: the actor's own
}

// administered are the projects that operator $1 administers.
const administered = `(SELECT a.project_id FROM access a WHERE a.operator_id = $1 AND a.level = 4)`

const colleagueSQL = `SELECT o.id::text, o.rev, o.name, o.login, o.active, ` + onlineSQL + `, o.away,
` + openDialogsSQL + `, coalesce(o.dialog_limit, 0), o.hours,
ARRAY(SELECT d.id::text FROM department_members m JOIN departments d ON d.id = m.department_id
  WHERE m.operator_id = o.id AND d.project_id IN ` + administered + ` ORDER BY d.name, d.id),
ARRAY(SELECT d.name FROM department_members m JOIN departments d ON d.id = m.department_id
  WHERE m.operator_id = o.id AND d.project_id IN ` + administered + ` ORDER BY d.name, d.id),
o.id <> $1 AND EXISTS (SELECT FROM access f WHERE f.operator_id = o.id AND f.project_id NOT IN ` + administered + `)
FROM operators o WHERE `

func scanColleague(r pgx.CollectableRow) (o Colleague, err error) {
	var ids, names []string
	err = r.Scan(&o.ID, &o.Rev, &o.Name, &o.Login, &o.Active, &o.Online, &o.Away, &o.OpenDialogs, &o.Limit, &o.Hours, &ids, &names, &o.Elsewhere)
	o.Departments = zip(ids, names)
	return o, err
}

// Operators reads a page of the account's operators, for who administers a project.
func (s *Store) Operators(ctx context.Context, actor string, f Find) ([]Colleague, []string, error) {
	out, err := collect(ctx, s, scanColleague, colleagueSQL+`strpos(lower(o.name || ' ' || o.login), lower($2)) > 0
AND ($3::text IS NULL OR (o.name, o.id) > ($3::text, $4::uuid)) ORDER BY o.name, o.id LIMIT $5`,
		actor, f.Query, f.after(0), f.after(1), f.Limit+1)
	items, next := page(out, f.Limit, func(o Colleague) []string { return []string{o.Name, o.ID} })
	return items, next, err
}

// CreateOperator adds an operator, who has access to nothing yet.
func (s *Store) CreateOperator(ctx context.Context, actor string, in OperatorInput) (Colleague, error) {
	var out Colleague
	err := s.inAdminTx(ctx, actor, func(a *admin) error {
		if err := a.administersAny(); err != nil {
			return err
		}
		id, err := a.createOperator(in, "ru")
		if err != nil {
			return err
		}
		if err := a.audit("operator_create", nil, in, map[string]any{"operator": id}); err != nil {
			return err
		}
		out, err = a.colleague(id)
		return err
	})
	return out, err
}

func (a *admin) createOperator(in OperatorInput, locale string) (string, error) {
	id := uuid.NewString()
	_, err := a.Exec(a.ctx, `INSERT INTO operators (id, login, name, password_hash, dialog_limit, active, hours, locale) VALUES ($1,$2,$3,$4,$5,$6,$7,$8)`,
		id, in.Login, in.Name, in.PasswordHash, nullable(in.Limit), in.Active, in.Hours, locale)
	return id, err
}

func (a *admin) colleague(id string) (Colleague, error) {
	rows, err := a.Query(a.ctx, colleagueSQL+`o.id = $2`, a.actor, id)
	if err != nil {
		return Colleague{}, err
	}
	return pgx.CollectExactlyOneRow(rows, scanColleague)
}

// UpdateOperator changes an operator's account. Switched off, or with a new password, he is signed out everywhere.
func (s *Store) UpdateOperator(ctx context.Context, actor, id string, in OperatorInput) (Colleague, error) {
	var out Colleague
	err := s.inAdminTx(ctx, actor, func(a *admin) error {
		before, err := a.lockOperator(id)
		if err != nil {
			return err
		}
		projects, err := a.lockProjectsOf(id)
		if err != nil {
			return err
		}
		if err := a.mayChange(id, before, in); err != nil {
			return err
		}
		if in.Rev >= 0 && in.Rev != before.Rev {
			return &dialog.Refusal{Code: dialog.Conflict, Field: "rev"}
		}
		if err := a.writeOperator(id, in); err != nil {
			return err
		}
		detail := map[string]any{"operator": id}
		if in.PasswordHash != "" {
			detail["password"] = "changed"
		}
		if err := a.audit("operator_change", before, in, detail); err != nil {
			return err
		}
		if err := a.bump(projects...); err != nil { // his name and hours are on their screens
			return err
		}
		out, err = a.colleague(id)
		return err
	})
	return out, err
}

// lockOperator locks and reads an account.
func (a *admin) lockOperator(id string) (OperatorInput, error) {
	var o OperatorInput
	err := a.QueryRow(a.ctx, `SELECT name, login, active, coalesce(dialog_limit, 0), hours, rev FROM operators WHERE id = $1 FOR NO KEY UPDATE`, id).
		Scan(&o.Name, &o.Login, &o.Active, &o.Limit, &o.Hours, &o.Rev)
	return o, err
}

// lockProjectsOf locks the projects an operator has access to: nobody else's access to them changes meanwhile.
func (a *admin) lockProjectsOf(id string) ([]string, error) {
	rows, err := a.Query(a.ctx, `SELECT p.id::text FROM projects p WHERE p.id IN (SELECT project_id FROM access WHERE operator_id = $1)
ORDER BY p.id FOR NO KEY UPDATE`, id)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// mayChange asks the rules, under the locks.
func (a *admin) mayChange(id string, before, in OperatorInput) error {
	c := dialog.OperatorChange{Self: id == a.actor, SwitchOff: before.Active && !in.Active, Changes: changed(before, in)}
	err := a.QueryRow(a.ctx, `SELECT
(SELECT count(*) FROM `+administered+` x),
count(*) FILTER (WHERE a.project_id IN `+administered+`), count(*) FILTER (WHERE a.project_id NOT IN `+administered+`),
count(*) FILTER (WHERE a.level = 4 AND NOT EXISTS (SELECT FROM access b JOIN operators o ON o.id = b.operator_id AND o.active
  WHERE b.project_id = a.project_id AND b.level = 4 AND b.operator_id <> $2))
FROM access a WHERE a.operator_id = $2`, a.actor, id).Scan(&c.Administers, &c.Shared, &c.Foreign, &c.Orphans)
	if err != nil {
		return err
	}
	return c.Check()
}

// changed is the first field of an account that is to be another.
func changed(before, in OperatorInput) string {
	if in.PasswordHash != "" {
		return "password"
	}
	_, after := difference(asMap(before), asMap(in))
	for _, field := range []string{"login", "active", "dialog_limit", "hours", "name"} {
		if _, other := after[field]; other {
			return field
		}
	}
	return ""
}

func (a *admin) writeOperator(id string, in OperatorInput) error {
	_, err := a.Exec(a.ctx, `UPDATE operators SET rev = rev + 1, name = $2, login = $3, active = $4, dialog_limit = $5, hours = $6,
 password_hash = coalesce($7, password_hash) WHERE id = $1`,
		id, in.Name, in.Login, in.Active, nullable(in.Limit), in.Hours, nullable(in.PasswordHash))
	if err != nil || (in.Active && in.PasswordHash == "") {
		return err
	}
	_, err = a.Exec(a.ctx, `DELETE FROM sign_ins WHERE operator_id = $1 AND (NOT $2 OR token_hash IS DISTINCT FROM $3)`, id, in.Active, in.KeepSignIn)
	return err
}

// AccessRow is what one operator may do in the projects that the reader administers.
type AccessRow struct {
	OperatorID, Name, Login string
	Active                  bool
	Levels                  map[string]dialog.Level // by project; none is not there
}

const accessSQL = `SELECT o.id::text, o.name, o.login, o.active,
coalesce((SELECT jsonb_object_agg(a.project_id, a.level) FROM access a WHERE a.operator_id = o.id AND a.project_id IN ` + administered + `), '{}')
FROM operators o WHERE `

func scanAccessRow(r pgx.CollectableRow) (x AccessRow, err error) {
	return x, r.Scan(&x.OperatorID, &x.Name, &x.Login, &x.Active, &x.Levels)
}

// AccessPage reads a page of the table user × widget.
func (s *Store) AccessPage(ctx context.Context, actor string, f Find) ([]AccessRow, []string, error) {
	out, err := collect(ctx, s, scanAccessRow, accessSQL+`strpos(lower(o.name || ' ' || o.login), lower($2)) > 0
AND ($3::text IS NULL OR (o.name, o.id) > ($3::text, $4::uuid)) ORDER BY o.name, o.id LIMIT $5`,
		actor, f.Query, f.after(0), f.after(1), f.Limit+1)
	items, next := page(out, f.Limit, func(x AccessRow) []string { return []string{x.Name, x.OperatorID} })
	return items, next, err
}

// SetAccess grants an operator a level in a project; none takes it away, with his places in its departments.
func (s *Store) SetAccess(ctx context.Context, actor, operator, project string, level dialog.Level) (AccessRow, error) {
	var out AccessRow
	err := s.inAdminTx(ctx, actor, func(a *admin) error {
		found, err := a.lockOperator(operator)
		if err != nil {
			return errorsAfterEntry(a.enter(project, dialog.LevelAdmin), err)
		}
		if err := a.enter(project, dialog.LevelAdmin); err != nil {
			return err
		}
		change := dialog.AccessChange{Actor: a.level, After: level, Active: found.Active}
		err = a.QueryRow(a.ctx, `SELECT coalesce((SELECT level FROM access WHERE operator_id = $1 AND project_id = $2), 0),
(SELECT count(*) FROM access b JOIN operators o ON o.id = b.operator_id AND o.active WHERE b.project_id = $2 AND b.level = 4 AND b.operator_id <> $1)`,
			operator, project).Scan(&change.Before, &change.OtherAdmins)
		if err != nil {
			return err
		}
		if err := change.Check(); err != nil {
			return err
		}
		if err := a.grant(operator, change); err != nil {
			return err
		}
		rows, err := a.Query(a.ctx, accessSQL+`o.id = $2`, a.actor, operator)
		if err == nil {
			out, err = pgx.CollectExactlyOneRow(rows, scanAccessRow)
		}
		return err
	})
	return out, err
}

// errorsAfterEntry tells what is wrong with the project before what is wrong with the operator.
func errorsAfterEntry(entry, other error) error {
	if entry != nil {
		return entry
	}
	return other
}

func (a *admin) grant(operator string, c dialog.AccessChange) error {
	if c.Before == c.After {
		return nil
	}
	b := &pgx.Batch{}
	if c.After == dialog.LevelNone {
		b.Queue(`DELETE FROM department_members WHERE operator_id = $1 AND department_id IN (SELECT id FROM departments WHERE project_id = $2)`, operator, a.project)
		b.Queue(`DELETE FROM access WHERE operator_id = $1 AND project_id = $2`, operator, a.project)
	} else {
		b.Queue(`INSERT INTO access (operator_id, project_id, level) VALUES ($1, $2, $3)
ON CONFLICT (operator_id, project_id) DO UPDATE SET level = excluded.level`, operator, a.project, int(c.After))
	}
	if err := a.SendBatch(a.ctx, b).Close(); err != nil {
		return err
	}
	err := a.audit("access", map[string]any{"level": c.Before.Name()}, map[string]any{"level": c.After.Name()}, map[string]any{"operator": operator})
	if err != nil {
		return err
	}
	return a.bump(a.project)
}
