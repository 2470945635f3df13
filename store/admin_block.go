package store

import (
	"context"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/dialog"
)

// Block is one row of the lists (D-50).
type Block struct {
	ID, IP, Source, Note string
	Operator             Named // who listed it
	Dialog               Named // the dialog it was blocked from, by its visitor's name or number
	At                   time.Time
}

const blockSQL = `SELECT b.id::text, host(b.ip), b.source, b.note, coalesce(o.id::text, ''), coalesce(o.name, ''),
coalesce(d.id::text, ''), coalesce(nullif(d.card_name, ''), v.number, ''), b.at
FROM blocks b LEFT JOIN operators o ON o.id = b.operator_id
LEFT JOIN dialogs d ON d.id = b.dialog_id LEFT JOIN visitors v ON v.id = d.visitor_id WHERE b.project_id = $1 `

func scanBlock(r pgx.CollectableRow) (b Block, err error) {
	err = r.Scan(&b.ID, &b.IP, &b.Source, &b.Note, &b.Operator.ID, &b.Operator.Name, &b.Dialog.ID, &b.Dialog.Name, &b.At)
	b.At = b.At.UTC()
	return b, err
}

// BlockPage reads a page of a project's lists, newest first; it finds part of an address, of a note or of an operator's name.
func (s *Store) BlockPage(ctx context.Context, project string, sources []string, f Find) ([]Block, []string, error) {
	out, err := collect(ctx, s, scanBlock, blockSQL+`AND b.source = ANY($2)
AND ($3 = '' OR strpos(host(b.ip), lower($3)) > 0 OR strpos(lower(b.note), lower($3)) > 0 OR strpos(lower(coalesce(o.name, '')), lower($3)) > 0)
AND ($4::bigint IS NULL OR b.at < `+microsecond(`$4`)+` OR (b.at = `+microsecond(`$4`)+` AND b.id > $5::text::uuid))
ORDER BY b.at DESC, b.id LIMIT $6`, project, sources, f.Query, f.number(0), f.after(1), f.Limit+1)
	items, next := page(out, f.Limit, func(b Block) []string { return []string{strconv.FormatInt(b.At.UnixMicro(), 10), b.ID} })
	return items, next, err
}

// microsecond is the time of a number of microseconds, exactly: a double would round it.
func microsecond(n string) string {
	return `(timestamptz 'epoch' + ` + n + `::bigint * interval '1 microsecond')`
}

// changeBlocks changes the lists by hand, under the project's lock; screens follow by blocks_rev, not by its settings.
func (s *Store) changeBlocks(ctx context.Context, actor, project string, f func(*admin, *pgx.Batch) error) error {
	return s.administer(ctx, actor, project, dialog.LevelAdmin, func(a *admin) error {
		a.quiet = true
		b := &pgx.Batch{}
		queueBlocksChanged(b, project)
		if err := f(a, b); err != nil {
			return err
		}
		return a.SendBatch(ctx, b).Close()
	})
}

// AddBlock lists an address by hand. Exists when that list has it.
func (s *Store) AddBlock(ctx context.Context, actor, project, ip, note string) (Block, error) {
	id := uuid.NewString()
	err := s.changeBlocks(ctx, actor, project, func(a *admin, b *pgx.Batch) error {
		if err := a.taken("ip", `SELECT FROM blocks WHERE project_id = $1 AND ip = $2::text::inet AND source = 'manual'`, project, ip); err != nil {
			return err
		}
		_, err := a.Exec(ctx, `INSERT INTO blocks (id, project_id, ip, source, operator_id, note, at)
VALUES ($1, $2, $3::text::inet, 'manual', $4, $5, otklik_now())`, id, project, ip, actor, note)
		if err != nil {
			return err
		}
		queueHook(b, project, hook{Add: true, IP: ip, Source: BlockedByHand, OperatorID: actor})
		return a.audit("block", nil, map[string]any{"ip": ip, "note": note}, map[string]any{"list": BlockedByHand})
	})
	if err != nil {
		return Block{}, err
	}
	out, err := collect(ctx, s, scanBlock, blockSQL+`AND b.id = $2`, project, id)
	if err == nil && len(out) == 0 {
		err = ErrNotFound // deleted again meanwhile
	}
	if err != nil {
		return Block{}, err
	}
	return out[0], nil
}

// DeleteBlock takes a row off the lists; the system's are not to be changed here (D-50). The outer account is
// told when no row of «Блокировка из чата» has the address any more.
func (s *Store) DeleteBlock(ctx context.Context, actor, project, id string) error {
	return s.changeBlocks(ctx, actor, project, func(a *admin, b *pgx.Batch) error {
		rows, err := a.Query(ctx, blockSQL+`AND b.id = $2`, project, id)
		if err != nil {
			return err
		}
		row, err := pgx.CollectExactlyOneRow(rows, scanBlock)
		if err != nil {
			return err
		}
		if row.Source == BlockedBySystem {
			return &dialog.Refusal{Code: dialog.Forbidden}
		}
		if err := a.one(`DELETE FROM blocks WHERE id = $1`, id); err != nil {
			return err
		}
		still, err := a.exists(`SELECT FROM blocks WHERE project_id = $1 AND ip = $2::text::inet AND source = ANY($3)`, project, row.IP, inChat)
		if err != nil {
			return err
		}
		if !still {
			queueHook(b, project, hook{IP: row.IP, Source: row.Source, OperatorID: actor, DialogID: row.Dialog.ID})
		}
		return a.audit("unblock", map[string]any{"ip": row.IP, "note": row.Note}, nil, map[string]any{"list": row.Source})
	})
}

// PutBlocks replaces a whole list; it is how an outer account writes, so it is told nothing of it.
func (s *Store) PutBlocks(ctx context.Context, actor, project, source string, ips []string) (Replaced, error) {
	var out Replaced
	err := s.replaceTx(ctx, project, func(r *replacing) error {
		level, err := levelIn(r.ctx, r.Tx, actor, project)
		if err == nil {
			err = dialog.CheckLevel(level, dialog.LevelAdmin)
		}
		if err != nil {
			return err
		}
		r.actor = actor
		err = r.replace(source, []string{source}, ips)
		out = r.last
		return err
	})
	return out, err
}
