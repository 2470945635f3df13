package store

import (
	"context"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// AuditFind says which records of the audit are wanted; empty is any.
type AuditFind struct {
	Project, Operator, Dialog, Action string
	From, To                          time.Time // half-open
	Before                            int64     // id; 0: the newest
	Limit                             int
}

// AuditRecord is who did what, when, with what was before and after (I-13).
type AuditRecord struct {
	ID                    int64
	At                    time.Time
	Action, Source        string
	Project, Operator     Named
	DialogID, Visitor     string
	Before, After, Detail map[string]any
	Names                 map[string]string // by id, of what the three refer to and what still is
}

// Audit reads a page of the audit, newest first: records of the projects the actor administers, and of accounts.
func (s *Store) Audit(ctx context.Context, actor string, f AuditFind) ([]AuditRecord, []string, error) {
	out, err := collect(ctx, s, func(r pgx.CollectableRow) (x AuditRecord, err error) {
		return x, r.Scan(&x.ID, &x.At, &x.Action, &x.Source, &x.Project.ID, &x.Project.Name, &x.Operator.ID, &x.Operator.Name,
			&x.DialogID, &x.Visitor, &x.Before, &x.After, &x.Detail)
	}, `SELECT x.id, x.at, x.action, x.source, coalesce(p.id::text, ''), coalesce(p.name, ''), coalesce(o.id::text, ''), coalesce(o.name, ''),
coalesce(x.dialog_id::text, ''), coalesce(nullif(d.card_name, ''), v.number, ''), x.before, x.after, x.detail
FROM audit x
LEFT JOIN projects p ON p.id = x.project_id LEFT JOIN operators o ON o.id = x.operator_id
LEFT JOIN dialogs d ON d.id = x.dialog_id LEFT JOIN visitors v ON v.id = d.visitor_id
WHERE (x.project_id IS NULL OR x.project_id IN `+administered+`)
AND ($2::text IS NULL OR x.project_id = $2::text::uuid) AND ($3::text IS NULL OR x.operator_id = $3::text::uuid)
AND ($4::text IS NULL OR x.dialog_id = $4::text::uuid) AND ($5::text IS NULL OR x.action = $5)
AND ($6::timestamptz IS NULL OR x.at >= $6) AND ($7::timestamptz IS NULL OR x.at < $7) AND ($8::bigint IS NULL OR x.id < $8)
ORDER BY x.id DESC LIMIT $9`,
		actor, nullable(f.Project), nullable(f.Operator), nullable(f.Dialog), nullable(f.Action), nullable(f.From), nullable(f.To), nullable(f.Before), f.Limit+1)
	items, next := page(out, f.Limit, func(x AuditRecord) []string { return []string{strconv.FormatInt(x.ID, 10)} })
	if err == nil {
		err = s.nameAudited(ctx, actor, items)
	}
	return items, next, err
}

// auditNames are the names of what an audit may refer to, as far as the actor may know of it: accounts, and what is of the
// projects he administers (I-03).
const auditNames = `SELECT id::text, name FROM operators WHERE id = ANY($2::text[]::uuid[])
UNION ALL SELECT id::text, name FROM projects WHERE id = ANY($2::text[]::uuid[]) AND id IN ` + administered + `
UNION ALL SELECT id::text, name FROM departments WHERE id = ANY($2::text[]::uuid[]) AND project_id IN ` + administered + `
UNION ALL SELECT id::text, name FROM tags WHERE id = ANY($2::text[]::uuid[]) AND project_id IN ` + administered + `
UNION ALL SELECT id::text, text FROM labels WHERE id = ANY($2::text[]::uuid[]) AND project_id IN ` + administered + `
UNION ALL SELECT id::text, title FROM templates WHERE id = ANY($2::text[]::uuid[]) AND project_id IN ` + administered + `
 AND (operator_id IS NULL OR operator_id = $1)`

// nameAudited gives the records of a page the names of the ids in them, in one look.
func (s *Store) nameAudited(ctx context.Context, actor string, records []AuditRecord) error {
	of := make([][]string, len(records))
	var all []string
	for i, x := range records {
		of[i] = idsIn(idsIn(idsIn(nil, x.Before), x.After), x.Detail)
		all = append(all, of[i]...)
	}
	if len(all) == 0 {
		return nil
	}
	named, err := collect(ctx, s, pgx.RowToStructByPos[Named], auditNames, actor, all)
	if err != nil {
		return err
	}
	names := make(map[string]string, len(named))
	for _, n := range named {
		names[n.ID] = n.Name
	}
	for i := range records {
		for _, id := range of[i] {
			name, known := names[id]
			if !known {
				continue
			}
			if records[i].Names == nil {
				records[i].Names = map[string]string{}
			}
			records[i].Names[id] = name
		}
	}
	return nil
}

// idsIn adds the ids in a value of JSON to those found so far.
func idsIn(found []string, value any) []string {
	switch v := value.(type) {
	case string:
		if len(v) == 36 && uuid.Validate(v) == nil {
			found = append(found, v)
		}
	case []any:
		for _, x := range v {
			found = idsIn(found, x)
		}
	case map[string]any:
		for _, x := range v {
			found = idsIn(found, x)
		}
	}
	return found
}
