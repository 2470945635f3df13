package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/dialog"
)

// queueArrival asks whether the address a visitor comes from is on a list of the project.
func queueArrival(b *pgx.Batch, dialogID string, a *dialog.Arrival) {
	if a.IP == "" {
		return
	}
	b.Queue(`SELECT EXISTS (SELECT FROM blocks WHERE project_id = (SELECT project_id FROM dialogs WHERE id = $1) AND ip = $2::text::inet)`,
		dialogID, a.IP).QueryRow(func(r pgx.Row) error { return r.Scan(&a.Blocked) })
}

// queueBlocked asks how the address of the current session is listed: in the lists an operator may change (the operators'
// own, or that and the one kept by hand), and in any other.
func queueBlocked(b *pgx.Batch, dialogID string, mine []string, listed, still *bool) {
	b.Queue(`SELECT coalesce(bool_or(b.source = ANY($2)), false), coalesce(bool_or(b.source <> ALL($2)), false)
FROM dialogs d JOIN sessions s ON s.id = d.session_id JOIN blocks b ON b.project_id = d.project_id AND b.ip = s.ip
WHERE d.id = $1`, dialogID, mine).QueryRow(func(r pgx.Row) error { return r.Scan(listed, still) })
}

// Lists of addresses (D-50).
const (
	BlockedBySystem   = "system"
	BlockedByHand     = "manual"
	BlockedByOperator = "operator"
)

// byOperators is the list blocking in the workspace writes; inChat are those that unblocking there empties.
var byOperators, inChat = []string{BlockedByOperator}, []string{BlockedByOperator, BlockedByHand}

// queueListed changes «Блокировка из чата» with a dialog, and owes it to the outer account.
func queueListed(b *pgx.Batch, r Row, l dialog.Listed) {
	queueBlocksChanged(b, r.ProjectID)
	if l.Add {
		b.Queue(`INSERT INTO blocks (id, project_id, ip, source, operator_id, dialog_id, at)
VALUES (gen_random_uuid(), $1, $2::text::inet, 'operator', $3, $4, otklik_now()) ON CONFLICT (project_id, ip, source) DO NOTHING`,
			r.ProjectID, l.IP, l.OperatorID, r.State.ID)
	} else {
		b.Queue(`DELETE FROM blocks WHERE project_id = $1 AND ip = $2::text::inet AND source = ANY($3)`, r.ProjectID, l.IP, inChat)
	}
	queueHook(b, r.ProjectID, hook{Add: l.Add, IP: l.IP, Source: BlockedByOperator, OperatorID: l.OperatorID, DialogID: r.State.ID})
}

// queueBlocksChanged stands first in every change of the lists: see blocks_rev in the schema.
func queueBlocksChanged(b *pgx.Batch, projectID string) {
	b.Queue(`UPDATE projects SET blocks_rev = blocks_rev + 1 WHERE id = $1`, projectID)
}

// hook is what the outer account is told of a change made here.
type hook struct {
	Add                  bool
	IP, Source           string
	OperatorID, DialogID string
}

// queueHook owes the change to the outer account, if the project has one.
func queueHook(b *pgx.Batch, projectID string, h hook) {
	action := "unblock"
	if h.Add {
		action = "block"
	}
	b.Queue(`INSERT INTO hooks (project_id, body) SELECT p.id, jsonb_strip_nulls(jsonb_build_object('action', $2::text, 'ip', $3::text,
 'source', $4::text, 'at', to_char(otklik_now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'project_id', p.id,
 'operator_id', $5::uuid, 'operator', (SELECT name FROM operators WHERE id = $5::uuid), 'dialog_id', $6::uuid))
FROM projects p WHERE p.id = $1 AND p.block_hook_url <> ''`, projectID, action, h.IP, h.Source, nullable(h.OperatorID), nullable(h.DialogID))
}

// AddressBlocked reports whether the address is on a list of the project, and which version of the lists says so.
func (s *Store) AddressBlocked(ctx context.Context, projectID, ip string) (blocked bool, rev int64, err error) {
	err = s.pool.QueryRow(ctx, `SELECT EXISTS (SELECT FROM blocks b WHERE b.project_id = p.id AND b.ip = nullif($2, '')::inet), p.blocks_rev
FROM projects p WHERE p.id = $1`, projectID, ip).Scan(&blocked, &rev)
	return blocked, rev, unavailable(err)
}

// BlockedOf returns those of the addresses that are on a list of the project.
func (s *Store) BlockedOf(ctx context.Context, projectID string, ips []string) (map[string]bool, error) {
	rows, err := s.pool.Query(ctx, `SELECT u.ip FROM unnest($2::text[]) u(ip)
WHERE u.ip <> '' AND EXISTS (SELECT FROM blocks b WHERE b.project_id = $1 AND b.ip = u.ip::inet)`, projectID, ips)
	if err != nil {
		return nil, unavailable(err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	out := make(map[string]bool, len(found))
	for _, ip := range found {
		out[ip] = true
	}
	return out, unavailable(err)
}

// BlockRevs reads the version of every project's lists.
func (s *Store) BlockRevs(ctx context.Context) (map[string]int64, error) {
	rows, err := s.pool.Query(ctx, `SELECT id::text, blocks_rev FROM projects`)
	if err != nil {
		return nil, unavailable(err)
	}
	out := map[string]int64{}
	var id string
	var rev int64
	_, err = pgx.ForEachRow(rows, []any{&id, &rev}, func() error { out[id] = rev; return nil })
	return out, unavailable(err)
}

// OutOfStep lists dialogs of a project that do not say what the lists say (D-67): open ones of an address that was
// listed, and blocked ones whose address is on no list any more.
func (s *Store) OutOfStep(ctx context.Context, projectID string, limit int) ([]string, error) {
	rows, err := s.pool.Query(ctx, `
(SELECT d.id::text FROM blocks b JOIN sessions s ON s.project_id = b.project_id AND s.ip = b.ip AND s.closed_at IS NULL
 JOIN dialogs d ON d.session_id = s.id
 WHERE b.project_id = $1 AND NOT d.blocked LIMIT $2)
UNION
(SELECT d.id::text FROM dialogs d LEFT JOIN sessions s ON s.id = d.session_id
 WHERE d.project_id = $1 AND d.blocked AND NOT EXISTS (SELECT FROM blocks b WHERE b.project_id = d.project_id AND b.ip = s.ip) LIMIT $2)`,
		projectID, limit)
	if err != nil {
		return nil, unavailable(err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return ids, unavailable(err)
}

// FollowBlocks brings one dialog in step with the lists (D-67). The lists are asked again under the lock; nil: nothing
// was to be done.
func (s *Store) FollowBlocks(ctx context.Context, dialogID string) (*Applied, error) {
	var done *Applied
	err := s.locked(ctx, dialogID, func(tx *tx, r Row) error {
		done = nil
		var listed, still bool
		ask := &pgx.Batch{}
		queueBlocked(ask, dialogID, []string{}, &listed, &still)
		if err := tx.conn.SendBatch(ctx, ask).Close(); err != nil {
			return err
		}
		var do dialog.Command = dialog.Block{}
		if !still {
			do = dialog.Unblock{}
		}
		change, err := dialog.Decide(r.State, do, dialog.Env{Now: r.Now, Settings: r.Settings, NewID: s.newID})
		if err != nil || change.State.Blocked == r.State.Blocked {
			return err
		}
		done, err = commitChange(ctx, tx, r, change, do)
		return err
	})
	return done, err
}

// commitChange records what nobody's command did to a locked dialog.
func commitChange(ctx context.Context, tx *tx, r Row, change dialog.Change, do dialog.Command) (*Applied, error) {
	signal := dialog.NeedsSignal(r.State, change, do, r.Settings, r.ArmedUntil, r.Now)
	after := r.after(change, input{})
	if signal != dialog.NoSignal {
		after.SignalSeq++
	}
	b := &pgx.Batch{}
	record{before: r, after: after, change: change, signal: signal, source: "system"}.queue(b)
	return &Applied{Row: after, Events: change.Events, Signal: signal}, tx.commitWith(ctx, b)
}

// SeeAddress notes that the visitor of an open session is seen at an address (D-48); nil: it is the one that is known, or
// one he is not let in from. Under the lock and with a new version, since commands and kept rows bring the session's
// address with them (docs/adr/0006).
func (s *Store) SeeAddress(ctx context.Context, dialogID, ip string) (*Applied, error) {
	var another bool // mostly it is not, and nobody has to wait for the lock
	if err := s.pool.QueryRow(ctx, `SELECT EXISTS (SELECT FROM dialogs d JOIN sessions s ON s.id = d.session_id
WHERE d.id = $1 AND s.closed_at IS NULL AND s.ip IS DISTINCT FROM nullif($2, '')::inet)`, dialogID, ip).Scan(&another); err != nil || !another {
		return nil, unavailable(err)
	}
	var done *Applied
	err := s.locked(ctx, dialogID, func(tx *tx, r Row) error {
		done = nil
		do := dialog.Appear{Arrival: dialog.Arrival{IP: ip}}
		ask := &pgx.Batch{}
		queueArrival(ask, dialogID, &do.Arrival)
		if err := tx.conn.SendBatch(ctx, ask).Close(); err != nil {
			return err
		}
		change, err := dialog.Decide(r.State, do, dialog.Env{Now: r.Now, Settings: r.Settings, NewID: s.newID})
		if err != nil || !r.State.Open() || change.State.Session.IP == r.State.Session.IP {
			return err
		}
		done, err = commitChange(ctx, tx, r, change, do)
		return err
	})
	return done, err
}

// DialogBlock is how the address of a dialog's current session is blocked.
type DialogBlock struct {
	IP      string
	Sources []string
}

// BlockOf reads the address of the current session and which lists have it.
func (s *Store) BlockOf(ctx context.Context, dialogID string) (DialogBlock, error) {
	var out DialogBlock
	err := s.pool.QueryRow(ctx, `SELECT coalesce(host(s.ip), ''),
ARRAY(SELECT b.source FROM blocks b WHERE b.project_id = d.project_id AND b.ip = s.ip ORDER BY b.source)
FROM dialogs d LEFT JOIN sessions s ON s.id = d.session_id WHERE d.id = $1`, dialogID).Scan(&out.IP, &out.Sources)
	return out, unavailable(err)
}
