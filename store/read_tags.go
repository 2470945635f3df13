package store

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// TagQuery is what the tag report counts: finished sessions of a project by their end. Empty values filter nothing.
type TagQuery struct {
	ProjectID         string
	From, To          time.Time // To is outside
	OperatorID, TagID string
	Source            *string // nil: any; empty: not identified
	By                map[string]bool
}

// Dimensions of the tag report.
const (
	ByTag      = "tag"
	ByOperator = "operator"
	BySource   = "source"
	ByDay      = "day"
	ByMonth    = "month"
)

// TagLine counts the sessions that have the same of each dimension asked for. Without a tag: sessions that have none.
type TagLine struct {
	Tag, Operator      Named
	Source, Day, Month string
	Sessions           int
}

func (q TagQuery) where() *where {
	w := &where{}
	w.and(`s.project_id = $ AND s.closed_at >= $ AND s.closed_at < $`, q.ProjectID, q.From, q.To)
	if q.OperatorID != "" {
		w.and(`s.assignee_id = $`, q.OperatorID)
	}
	if q.TagID != "" {
		w.and(`s.tags @> ARRAY[$::uuid]`, q.TagID)
	}
	if q.Source != nil {
		w.and(`coalesce(v.utm_source, '') = $`, *q.Source)
	}
	return w
}

// TagReport counts, at most limit lines, and all the sessions of the period together. A session with two tags counts
// under each of them, with TagID only under that one. Days are those of the project's time zone.
func (s *Store) TagReport(ctx context.Context, q TagQuery, limit int) (lines []TagLine, sessions int, err error) {
	w := q.where()
	all := `SELECT count(*) FROM sessions s LEFT JOIN visits v ON v.id = s.visit_id WHERE ` + w.sql()
	allArgs := slices.Clone(w.args)
	tags := `LEFT JOIN LATERAL unnest(s.tags) AS tagged(id) ON true`
	if q.TagID != "" {
		tags += ` AND tagged.id = ` + w.add(q.TagID)
	}
	sql := `WITH counted AS (SELECT ` +
		w.number(`CASE WHEN $ THEN tagged.id END AS tag, CASE WHEN $ THEN s.assignee_id END AS operator, CASE WHEN $ THEN coalesce(v.utm_source, '') ELSE '' END AS source,
 CASE WHEN $ THEN to_char(s.closed_at AT TIME ZONE p.time_zone, 'YYYY-MM-DD') ELSE '' END AS day,
 CASE WHEN $ THEN to_char(s.closed_at AT TIME ZONE p.time_zone, 'YYYY-MM') ELSE '' END AS month`,
			q.By[ByTag], q.By[ByOperator], q.By[BySource], q.By[ByDay], q.By[ByMonth]) + `,
 count(DISTINCT s.id) AS n
FROM sessions s JOIN projects p ON p.id = s.project_id LEFT JOIN visits v ON v.id = s.visit_id ` + tags + `
WHERE ` + w.sql() + ` GROUP BY 1, 2, 3, 4, 5)
SELECT coalesce(t.id::text, ''), coalesce(t.name, ''), coalesce(o.id::text, ''), coalesce(o.name, ''), source, day, month, n
FROM counted c LEFT JOIN tags t ON t.id = c.tag LEFT JOIN operators o ON o.id = c.operator
ORDER BY month, day, t.position, t.name, o.name, source LIMIT ` + w.add(limit)
	b := &pgx.Batch{}
	b.Queue(all, allArgs...).QueryRow(func(r pgx.Row) error { return r.Scan(&sessions) })
	b.Queue(sql, w.args...).Query(func(rows pgx.Rows) error {
		lines, err = pgx.CollectRows(rows, func(r pgx.CollectableRow) (l TagLine, err error) {
			return l, r.Scan(&l.Tag.ID, &l.Tag.Name, &l.Operator.ID, &l.Operator.Name, &l.Source, &l.Day, &l.Month, &l.Sessions)
		})
		return err
	})
	return lines, sessions, unavailable(s.pool.SendBatch(ctx, b).Close())
}

// TaggedSession is one session with one of its tags, as the export has it.
type TaggedSession struct {
	SessionID, DialogID            string
	Tag, Operator, Department      Named
	StartedAt, ClosedAt            time.Time
	Source, Medium, Campaign, Term string
	Rating                         int
}

// TaggedSessions reads tags of sessions in the order of their end, those that follow the given session, for at most limit
// sessions.
func (s *Store) TaggedSessions(ctx context.Context, q TagQuery, afterAt time.Time, afterID string, limit int) ([]TaggedSession, error) {
	w := q.where()
	w.and(`cardinality(s.tags) > 0`)
	if !afterAt.IsZero() {
		w.and(`s.closed_at >= $ AND (s.closed_at > $ OR s.id > $)`, afterAt, afterAt, afterID)
	}
	only := `true`
	if q.TagID != "" {
		only = `t.id = ` + w.add(q.TagID)
	}
	rows, err := s.pool.Query(ctx, `
WITH page AS MATERIALIZED (SELECT s.*, v.utm_source, v.utm_medium, v.utm_campaign, v.utm_term FROM sessions s LEFT JOIN visits v ON v.id = s.visit_id
 WHERE `+w.sql()+` ORDER BY s.closed_at, s.id LIMIT `+w.add(limit)+`)
SELECT s.id::text, s.dialog_id::text, t.id::text, t.name, coalesce(o.id::text, ''), coalesce(o.name, ''), coalesce(dep.id::text, ''), coalesce(dep.name, ''),
 s.started_at, s.closed_at, coalesce(s.utm_source, ''), coalesce(s.utm_medium, ''), coalesce(s.utm_campaign, ''), coalesce(s.utm_term, ''), s.rating
FROM page s CROSS JOIN LATERAL unnest(s.tags) WITH ORDINALITY u(id, n) JOIN tags t ON t.id = u.id AND `+only+`
LEFT JOIN operators o ON o.id = s.assignee_id LEFT JOIN departments dep ON dep.id = s.department_id
ORDER BY s.closed_at, s.id, u.n`, w.args...)
	if err != nil {
		return nil, unavailable(err)
	}
	out, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (x TaggedSession, err error) {
		err = r.Scan(&x.SessionID, &x.DialogID, &x.Tag.ID, &x.Tag.Name, &x.Operator.ID, &x.Operator.Name, &x.Department.ID, &x.Department.Name,
			&x.StartedAt, &x.ClosedAt, &x.Source, &x.Medium, &x.Campaign, &x.Term, &x.Rating)
		return x, err
	})
	return out, unavailable(err)
}
