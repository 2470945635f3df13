package dialog

import (
	"slices"
	"time"
)

// MayReceive checks whether the dialog may be handed to the operator under one of his departments, or, without one, as
// it is (D-36): not the current one, access, online, in working time (his own and the department's), below his limit.
// A *Refusal with the code LimitReached is the one that leaves him in the list.
func MayReceive(s State, to Operator, department string, now time.Time) error {
	if !s.Open() || s.Session.AssigneeID == "" {
		return refuse(NotClaimed)
	}
	queue := department
	if queue == "" {
		queue = s.Session.DepartmentID
	}
	if to.ID == s.Session.AssigneeID || to.Level < LevelOperator || !to.Online || !to.Works(queue, now) {
		return refuseField(TargetUnavailable, "operator_id")
	}
	if department != "" && !slices.Contains(to.active(), department) {
		return refuseField(Invalid, "department_id")
	}
	if to.atLimit() {
		return &Refusal{Code: LimitReached, Field: "operator_id", Max: to.Limit}
	}
	return nil
}

// Target is a place in the list of those who may receive a dialog.
type Target struct {
	Operator   Operator
	Department string // empty: he is in none
	AtLimit    bool   // shown, and not available
}

// Targets lists who may receive the dialog from the operator, one of several departments under each of them (R-055,
// D-36). Taking a dialog over oneself is for senior and above (D-27).
func Targets(s State, by Operator, all []Operator, now time.Time) []Target {
	var out []Target
	for _, to := range all {
		if to.ID == by.ID && by.Level < LevelSenior {
			continue
		}
		departments := to.active()
		if len(departments) == 0 {
			departments = []string{""}
		}
		for _, d := range departments {
			switch code(MayReceive(s, to, d, now)) {
			case "":
				out = append(out, Target{Operator: to, Department: d})
			case LimitReached:
				out = append(out, Target{Operator: to, Department: d, AtLimit: true})
			}
		}
	}
	return out
}
