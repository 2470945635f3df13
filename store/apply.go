package store

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/dialog"
)

// Command is something a person does to a dialog, with the id that makes it idempotent (I-10).
type Command struct {
	DialogID string
	ClientID string
	Source   string // where it came from, for the audit: "api" (default) or "temporal"
	// Do names people and departments by id alone (By.ID, To.ID, ChooseDepartment.ID); their facts are filled in here,
	// under the lock.
	Do dialog.Command
}

// Outcome is the answer to one command. Err is a *dialog.Refusal, ErrNotFound, ErrUnavailable, or a fault of ours.
type Outcome struct {
	Result Result
	Err    error
}

// Result of an accepted command.
type Result struct {
	DialogID string
	Rev      int64
	Event    dialog.Event // what the command put into the log: message, form or department; zero otherwise
	Claimed  bool         // this command took the dialog
	Replayed bool         // the command was accepted before; this is its first answer
	Applied  *Applied     // what changed; nil when replayed
}

// Applied is a change that was recorded.
type Applied struct {
	Row    Row // after the change
	Events []dialog.Event
	Signal dialog.Signal // what the workflow is owed
}

// Apply decides and records each command, one after the other; the outcomes stand in the order of the commands.
// Messages of different callers may share a transaction: see writer.
func (s *Store) Apply(ctx context.Context, cmds []Command) []Outcome {
	out := make([]Outcome, len(cmds))
	for i, c := range cmds {
		if groupable(c.Do) {
			out[i] = s.writer.apply(ctx, c)
		} else {
			out[i] = s.single(ctx, c)
		}
	}
	return out
}

// single gives the command a transaction of its own.
func (s *Store) single(ctx context.Context, c Command) Outcome {
	r, err := s.applyOne(ctx, c)
	return Outcome{r, err}
}

// attempts bounds how often one command starts over: after a deadlock, or because it needs the operator's lock after all.
const attempts = 5

// errNeedsOperatorLock: the command turned out to claim, and the operator's row must be locked before the dialog's.
var errNeedsOperatorLock = errors.New("claims: lock the operator first")

func (s *Store) applyOne(ctx context.Context, c Command) (Result, error) {
	if c.Source == "" {
		c.Source = "api"
	}
	operators := lockedOperators(c.Do)
	var err error
	for range attempts {
		var r Result
		err = s.inTx(ctx, func(tx *tx) (err error) {
			r, err = s.applyTx(ctx, tx, c, operators)
			return err
		})
		switch {
		case errors.Is(err, errNeedsOperatorLock):
			operators = append(operators, author(c.Do))
			slices.Sort(operators)
		case retryable(err):
		case labelTwice(err):
			return Result{}, &dialog.Refusal{Code: dialog.Exists, Field: "text"}
		default:
			return r, unavailable(err)
		}
	}
	return Result{}, fmt.Errorf("%w: still contended: %w", ErrUnavailable, err)
}

// lockedOperators are the operators whose limit the command counts, known before anything was read.
func lockedOperators(c dialog.Command) []string {
	if t, ok := c.(dialog.Transfer); ok {
		return []string{t.To.ID}
	}
	return nil
}

// author of a command: the operator's id, or "visitor".
func author(c dialog.Command) string {
	switch c := c.(type) {
	case dialog.Reply:
		return c.By.ID
	case dialog.Transfer:
		return c.By.ID
	case dialog.Leave:
		return c.By.ID
	case dialog.SetTags:
		return c.By.ID
	case dialog.RequestContacts:
		return c.By.ID
	case dialog.EditCard:
		return c.By.ID
	case dialog.AttachLabel:
		return c.By.ID
	case dialog.DetachLabel:
		return c.By.ID
	case dialog.WithdrawConsent:
		return c.By.ID
	case dialog.Block:
		return c.By.ID
	case dialog.Unblock:
		return c.By.ID
	case dialog.OfferContacts:
		return "system"
	case dialog.Rate:
		if c.By != "" {
			return c.By
		}
	}
	return "visitor"
}

// applyTx locks in order, reads, decides and records. Two round trips: one that locks and reads, one that records and commits.
func (s *Store) applyTx(ctx context.Context, tx *tx, c Command, operators []string) (Result, error) {
	in, err := s.read(ctx, tx, c, operators)
	if err != nil {
		return Result{}, err
	}
	hash := bodyHash(c.Do)
	if in.receipt != nil {
		if !slices.Equal(in.receipt.hash, hash) {
			return Result{}, &dialog.Refusal{Code: dialog.ClientIDReused, Field: "client_id"}
		}
		return s.replayed(ctx, tx, c, in.receipt.answer)
	}
	if dialog.Claims(in.row.State, in.cmd) && !slices.Contains(operators, author(c.Do)) {
		return Result{}, errNeedsOperatorLock
	}
	if err := in.attend(ctx, tx); err != nil {
		return Result{}, err
	}
	change, err := dialog.Decide(in.row.State, in.cmd, dialog.Env{Now: in.row.Now, Settings: in.row.Settings, NewID: s.newID})
	if err != nil {
		return Result{}, err
	}
	setClientID(change.Events, c)
	signal := dialog.NeedsSignal(in.row.State, change, in.cmd, in.row.Settings, in.row.ArmedUntil, in.row.Now)
	after := in.row.after(change, in)
	if signal != dialog.NoSignal {
		after.SignalSeq++
	}
	rec := record{before: in.row, after: after, change: change, signal: signal, source: c.Source}
	result := Result{DialogID: c.DialogID, Rev: after.Rev, Event: mainEvent(change.Events), Claimed: change.Claimed,
		Applied: &Applied{Row: after, Events: change.Events, Signal: signal}}
	b := &pgx.Batch{}
	rec.queue(b)
	queueReceipt(b, c, hash, result)
	return result, tx.commitWith(ctx, b)
}

// mainEvent is the entry a person made; what the system added around it is not the answer.
func mainEvent(events []dialog.Event) dialog.Event {
	for _, e := range events {
		if e.Author != dialog.BySystem {
			return e
		}
	}
	return dialog.Event{}
}

// setClientID marks what the author sent, so that he recognises it when it comes back to him.
func setClientID(events []dialog.Event, c Command) {
	for i := range events {
		if events[i].Author != dialog.BySystem {
			events[i].ClientID = c.ClientID
		}
	}
}

// input is what one command is decided from.
type input struct {
	row        Row
	cmd        dialog.Command // with facts
	receipt    *receipt
	department string            // name of the chosen department
	names      map[string]string // operators by id
}

type receipt struct {
	hash   []byte
	answer answer
}

// answer is what a receipt keeps: where the answer is found again. It holds no text, so an erased body is gone here too.
type answer struct {
	seq     int64 // 0: no event
	rev     int64
	claimed bool
}

// receiptKey names a command of a dialog: one author's client id.
func receiptKey(c Command) string {
	sum := sha256.Sum256([]byte(author(c.Do) + "\x00" + c.ClientID))
	return uuid.UUID(sum[:16]).String()
}

// read locks operators, then the dialog, and then reads, each in a statement of its own: a statement that waited for a
// lock would go on with the snapshot from before the wait.
func (s *Store) read(ctx context.Context, tx *tx, c Command, operators []string) (in input, err error) {
	b := &pgx.Batch{}
	if len(operators) > 0 {
		b.Queue(`SELECT FROM operators WHERE id = ANY($1::text[]::uuid[]) ORDER BY id FOR NO KEY UPDATE`, operators)
	}
	b.Queue(`SELECT FROM dialogs WHERE id = $1 FOR NO KEY UPDATE`, c.DialogID)
	b.Queue(loadSQL, c.DialogID).Query(func(rows pgx.Rows) error {
		in.row, err = pgx.CollectExactlyOneRow(rows, scanRow)
		return err
	})
	b.Queue(`SELECT body_hash, seq, rev, claimed FROM receipts WHERE dialog_id = $1 AND key = $2`,
		c.DialogID, receiptKey(c)).Query(func(rows pgx.Rows) error {
		in.receipt, err = optional(pgx.CollectExactlyOneRow(rows, func(r pgx.CollectableRow) (*receipt, error) {
			var rc receipt
			return &rc, r.Scan(&rc.hash, &rc.answer.seq, &rc.answer.rev, &rc.answer.claimed)
		}))
		return err
	})
	in.names = map[string]string{}
	fill := queueFacts(b, c, &in)
	if err := tx.beginWith(ctx, b); err != nil {
		return input{}, err
	}
	in.cmd = fill()
	return in, nil
}

// optional turns "no row" into nil.
func optional[T any](v *T, err error) (*T, error) {
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	return v, err
}

// queueFacts queues what the command's people and department are, and returns how to put that into the command.
func queueFacts(b *pgx.Batch, c Command, in *input) func() dialog.Command {
	operator := func(id string) *dialog.Operator {
		o := &dialog.Operator{ID: id} // unknown or switched off: level none
		b.Queue(factsForDialog, id, c.DialogID).Query(func(rows pgx.Rows) error {
			found, err := optional(pgx.CollectExactlyOneRow(rows, func(r pgx.CollectableRow) (*dialog.Operator, error) {
				f, err := scanFacts(r)
				return &f, err
			}))
			if found != nil {
				*o = *found
				in.names[o.ID] = o.Name
			}
			return err
		})
		return o
	}
	switch do := c.Do.(type) {
	case dialog.VisitorMessage:
		queueArrival(b, c.DialogID, &do.Arrival)
		return func() dialog.Command { return do }
	case dialog.Block:
		by := operator(do.By.ID)
		queueBlocked(b, c.DialogID, byOperators, &do.Listed, new(bool))
		return func() dialog.Command { do.By = *by; return do }
	case dialog.Unblock:
		by := operator(do.By.ID)
		queueBlocked(b, c.DialogID, inChat, &do.Listed, &do.Still)
		return func() dialog.Command { do.By = *by; return do }
	case dialog.Reply:
		by := operator(do.By.ID)
		return func() dialog.Command { do.By = *by; return do }
	case dialog.Leave:
		by := operator(do.By.ID)
		return func() dialog.Command { do.By = *by; return do }
	case dialog.SetTags:
		by := operator(do.By.ID)
		return func() dialog.Command { do.By = *by; return do }
	case dialog.RequestContacts:
		by := operator(do.By.ID)
		return func() dialog.Command { do.By = *by; return do }
	case dialog.WithdrawConsent:
		by := operator(do.By.ID)
		return func() dialog.Command { do.By = *by; return do }
	case dialog.Erase:
		if do.By.ID == "" { // repeated: decided before
			break
		}
		by := operator(do.By.ID)
		return func() dialog.Command { do.By = *by; return do }
	case dialog.SubmitForm:
		queueArrival(b, c.DialogID, &do.Arrival)
		queueSentForm(b, c.DialogID, &do)
		queueCard(b, c.DialogID, &do.Before)
		return func() dialog.Command { return do }
	case dialog.EditCard:
		by := operator(do.By.ID)
		queueCard(b, c.DialogID, &do.Before)
		return func() dialog.Command { do.By = *by; return do }
	case dialog.AttachLabel:
		by := operator(do.By.ID)
		queueLabel(b, c.DialogID, &do)
		return func() dialog.Command { do.By, do.Attached = *by, in.row.Labels; return do }
	case dialog.DetachLabel:
		by := operator(do.By.ID)
		return func() dialog.Command { do.By, do.Attached = *by, in.row.Labels; return do }
	case dialog.Transfer:
		by, to := operator(do.By.ID), operator(do.To.ID)
		return func() dialog.Command {
			do.By, do.To = *by, *to
			do.To.Online = do.To.Online || do.To.ID == do.By.ID // he acts, so he is there
			return do
		}
	case dialog.ChooseDepartment:
		id := do.ID
		do.ID = "" // stays empty when it is no department of this project
		b.Queue(`SELECT id::text, name, NOT active FROM departments WHERE id = $1 AND project_id = (SELECT project_id FROM dialogs WHERE id = $2)`,
			id, c.DialogID).Query(func(rows pgx.Rows) error {
			for rows.Next() {
				if err := rows.Scan(&do.ID, &do.Name, &do.Off); err != nil {
					return err
				}
			}
			if !do.Off {
				in.department = do.Name
			}
			return rows.Err()
		})
		queueArrival(b, c.DialogID, &do.Arrival)
		return func() dialog.Command { return do }
	case dialog.OfferContacts:
		return queueOffer(b, c.DialogID)
	}
	return func() dialog.Command { return c.Do }
}

// after is the row as it stands once the change is recorded.
func (r Row) after(ch dialog.Change, in input) Row {
	out := r
	out.State = ch.State
	out.Rev++
	ses := ch.State.Session
	switch before := r.State.Session; {
	case ses == nil:
	case ses.AssigneeID == "":
		out.AssigneeName = ""
	case before == nil || before.AssigneeID != ses.AssigneeID:
		out.AssigneeName = in.names[ses.AssigneeID]
	}
	if ses != nil && (r.State.Session == nil || r.State.Session.DepartmentID != ses.DepartmentID) {
		out.DepartmentName = in.department
		// A department that came with a claim or a transfer is read by its name when the row is next loaded.
	}
	for _, e := range ch.Events {
		if last, shown := lastOf(e); shown {
			out.Last = last
		}
	}
	out.takeCard(ch)
	out.takeErase(ch)
	return out
}

// lastOf is how an event stands in the list row, if it does: system messages do not (R-037, D-25).
func lastOf(e dialog.Event) (Last, bool) {
	l := Last{Kind: e.Kind, Author: e.Author, OperatorID: e.OperatorID, Operator: e.OperatorName, At: e.At}
	switch e.Kind {
	case dialog.KindMessage:
		l.Text = cut(e.Text, 200)
	case dialog.KindDepartment:
		l.Text = e.Params["department"]
	case dialog.KindForm:
	default:
		return Last{}, false
	}
	return l, true
}

func cut(text string, max int) string {
	if r := []rune(text); len(r) > max {
		return string(r[:max])
	}
	return text
}

// bodyHash is what tells a retry from another command under the same id: what the person gave, not the facts around it.
func bodyHash(c dialog.Command) []byte {
	var body any
	switch c := c.(type) {
	case dialog.VisitorMessage:
		body = []any{"message", c.Text}
	case dialog.ChooseDepartment:
		body = []any{"department", c.ID}
	case dialog.SubmitForm:
		body = []any{"form", c.Name, c.Phone, c.Email, c.Consent}
	case dialog.Reply:
		body = []any{"message", c.Text}
	case dialog.Transfer:
		body = []any{"transfer", c.To.ID, c.Department}
	case dialog.Leave:
		body = []any{"leave", c.LastSeen, c.Tags}
	case dialog.SetTags:
		body = []any{"tags", c.Tags}
	case dialog.Block:
		body = []any{"block"}
	case dialog.Unblock:
		body = []any{"unblock"}
	case dialog.Rate:
		body = []any{"rate", c.SessionID, c.Stars, c.Comment}
	case dialog.RequestContacts:
		body = []any{"contacts"}
	case dialog.EditCard:
		body = []any{"card", c.Field, c.Value, c.Rev}
	case dialog.AttachLabel:
		body = []any{"label", c.Label.ID, c.Label.Text, c.Label.Color}
	case dialog.DetachLabel:
		body = []any{"label off", c.ID}
	case dialog.WithdrawConsent:
		body = []any{"consent off"}
	case dialog.Erase:
		body = []any{"erase", c.Again}
	}
	raw, _ := json.Marshal(body) // strings, numbers and booleans always marshal
	sum := sha256.Sum256(raw)
	return sum[:]
}

// replayed gives the first answer again.
func (s *Store) replayed(ctx context.Context, tx *tx, c Command, a answer) (Result, error) {
	r := Result{DialogID: c.DialogID, Rev: a.rev, Claimed: a.claimed, Replayed: true}
	if a.seq == 0 {
		return r, nil
	}
	rows, err := tx.conn.Query(ctx, `SELECT`+eventColumns+` FROM events WHERE dialog_id = $1 AND seq = $2`, c.DialogID, a.seq)
	if err != nil {
		return Result{}, err
	}
	r.Event, err = pgx.CollectExactlyOneRow(rows, scanEvent)
	return r, err
}
