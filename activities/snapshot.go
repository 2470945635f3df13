package activities

import (
	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/store"
	"github.com/otklik/otklik/workflows"
)

// Snapshot is the row as the workflow may know it: ids, words and times (design 2.7).
func Snapshot(r store.Row) workflows.Snapshot {
	out := workflows.Snapshot{DialogID: r.State.ID, ProjectID: r.ProjectID, State: workflows.StateEnded}
	ses := r.State.Session
	if ses == nil {
		return out
	}
	out.SessionID, out.OperatorID, out.DepartmentID = ses.ID, ses.AssigneeID, ses.DepartmentID
	for _, reason := range dialog.Marks(r.State) {
		out.Red = append(out.Red, string(reason))
	}
	if next, ok := dialog.NextDeadline(r.State, r.Settings); ok {
		out.Deadline = &workflows.Deadline{Kind: string(next.Kind), At: next.At, In: max(0, next.At.Sub(r.Now))}
	}
	out.State = state(r.State, out.Deadline != nil)
	return out
}

// state says in one word how the dialog stands (search attribute OtklikState).
func state(s dialog.State, deadline bool) workflows.State {
	switch {
	case !s.Open() && deadline:
		return workflows.StateRating
	case !s.Open():
		return workflows.StateEnded
	case s.Session.AssigneeID == "":
		return workflows.StateUntaken
	case s.Waiting():
		return workflows.StateWaiting
	}
	return workflows.StateAnswered
}
