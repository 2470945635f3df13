package api

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"
)

// searchDialog finds messages of a dialog, active or in the chat log.
func (s *Server) searchDialog(c *fiber.Ctx) error {
	text, err := queryText(c, "q", 200)
	if err != nil {
		return err
	}
	if strings.TrimSpace(text) == "" {
		return wrong(codeRequired, "q")
	}
	limit, before, err := pageBefore(c, "search")
	if err != nil {
		return err
	}
	r, err := s.readDialog(c)
	if err != nil {
		return err
	}
	total, matches, err := s.store.Search(c.UserContext(), r.row.State.ID, text, r.row.State.Seq, before, limit+1)
	if err != nil {
		return err
	}
	page := SearchPage{Total: total, Matches: []SearchMatch{}}
	for i, m := range matches {
		if i == limit {
			page.NextCursor = writeCursor("search", strconv.FormatInt(matches[i-1].Seq, 10))
			break
		}
		page.Matches = append(page.Matches, SearchMatch{Seq: m.Seq, SessionNo: m.SessionNo, At: m.At.UTC()})
	}
	return c.JSON(page)
}

// listSessions is the history: previous sessions, not the one that is open (D-53).
func (s *Server) listSessions(c *fiber.Ctx) error {
	limit, before, err := pageBefore(c, "sessions")
	if err != nil {
		return err
	}
	r, err := s.readDialog(c)
	if err != nil {
		return err
	}
	found, err := s.store.FinishedSessions(c.UserContext(), r.row.State.ID, int(min(before, math.MaxInt32)), limit+1)
	if err != nil {
		return err
	}
	page := SessionPage{Sessions: []SessionSummary{}}
	for i, x := range found {
		if i == limit {
			page.NextCursor = writeCursor("sessions", strconv.Itoa(found[i-1].No))
			break
		}
		page.Sessions = append(page.Sessions, sessionOf(x, r.by))
	}
	return c.JSON(page)
}

// pageBefore reads limit and cursor of a list that goes down by numbers.
func pageBefore(c *fiber.Ctx, list string) (limit int, before int64, err error) {
	n, err := queryInt(c, "limit", 50, 1, 200)
	if err != nil {
		return 0, 0, err
	}
	key, err := readCursor(c.Query("cursor"), list)
	if err != nil || key == "" {
		return int(n), math.MaxInt64, err
	}
	before, err = strconv.ParseInt(key, 10, 64)
	if err != nil {
		return 0, 0, wrong(codeInvalid, "cursor")
	}
	return int(n), before, nil
}

// queryText reads a text of the query.
func queryText(c *fiber.Ctx, name string, max int) (string, error) {
	text := c.Query(name)
	if !utf8.ValidString(text) {
		return "", wrong(codeNotUTF8, name)
	}
	return strings.Clone(text), plainText(name, text, max)
}
