package api

import (
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/store"
	"github.com/otklik/otklik/texts"
)

// logRoutes are the chat log and what is read of dialogs beside their messages.
func (s *Server) logRoutes(op fiber.Router) {
	op.Get("/dialogs/:dialog_id/search", s.searchDialog)
	op.Get("/dialogs/:dialog_id/sessions", s.listSessions)
	op.Get("/projects/:project_id/log", s.listLog)
	op.Get("/projects/:project_id/log/filters", s.getLogFilters)
}

// listLog is a page of the chat log (I-07, D-63).
func (s *Server) listLog(c *fiber.Ctx) error {
	q, err := s.logQuery(c)
	if err != nil {
		return err
	}
	limit := q.Limit
	q.Limit++ // one more tells whether there are more
	entries, err := s.store.Log(c.UserContext(), q)
	if err != nil {
		return err
	}
	now, err := s.store.Now(c.UserContext())
	if err != nil {
		return err
	}
	page := LogPage{Rows: []LogRow{}, Now: now}
	for i, e := range entries {
		if i == limit {
			page.NextCursor = writeCursor("log", strconv.FormatInt(entries[i-1].ClosedAt.UnixMicro(), 10)+" "+entries[i-1].SessionID)
			break
		}
		page.Rows = append(page.Rows, logRowOf(e, q.Reader))
	}
	return c.JSON(page)
}

func (s *Server) logQuery(c *fiber.Ctx) (q store.LogQuery, err error) {
	if q.Reader, q.ProjectID, err = s.logReader(c); err != nil {
		return q, err
	}
	if q.Text, err = queryText(c, "q", 200); err != nil {
		return q, err
	}
	q.Text = strings.TrimSpace(q.Text)
	q.Number = numberIn(q.Text)
	for name, into := range map[string]*string{"operator_id": &q.OperatorID, "department_id": &q.DepartmentID, "tag_id": &q.TagID, "label_id": &q.LabelID} {
		if *into, err = queryID(c, name); err != nil {
			return q, err
		}
	}
	if q.From, q.To, err = queryPeriod(c); err != nil {
		return q, err
	}
	limit, err := queryInt(c, "limit", 50, 1, 200)
	if err != nil {
		return q, err
	}
	q.Limit = int(limit)
	key, err := readCursor(c.Query("cursor"), "log")
	if err != nil || key == "" {
		return q, err
	}
	at, id, _ := strings.Cut(key, " ")
	micros, err := strconv.ParseInt(at, 10, 64)
	if q.BeforeID, _ = canonical(id, ""); err != nil || q.BeforeID == "" {
		return q, wrong(codeInvalid, "cursor")
	}
	q.BeforeAt = time.UnixMicro(micros).UTC()
	return q, nil
}

// numberIn is the number of a visitor in what is shown of one who gave no name, «Посетитель 3E9», in whatever language it
// was read (D-18); empty when the text is something else.
func numberIn(text string) string {
	word, number, _ := strings.Cut(text, " ")
	for _, locale := range texts.Locales {
		if strings.EqualFold(word, texts.Text(locale, "who.visitor", nil)) {
			return strings.TrimSpace(number)
		}
	}
	return ""
}

func logRowOf(e store.LogEntry, reader dialog.Operator) LogRow {
	row := LogRow{DialogID: e.DialogID, SessionID: e.SessionID, SessionNo: e.No,
		Visitor: RowVisitor{ID: e.VisitorID, Name: e.Visitor, Number: e.Number}, Last: lastOf(e.Last, reader.ID),
		Operator: personOf(e.Operator.ID, e.Operator.Name), Department: namedOf(e.Department.ID, e.Department.Name),
		Tags: namedAll(e.Tags), Labels: chipsOf(e.Labels), StartedAt: e.StartedAt, ClosedAt: e.ClosedAt, Messages: e.Messages,
		FirstReplySeconds: firstReply(e.StartedAt, e.ClaimedAt)}
	if e.Last.OperatorID != "" && e.Last.OperatorID != reader.ID {
		row.Last.Operator = e.LastOperator
	}
	if dialog.MayReport(reader) { // D-39
		row.Rating = e.Rating
	}
	return row
}

// firstReply is how long the first answer was waited for, in seconds; a dialog is taken by it.
func firstReply(started, claimed time.Time) int {
	if claimed.IsZero() {
		return 0
	}
	return int(claimed.Sub(started).Round(time.Second).Seconds())
}

func chipsOf(in []store.LogLabel) []LabelChip {
	out := make([]LabelChip, len(in))
	for i, l := range in {
		out[i] = LabelChip{ID: l.ID, Text: l.Text, Color: l.Color, Active: l.Active}
	}
	return out
}

func (s *Server) getLogFilters(c *fiber.Ctx) error {
	reader, project, err := s.logReader(c)
	if err != nil {
		return err
	}
	f, err := s.store.LogFilters(c.UserContext(), project, reader)
	if err != nil {
		return err
	}
	out := LogFilters{Operators: make([]Person, len(f.Operators)), Departments: namedAll(f.Departments), Tags: namedAll(f.Tags), Labels: chipsOf(f.Labels)}
	for i, o := range f.Operators {
		out.Operators[i] = Person{ID: o.ID, Name: o.Name}
	}
	return c.JSON(out)
}

// queryID reads an id of the query; empty when it is not given.
func queryID(c *fiber.Ctx, name string) (string, error) {
	raw := c.Query(name)
	if raw == "" {
		return "", nil
	}
	id, err := canonical(raw, name)
	if err != nil {
		return "", wrong(codeInvalid, name)
	}
	return id, nil
}

// queryPeriod reads from and to.
func queryPeriod(c *fiber.Ctx) (from, to time.Time, err error) {
	for name, into := range map[string]*time.Time{"from": &from, "to": &to} {
		if raw := c.Query(name); raw != "" {
			if *into, err = time.Parse(time.RFC3339, raw); err != nil {
				return from, to, wrong(codeInvalid, name)
			}
		}
	}
	if !from.IsZero() && !to.IsZero() && !from.Before(to) {
		return from, to, wrong(codeInvalid, "to")
	}
	return from, to, nil
}
