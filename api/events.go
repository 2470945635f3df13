package api

import (
	"context"
	"math"

	"github.com/gofiber/fiber/v2"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/store"
)

// eventPage answers a page of one of the two logs; head is the reader's last sequence number. What is past ends there.
func (s *Server) eventPage(c *fiber.Ctx, dialogID string, log store.Log, head int64, past bool, wire func(dialog.Event) Event) error {
	after, err := queryInt(c, "after", -1, 0, math.MaxInt64)
	if err != nil {
		return err
	}
	before, err := queryInt(c, "before", math.MaxInt64, 1, math.MaxInt64)
	if err != nil {
		return err
	}
	limit, err := queryInt(c, "limit", 100, 1, 200)
	if err != nil {
		return err
	}
	if past {
		before = min(before, head+1)
	}
	var events []dialog.Event
	switch {
	case after >= 0 && c.Query("before") != "":
		return wrong(codeInvalid, "before") // one direction at a time
	case after >= 0 && past:
		limit = min(limit, head-after)
		if limit > 0 {
			events, err = s.store.EventsAfter(c.UserContext(), dialogID, log, after, int(limit))
		}
	case after >= 0:
		events, err = s.store.EventsAfter(c.UserContext(), dialogID, log, after, int(limit))
	default:
		events, err = s.store.EventsBefore(c.UserContext(), dialogID, log, before, int(limit))
	}
	if err != nil {
		return err
	}
	page := EventPage{Events: make([]Event, len(events)), HeadSeq: head}
	for i, e := range events {
		page.Events[i] = wire(e)
	}
	first, last := after+1, after // of an empty page
	if after < 0 {
		first = min(before, head+1)
		last = first - 1
	}
	if n := len(page.Events); n > 0 {
		first, last = page.Events[0].Seq, page.Events[n-1].Seq
		page.HeadSeq = max(head, last) // an event may have come between the two reads
	}
	page.MoreBefore, page.MoreAfter = first > 1 && page.HeadSeq > 0, last < page.HeadSeq
	return c.JSON(page)
}

// apply runs one command and, once it is committed, tells everybody.
func (s *Server) apply(ctx context.Context, cmd store.Command) (store.Result, error) {
	out := s.store.Apply(ctx, []store.Command{cmd})[0]
	if out.Err == nil {
		s.tell(ctx, out.Result)
	}
	return out.Result, out.Err
}

func (s *Server) tell(ctx context.Context, r store.Result) {
	if r.Applied == nil {
		return
	}
	s.told(ctx, *r.Applied)
}

// told tells everybody of a change that is committed.
func (s *Server) told(ctx context.Context, a store.Applied) {
	if ses := a.Row.State.Session; ses != nil && ses.DepartmentID != "" && a.Row.DepartmentName == "" {
		// A claim or a transfer brought it; its name is not known yet. Only the name is taken: the row may be newer than
		// the events told here.
		row, err := s.store.Load(ctx, a.Row.State.ID)
		if err == nil && row.State.Session != nil && row.State.Session.DepartmentID == ses.DepartmentID {
			a.Row.DepartmentName = row.DepartmentName
		}
	}
	s.feed.own(a.Row.State.ID, a.Row.Rev)
	s.hub.publish(a)
	s.desks.change(a.Row)
	if a.Signal != dialog.NoSignal {
		s.nudge()
	}
	if a.Signal == dialog.SignalStart && dialog.InBacklog(a.Row.State) { // a start, or a department chosen
		s.o.HintQueue(store.Queue{ProjectID: a.Row.ProjectID, DepartmentID: a.Row.State.Session.DepartmentID})
	}
}
