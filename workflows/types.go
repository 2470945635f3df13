package workflows

import (
	"regexp"
	"time"
)

// Names by which the rest of the world and ops know the workflows.
const (
	TaskQueue  = "otklik"
	DialogType = "Dialog"
	QueueType  = "Queue"
	// SignalSync tells the dialog's workflow that its row changed; the relay sends it (design 2.4).
	SignalSync = "sync"
	// SignalWake tells a queue's workflow that its queue may have changed (design 3).
	SignalWake = "wake"
	// Signals that ops send from the Web UI or the CLI (design 2.6).
	SignalTransfer = "transfer"
	SignalLeave    = "leave"
	SignalRate     = "rate"
	// Activities by name: workflows never import what implements them.
	ActivitySync    = "Sync"
	ActivityDue     = "Due"
	ActivityCommand = "Command"
	ActivityLook    = "Look"
	// CodeNotFound is the type of the one error that ends a workflow: PostgreSQL has no such dialog (an older backup
	// was restored). Every other error is tried again without end.
	CodeNotFound = "not_found"
)

// Sync is the payload of SignalSync: ids and numbers only (design 2.7).
type Sync struct {
	SessionID string `json:"session_id"`
	SignalSeq int64  `json:"signal_seq"`
}

// Start is the input of the dialog workflow. Carried is set by continue-as-new.
type Start struct {
	DialogID string   `json:"dialog_id"`
	Carried  *Carried `json:"carried,omitempty"`
	// MaxRounds makes tests continue as new after so many calls; 0: when the server suggests it.
	MaxRounds int `json:"max_rounds,omitempty"`
}

// Carried is what a run hands to the run that continues it.
type Carried struct {
	Ordinal  int64    `json:"ordinal"`
	Snapshot Snapshot `json:"snapshot"`
	Refused  string   `json:"refused,omitempty"` // the last refused ops command, as the current details show it
	// SignalSeq is the highest signal number that could not be acknowledged; 0: none.
	SignalSeq int64 `json:"signal_seq,omitempty"`
}

// Fence orders the writes of activities, so that a late attempt of a dead worker writes nothing: a write counts only
// if (At, Ordinal, attempt) is newer than the last one of the dialog. At is workflow time, which is ahead of every earlier
// run's, also after a reset; Ordinal counts the calls of a run.
type Fence struct {
	At      time.Time `json:"at"`
	Ordinal int64     `json:"ordinal"`
}

// Snapshot is the dialog's row as the workflow may know it: a cache for ops to read, never a second truth.
type Snapshot struct {
	DialogID     string    `json:"dialog_id"`
	SessionID    string    `json:"session_id"`
	ProjectID    string    `json:"project_id"`
	OperatorID   string    `json:"operator_id,omitempty"`
	DepartmentID string    `json:"department_id,omitempty"`
	State        State     `json:"state"`
	Red          []string  `json:"red,omitempty"`
	Deadline     *Deadline `json:"deadline,omitempty"` // the next one; nil: none
}

// State of a dialog in words for ops (search attribute OtklikState).
type State string

// States.
const (
	StateUntaken  State = "untaken"  // open, nobody has it
	StateWaiting  State = "waiting"  // open, taken, the visitor waits
	StateAnswered State = "answered" // open, taken, nobody waits
	StateRating   State = "rating"   // ended, the rating prompt runs
	StateEnded    State = "ended"    // ended, nothing to come
	StateBacklog  State = "backlog"  // of a queue, not of a dialog
)

// Finished reports whether nothing is left for a workflow to do.
func (s Snapshot) Finished() bool { return s.State == StateEnded }

// Deadline is the next check: by name and absolute time, and how long from now by the database's clock.
type Deadline struct {
	Kind string        `json:"kind"`
	At   time.Time     `json:"at"`
	In   time.Duration `json:"in"` // nanoseconds; never negative
}

// SyncRequest asks for the row and acknowledges the signal number it was handed, never a newer one.
type SyncRequest struct {
	DialogID  string `json:"dialog_id"`
	SignalSeq int64  `json:"signal_seq"`
	Fence     Fence  `json:"fence"`
	// Armed is the timer the workflow has armed now, if any: an earlier one is kept and looks again by itself.
	Armed time.Time `json:"armed,omitzero"`
}

// SyncResult is the row.
type SyncResult struct {
	Snapshot Snapshot `json:"snapshot"`
	// Stale: the fence turned the write away; a newer call has been made.
	Stale bool `json:"stale,omitempty"`
}

// DueRequest says that a timer fired.
type DueRequest struct {
	DialogID string `json:"dialog_id"`
	Fence    Fence  `json:"fence"`
}

// DueResult is what the clock did.
type DueResult struct {
	Outcome  string   `json:"outcome"` // done, obsolete, wait (dialog.Outcome)
	Snapshot Snapshot `json:"snapshot"`
	Stale    bool     `json:"stale,omitempty"`
}

// OpsCommand is the payload of SignalTransfer, SignalLeave and SignalRate.
type OpsCommand struct {
	CommandID string `json:"command_id"` // makes it idempotent, 8 to 64 of A-Za-z0-9_-
	Actor     string `json:"actor"`      // operator id, whose rights are checked

	To         string `json:"to,omitempty"`         // transfer: operator id
	Department string `json:"department,omitempty"` // transfer: department id

	LastSeen int64    `json:"last_seen,omitempty"` // leave: seq of the last event seen (D-65)
	Tags     []string `json:"tags,omitempty"`      // leave: tag ids; absent: keep

	SessionID string `json:"session_id,omitempty"` // rate
	Stars     int    `json:"stars,omitempty"`      // rate
}

var commandID = regexp.MustCompile(`^[A-Za-z0-9_-]{8,64}$`)

// ValidID reports whether the command carries an id that makes it idempotent.
func (c OpsCommand) ValidID() bool { return commandID.MatchString(c.CommandID) }

// CommandRequest is what the command activity is asked.
type CommandRequest struct {
	DialogID string     `json:"dialog_id"`
	Name     string     `json:"name"` // SignalTransfer, SignalLeave, SignalRate
	Command  OpsCommand `json:"command"`
}

// CommandResult is the answer: accepted, or the code of the refusal.
type CommandResult struct {
	Refused string `json:"refused,omitempty"`
	Field   string `json:"field,omitempty"`
}

// QueueStart is the input of the queue workflow. Without a department it is the common queue.
type QueueStart struct {
	ProjectID    string `json:"project_id"`
	DepartmentID string `json:"department_id,omitempty"`
	// MaxLooks makes tests continue as new after so many looks; 0: when the server suggests it.
	MaxLooks int `json:"max_looks,omitempty"`
}

// LookRequest asks to serve and recount a queue.
type LookRequest struct {
	ProjectID    string `json:"project_id"`
	DepartmentID string `json:"department_id,omitempty"`
	Why          string `json:"why,omitempty"` // the kind of the timer that fired; empty: a wake
}

// LookResult is how the queue stands.
type LookResult struct {
	Untaken int       `json:"untaken"`
	Served  int       `json:"served,omitempty"` // visitors who got the message with the form in this look
	Next    *Deadline `json:"next,omitempty"`   // nil: the queue is no backlog, or time alone changes nothing
}
