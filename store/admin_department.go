package store

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/dialog"
)

// Department with its members and hours (I-05).
type Department struct {
	ID      string
	Name    string
	Active  bool
	Members []Named
	Hours   *dialog.Hours
	Zone    *time.Location
	Now     time.Time // when it was read, by the clock that decisions go by

	position int
}

// DepartmentInput is what a department is made of.
type DepartmentInput struct {
	Name    string        `json:"name"`
	Active  bool          `json:"active"`
	Members []string      `json:"members"`
	Hours   *dialog.Hours `json:"hours"`
}

const departmentSQL = `SELECT d.id::text, d.name, d.active, d.hours, d.position, p.time_zone, otklik_now(),
ARRAY(SELECT o.id::text FROM department_members m JOIN operators o ON o.id = m.operator_id WHERE m.department_id = d.id ORDER BY o.name, o.id),
ARRAY(SELECT o.name FROM department_members m JOIN operators o ON o.id = m.operator_id WHERE m.department_id = d.id ORDER BY o.name, o.id)
FROM departments d JOIN projects p ON p.id = d.project_id WHERE p.id = $1 `

func scanDepartment(r pgx.CollectableRow) (d Department, err error) {
	var zone string
	var ids, names []string
	err = r.Scan(&d.ID, &d.Name, &d.Active, &d.Hours, &d.position, &zone, &d.Now, &ids, &names)
	d.Members, d.Zone = zip(ids, names), Zone(zone)
	return d, err
}

// Departments reads a page of a project's departments.
func (s *Store) Departments(ctx context.Context, project string, f Find) ([]Department, []string, error) {
	out, err := collect(ctx, s, scanDepartment, departmentSQL+`AND strpos(lower(d.name), lower($2)) > 0
AND ($3::int IS NULL OR (d.position, d.name, d.id) > ($3::int, $4::text, $5::uuid)) ORDER BY d.position, d.name, d.id LIMIT $6`,
		project, f.Query, f.number(0), f.after(1), f.after(2), f.Limit+1)
	items, next := page(out, f.Limit, func(d Department) []string { return []string{strconv.Itoa(d.position), d.Name, d.ID} })
	return items, next, err
}

// CreateDepartment adds a department to a project.
func (s *Store) CreateDepartment(ctx context.Context, actor, project string, in DepartmentInput) (Department, error) {
	id := uuid.NewString()
	return s.keepDepartment(ctx, actor, project, id, in, func(a *admin) error {
		_, err := a.Exec(a.ctx, `INSERT INTO departments (id, project_id, name, active, hours, position)
SELECT $1, $2, $3, $4, $5, coalesce(max(position), 0) + 1 FROM departments WHERE project_id = $2`, id, project, in.Name, in.Active, in.Hours)
		if err == nil {
			err = a.setMembers(id, in.Members)
		}
		if err != nil {
			return err
		}
		return a.audit("department_create", nil, in, map[string]any{"department": id})
	})
}

// UpdateDepartment changes a department of a project.
func (s *Store) UpdateDepartment(ctx context.Context, actor, project, id string, in DepartmentInput) (Department, error) {
	return s.keepDepartment(ctx, actor, project, id, in, func(a *admin) error {
		before, err := a.department(id)
		if err != nil {
			return err
		}
		if _, err := a.Exec(a.ctx, `UPDATE departments SET name = $2, active = $3, hours = $4 WHERE id = $1`, id, in.Name, in.Active, in.Hours); err != nil {
			return err
		}
		if err := a.setMembers(id, in.Members); err != nil {
			return err
		}
		return a.audit("department_change", before, in, map[string]any{"department": id})
	})
}

func (s *Store) keepDepartment(ctx context.Context, actor, project, id string, in DepartmentInput, write func(*admin) error) (Department, error) {
	var out Department
	err := s.administer(ctx, actor, project, dialog.LevelAdmin, func(a *admin) error {
		if err := write(a); err != nil {
			return err
		}
		if err := a.taken("name", `SELECT FROM departments WHERE project_id = $1 AND id <> $2 AND lower(name) = lower($3)`, project, id, in.Name); err != nil {
			return err
		}
		rows, err := a.Query(a.ctx, departmentSQL+`AND d.id = $2`, project, id)
		if err == nil {
			out, err = pgx.CollectExactlyOneRow(rows, scanDepartment)
		}
		return err
	})
	return out, err
}

// department reads what a department of this project is made of.
func (a *admin) department(id string) (DepartmentInput, error) {
	var d DepartmentInput
	err := a.QueryRow(a.ctx, `SELECT name, active, hours,
ARRAY(SELECT operator_id::text FROM department_members WHERE department_id = d.id ORDER BY operator_id)
FROM departments d WHERE id = $1 AND project_id = $2`, id, a.project).Scan(&d.Name, &d.Active, &d.Hours, &d.Members)
	return d, err
}

// setMembers makes the operators the members; each must have access to the project.
func (a *admin) setMembers(department string, members []string) error {
	slices.Sort(members)
	members = slices.Compact(members)
	var known int
	err := a.QueryRow(a.ctx, `SELECT count(*) FROM access WHERE project_id = $1 AND operator_id = ANY($2::text[]::uuid[])`, a.project, members).Scan(&known)
	if err != nil {
		return err
	}
	if known != len(members) {
		return &dialog.Refusal{Code: dialog.Invalid, Field: "member_ids"}
	}
	if _, err := a.Exec(a.ctx, `DELETE FROM department_members WHERE department_id = $1 AND NOT operator_id = ANY($2::text[]::uuid[])`, department, members); err != nil {
		return err
	}
	_, err = a.Exec(a.ctx, `INSERT INTO department_members (department_id, operator_id) SELECT $1, unnest($2::text[]::uuid[]) ON CONFLICT DO NOTHING`, department, members)
	return err
}

// DeleteDepartment deletes a department to which nothing refers.
func (s *Store) DeleteDepartment(ctx context.Context, actor, project, id string) error {
	return s.administer(ctx, actor, project, dialog.LevelAdmin, func(a *admin) error {
		before, err := a.department(id)
		if err != nil {
			return err
		}
		if err := a.one(`DELETE FROM departments WHERE id = $1`, id); err != nil {
			return err
		}
		return a.audit("department_delete", before, nil, map[string]any{"department": id})
	})
}
