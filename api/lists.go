package api

import (
	"context"
	"encoding/base64"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/store"
)

// openList is what one operator sees of a project at one moment.
type openList struct {
	sights []sight        // visible ones only, in no order; what is shown of them is not read yet
	open   []store.Glance // all of the project
	now    time.Time
}

// openDialogs looks at the open dialogs of a seat. Red is computed from facts at the moment of reading, so it is right
// even when no timer fires (design 2.8).
func (s *Server) openDialogs(ctx context.Context, seat store.Seat) (openList, error) {
	open, now, err := s.store.GlanceOpen(ctx, seat)
	if err != nil {
		return openList{}, err
	}
	out := openList{sights: make([]sight, 0, len(open)), open: open, now: now}
	viewer := seat.Operator.At(now)
	for i := range open {
		g := &open[i]
		if v := dialog.See(g.State, &viewer, &seat.Settings, now); v.Visible {
			out.sights = append(out.sights, sightOf(v, g.State, g.ShownAt, &viewer, g.Read, now))
		}
	}
	return out, nil
}

// shown reads what a page shows of its dialogs, in its order. Those that left the group meanwhile are left out.
func (s *Server) shown(ctx context.Context, page []sight, group dialog.Group) ([]Row, error) {
	ids := make([]string, len(page))
	for i, v := range page {
		ids[i] = v.state.ID
	}
	rows, err := s.store.LoadMany(ctx, ids)
	if err != nil {
		return nil, err
	}
	read := make(map[string]*store.Row, len(rows))
	for i := range rows {
		read[rows[i].State.ID] = &rows[i]
	}
	out := make([]Row, 0, len(page))
	for _, v := range page {
		if r := read[v.state.ID]; r != nil {
			if v := see(r, *v.viewer, v.read, v.now); v.in(group) {
				out = append(out, v.wire())
			}
		}
	}
	return out, nil
}

func countsOf(sights []sight) Counts {
	var c Counts
	for _, v := range sights {
		for _, g := range v.groups {
			switch g {
			case dialog.Mine:
				c.Mine++
			case dialog.Important:
				c.Important++
			case dialog.Unassigned:
				c.Unassigned++
			case dialog.All:
				c.All++
			}
		}
	}
	return c
}

// changesAt is when these rows and their counts change by time alone: one turns red, or a queue opens or closes.
func changesAt(sights []sight, shift time.Time) time.Time {
	at := shift
	for _, v := range sights {
		if n := v.next.At; !n.IsZero() && (at.IsZero() || n.Before(at)) {
			at = n
		}
	}
	return at
}

// sortKeys are the orders of a list. Each is a string that sorts ascending and ends with the id, so that it serves as
// the cursor too: a page begins after a key, whatever has come or gone before it.
var sortKeys = map[string]func(sight) string{
	"priority": sight.rank,
	"newest":   func(v sight) string { return keyOf(math.MaxInt64-v.shown.UnixMicro(), v.state.ID) },
	"oldest":   func(v sight) string { return keyOf(v.shown.UnixMicro(), v.state.ID) },
}

func keyOf(micros int64, id string) string {
	return string(append(dialog.AppendKey(make([]byte, 0, 16+len(id)), micros), id...))
}

func (s *Server) listDialogs(c *fiber.Ctx) error {
	project, err := pathID(c, "project_id")
	if err != nil {
		return err
	}
	group, err := queryOneOf(c, "group", string(dialog.All), string(dialog.Mine), string(dialog.Important), string(dialog.Unassigned), string(dialog.All))
	if err != nil {
		return err
	}
	sort, err := queryOneOf(c, "sort", "priority", "priority", "newest", "oldest")
	if err != nil {
		return err
	}
	limit, err := queryInt(c, "limit", 50, 1, 200)
	if err != nil {
		return err
	}
	after, err := readCursor(c.Query("cursor"), sort)
	if err != nil {
		return err
	}
	seat, err := s.store.Seat(c.UserContext(), operatorOf(c).OperatorID, project)
	if err != nil {
		return err
	}
	open, err := s.openDialogs(c.UserContext(), seat)
	if err != nil {
		return err
	}
	page := DialogPage{Counts: countsOf(open.sights),
		ChangesAt: changesAt(open.sights, seat.Operator.ShiftChangesAt(open.now)), Now: open.now}
	list, last := cutPage(open.sights, dialog.Group(group), sortKeys[sort], after, int(limit))
	if last != "" {
		page.NextCursor = writeCursor(sort, last)
	}
	if page.Rows, err = s.shown(c.UserContext(), list, dialog.Group(group)); err != nil {
		return err
	}
	return c.JSON(page)
}

// cutPage is the page of a group that begins behind a key, and its last key unless nothing comes after it.
func cutPage(sights []sight, g dialog.Group, keyOf func(sight) string, after string, limit int) (page []sight, last string) {
	type entry struct {
		key string
		v   *sight
	}
	var list []entry
	beyond := ""    // the page ends before it; empty: not known yet
	cut := func() { // ten thousand are not sorted to show fifty
		slices.SortFunc(list, func(a, b entry) int { return strings.Compare(a.key, b.key) })
		if len(list) > limit {
			list, beyond = list[:limit+1], list[limit].key
		}
	}
	for i := range sights {
		if !sights[i].in(g) {
			continue
		}
		if key := keyOf(sights[i]); key > after && (beyond == "" || key < beyond) {
			if list = append(list, entry{key, &sights[i]}); len(list) > 4*limit {
				cut()
			}
		}
	}
	if cut(); len(list) > limit {
		list = list[:limit]
		last = list[limit-1].key
	}
	for _, e := range list {
		page = append(page, *e.v)
	}
	return page, last
}

func writeCursor(sort, key string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(sort + " " + key))
}

func readCursor(cursor, sort string) (string, error) {
	if cursor == "" {
		return "", nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	of, key, ok := strings.Cut(string(raw), " ")
	if err != nil || len(cursor) > 200 || !ok || of != sort {
		return "", wrong(codeInvalid, "cursor")
	}
	return key, nil
}
