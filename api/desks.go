package api

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/store"
)

// desks keep what each connected operator sees of his projects: rows, counts and dots. One goroutine owns it all; others
// put what they know into its inbox. Rows come from the changes themselves, so a change costs no reading; what time
// alone changes is found here too, so that red is right even while Temporal is down (design 2.8).
type desks struct {
	s    *Server
	wake chan struct{}

	mu    sync.Mutex
	inbox inbox

	desks     map[string]*desk  // by operator
	floors    map[string]*floor // by project
	greet     []*conn           // are to be told what calls, once their operators' seats are read
	refreshed time.Time
	now       time.Time // of this step: one for all of it, so that what is told fits together
}

// inbox is what came in since the last step.
type inbox struct {
	rows    map[string]store.Row
	arrived map[string]bool // rows from elsewhere: read marks may have moved too
	marks   []store.Mark
	touched map[string]bool // operators whose facts may have changed
	joins   []*conn
	parts   []*conn
	watches []watching
}

type watching struct {
	conn    *conn
	project string
}

// desk is one connected operator.
type desk struct {
	id     string
	conns  map[*conn]string // and the project each watches
	self   store.Self
	seats  map[string]store.Seat // by project
	shifts map[string]*shift     // by project: working time as it was told
	marks  map[string]int64      // visitor events read, by dialog
	dots   map[string]dialog.Dot
	reds   map[string]int            // by project
	called map[string]bool           // dialogs that call him, as it was told
	queued map[string]dialog.Warning // by project: the backlog as it was told
	stale  map[string]bool           // projects whose counts and dots are to be told
	redots bool                      // projects came or went
	me     bool                      // own data changed
	told   time.Time                 // when counts were told last
}

// floor is the open dialogs of a project somebody connected may work in.
type floor struct {
	rows    map[string]*store.Row
	ended   map[string]ended // sessions that ended lately
	scanned time.Time        // up to when rows that turn red by time are told
	nextRed time.Time        // when the next one does; zero: none
}

// ended keeps a row that was read before the end, and comes in after it, from opening the session again.
type ended struct {
	rev int64
	at  time.Time
}

const (
	rowsEvery    = 100 * time.Millisecond // per dialog at most
	countsEvery  = time.Second            // per operator at most
	refreshEvery = 3 * time.Second        // settings and rights act within 5 s (D-59)
	callsAtOnce  = 20                     // told to a new connection: enough to ring for
)

func newDesks(s *Server) *desks {
	return &desks{s: s, wake: make(chan struct{}, 1), desks: map[string]*desk{}, floors: map[string]*floor{}, inbox: newInbox()}
}

func newInbox() inbox {
	return inbox{rows: map[string]store.Row{}, arrived: map[string]bool{}, touched: map[string]bool{}}
}

func (d *desks) put(f func(*inbox)) {
	d.mu.Lock()
	f(&d.inbox)
	d.mu.Unlock()
	d.poke()
}

func (d *desks) poke() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

func (d *desks) join(c *conn)          { d.put(func(in *inbox) { in.joins = append(in.joins, c) }) }
func (d *desks) part(c *conn)          { d.put(func(in *inbox) { in.parts = append(in.parts, c) }) }
func (d *desks) touch(operator string) { d.put(func(in *inbox) { in.touched[operator] = true }) }
func (d *desks) marked(m store.Mark)   { d.put(func(in *inbox) { in.marks = append(in.marks, m) }) }
func (d *desks) watch(c *conn, project string) {
	d.put(func(in *inbox) { in.watches = append(in.watches, watching{c, project}) })
}

// change takes a row as a command of this process left it.
func (d *desks) change(r store.Row) {
	d.put(func(in *inbox) {
		if old, ok := in.rows[r.State.ID]; !ok || old.Rev <= r.Rev {
			in.rows[r.State.ID] = r
		}
	})
}

// arrived takes a row that changed elsewhere.
func (d *desks) arrived(r store.Row) {
	d.put(func(in *inbox) { in.arrived[r.State.ID] = true })
	d.change(r)
}

// run steps whenever something came in or time changed something, at most every rowsEvery.
func (d *desks) run(ctx context.Context) {
	for {
		d.step()
		rest := time.NewTimer(rowsEvery)
		select {
		case <-ctx.Done():
			return
		case <-rest.C:
		}
		next := time.NewTimer(d.untilNext())
		select {
		case <-ctx.Done():
			return
		case <-d.wake:
		case <-next.C:
		}
		next.Stop()
	}
}

// untilNext is how long nothing happens by itself.
func (d *desks) untilNext() time.Duration {
	if len(d.desks) == 0 {
		return time.Minute
	}
	wait := refreshEvery - time.Since(d.refreshed)
	for _, x := range d.desks {
		if len(x.stale) > 0 || x.redots || x.me {
			wait = min(wait, countsEvery-time.Since(x.told))
		}
	}
	now := d.s.now()
	for _, x := range d.desks {
		for _, sh := range x.shifts {
			if !sh.next.IsZero() {
				wait = min(wait, sh.next.Sub(now))
			}
		}
	}
	for _, f := range d.floors {
		if !f.nextRed.IsZero() {
			wait = min(wait, f.nextRed.Sub(now))
		}
	}
	return max(wait, 0)
}

// step does everything that is due, in an order that keeps each frame true: who sits where, then what changed, then
// what is counted.
func (d *desks) step() {
	d.mu.Lock()
	in := d.inbox
	d.inbox = newInbox()
	d.mu.Unlock()
	d.now = d.s.now()

	d.seat(in.joins, in.parts)
	for _, r := range in.rows {
		d.touchAssignees(&r, in.touched)
	}
	due := time.Since(d.refreshed) >= refreshEvery
	if (due || len(in.touched) > 0) && !d.s.breaker.open.Load() {
		d.refresh(in.touched, due)
	}
	d.turnShifts()
	d.remark(in)
	d.sayCalls()
	for id := range in.rows {
		r := in.rows[id]
		d.put1(&r)
	}
	for _, w := range in.watches {
		d.startWatching(w)
	}
	for project, f := range d.floors {
		d.redden(project, f, d.now)
	}
	for _, x := range d.desks {
		if time.Since(x.told) >= countsEvery {
			d.tell(x, d.now)
		}
	}
}

// touchAssignees notes whose number of open dialogs a row changes.
func (d *desks) touchAssignees(r *store.Row, touched map[string]bool) {
	before, after := "", ""
	if f := d.floors[r.ProjectID]; f != nil {
		if old := f.rows[r.State.ID]; old != nil && old.State.Session != nil {
			before = old.State.Session.AssigneeID
		}
	}
	if r.State.Open() {
		after = r.State.Session.AssigneeID
	}
	if before == after {
		return
	}
	for _, id := range []string{before, after} {
		if d.desks[id] != nil {
			touched[id] = true
		}
	}
}

// put1 takes a row into its project's floor and tells those who see it, or saw it.
func (d *desks) put1(r *store.Row) {
	f := d.floors[r.ProjectID]
	if f == nil {
		return
	}
	old := f.rows[r.State.ID]
	if (old != nil && old.Rev > r.Rev) || f.ended[r.State.ID].rev > r.Rev {
		return
	}
	if r.State.Open() {
		f.rows[r.State.ID] = r
		f.expect(r)
	} else {
		delete(f.rows, r.State.ID)
		f.end(r)
	}
	now := d.now
	for _, x := range d.desks {
		seat, ok := x.seats[r.ProjectID]
		if !ok {
			continue
		}
		nameDepartment(r, seat)
		was := old != nil && dialog.Visible(old.State, seat.Operator, now)
		is := dialog.Visible(r.State, seat.Operator, now)
		if was || is {
			x.stale[r.ProjectID] = true
		}
		switch {
		case is:
			x.show(r.ProjectID, see(r, seat.Operator, x.marks[r.State.ID], now))
		case was:
			x.hide(r.ProjectID, goneFrame{"gone", r.State.ID, r.Rev, winner(r, x.id)})
		}
	}
}

// show tells a row to the operator's sockets that watch its project; the others learn when it calls him, and when it has
// ceased to.
func (x *desk) show(project string, v sight) {
	id, calls := v.state.ID, v.calls()
	row := v.wire()
	x.send(project, rowFrame{"row", row})
	if calls || x.called[id] {
		x.sendElsewhere(project, rowFrame{"call", row})
	}
	if calls {
		x.called[id] = true
	} else {
		delete(x.called, id)
	}
}

// hide tells that a row is no longer the operator's to see.
func (x *desk) hide(project string, gone goneFrame) {
	x.send(project, gone)
	if x.called[gone.DialogID] {
		x.sendElsewhere(project, gone)
		delete(x.called, gone.DialogID)
	}
}

// sayCalls tells new connections what calls their operators in all their projects: it may have begun while they were away.
func (d *desks) sayCalls() {
	var later []*conn
	for _, c := range d.greet {
		x := d.desks[c.operator]
		if x == nil {
			continue
		}
		if _, here := x.conns[c]; !here {
			continue
		}
		if x.self.ID == "" {
			later = append(later, c)
			continue
		}
		c.send(callsFrame{"calls", x.calls(d)})
	}
	d.greet = later
}

// calls are the dialogs that call the operator, those that began last first.
func (x *desk) calls(d *desks) []Row {
	var calling []sight
	for project, seat := range x.seats {
		if f := d.floors[project]; f != nil {
			for _, v := range x.sights(seat, f, d.now) {
				if v.calls() {
					calling = append(calling, v)
					x.called[v.state.ID] = true
				}
			}
		}
	}
	slices.SortFunc(calling, func(a, b sight) int { return b.callsSince().Compare(a.callsSince()) })
	rows := []Row{}
	for _, v := range calling[:min(len(calling), callsAtOnce)] {
		rows = append(rows, v.wire())
	}
	return rows
}

// send queues a frame at the operator's sockets that watch the project.
func (x *desk) send(project string, frame any) {
	x.sendWhere(func(watched string) bool { return watched == project }, frame)
}

// sendElsewhere queues a frame at those that do not.
func (x *desk) sendElsewhere(project string, frame any) {
	x.sendWhere(func(watched string) bool { return watched != project }, frame)
}

func (x *desk) sendWhere(fits func(watched string) bool, frame any) {
	var raw []byte
	for c, watched := range x.conns {
		if !fits(watched) {
			continue
		}
		if raw == nil {
			raw = encode(frame)
		}
		c.sendRaw(raw)
	}
}

// end remembers an end for longer than any row can be on its way.
func (f *floor) end(r *store.Row) {
	f.ended[r.State.ID] = ended{r.Rev, time.Now()}
	if len(f.ended)%256 != 0 {
		return
	}
	for id, e := range f.ended {
		if time.Since(e.at) > time.Minute {
			delete(f.ended, id)
		}
	}
}

// expect keeps nextRed true for a row that is new or changed.
func (f *floor) expect(r *store.Row) {
	if at := redAt(r, f.scanned); !at.IsZero() && (f.nextRed.IsZero() || at.Before(f.nextRed)) {
		f.nextRed = at
	}
}

// redAt is when the row turns red for whomever it turns red, after the given time; zero: it does not.
func redAt(r *store.Row, after time.Time) time.Time {
	if r.State.Session == nil {
		return time.Time{}
	}
	anybody := dialog.Operator{ID: r.State.Session.AssigneeID, Level: dialog.LevelAdmin}
	next, _ := dialog.NextRed(r.State, anybody, r.Settings, after)
	return next.At
}

// redden tells the rows that turned red by time alone since the last look.
func (d *desks) redden(project string, f *floor, now time.Time) {
	if f.nextRed.IsZero() || now.Before(f.nextRed) {
		return
	}
	since := f.scanned
	f.scanned, f.nextRed = now, time.Time{}
	for id, r := range f.rows {
		at := redAt(r, since)
		if at.IsZero() {
			continue
		}
		if at.After(now) {
			f.expect(r)
			continue
		}
		for _, x := range d.desks {
			seat, ok := x.seats[project]
			if !ok {
				continue
			}
			if v := see(r, seat.Operator, x.marks[id], now); len(v.red) > 0 {
				x.stale[project] = true
				x.show(project, v)
			}
		}
	}
}

// tell says what is counted and has changed: counts of watched projects, dots of all, and that own data changed.
func (d *desks) tell(x *desk, now time.Time) {
	if len(x.stale) == 0 && !x.redots && !x.me {
		return
	}
	x.told = time.Now()
	changed := x.redots
	for project := range x.stale {
		seat, ok := x.seats[project]
		f := d.floors[project]
		if !ok || f == nil {
			continue
		}
		sights := x.sights(seat, f, now)
		dot, red := dotOf(sights)
		changed = changed || x.dots[project] != dot || x.reds[project] != red
		x.dots[project], x.reds[project] = dot, red
		d.warn(x, project, backlogOf(seat, x.self.Away, f.states(), now))
		x.send(project, countsFrame{"counts", project, countsOf(sights), changesAt(sights, x.shifts[project].next)})
	}
	clear(x.stale)
	if changed {
		x.toAll(x.projects())
	}
	if x.me {
		x.toAll(plainFrame{Type: "me"})
	}
	x.redots, x.me = false, false
}

func (x *desk) sights(seat store.Seat, f *floor, now time.Time) []sight {
	out := make([]sight, 0, len(f.rows))
	seat.Operator = seat.Operator.At(now)
	for id, r := range f.rows {
		if dialog.Visible(r.State, seat.Operator, now) {
			out = append(out, see(r, seat.Operator, x.marks[id], now))
		}
	}
	return out
}

func (x *desk) projects() projectsFrame {
	out := projectsFrame{"projects", []ProjectDot{}}
	for id := range x.seats {
		dot := x.dots[id]
		if dot == "" {
			dot = dialog.DotNone
		}
		out.Projects = append(out.Projects, ProjectDot{ID: id, Dot: Dot(dot), Red: x.reds[id]})
	}
	return out
}

func (x *desk) toAll(frame any) {
	raw := encode(frame)
	for c := range x.conns {
		c.sendRaw(raw)
	}
}
