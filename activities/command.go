package activities

import (
	"github.com/google/uuid"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/store"
	"github.com/otklik/otklik/workflows"
)

// command is the door for what ops send: whatever is malformed is refused like any other bad command, by field, and
// never reaches SQL. The Command is usable for the audit even then.
func command(q workflows.CommandRequest) (store.Command, error) {
	in := q.Command
	c := store.Command{DialogID: q.DialogID, ClientID: in.CommandID, Source: "temporal"}
	by := dialog.Operator{ID: in.Actor}
	switch q.Name {
	case workflows.SignalTransfer:
		c.Do = dialog.Transfer{By: by, To: dialog.Operator{ID: in.To}, Department: in.Department}
	case workflows.SignalLeave:
		c.Do = dialog.Leave{By: by, LastSeen: in.LastSeen, Tags: in.Tags}
	case workflows.SignalRate:
		c.Do = dialog.Rate{SessionID: in.SessionID, Stars: in.Stars, By: in.Actor}
	}
	return c, check(q.Name, in)
}

func check(name string, in workflows.OpsCommand) error {
	if !in.ValidID() {
		return invalid("command_id")
	}
	ids := []id{{"actor", in.Actor, true}}
	switch name {
	case workflows.SignalTransfer:
		ids = append(ids, id{"to", in.To, true}, id{"department", in.Department, false})
	case workflows.SignalLeave:
		for _, tag := range in.Tags {
			ids = append(ids, id{"tags", tag, true})
		}
	case workflows.SignalRate:
		ids = append(ids, id{"session_id", in.SessionID, true})
	default:
		return invalid("name")
	}
	for _, i := range ids {
		if (i.required || i.value != "") && !validUUID(i.value) {
			return invalid(i.field)
		}
	}
	return nil
}

// id is an input that must be a uuid.
type id struct {
	field, value string
	required     bool
}

// validUUID accepts the one form that ids have everywhere; PostgreSQL would take more, and receipts compare text.
func validUUID(s string) bool {
	u, err := uuid.Parse(s)
	return err == nil && u.String() == s
}

func invalid(field string) error { return &dialog.Refusal{Code: dialog.Invalid, Field: field} }
