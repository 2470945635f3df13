package workflows

import (
	"go.temporal.io/sdk/workflow"
)

// startCommand takes the answer of the ops command being decided and starts the next one. Commands run one at a time
// and beside the clock: one that cannot be decided now (PostgreSQL down) must not keep a deadline from firing.
// Nothing is deduplicated here: receipts in PostgreSQL do it (I-10).
func (r *run) startCommand(ctx workflow.Context) {
	if r.command != nil {
		if !r.command.IsReady() {
			return
		}
		r.answer(ctx)
		r.command = nil
	}
	if len(r.commands) == 0 {
		return
	}
	r.deciding, r.commands = r.commands[0], r.commands[1:]
	r.command = workflow.ExecuteActivity(ordinary(ctx, r.deciding.Name), ActivityCommand, r.deciding)
}

// answer keeps the refusal of a command for the current details. An accepted one owes this workflow a signal, so
// nothing is to be read here.
func (r *run) answer(ctx workflow.Context) {
	var res CommandResult
	if err := r.command.Get(ctx, &res); err != nil {
		res = CommandResult{Refused: "failed"}
	}
	if res.Refused == "" {
		return
	}
	r.refused = r.deciding.Name
	if r.deciding.Command.ValidID() { // anything else may be text
		r.refused += " " + r.deciding.Command.CommandID
	}
	r.refused += ": " + res.Refused
	if res.Field != "" {
		r.refused += " (" + res.Field + ")"
	}
}
