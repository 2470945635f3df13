package dialog

import "slices"

// Past is what the chat log asks of a finished session: whose it was (D-63).
type Past struct{ DepartmentID, AssigneeID string }

// MayReadPast reports whether a finished session stands in the operator's chat log: from level view, restricted by
// department as lists are (D-63, D-14).
func MayReadPast(p Past, o Operator) bool {
	switch {
	case o.Level < LevelView:
		return false
	case o.Level >= LevelSenior, p.DepartmentID == "":
		return true
	}
	return p.AssigneeID == o.ID || o.in(p.DepartmentID)
}

// MayOpenPast reports whether the operator may open a dialog from the chat log. He then reads the whole of it but for the
// session that is open: live content is not in the log.
func MayOpenPast(finished []Past, o Operator) bool {
	return slices.ContainsFunc(finished, func(p Past) bool { return MayReadPast(p, o) })
}

// MayReport reports whether the operator may see statistics of colleagues (D-03).
func MayReport(o Operator) bool { return o.Level >= LevelSenior }
