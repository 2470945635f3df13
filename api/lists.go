package api

import (
	"context"
	"encoding/base64"
	"fmt"
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
	sights []sight     // visible ones only, in no order
	rows   []store.Row // all of the project
	now    time.Time
}

// openDialogs reads the open dialogs of a seat. Red is computed from facts at the moment of reading, so it is right
// even when no timer fires (design 2.8).
func (s *Server) openDialogs(ctx context.Context, seat store.Seat) (openList, error) {
	rows, err := s.store.LoadOpen(ctx, seat.ProjectID)
	if err != nil {
		return openList{}, err
	}
	marks, err := s.store.MarksInProject(ctx, seat.ProjectID, seat.Operator.ID)
	if err != nil {
		return openList{}, err
	}
	out := openList{rows: rows}
	if len(rows) > 0 {
		out.now = rows[0].Now
	} else if out.now, err = s.store.Now(ctx); err != nil {
		return openList{}, err
	}
	read := make(map[string]int64, len(marks))
	for _, m := range marks {
		read[m.DialogID] = m.Events
	}
	seat.Operator = seat.Operator.At(out.now)
	for i := range rows {
		r := &rows[i]
		if dialog.Visible(r.State, seat.Operator, out.now) {
			out.sights = append(out.sights, see(r, seat.Operator, read[r.State.ID], out.now))
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
	"newest": func(v sight) string {
		return fmt.Sprintf("%016x%s", math.MaxInt64-v.row.Last.At.UnixMicro(), v.row.State.ID)
	},
	"oldest": func(v sight) string { return fmt.Sprintf("%016x%s", v.row.Last.At.UnixMicro(), v.row.State.ID) },
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
	page := DialogPage{Rows: []Row{}, Counts: countsOf(open.sights), ChangesAt: changesAt(open.sights, seat.Operator.ShiftChangesAt(open.now)), Now: open.now}
	type entry struct {
		key string
		v   sight
	}
	var list []entry
	for _, v := range open.sights {
		if key := sortKeys[sort](v); v.in(dialog.Group(group)) && key > after {
			list = append(list, entry{key, v})
		}
	}
	slices.SortFunc(list, func(a, b entry) int { return strings.Compare(a.key, b.key) })
	if more := len(list) > int(limit); more {
		list = list[:limit]
		page.NextCursor = writeCursor(sort, list[limit-1].key)
	}
	for _, e := range list {
		page.Rows = append(page.Rows, e.v.wire())
	}
	return c.JSON(page)
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
