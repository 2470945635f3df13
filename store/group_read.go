package store

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/otklik/otklik/dialog"
)

// lockGroup also reads what a row from the cache may not be trusted with.
const lockGroup = `SELECT id::text, rev, last_at, signal_seq, signal_acked, signal_start, armed_until
FROM dialogs WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED`

// groupRows reads dialogs of which the known version is not the one in the table.
const groupRows = `SELECT` + dialogColumns + noSettings + sessionColumns + dialogFrom + `
JOIN unnest($1::uuid[], $2::bigint[], $3::timestamptz[]) AS known(id, rev, last_at) ON known.id = d.id
WHERE d.rev <> known.rev OR d.last_at IS DISTINCT FROM known.last_at`

// The dialogs of a group are mostly of one project: its settings are read once, not with each row.
const (
	groupSettings    = `SELECT p.id::text, otklik_now(),` + settingsColumns + ` FROM projects p WHERE p.id = ANY($1::uuid[])`
	settingsOfOthers = `SELECT p.id::text, otklik_now(),` + settingsColumns + ` FROM projects p
WHERE p.id IN (SELECT project_id FROM dialogs WHERE id = ANY($1::uuid[]))`
)

const groupNames = `SELECT id::text, name FROM operators WHERE id = ANY($1::uuid[])
UNION ALL SELECT id::text, name FROM departments WHERE id = ANY($1::uuid[])`

const groupReceipts = `SELECT r.dialog_id::text, r.key::text FROM receipts r
JOIN unnest($1::uuid[], $2::uuid[]) AS u(dialog_id, key) USING (dialog_id, key)`

// Facts of those who write into dialogs they have: no limit is counted.
const groupOperators = `SELECT u.dialog_id::text, o.id::text, o.name, coalesce(a.level, 0)
FROM unnest($1::uuid[], $2::uuid[]) AS u(dialog_id, operator_id)
JOIN operators o ON o.id = u.operator_id AND o.active
JOIN dialogs d ON d.id = u.dialog_id
LEFT JOIN access a ON a.operator_id = o.id AND a.project_id = d.project_id`

// groupRead is a group while its first round trip is made.
type groupRead struct {
	*group
	cache    *cache
	dialogs  []string       // of the group, each once
	cached   map[string]Row // those of them that the cache has, as it has them
	locked   map[string]lockedRow
	settings map[string]dialog.Settings
	now      time.Time // read under the locks
}

// lockedRow is what the lock statement says of a dialog.
type lockedRow struct {
	version
	signalSeq, signalAcked int64
	signalStart            bool
	armed                  time.Time
}

// readGroup locks the dialogs and reads what the commands are decided from: rows that the cache has in the version that
// was locked are not read again.
func readGroup(ctx context.Context, tx *tx, cache *cache, cmds []Command) (*group, error) {
	g := &groupRead{
		group: &group{
			rows: map[string]Row{}, contended: map[string]bool{}, operators: map[[2]string]dialog.Operator{},
			taken: map[groupKey]bool{}, signals: map[string]dialog.Signal{},
		},
		cache: cache, dialogs: dialogsOf(cmds), locked: map[string]lockedRow{}, settings: map[string]dialog.Settings{},
	}
	g.cached = cache.get(g.dialogs)
	b := &pgx.Batch{}
	g.queueLock(b)
	g.queueSettings(b)
	g.queueNames(b)
	g.queueReceipts(b, cmds)
	g.queueOperators(b, cmds)
	g.queueRows(b) // last: it needs the settings
	err := tx.beginWith(ctx, b)
	g.useCached()
	return g.group, err
}

func dialogsOf(cmds []Command) []string {
	ids, seen := make([]string, 0, len(cmds)), make(map[string]bool, len(cmds))
	for _, c := range cmds {
		if !seen[c.DialogID] {
			seen[c.DialogID] = true
			ids = append(ids, c.DialogID)
		}
	}
	return ids
}

func (g *groupRead) queueLock(b *pgx.Batch) {
	b.Queue(lockGroup, uuids(g.dialogs)).Query(func(rows pgx.Rows) error {
		var id string
		var l lockedRow
		var lastAt, armed *time.Time
		_, err := pgx.ForEachRow(rows, []any{&id, &l.rev, &lastAt, &l.signalSeq, &l.signalAcked, &l.signalStart, &armed}, func() error {
			l.lastAt, l.armed = deref(lastAt).UTC(), deref(armed)
			g.locked[id] = l
			return nil
		})
		return err
	})
}

func (g *groupRead) queueSettings(b *pgx.Batch) {
	var projects, others []string
	seen := map[string]bool{}
	for _, id := range g.dialogs {
		row, ok := g.cached[id]
		switch {
		case !ok:
			others = append(others, id)
		case !seen[row.ProjectID]:
			seen[row.ProjectID] = true
			projects = append(projects, row.ProjectID)
		}
	}
	read := func(rows pgx.Rows) error {
		var id string
		var set settingsScan
		_, err := pgx.ForEachRow(rows, append([]any{&id, &g.now}, set.into()...), func() error {
			g.settings[id] = set.settings()
			return nil
		})
		return err
	}
	if len(projects) > 0 {
		b.Queue(groupSettings, uuids(projects)).Query(read)
	}
	if len(others) > 0 {
		b.Queue(settingsOfOthers, uuids(others)).Query(read)
	}
}

func (g *groupRead) queueNames(b *pgx.Batch) {
	started := time.Now()
	ids := g.cache.unnamed(g.cached, started)
	if len(ids) == 0 {
		return
	}
	b.Queue(groupNames, uuids(ids)).Query(func(rows pgx.Rows) error {
		var id, name string
		_, err := pgx.ForEachRow(rows, []any{&id, &name}, func() error {
			g.cache.name(id, name, started)
			return nil
		})
		return err
	})
}

func (g *groupRead) queueReceipts(b *pgx.Batch, cmds []Command) {
	dialogs, receipts := make([]string, len(cmds)), make([]string, len(cmds))
	for i, c := range cmds {
		dialogs[i], receipts[i] = c.DialogID, receiptKey(c)
	}
	b.Queue(groupReceipts, uuids(dialogs), uuids(receipts)).Query(func(rows pgx.Rows) error {
		var k groupKey
		_, err := pgx.ForEachRow(rows, []any{&k.dialog, &k.receipt}, func() error { g.taken[k] = true; return nil })
		return err
	})
}

func (g *groupRead) queueOperators(b *pgx.Batch, cmds []Command) {
	var replied, repliers []string
	for _, c := range cmds {
		if r, ok := c.Do.(dialog.Reply); ok {
			replied, repliers = append(replied, c.DialogID), append(repliers, r.By.ID)
		}
	}
	if len(replied) == 0 {
		return
	}
	b.Queue(groupOperators, uuids(replied), uuids(repliers)).Query(func(rows pgx.Rows) error {
		var dialogID string
		var o dialog.Operator
		var level int16
		_, err := pgx.ForEachRow(rows, []any{&dialogID, &o.ID, &o.Name, &level}, func() error {
			o.Level = dialog.Level(level)
			g.operators[[2]string{dialogID, o.ID}] = o
			return nil
		})
		return err
	})
}

func (g *groupRead) queueRows(b *pgx.Batch) {
	revs, lastAts := make([]int64, len(g.dialogs)), make([]*time.Time, len(g.dialogs))
	for i, id := range g.dialogs {
		revs[i] = -1 // no version: read it
		if row, ok := g.cached[id]; ok {
			v := row.version()
			revs[i], lastAts[i] = v.rev, nullable(v.lastAt)
		}
	}
	b.Queue(groupRows, uuids(g.dialogs), revs, lastAts).Query(func(rows pgx.Rows) error {
		read, err := pgx.CollectRows(rows, scanRow)
		for _, r := range read {
			var known bool
			if r.Settings, known = g.settings[r.ProjectID]; known {
				g.use(r)
			}
		}
		return err
	})
}

// use takes a row that was read.
func (g *groupRead) use(r Row) {
	if _, ok := g.locked[r.State.ID]; ok {
		g.rows[r.State.ID] = r
	} else {
		g.contended[r.State.ID] = true
	}
}

// useCached takes the rows that were not read because the cache has them.
func (g *groupRead) useCached() {
	for id, r := range g.cached {
		l, ok := g.locked[id]
		if !ok {
			g.contended[id] = true
			continue
		}
		settings, known := g.settings[r.ProjectID]
		if !known || l.version != r.version() {
			continue
		}
		r.Now, r.Settings = g.now.UTC(), settings
		r.SignalSeq, r.SignalAcked, r.SignalStart, r.ArmedUntil = l.signalSeq, l.signalAcked, l.signalStart, l.armed
		g.rows[id] = g.cache.named(r)
	}
}

// uuids are sent as they are: PostgreSQL need not read them from text. What is no id is NULL, and so found nowhere.
func uuids(ids []string) pgtype.FlatArray[pgtype.UUID] {
	out := make(pgtype.FlatArray[pgtype.UUID], len(ids))
	for i, id := range ids {
		u, err := uuid.Parse(id)
		out[i] = pgtype.UUID{Bytes: u, Valid: err == nil}
	}
	return out
}
