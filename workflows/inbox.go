package workflows

import (
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"
)

// inbox holds the channels of the dialog's signals. Payloads are taken raw and decoded here, so that a bad one is
// seen and refused instead of being dropped by the SDK.
type inbox struct {
	sync workflow.ReceiveChannel
	ops  []workflow.ReceiveChannel
}

func newInbox(ctx workflow.Context) inbox {
	in := inbox{sync: workflow.GetSignalChannel(ctx, SignalSync)}
	for _, name := range []string{SignalTransfer, SignalLeave, SignalRate} {
		in.ops = append(in.ops, workflow.GetSignalChannel(ctx, name))
	}
	return in
}

// pending reports whether a signal waits to be drained.
func (in inbox) pending() bool {
	if in.sync.Len() > 0 {
		return true
	}
	for _, c := range in.ops {
		if c.Len() > 0 {
			return true
		}
	}
	return false
}

// syncs drains the relay's signals. One that cannot be read still makes the row be read; it acknowledges nothing.
func (in inbox) syncs() []Sync { return receive[Sync](in.sync) }

// commands drains what ops sent. What cannot be read becomes an empty command, which the rules' door refuses.
func (in inbox) commands() []CommandRequest {
	var out []CommandRequest
	for _, c := range in.ops {
		for _, command := range receive[OpsCommand](c) {
			out = append(out, CommandRequest{Name: c.Name(), Command: command})
		}
	}
	return out
}

func receive[T any](c workflow.ReceiveChannel) []T {
	var out []T
	for {
		var raw converter.RawValue
		if !c.ReceiveAsync(&raw) {
			return out
		}
		var v T
		if p := raw.Payload(); p == nil || converter.GetDefaultDataConverter().FromPayload(p, &v) != nil {
			v = *new(T) // not half of what could not be read
		}
		out = append(out, v)
	}
}
