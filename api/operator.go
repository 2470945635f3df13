package api

import (
	"context"
	"encoding/json"
	"errors"
	"math"

	"github.com/gofiber/fiber/v2"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/store"
)

// sessionsShown is how many sessions a dialog is answered with.
const sessionsShown = 50

// operatorDialog finds the dialog of the path for the operator of the request. One that is unknown, of another project
// or of another department is not found: from outside the three look the same (I-03).
func (s *Server) operatorDialog(c *fiber.Ctx) (store.Row, store.Seat, error) {
	id, err := pathID(c, "dialog_id")
	if err != nil {
		return store.Row{}, store.Seat{}, err
	}
	row, seat, err := s.dialogFor(c.UserContext(), operatorOf(c).OperatorID, id)
	if errors.Is(err, store.ErrNotFound) { // he may know of it from the chat log, where nothing can be done
		if _, err := s.pastFor(c.UserContext(), operatorOf(c).OperatorID, id); err == nil {
			return store.Row{}, store.Seat{}, wrong(string(dialog.Forbidden), "")
		}
	}
	return row, seat, err
}

func (s *Server) dialogFor(ctx context.Context, operatorID, dialogID string) (store.Row, store.Seat, error) {
	seat, err := s.store.SeatAt(ctx, operatorID, dialogID)
	if err != nil {
		return store.Row{}, store.Seat{}, err
	}
	row, err := s.store.Load(ctx, dialogID)
	if err == nil && !dialog.MaySee(row.State, seat.Operator) {
		err = store.ErrNotFound
	}
	return row, seat, err
}

func (s *Server) getDialog(c *fiber.Ctx) error {
	r, err := s.readDialog(c)
	if err != nil {
		return err
	}
	row, ctx := r.row, c.UserContext()
	id := row.State.ID
	card, err := s.store.Card(ctx, id)
	if err != nil {
		return err
	}
	var sessions []store.Session
	if r.past {
		sessions, err = s.store.FinishedSessions(ctx, id, math.MaxInt32, sessionsShown)
	} else {
		sessions, err = s.store.Sessions(ctx, id, sessionsShown)
	}
	if err != nil {
		return err
	}
	mark, err := s.store.MarkOf(ctx, id, r.by.ID)
	if err != nil {
		return err
	}
	ip, block, err := s.blockOf(ctx, id)
	if err != nil {
		return err
	}
	visit, err := s.visitOf(ctx, row.State.VisitorID)
	if err != nil {
		return err
	}
	out := Dialog{
		Visit: visit,
		IP:    ip, Block: block,
		Row:      r.wire(mark.Events),
		Card:     cardOf(card),
		Sessions: make([]SessionSummary, len(sessions)), HeadSeq: row.State.Seq, ReadSeq: mark.Seq,
		Labels: labelChips(row.Labels), CanDownload: row.State.VisitorMessages > 0, ReadOnly: !row.State.Open(), Now: row.Now,
	}
	if r.past { // not of the session that may be open
		out.IP, out.Block = row.State.Session.IP, DialogBlock{}
	}
	for i, x := range sessions {
		out.Sessions[i] = sessionOf(x, r.by)
	}
	return c.JSON(out)
}

// sessionOf is a session as the history shows it. Ratings are for senior and above (D-39).
func sessionOf(x store.Session, reader dialog.Operator) SessionSummary {
	out := SessionSummary{ID: x.ID, No: x.No, StartedAt: x.Begins, LastMessageAt: x.Ends, ClosedAt: x.ClosedAt,
		Operator: personOf(x.OperatorID, x.Operator), Department: namedOf(x.DepartmentID, x.DepartmentName),
		Tags: namedAll(x.Tags), FirstSeq: x.FirstSeq, LastSeq: x.LastSeq, FirstMessageSeq: x.FirstMessage,
		LastMessageSeq: x.LastMessage, IP: x.IP, FirstReplySeconds: firstReply(x.StartedAt, x.ClaimedAt)}
	if dialog.MayReport(reader) {
		out.Rating, out.RatingComment = x.Rating, x.RatingComment
	}
	return out
}

func (s *Server) listEvents(c *fiber.Ctx) error {
	r, err := s.readDialog(c)
	if err != nil {
		return err
	}
	return s.eventPage(c, r.row.State.ID, store.OperatorLog, r.row.State.Seq, r.past, func(e dialog.Event) Event { return eventFor(e, r.by.ID) })
}

func (s *Server) markRead(c *fiber.Ctx) error {
	req, _, err := body[ReadRequest](c)
	if err != nil {
		return err
	}
	if req.Seq < 0 {
		return wrong(codeInvalid, "seq")
	}
	row, seat, err := s.operatorDialog(c)
	if err != nil {
		return err
	}
	mark, err := s.store.MarkRead(c.UserContext(), row.State.ID, seat.Operator.ID, req.Seq)
	if err != nil {
		return err
	}
	s.desks.marked(mark)
	s.feed.hint(row.State.ID) // his other tabs may be at another process
	if dialog.ReadingCounts(row.State, seat.Operator) {
		seen, err := s.store.SeenByOperators(c.UserContext(), row.State.ID, mark.Seq)
		if err != nil {
			return err
		}
		if seen > 0 {
			s.hub.sign(store.Sign{DialogID: row.State.ID, OperatorID: seat.Operator.ID, Read: seen})
		}
	}
	return c.SendStatus(fiber.StatusNoContent)
}

func (s *Server) sendOperatorMessage(c *fiber.Ctx) error {
	req, given, err := body[MessageRequest](c)
	if err != nil {
		return err
	}
	seen, err := seenSeq(req.SeenSeq, given)
	if err != nil {
		return err
	}
	r, viewer, err := s.operatorCommand(c, req.ClientID, func(by dialog.Operator) (dialog.Command, error) {
		return dialog.Reply{By: by, Text: req.Text, SeenSeq: seen}, nil
	})
	if err != nil {
		return err
	}
	return c.JSON(MessageAnswer{Event: eventFor(r.Event, viewer), Claimed: r.Claimed})
}

// seenSeq is the last event the operator had on his screen; -1: he did not say.
func seenSeq(seq int64, given map[string]json.RawMessage) (int64, error) {
	if _, said := given["seen_seq"]; !said {
		return -1, nil
	}
	if seq < 0 {
		return 0, wrong(codeInvalid, "seen_seq")
	}
	return seq, nil
}

func (s *Server) transferDialog(c *fiber.Ctx) error {
	req, _, err := body[TransferRequest](c)
	if err != nil {
		return err
	}
	return s.answerCommand(c, req.ClientID, func(by dialog.Operator) (dialog.Command, error) {
		to, err := canonical(req.OperatorID, "operator_id")
		if err != nil {
			return nil, err
		}
		department := ""
		if req.DepartmentID != "" {
			if department, err = canonical(req.DepartmentID, "department_id"); err != nil {
				return nil, err
			}
		}
		return dialog.Transfer{By: by, To: dialog.Operator{ID: to}, Department: department}, nil
	})
}

func (s *Server) leaveDialog(c *fiber.Ctx) error {
	req, _, err := body[LeaveRequest](c)
	if err != nil {
		return err
	}
	if req.LastSeenSeq < 0 {
		return wrong(codeInvalid, "last_seen_seq")
	}
	return s.answerCommand(c, req.ClientID, func(by dialog.Operator) (dialog.Command, error) {
		tags, err := tagIDs(req.Tags)
		return dialog.Leave{By: by, LastSeen: req.LastSeenSeq, Tags: tags}, err
	})
}

func (s *Server) setTags(c *fiber.Ctx) error {
	req, _, err := body[TagsRequest](c)
	if err != nil {
		return err
	}
	return s.answerCommand(c, req.ClientID, func(by dialog.Operator) (dialog.Command, error) {
		tags, err := tagIDs(req.Tags)
		return dialog.SetTags{By: by, Tags: tags}, err
	})
}

// maxTags bounds one request (openapi.yaml); the number of tags of a session is not limited (D-54).
const maxTags = 100

// tagIDs checks the form of tag ids; nil stays nil: "keep those of the session".
func tagIDs(in []string) ([]string, error) {
	if in == nil {
		return nil, nil
	}
	if len(in) > maxTags {
		return nil, tooLong("tags", maxTags)
	}
	out := make([]string, len(in))
	for i, t := range in {
		id, err := canonical(t, "tags")
		if err != nil {
			return nil, wrong(codeInvalid, "tags") // as a tag that does not exist
		}
		out[i] = id
	}
	return out, nil
}

// operatorCommand runs a command on the dialog of the path.
func (s *Server) operatorCommand(c *fiber.Ctx, clientID string, build func(by dialog.Operator) (dialog.Command, error)) (store.Result, string, error) {
	if err := checkClientID(clientID); err != nil {
		return store.Result{}, "", err
	}
	row, seat, err := s.operatorDialog(c)
	if err != nil {
		return store.Result{}, "", err
	}
	do, err := build(dialog.Operator{ID: seat.Operator.ID})
	if err != nil {
		return store.Result{}, "", err
	}
	r, err := s.apply(c.UserContext(), store.Command{DialogID: row.State.ID, ClientID: clientID, Do: do})
	return r, seat.Operator.ID, err
}

func (s *Server) answerCommand(c *fiber.Ctx, clientID string, build func(by dialog.Operator) (dialog.Command, error)) error {
	r, _, err := s.operatorCommand(c, clientID, build)
	if err != nil {
		return err
	}
	return c.JSON(CommandAnswer{DialogID: r.DialogID, Rev: r.Rev})
}
