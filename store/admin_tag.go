package store

import (
	"context"
	"strconv"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/dialog"
)

// Tag of a project (R-102, D-54).
type Tag struct {
	ID     string `json:"-"`
	Name   string `json:"name"`
	Active bool   `json:"active"`
	Used   int    `json:"-"` // sessions that have it, counted up to countedUses

	position int
}

// countedUses is up to where uses are counted: the number is shown to a person who is about to delete something.
const countedUses = "10000"

const tagSQL = `SELECT t.id::text, t.name, t.active, t.position,
(SELECT count(*) FROM (SELECT FROM sessions s WHERE s.closed_at IS NOT NULL AND s.tags @> ARRAY[t.id] LIMIT ` + countedUses + `) x) +
(SELECT count(*) FROM (SELECT FROM sessions s WHERE s.closed_at IS NULL AND s.project_id = t.project_id AND t.id = ANY(s.tags) LIMIT ` + countedUses + `) x)
FROM tags t WHERE t.project_id = $1 `

func scanTag(r pgx.CollectableRow) (t Tag, err error) {
	return t, r.Scan(&t.ID, &t.Name, &t.Active, &t.position, &t.Used)
}

// Tags reads a page of a project's tags.
func (s *Store) Tags(ctx context.Context, project string, f Find) ([]Tag, []string, error) {
	out, err := collect(ctx, s, scanTag, tagSQL+`AND strpos(lower(t.name), lower($2)) > 0
AND ($3::int IS NULL OR (t.position, t.name, t.id) > ($3::int, $4::text, $5::uuid)) ORDER BY t.position, t.name, t.id LIMIT $6`,
		project, f.Query, f.number(0), f.after(1), f.after(2), f.Limit+1)
	items, next := page(out, f.Limit, func(t Tag) []string { return []string{strconv.Itoa(t.position), t.Name, t.ID} })
	return items, next, err
}

// CreateTag adds a tag to a project.
func (s *Store) CreateTag(ctx context.Context, actor, project string, t Tag) (Tag, error) {
	id := uuid.NewString()
	return s.keepTag(ctx, actor, project, id, t, func(a *admin) error {
		_, err := a.Exec(a.ctx, `INSERT INTO tags (id, project_id, name, active, position)
SELECT $1, $2, $3, $4, coalesce(max(position), 0) + 1 FROM tags WHERE project_id = $2`, id, project, t.Name, t.Active)
		if err != nil {
			return err
		}
		return a.audit("tag_create", nil, t, map[string]any{"tag": id})
	})
}

// UpdateTag changes a tag of a project; sessions keep it by its id (D-54).
func (s *Store) UpdateTag(ctx context.Context, actor, project, id string, t Tag) (Tag, error) {
	return s.keepTag(ctx, actor, project, id, t, func(a *admin) error {
		before, err := a.tag(id)
		if err != nil {
			return err
		}
		if _, err := a.Exec(a.ctx, `UPDATE tags SET name = $2, active = $3 WHERE id = $1`, id, t.Name, t.Active); err != nil {
			return err
		}
		return a.audit("tag_change", before, t, map[string]any{"tag": id})
	})
}

func (s *Store) keepTag(ctx context.Context, actor, project, id string, t Tag, write func(*admin) error) (Tag, error) {
	var out Tag
	err := s.administer(ctx, actor, project, dialog.LevelAdmin, func(a *admin) error {
		if err := write(a); err != nil {
			return err
		}
		if err := a.taken("name", `SELECT FROM tags WHERE project_id = $1 AND id <> $2 AND lower(name) = lower($3)`, project, id, t.Name); err != nil {
			return err
		}
		var err error
		out, err = a.tag(id)
		return err
	})
	return out, err
}

func (a *admin) tag(id string) (Tag, error) {
	rows, err := a.Query(a.ctx, tagSQL+`AND t.id = $2`, a.project, id)
	if err != nil {
		return Tag{}, err
	}
	return pgx.CollectExactlyOneRow(rows, scanTag)
}

// DeleteTag deletes a tag that no session has.
func (s *Store) DeleteTag(ctx context.Context, actor, project, id string) error {
	return s.administer(ctx, actor, project, dialog.LevelAdmin, func(a *admin) error {
		before, err := a.tag(id)
		if err != nil {
			return err
		}
		if before.Used > 0 {
			return &dialog.Refusal{Code: dialog.InUse}
		}
		if err := a.one(`DELETE FROM tags WHERE id = $1`, id); err != nil {
			return err
		}
		return a.audit("tag_delete", before, nil, map[string]any{"tag": id})
	})
}
