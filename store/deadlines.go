package store

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/dialog"
)

const (
	resettlePage  = 500 // dialogs looked at in one reading
	resettleBatch = 100 // dialogs written in one transaction
)

// resettleAgain is when a project is looked at once more: every transaction that had read the old settings has ended.
const resettleAgain = `interval '5 seconds'`

// ResettleDeadlines sets the deadlines of open dialogs anew where a project's settings have changed, nearest first, and
// returns how many signals it owes their workflows for it. What was done is noted when all is done, so that a crash only
// means doing it again.
func (s *Store) ResettleDeadlines(ctx context.Context) (owed int, err error) {
	type changed struct {
		project string
		rev     int64
	}
	rows, err := s.pool.Query(ctx, `SELECT id::text, rev FROM projects
WHERE rev <> deadlines_rev OR deadlines_again <= clock_timestamp() ORDER BY id`)
	if err != nil {
		return 0, unavailable(err)
	}
	projects, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (c changed, err error) {
		return c, r.Scan(&c.project, &c.rev)
	})
	for _, c := range projects {
		n, err := s.resettle(ctx, c.project)
		owed += n
		if err != nil {
			return owed, err
		}
		if _, err := s.pool.Exec(ctx, `UPDATE projects SET deadlines_rev = $2,
 deadlines_again = CASE WHEN deadlines_rev <> $2 THEN clock_timestamp() + `+resettleAgain+` END WHERE id = $1`, c.project, c.rev); err != nil {
			return owed, unavailable(err)
		}
	}
	return owed, unavailable(err)
}

// unsettled is a dialog whose deadline is not what the settings say.
type unsettled struct {
	id string
	at time.Time // what it should be; zero: none
}

func (s *Store) resettle(ctx context.Context, project string) (owed int, err error) {
	var found []unsettled
	for after := ""; ; {
		page, last, err := s.unsettledPage(ctx, project, after)
		if err != nil {
			return 0, err
		}
		found = append(found, page...)
		if after = last; last == "" {
			break
		}
	}
	slices.SortFunc(found, func(a, b unsettled) int {
		if a.at.IsZero() != b.at.IsZero() { // none is the farthest
			return map[bool]int{true: 1, false: -1}[a.at.IsZero()]
		}
		return a.at.Compare(b.at)
	})
	for batch := range slices.Chunk(found, resettleBatch) {
		ids := make([]string, len(batch))
		for i, u := range batch {
			ids[i] = u.id
		}
		n, err := s.resettleBatch(ctx, ids)
		owed += n
		if err != nil {
			return owed, err
		}
	}
	return owed, nil
}

// unsettledPage looks at open dialogs after an id, without locks; last is empty at the end.
func (s *Store) unsettledPage(ctx context.Context, project, after string) (out []unsettled, last string, err error) {
	var rows []Row
	stored := map[string]time.Time{}
	b := &pgx.Batch{}
	const from = rowFrom + ` WHERE s.project_id = $1 AND s.closed_at IS NULL AND d.id > coalesce(nullif($2, ''), '00000000-0000-0000-0000-000000000000')::uuid
ORDER BY d.id LIMIT $3`
	b.Queue(`SELECT d.id::text, d.next_deadline_at`+from, project, after, resettlePage).Query(func(r pgx.Rows) error {
		var id string
		var at *time.Time
		_, err := pgx.ForEachRow(r, []any{&id, &at}, func() error { stored[id] = deref(at); return nil })
		return err
	})
	b.Queue(`SELECT`+rowColumns+from, project, after, resettlePage).Query(func(r pgx.Rows) (err error) {
		rows, err = pgx.CollectRows(r, scanRow)
		return err
	})
	if err := s.pool.SendBatch(ctx, b).Close(); err != nil {
		return nil, "", unavailable(err)
	}
	for _, r := range rows {
		state, _ := dialog.Resettle(r.State, r.Settings, r.ArmedUntil, r.Now)
		next, _ := dialog.NextDeadline(state, r.Settings)
		if !next.At.Equal(stored[r.State.ID]) || state.Session.OverdueMarked != r.State.Session.OverdueMarked {
			out = append(out, unsettled{r.State.ID, next.At})
		}
	}
	if len(rows) == resettlePage {
		last = rows[len(rows)-1].State.ID
	}
	return out, last, nil
}

const writeResettled = `UPDATE dialogs d SET next_deadline_at = u.at, next_deadline_kind = u.kind,
 rev = d.rev + u.unmarked::int, changed_at = CASE WHEN u.unmarked THEN clock_timestamp() ELSE d.changed_at END,
 signal_seq = d.signal_seq + u.signal::int, signal_start = d.signal_start OR u.signal,
 relay_at = CASE WHEN u.signal AND d.relay_tries <= 3 THEN '-infinity' ELSE d.relay_at END
FROM unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::bool[], $5::bool[]) AS u(id, at, kind, signal, unmarked) WHERE d.id = u.id`

// resettleBatch decides each dialog under its lock and writes them together.
func (s *Store) resettleBatch(ctx context.Context, ids []string) (owed int, err error) {
	for range attempts {
		owed = 0
		err = s.inTx(ctx, func(tx *tx) error {
			var rows []Row
			b := &pgx.Batch{}
			b.Queue(`SELECT FROM dialogs WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE`, uuids(ids))
			b.Queue(`SELECT`+rowColumns+rowFrom+` WHERE d.id = ANY($1::uuid[])`, uuids(ids)).Query(func(r pgx.Rows) (err error) {
				rows, err = pgx.CollectRows(r, scanRow)
				return err
			})
			if err := tx.beginWith(ctx, b); err != nil {
				return err
			}
			w := &pgx.Batch{}
			owed = queueResettled(w, rows)
			return tx.commitWith(ctx, w)
		})
		if !retryable(err) {
			break
		}
	}
	return owed, unavailable(err)
}

func queueResettled(b *pgx.Batch, rows []Row) (owed int) {
	ids, ats, kinds := make([]string, len(rows)), make([]*time.Time, len(rows)), make([]*string, len(rows))
	signals, unmarked := make([]bool, len(rows)), make([]bool, len(rows))
	var sessions []string
	for i, r := range rows {
		state, signal := dialog.Resettle(r.State, r.Settings, r.ArmedUntil, r.Now)
		next, _ := dialog.NextDeadline(state, r.Settings)
		ids[i], ats[i], kinds[i] = r.State.ID, nullable(next.At), nullable(string(next.Kind))
		if signals[i] = signal != dialog.NoSignal; signals[i] {
			owed++
		}
		if r.State.Open() && state.Session.OverdueMarked != r.State.Session.OverdueMarked {
			unmarked[i] = true
			sessions = append(sessions, state.Session.ID)
		}
	}
	b.Queue(writeResettled, uuids(ids), ats, kinds, signals, unmarked)
	if len(sessions) > 0 {
		b.Queue(`UPDATE sessions SET overdue_marked = false WHERE id = ANY($1::uuid[])`, uuids(sessions))
	}
	return owed
}
