package api

import (
	"context"
	"reflect"
	"slices"
	"time"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/store"
)

// seat takes in who came and went.
func (d *desks) seat(joins, parts []*conn) {
	for _, c := range joins {
		x := d.desks[c.operator]
		if x == nil {
			x = &desk{id: c.operator, conns: map[*conn]string{}, seats: map[string]store.Seat{}, shifts: map[string]*shift{}, marks: map[string]int64{},
				dots: map[string]dialog.Dot{}, reds: map[string]int{}, called: map[string]bool{}, queued: map[string]dialog.Warning{}, stale: map[string]bool{}}
			d.desks[c.operator] = x
			d.refreshed = time.Time{} // seats are read in this step
		}
		x.conns[c] = ""
		x.redots = true
		d.greet = append(d.greet, c)
	}
	for _, c := range parts {
		x := d.desks[c.operator]
		if x == nil {
			continue
		}
		delete(x.conns, c)
		if len(x.conns) == 0 {
			delete(d.desks, c.operator)
		}
	}
	for project := range d.floors {
		if !d.wanted(project) {
			delete(d.floors, project)
		}
	}
}

func (d *desks) wanted(project string) bool {
	for _, x := range d.desks {
		if _, ok := x.seats[project]; ok {
			return true
		}
	}
	return false
}

// refresh reads the facts of the touched operators, or of all, and acts on what changed: rights, departments, limits,
// settings (D-59: within 5 s).
func (d *desks) refresh(touched map[string]bool, all bool) {
	var ids []string
	for id := range d.desks {
		if all || touched[id] {
			ids = append(ids, id)
		}
	}
	if all {
		d.refreshed = time.Now()
	}
	if len(ids) == 0 {
		return
	}
	ctx, cancel := d.s.within()
	defer cancel()
	seats, err := d.store().Seats(ctx, ids)
	if err == nil {
		var selves []store.Self
		if selves, err = d.store().Selves(ctx, ids); err == nil {
			err = d.settle(ctx, ids, seats, selves)
		}
	}
	if err != nil {
		d.s.breaker.suspect()
		d.refreshed = time.Now().Add(time.Second - refreshEvery) // again in a second
	}
}

func (d *desks) store() *store.Store { return d.s.store }

func (d *desks) settle(ctx context.Context, ids []string, seats []store.Seat, selves []store.Self) error {
	byOperator := map[string]map[string]store.Seat{}
	for _, seat := range seats {
		if byOperator[seat.Operator.ID] == nil {
			byOperator[seat.Operator.ID] = map[string]store.Seat{}
		}
		byOperator[seat.Operator.ID][seat.ProjectID] = seat
	}
	for _, self := range selves {
		x := d.desks[self.ID]
		x.me = x.me || (x.self.ID != "" && x.self != self)
		if x.self.Away != self.Away {
			x.rewarn()
		}
		x.self = self
	}
	renewed := map[string]bool{}
	for _, id := range ids {
		x := d.desks[id]
		before, after := x.seats, byOperator[id]
		for project, seat := range after {
			old, had := before[project]
			if !had {
				if err := d.sitDown(ctx, x, seat); err != nil {
					return err
				}
				continue
			}
			d.newSettings(seat)
			if old.Rev != seat.Rev && !renewed[project] {
				renewed[project] = true
				if err := d.renew(ctx, project); err != nil {
					return err
				}
			}
			x.me = x.me || !sameProject(old, seat)
			if !sameRights(old.Operator, seat.Operator) {
				d.resight(x, project, old.Operator, seat.Operator)
			}
		}
		if after == nil {
			after = map[string]store.Seat{}
		}
		x.seats = after
		for c := range x.conns {
			m := after
			c.seats.Store(&m)
		}
		for project, old := range before {
			seat, has := after[project]
			if !has {
				d.getUp(x, project)
			}
			if !has || !sameRights(old.Operator, seat.Operator) {
				if err := d.recheck(ctx, x, project); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// sitDown gives an operator a project: its open dialogs and his read marks in them.
func (d *desks) sitDown(ctx context.Context, x *desk, seat store.Seat) error {
	if d.floors[seat.ProjectID] == nil {
		rows, err := d.store().LoadOpen(ctx, seat.ProjectID)
		if err != nil {
			return err
		}
		f := &floor{rows: make(map[string]*store.Row, len(rows)), ended: map[string]ended{}, scanned: d.now}
		for i := range rows {
			f.rows[rows[i].State.ID] = &rows[i]
			f.expect(&rows[i])
		}
		d.floors[seat.ProjectID] = f
	}
	marks, err := d.store().MarksInProject(ctx, seat.ProjectID, x.id)
	if err != nil {
		return err
	}
	for _, m := range marks {
		x.marks[m.DialogID] = m.Events
	}
	x.stale[seat.ProjectID], x.redots = true, true
	x.shifts[seat.ProjectID] = newShift(seat.Operator, d.now)
	return nil
}

// getUp takes a project away from an operator.
func (d *desks) getUp(x *desk, project string) {
	x.redots = true
	delete(x.dots, project)
	delete(x.reds, project)
	delete(x.shifts, project)
	if f := d.floors[project]; f != nil {
		for id := range f.rows {
			delete(x.called, id) // not his any more, and never heard of again
		}
	}
	for c, watched := range x.conns {
		if watched == project {
			x.conns[c] = ""
		}
	}
}

// newSettings takes a project's settings into its rows: the next look at them goes by the new ones.
func (d *desks) newSettings(seat store.Seat) {
	f := d.floors[seat.ProjectID]
	if f == nil {
		return
	}
	for _, r := range f.rows {
		if sameSettings(r.Settings, seat.Settings) {
			continue
		}
		changed := *r
		changed.Settings = seat.Settings
		d.put1(&changed)
	}
}

// renew reads a project's rows again after its settings changed, and tells those in which a name or a label is another.
func (d *desks) renew(ctx context.Context, project string) error {
	f := d.floors[project]
	if f == nil {
		return nil
	}
	rows, err := d.store().LoadOpen(ctx, project)
	for i := range rows {
		r := &rows[i]
		old := f.rows[r.State.ID]
		if old == nil || old.AssigneeName != r.AssigneeName || old.DepartmentName != r.DepartmentName || !slices.Equal(old.Labels, r.Labels) {
			d.put1(r)
		}
	}
	return err
}

func sameSettings(a, b dialog.Settings) bool {
	return a.Tagging == b.Tagging && slices.Equal(a.ActiveTags, b.ActiveTags) && a.Rating == b.Rating && a.LongWait == b.LongWait &&
		a.RatingPrompt == b.RatingPrompt && a.AutoClose == b.AutoClose && a.Form == b.Form && a.LabelLevel == b.LabelLevel
}

// sameRights compares what a seat lets its operator see and do.
func sameRights(a, b dialog.Operator) bool {
	full := func(o dialog.Operator) bool { return o.Limit > 0 && o.OpenDialogs >= o.Limit }
	return a.Level == b.Level && slices.Equal(a.Departments, b.Departments) && full(a) == full(b) &&
		reflect.DeepEqual(a.Hours, b.Hours) && reflect.DeepEqual(a.Calendar, b.Calendar)
}

// sameProject compares what `me` says of a project.
func sameProject(a, b store.Seat) bool {
	return a.ProjectName == b.ProjectName && a.TimeZone == b.TimeZone && a.Rev == b.Rev && a.Operator.Level == b.Operator.Level && sameSettings(a.Settings, b.Settings) &&
		slices.Equal(a.Tags, b.Tags) && slices.Equal(a.Departments, b.Departments)
}

// recheck ends the operator's subscriptions to dialogs he may not see any more (design 5).
func (d *desks) recheck(ctx context.Context, x *desk, project string) error {
	open := map[string][]*sub{}
	for c := range x.conns {
		c.mu.Lock()
		for id, y := range c.subs {
			if y.project == project {
				open[id] = append(open[id], y)
			}
		}
		c.mu.Unlock()
	}
	if len(open) == 0 {
		return nil
	}
	ids := make([]string, 0, len(open))
	for id := range open {
		ids = append(ids, id)
	}
	rows, err := d.store().LoadMany(ctx, ids)
	for i := range rows {
		for _, y := range open[rows[i].State.ID] {
			d.s.hub.keep(y, &rows[i])
		}
	}
	return err
}

// remark takes in moved read marks: those of this process, and those that may have moved elsewhere with a row.
func (d *desks) remark(in inbox) {
	marks := in.marks
	if len(in.arrived) > 0 && len(d.desks) > 0 && !d.s.breaker.open.Load() {
		var dialogs, operators []string
		for id := range in.arrived {
			dialogs = append(dialogs, id)
		}
		for id := range d.desks {
			operators = append(operators, id)
		}
		ctx, cancel := d.s.within()
		defer cancel()
		if read, err := d.store().Marks(ctx, dialogs, operators); err == nil {
			marks = append(marks, read...)
		}
	}
	for _, m := range marks {
		x := d.desks[m.OperatorID]
		if x == nil || x.marks[m.DialogID] >= m.Events {
			continue
		}
		x.marks[m.DialogID] = m.Events
		if _, comes := in.rows[m.DialogID]; comes {
			continue // told with the row
		}
		d.retell(x, m.DialogID)
	}
}

// retell tells an operator a row of his again.
func (d *desks) retell(x *desk, dialogID string) {
	for project, seat := range x.seats {
		f := d.floors[project]
		if f == nil || f.rows[dialogID] == nil {
			continue
		}
		r := f.rows[dialogID]
		now := d.now
		if dialog.Visible(r.State, seat.Operator, now) {
			x.stale[project] = true
			x.show(project, see(r, seat.Operator, x.marks[dialogID], now))
		}
	}
}

// startWatching answers `watch`: from here on the socket gets the project's rows.
func (d *desks) startWatching(w watching) {
	x := d.desks[w.conn.operator]
	if x == nil {
		return
	}
	if _, here := x.conns[w.conn]; !here {
		return // gone meanwhile
	}
	if _, ok := x.seats[w.project]; !ok {
		d.refresh(map[string]bool{x.id: true}, false) // access came just now
		if _, ok := x.seats[w.project]; !ok {
			d.s.sendError(w.conn, store.ErrNotFound)
			return
		}
	}
	x.conns[w.conn] = w.project
	w.conn.send(watchingFrame{"watching", w.project})
	w.conn.send(hoursFrame{"hours", w.project, x.shifts[w.project].told})
	x.stale[w.project] = true
	delete(x.queued, w.project)
	x.told = time.Time{}
}
