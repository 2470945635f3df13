package api

import (
	"bufio"
	"encoding/csv"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/store"
)

const (
	reportDays  = 30   // the period, when none is asked for
	reportLines = 5000 // of one answer; finer questions are for the file
	csvSessions = 500  // in memory at a time
)

// tagReport counts sessions per tag, operator, source and period, or gives them as a file. Statistics of
// colleagues are for senior and above (D-03): see adminRoutes.
func (s *Server) tagReport(c *fiber.Ctx) error {
	q, err := s.tagQuery(c)
	if err != nil {
		return err
	}
	format, err := queryOneOf(c, "format", "json", "json", "csv")
	if err != nil {
		return err
	}
	if format == "csv" {
		return s.sendTagFile(c, q)
	}
	lines, sessions, err := s.store.TagReport(c.UserContext(), q, reportLines+1)
	if err != nil {
		return err
	}
	if len(lines) > reportLines {
		return tooLong("group_by", reportLines)
	}
	out := TagReport{Lines: make([]TagReportLine, len(lines)), Sessions: sessions, From: q.From, To: q.To}
	for i, l := range lines {
		out.Lines[i] = TagReportLine{Tag: namedOf(l.Tag.ID, l.Tag.Name), Operator: personOf(l.Operator.ID, l.Operator.Name),
			Source: l.Source, Day: l.Day, Month: l.Month, Sessions: l.Sessions}
	}
	return c.JSON(out)
}

func (s *Server) tagQuery(c *fiber.Ctx) (q store.TagQuery, err error) {
	q = store.TagQuery{ProjectID: projectOf(c), By: map[string]bool{}}
	for name, into := range map[string]*string{"operator_id": &q.OperatorID, "tag_id": &q.TagID} {
		if *into, err = queryID(c, name); err != nil {
			return q, err
		}
	}
	if c.Context().QueryArgs().Has("source") { // an empty one asks for those not identified
		source, err := queryText(c, "source", dialog.MaxDetail)
		if err != nil {
			return q, err
		}
		q.Source = &source
	}
	for _, by := range c.Context().QueryArgs().PeekMulti("group_by") {
		if !slices.Contains([]string{store.ByTag, store.ByOperator, store.BySource, store.ByDay, store.ByMonth}, string(by)) {
			return q, wrong(codeInvalid, "group_by")
		}
		q.By[string(by)] = true
	}
	if len(q.By) == 0 {
		q.By[store.ByTag] = true
	}
	if q.From, q.To, err = queryPeriod(c); err != nil {
		return q, err
	}
	if q.To.IsZero() {
		if q.To, err = s.store.Now(c.UserContext()); err != nil {
			return q, err
		}
	}
	if q.From.IsZero() {
		q.From = q.To.AddDate(0, 0, -reportDays)
	}
	q.From, q.To = q.From.UTC(), q.To.UTC()
	return q, nil
}

// sendTagFile streams one line per session and tag, for spreadsheets: UTF-8 with a byte order mark, RFC 4180.
func (s *Server) sendTagFile(c *fiber.Ctx, q store.TagQuery) error {
	first, err := s.store.TaggedSessions(c.UserContext(), q, time.Time{}, "", csvSessions) // while there can still be an error
	if err != nil {
		return err
	}
	_, name, err := s.store.ProjectName(c.UserContext(), q.ProjectID)
	if err != nil {
		return err
	}
	zone := store.Zone(name)
	day := func(t time.Time) string { return t.In(zone).Format(time.DateOnly) }
	c.Set(fiber.HeaderContentType, "text/csv; charset=utf-8")
	c.Set(fiber.HeaderContentDisposition, `attachment; filename="tags_`+day(q.From)+`_`+day(q.To.Add(-1))+`.csv"`) // the last day in it
	s.download(c, func(to io.Writer) error { return s.writeTagFile(to, q, first, zone) })
	return nil
}

func (s *Server) writeTagFile(to io.Writer, q store.TagQuery, page []store.TaggedSession, zone *time.Location) error {
	buffered := bufio.NewWriter(to)
	_, _ = buffered.WriteString("\uFEFF")
	w := csv.NewWriter(buffered)
	w.UseCRLF = true
	_ = w.Write([]string{"session_id", "dialog_id", "tag_id", "tag", "operator_id", "operator", "department", "started_at", "closed_at",
		"utm_source", "utm_medium", "utm_campaign", "utm_term", "rating"})
	for len(page) > 0 {
		for _, x := range page {
			if err := w.Write(tagCells(x, zone)); err != nil {
				return err
			}
		}
		last := page[len(page)-1]
		ctx, cancel := s.within()
		next, err := s.store.TaggedSessions(ctx, q, last.ClosedAt, last.SessionID, csvSessions)
		cancel()
		if err != nil {
			return err
		}
		page = next
	}
	w.Flush()
	if err := w.Error(); err != nil {
		return err
	}
	return buffered.Flush()
}

func tagCells(x store.TaggedSession, zone *time.Location) []string {
	rating := ""
	if x.Rating > 0 {
		rating = strconv.Itoa(x.Rating)
	}
	cells := []string{x.SessionID, x.DialogID, x.Tag.ID, x.Tag.Name, x.Operator.ID, x.Operator.Name, x.Department.Name,
		x.StartedAt.In(zone).Format(time.RFC3339), x.ClosedAt.In(zone).Format(time.RFC3339), x.Source, x.Medium, x.Campaign, x.Term, rating}
	for i := range cells {
		cells[i] = noFormula(cells[i])
	}
	return cells
}

// noFormula keeps spreadsheets from taking a text for a formula.
func noFormula(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
