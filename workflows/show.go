package workflows

import (
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// Search attributes that ops filter the list of workflows by: ids and words, never texts (design 2.7).
var (
	AttributeProject    = temporal.NewSearchAttributeKeyKeyword("OtklikProject")
	AttributeOperator   = temporal.NewSearchAttributeKeyKeyword("OtklikOperator")
	AttributeDepartment = temporal.NewSearchAttributeKeyKeyword("OtklikDepartment")
	AttributeState      = temporal.NewSearchAttributeKeyKeyword("OtklikState")
	AttributeRed        = temporal.NewSearchAttributeKeyKeywordList("OtklikRed")
)

// showAttributes upserts the search attributes together, and only when one of them changes: an upsert is an event.
func showAttributes(ctx workflow.Context, row Snapshot) {
	shown := workflow.GetTypedSearchAttributes(ctx)
	all := make([]temporal.SearchAttributeUpdate, 0, 5)
	changed := false
	for _, a := range []struct {
		key  temporal.SearchAttributeKeyKeyword
		want string
	}{
		{AttributeProject, row.ProjectID},
		{AttributeOperator, row.OperatorID},
		{AttributeDepartment, row.DepartmentID},
		{AttributeState, string(row.State)},
	} {
		was, _ := shown.GetKeyword(a.key)
		changed = changed || was != a.want
		if a.want == "" {
			all = append(all, a.key.ValueUnset())
		} else {
			all = append(all, a.key.ValueSet(a.want))
		}
	}
	red, _ := shown.GetKeywordList(AttributeRed)
	changed = changed || !slices.Equal(red, row.Red)
	if len(row.Red) == 0 {
		all = append(all, AttributeRed.ValueUnset())
	} else {
		all = append(all, AttributeRed.ValueSet(row.Red))
	}
	if changed {
		_ = workflow.UpsertTypedSearchAttributes(ctx, all...)
	}
}

// showDetails says in the Web UI how the dialog stands: with absolute times, since nobody rewrites it while it waits.
func (r *run) showDetails(ctx workflow.Context) {
	lines := []string{"state: " + string(r.row.State)}
	if len(r.row.Red) > 0 {
		lines = append(lines, "red: "+strings.Join(r.row.Red, ", "))
	}
	switch {
	case r.timer.armed():
		lines = append(lines, "next check: "+r.timer.kind+" at "+utc(r.timer.at))
	default:
		lines = append(lines, "next check: none")
	}
	if d := r.row.Deadline; d != nil && !d.At.Equal(r.timer.at) {
		lines = append(lines, "next deadline: "+d.Kind+" at "+utc(d.At))
	}
	for _, id := range []struct{ name, value string }{
		{"session", r.row.SessionID}, {"operator", r.row.OperatorID}, {"department", r.row.DepartmentID},
	} {
		if id.value != "" {
			lines = append(lines, id.name+": "+id.value)
		}
	}
	if r.refused != "" {
		lines = append(lines, "last refused: "+r.refused)
	}
	workflow.SetCurrentDetails(ctx, strings.Join(lines, "\n\n"))
}

func utc(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
