package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/dialog"
)

// applyGroup decides and records many messages in one transaction: two round trips for all of them. What it cannot
// answer comes back with next[i] saying where it goes: a message whose dialog somebody else has locked waits for the next
// group, and one that needs more than its dialog's lock (a start, a claim, a retry) goes singly.
func (s *Store) applyGroup(ctx context.Context, cmds []Command) (out []Outcome, next []route, err error) {
	out, next = make([]Outcome, len(cmds)), make([]route, len(cmds))
	var g *group
	err = s.inTx(ctx, func(tx *tx) (err error) {
		g, err = readGroup(ctx, tx, s.writer.cache, cmds)
		if err != nil {
			return err
		}
		for i, c := range cmds {
			out[i], next[i] = g.decide(c)
		}
		if len(g.written) == 0 {
			return nil // refusals only: nothing to commit
		}
		b := &pgx.Batch{}
		g.queue(b)
		return tx.commitWith(ctx, b)
	})
	if err == nil {
		g.keep(s.writer.cache)
	}
	return out, next, err
}

// route is where a message goes after a group.
type route int

const (
	answered route = iota
	again          // into the next group
	singly         // into a transaction of its own
)

// group is what one grouped transaction has read, and what it will write.
type group struct {
	rows      map[string]Row  // the locked dialogs, as they stand after what was decided so far
	contended map[string]bool // the others
	operators map[[2]string]dialog.Operator
	taken     map[groupKey]bool // ids that have been used, before or in this group

	written []string // ids of changed dialogs, in the order of their first change
	signals map[string]dialog.Signal
	events  []groupEvent
}

type groupKey struct{ dialog, receipt string }

type groupEvent struct {
	dialog  string
	event   dialog.Event
	receipt string
	hash    []byte
	rev     int64
}

// keep puts the rows as they were written where the next group finds them.
func (g *group) keep(c *cache) {
	for _, id := range g.written {
		c.put(g.rows[id])
	}
}

// decide asks the rules about one message, on the row as the messages before it left it.
func (g *group) decide(c Command) (Outcome, route) {
	if g.contended[c.DialogID] {
		return Outcome{}, again
	}
	row, ok := g.rows[c.DialogID]
	if !ok {
		return Outcome{}, singly // not there
	}
	key := groupKey{c.DialogID, receiptKey(c)}
	if g.taken[key] || !row.State.Open() {
		return Outcome{}, singly
	}
	do := c.Do
	if m, isVisitor := do.(dialog.VisitorMessage); isVisitor && (row.State.Blocked || (m.IP != "" && m.IP != row.State.Session.IP)) {
		return Outcome{}, singly // a group asks no block list: his address is the session's, and that is not on one
	}
	if r, isReply := do.(dialog.Reply); isReply {
		if row.State.Session.AssigneeID != r.By.ID {
			return Outcome{}, singly
		}
		r.By = g.operators[[2]string{c.DialogID, r.By.ID}]
		do = r
	}
	change, err := dialog.Decide(row.State, do, dialog.Env{Now: row.Now, Settings: row.Settings})
	if err != nil {
		return Outcome{Err: err}, answered
	}
	setClientID(change.Events, c)
	signal := dialog.NeedsSignal(row.State, change, do, row.Settings, row.ArmedUntil, row.Now)
	return g.take(c, key, row.after(change, input{}), change, signal), answered
}

// take adds an accepted message to what will be written.
func (g *group) take(c Command, key groupKey, after Row, change dialog.Change, signal dialog.Signal) Outcome {
	if _, changed := g.signals[c.DialogID]; !changed {
		g.written = append(g.written, c.DialogID)
	}
	if signal != dialog.NoSignal && g.signals[c.DialogID] == dialog.NoSignal {
		after.SignalSeq++
	}
	g.signals[c.DialogID] = max(g.signals[c.DialogID], signal)
	g.rows[c.DialogID] = after
	g.taken[key] = true
	e := change.Events[0] // a message into an existing session is one event
	g.events = append(g.events, groupEvent{c.DialogID, e, key.receipt, bodyHash(c.Do), after.Rev})
	return Outcome{Result: Result{DialogID: c.DialogID, Rev: after.Rev, Event: e,
		Applied: &Applied{Row: after, Events: change.Events, Signal: signal}}}
}

const writeGroupEvents = `INSERT INTO events (dialog_id, seq, visitor_seq, session_id, session_no, kind, author, operator_id,
 operator_name, audience, body, client_id, at)
SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::uuid[], $5::int[], $6::text[], $7::text[],
 $8::uuid[], $9::text[], $10::text[], $11::text[], $12::text[], $13::timestamptz[])`

const writeGroupReceipts = `INSERT INTO receipts (dialog_id, key, body_hash, seq, rev, claimed)
SELECT *, false FROM unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::bigint[], $5::bigint[])`

const writeGroupDialogs = `UPDATE dialogs d SET rev=u.rev, changed_at=` + changedAt + `, seq=u.seq, visitor_seq=u.visitor_seq,
 last_at=u.last_at, turn_no=u.turn_no, visitor_events=u.visitor_events, visitor_messages=u.visitor_messages, last_kind='message',
 last_author=u.last_author, last_operator_id=u.last_operator_id, last_text=u.last_text, last_shown_at=u.last_at,
 next_deadline_at=u.next_at, next_deadline_kind=u.next_kind,
 signal_seq=d.signal_seq + CASE WHEN u.signal > 0 THEN 1 ELSE 0 END, signal_start=d.signal_start OR u.signal = 2,
 relay_at=CASE WHEN u.signal > 0 AND d.relay_tries <= 3 THEN '-infinity' ELSE d.relay_at END
FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::timestamptz[], $6::bigint[], $7::bigint[], $8::bigint[],
 $9::text[], $10::uuid[], $11::text[], $12::timestamptz[], $13::text[], $14::int[])
 AS u(id, rev, seq, visitor_seq, last_at, turn_no, visitor_events, visitor_messages, last_author, last_operator_id, last_text,
 next_at, next_kind, signal) WHERE d.id = u.id`

const writeGroupSessions = `UPDATE sessions s SET last_seq=u.last_seq, waiting_since=u.waiting_since, transferred=u.transferred,
 unclaimed_marked=u.unclaimed, overdue_marked=u.overdue, last_visitor_seq=u.last_visitor_seq, last_message_at=u.last_message_at,
 quiet_since=u.quiet_since
FROM unnest($1::uuid[], $2::bigint[], $3::timestamptz[], $4::bool[], $5::bool[], $6::bool[], $7::bigint[], $8::timestamptz[],
 $9::timestamptz[]) AS u(id, last_seq, waiting_since, transferred, unclaimed, overdue, last_visitor_seq, last_message_at, quiet_since) WHERE s.id = u.id`

// queue adds the four statements that record the group.
func (g *group) queue(b *pgx.Batch) {
	g.queueEvents(b)
	g.queueRows(b)
}

func (g *group) queueEvents(b *pgx.Batch) {
	n := len(g.events)
	dialogs, seqs, visitorSeqs := make([]string, n), make([]int64, n), make([]*int64, n)
	sessions, nos, kinds, authors := make([]string, n), make([]int32, n), make([]string, n), make([]string, n)
	operators, names, audiences, bodies := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	clients, ats := make([]string, n), make([]time.Time, n)
	receipts, hashes, revs := make([]string, n), make([][]byte, n), make([]int64, n)
	for i, ge := range g.events {
		e := ge.event
		dialogs[i], seqs[i], visitorSeqs[i], sessions[i], nos[i] = ge.dialog, e.Seq, nullable(e.VisitorSeq), e.SessionID, int32(e.SessionNo)
		kinds[i], authors[i], operators[i], names[i] = string(e.Kind), string(e.Author), e.OperatorID, e.OperatorName
		audiences[i], bodies[i], clients[i], ats[i] = string(e.Audience), e.Text, e.ClientID, e.At
		receipts[i], hashes[i], revs[i] = ge.receipt, ge.hash, ge.rev
	}
	ids := uuids(dialogs)
	b.Queue(writeGroupEvents, ids, seqs, visitorSeqs, uuids(sessions), nos, kinds, authors, uuids(operators), names, audiences, bodies, clients, ats)
	b.Queue(writeGroupReceipts, ids, uuids(receipts), hashes, seqs, revs)
}

func (g *group) queueRows(b *pgx.Batch) {
	n := len(g.written)
	ids, revs, seqs, visitorSeqs := make([]string, n), make([]int64, n), make([]int64, n), make([]int64, n)
	lastAts, turns, events, messages := make([]time.Time, n), make([]int64, n), make([]int64, n), make([]int64, n)
	authors, operators, texts := make([]string, n), make([]string, n), make([]string, n)
	nextAts, nextKinds, signals := make([]*time.Time, n), make([]*string, n), make([]int32, n)
	sessions, lastSeqs, waiting := make([]string, n), make([]int64, n), make([]*time.Time, n)
	transferred, unclaimed, overdue := make([]bool, n), make([]bool, n), make([]bool, n)
	visitorLast, messaged, quiet := make([]int64, n), make([]*time.Time, n), make([]*time.Time, n)
	for i, id := range g.written {
		row := g.rows[id]
		st, ses := row.State, row.State.Session
		next, _ := dialog.NextDeadline(st, row.Settings)
		ids[i], revs[i], seqs[i], visitorSeqs[i], lastAts[i] = id, row.Rev, st.Seq, st.VisitorSeq, st.LastAt
		turns[i], events[i], messages[i] = st.TurnNo, st.VisitorEvents, st.VisitorMessages
		authors[i], operators[i], texts[i] = string(row.Last.Author), row.Last.OperatorID, row.Last.Text
		nextAts[i], nextKinds[i], signals[i] = nullable(next.At), nullable(string(next.Kind)), int32(g.signals[id])
		sessions[i], lastSeqs[i], waiting[i] = ses.ID, ses.LastSeq, nullable(ses.WaitingSince)
		transferred[i], unclaimed[i], overdue[i] = ses.Transferred, ses.UnclaimedMarked, ses.OverdueMarked
		visitorLast[i], messaged[i], quiet[i] = ses.LastVisitorSeq, nullable(ses.LastMessageAt), nullable(ses.QuietSince)
	}
	b.Queue(writeGroupDialogs, uuids(ids), revs, seqs, visitorSeqs, lastAts, turns, events, messages, authors, uuids(operators), texts, nextAts, nextKinds, signals)
	b.Queue(writeGroupSessions, uuids(sessions), lastSeqs, waiting, transferred, unclaimed, overdue, visitorLast, messaged, quiet)
}
