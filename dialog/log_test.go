package dialog

import "testing"

// D-63, D-14, D-03: whose finished sessions an operator reads, by level and department.
func TestMayReadPast(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		level       Level
		departments []string
		past        Past
		want        bool
	}{
		{LevelNone, []string{"sales"}, Past{}, false},
		{LevelView, nil, Past{}, true},
		{LevelView, nil, Past{DepartmentID: "sales"}, false},
		{LevelView, []string{"sales"}, Past{DepartmentID: "sales"}, true},
		{LevelOperator, []string{"sales"}, Past{DepartmentID: "delivery"}, false},
		{LevelOperator, []string{"sales"}, Past{DepartmentID: "delivery", AssigneeID: "me"}, true},
		{LevelSenior, nil, Past{DepartmentID: "delivery"}, true},
		{LevelAdmin, nil, Past{DepartmentID: "delivery"}, true},
	} {
		o := Operator{ID: "me", Level: c.level, Departments: c.departments}
		if got := MayReadPast(c.past, o); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
		if got := MayOpenPast([]Past{{DepartmentID: "other"}, c.past}, o); got != c.want && c.level < LevelSenior {
			t.Errorf("open %+v: %v", c, got)
		}
		if MayOpenPast(nil, o) {
			t.Error("nothing is finished")
		}
		if MayReport(o) != (c.level >= LevelSenior) {
			t.Errorf("report at level %d", c.level)
		}
	}
}
