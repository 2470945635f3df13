package store

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/dialog"
)

// Queue names a queue: a department of a project, or the common one when it is empty (D-30).
type Queue struct{ ProjectID, DepartmentID string }

// WorkflowID is the id of the queue's workflow.
func (q Queue) WorkflowID() string {
	if q.DepartmentID == "" {
		return "queue:" + q.ProjectID + ":common"
	}
	return "queue:" + q.ProjectID + ":" + q.DepartmentID
}

// queueSQL joins to session s the department whose queue it stands in; none is the common one, as dialog.Calendar.QueueOf
// has it (D-30, D-70).
const queueSQL = ` LEFT JOIN departments q ON q.id = s.department_id AND q.active`

// originSQL is dialog.Origin of a session: an address, or the session's own id where it counts by itself (D-71).
func originSQL(session string) string {
	return strings.ReplaceAll(`CASE
    WHEN s.ip IS NULL OR s.ip <<= ANY ('{10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,127.0.0.0/8,169.254.0.0/16,::1/128,fc00::/7,fe80::/10}'::inet[]) THEN s.id::text
    WHEN family(s.ip) = 6 THEN network(set_masklen(s.ip, 64))::text
    ELSE host(s.ip) END`, "s.", session+".")
}

// crowdSQL counts the untaken dialogs of queues, as dialog.InBacklog and dialog.Origin have it, and reads what dialog.Queue needs. A project
// that is switched off shows its visitors nothing (D-02).
func crowdSQL(where, having string) string {
	return `
WITH origins AS (
  SELECT s.project_id, q.id AS department_id, least(count(*), ` + perAddress + `) AS untaken, min(s.waiting_since) FILTER (WHERE s.offered_at IS NULL) AS waiting
  FROM sessions s JOIN dialogs d ON d.id = s.dialog_id AND NOT d.blocked` + queueSQL + `
  WHERE s.closed_at IS NULL AND s.assignee_id IS NULL` + where + `
  GROUP BY s.project_id, q.id, ` + originSQL("s") + `),
crowd AS (SELECT project_id, department_id, sum(untaken)::bigint AS untaken, min(waiting) AS waiting FROM origins GROUP BY project_id, department_id` + having + `)
SELECT p.id::text, coalesce(c.department_id::text, ''), c.untaken, c.waiting, p.long_wait_seconds, otklik_now(), b.armed_until,` +
		calendarColumns + `
FROM crowd c JOIN projects p ON p.id = c.project_id AND p.active
LEFT JOIN backlogs b ON b.id = 'queue:' || p.id || ':' || coalesce(c.department_id::text, 'common')`
}

var perAddress = strconv.Itoa(dialog.BacklogPerAddress)

const ofQueue = ` AND s.project_id = $1 AND q.id IS NOT DISTINCT FROM nullif($2, '')::uuid`

var (
	oneCrowd  = crowdSQL(ofQueue, "")
	allCrowds = crowdSQL("", " HAVING sum(untaken) >= $1")
)

// crowd is a queue as it was counted.
type crowd struct {
	queue Queue
	dialog.Queue
	now   time.Time
	armed time.Time // when its workflow looks again by itself; zero: it does not
}

func scanCrowd(r pgx.CollectableRow) (crowd, error) {
	var c crowd
	var waiting, armed *time.Time
	var seconds int
	var cal calendarScan
	err := r.Scan(append([]any{&c.queue.ProjectID, &c.queue.DepartmentID, &c.Untaken, &waiting, &seconds, &c.now, &armed}, cal.into()...)...)
	c.Department, c.Waiting, c.armed = c.queue.DepartmentID, deref(waiting).UTC(), deref(armed)
	c.LongWait, c.Calendar, c.now = time.Duration(seconds)*time.Second, cal.calendar(), c.now.UTC()
	return c, err
}

func (s *Store) crowds(ctx context.Context, sql string, args ...any) ([]crowd, error) {
	rows, err := s.pool.Query(ctx, sql, args...)
	if err != nil {
		return nil, unavailable(err)
	}
	out, err := pgx.CollectRows(rows, scanCrowd)
	return out, unavailable(err)
}

// rewakeQueue is how long a wake that nobody has answered is not repeated.
const rewakeQueue = `interval '10 seconds'`

// WakeQueues counts all queues, or those given, and returns the ones whose workflow must be woken. Of several processes
// that ask at once one is told each queue.
func (s *Store) WakeQueues(ctx context.Context, only ...Queue) ([]Queue, error) {
	var crowds []crowd
	var err error
	if len(only) == 0 {
		crowds, err = s.crowds(ctx, allCrowds, dialog.BacklogSize)
	}
	for _, q := range only {
		var one []crowd
		if one, err = s.crowds(ctx, oneCrowd, q.ProjectID, q.DepartmentID); err != nil {
			break
		}
		crowds = append(crowds, one...)
	}
	if err != nil {
		return nil, err
	}
	byID, ids := map[string]Queue{}, []string{}
	for _, c := range crowds {
		if c.NeedsWake(c.armed, c.now) {
			byID[c.queue.WorkflowID()], ids = c.queue, append(ids, c.queue.WorkflowID())
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	rows, err := s.pool.Query(ctx, `
INSERT INTO backlogs AS b (id, woken_at) SELECT unnest($1::text[]), clock_timestamp()
ON CONFLICT (id) DO UPDATE SET woken_at = clock_timestamp()
WHERE b.woken_at IS NULL OR b.looked_at >= b.woken_at OR b.woken_at < clock_timestamp() - `+rewakeQueue+`
RETURNING id`, ids)
	if err != nil {
		return nil, unavailable(err)
	}
	won, err := pgx.CollectRows(rows, pgx.RowTo[string])
	out := make([]Queue, 0, len(won))
	for _, id := range won {
		out = append(out, byID[id])
	}
	return out, unavailable(err)
}

// Unwake says that the wake did not reach Temporal: the next sweep tries again.
func (s *Store) Unwake(ctx context.Context, q Queue) error {
	_, err := s.pool.Exec(ctx, `UPDATE backlogs SET woken_at = NULL WHERE id = $1`, q.WorkflowID())
	return unavailable(err)
}

// Look is a queue as its workflow sees it.
type Look struct {
	Untaken int
	At      time.Time // when time alone does something next; zero: nothing is to come
	Why     string    // a name of package dialog
	In      time.Duration
}

// LookAtQueue counts the queue and notes until when its workflow need not be woken. No fence is needed: whatever is
// noted, dialog.Queue.NeedsWake lets no look be later than it allows.
func (s *Store) LookAtQueue(ctx context.Context, q Queue) (Look, error) {
	crowds, err := s.crowds(ctx, oneCrowd, q.ProjectID, q.DepartmentID)
	if err != nil {
		return Look{}, err
	}
	var l Look
	for _, c := range crowds { // one, or none
		at, why, _ := c.LookAt(c.now)
		l = Look{Untaken: c.Untaken, At: at, Why: why}
		if !at.IsZero() {
			l.In = max(0, at.Sub(c.now))
		}
	}
	_, err = s.pool.Exec(ctx, `
INSERT INTO backlogs (id, armed_until, looked_at) VALUES ($1, $2, clock_timestamp())
ON CONFLICT (id) DO UPDATE SET armed_until = excluded.armed_until, looked_at = excluded.looked_at`, q.WorkflowID(), nullable(l.At))
	return l, unavailable(err)
}

// LongWaiter is a dialog whose visitor is to be served by the backlog.
type LongWaiter struct{ DialogID, SessionID string }

// LongWaiters lists who is to be served in the queue now, longest wait first; nobody when it is no backlog or is closed.
func (s *Store) LongWaiters(ctx context.Context, q Queue, limit int) ([]LongWaiter, error) {
	crowds, err := s.crowds(ctx, oneCrowd, q.ProjectID, q.DepartmentID)
	if err != nil || len(crowds) == 0 || !crowds[0].Due(crowds[0].now) {
		return nil, err
	}
	c := crowds[0]
	rows, err := s.pool.Query(ctx, `
SELECT s.dialog_id::text, s.id::text FROM sessions s JOIN dialogs d ON d.id = s.dialog_id AND NOT d.blocked`+queueSQL+`
WHERE s.closed_at IS NULL AND s.assignee_id IS NULL`+ofQueue+` AND s.offered_at IS NULL AND s.waiting_since <= $3
ORDER BY s.waiting_since LIMIT $4`, q.ProjectID, q.DepartmentID, c.LongestStart(c.now), limit)
	if err != nil {
		return nil, unavailable(err)
	}
	out, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (w LongWaiter, err error) {
		return w, r.Scan(&w.DialogID, &w.SessionID)
	})
	return out, unavailable(err)
}

// UntakenOf lists untaken dialogs of the queue, for a hint to consoles.
func (s *Store) UntakenOf(ctx context.Context, q Queue, limit int) ([]string, error) {
	rows, err := s.pool.Query(ctx, `SELECT s.dialog_id::text FROM sessions s`+queueSQL+`
WHERE s.closed_at IS NULL AND s.assignee_id IS NULL`+ofQueue+` LIMIT $3`, q.ProjectID, q.DepartmentID, limit)
	if err != nil {
		return nil, unavailable(err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return out, unavailable(err)
}

// queueOfDialog reads under the dialog's lock what dialog.OfferContacts asks: how many are untaken in its queue, and
// whether the queue works now.
var queueOfDialog = `
SELECT (SELECT coalesce(sum(n), 0)::bigint FROM (
    SELECT least(count(*), ` + perAddress + `) AS n FROM sessions u JOIN dialogs ud ON ud.id = u.dialog_id AND NOT ud.blocked
    LEFT JOIN departments uq ON uq.id = u.department_id AND uq.active
    WHERE u.closed_at IS NULL AND u.assignee_id IS NULL AND u.project_id = s.project_id
      AND uq.id IS NOT DISTINCT FROM q.id GROUP BY ` + originSQL("u") + `) origins),
  coalesce(q.id::text, ''), p.active, otklik_now(),` + calendarColumns + `
FROM dialogs d JOIN sessions s ON s.id = d.session_id` + queueSQL + ` JOIN projects p ON p.id = d.project_id WHERE d.id = $1`

// queueOffer queues the facts of a backlog's message.
func queueOffer(b *pgx.Batch, dialogID string) func() dialog.Command {
	var do dialog.OfferContacts
	b.Queue(queueOfDialog, dialogID).Query(func(rows pgx.Rows) error {
		var department string
		var active bool
		var now time.Time
		var cal calendarScan
		_, err := pgx.ForEachRow(rows, append([]any{&do.Untaken, &department, &active, &now}, cal.into()...), func() error {
			do.Open = active && cal.calendar().Open(department, now)
			return nil
		})
		return err
	})
	return func() dialog.Command { return do }
}
