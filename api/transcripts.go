package api

import (
	"cmp"
	"context"
	"math"

	"github.com/gofiber/fiber/v2"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/store"
	"github.com/otklik/otklik/texts"
	"github.com/otklik/otklik/transcript"
)

// transcriptPage is how many events of a transcript are in memory at a time.
const transcriptPage = 500

func (s *Server) operatorTranscript(c *fiber.Ctx) error {
	r, err := s.readDialog(c)
	if err != nil {
		return err
	}
	self, err := s.store.Self(c.UserContext(), r.by.ID)
	if err != nil {
		return err
	}
	end := int64(math.MaxInt64)
	if r.past {
		end = r.row.State.Seq
	}
	return s.sendTranscript(c, r.row, self.Locale, store.OperatorLog, end)
}

func (s *Server) visitorTranscript(c *fiber.Ctx) error {
	v := visitorOf(c)
	row, err := s.store.Load(c.UserContext(), v.DialogID)
	if err != nil {
		return err
	}
	return s.sendTranscript(c, row, v.Locale, store.VisitorLog, math.MaxInt64)
}

// sendTranscript streams the file. It is refused while the visitor has written nothing; locale is the reader's
// own, unless the request names another; end is the last event of the log that he may read.
func (s *Server) sendTranscript(c *fiber.Ctx, row store.Row, locale string, log store.Log, end int64) error {
	locale, err := queryOneOf(c, "lang", locale, texts.Locales...)
	if err != nil {
		return err
	}
	if row.State.VisitorMessages == 0 {
		return wrong(string(dialog.NoVisitorMessages), "")
	}
	id := row.State.ID
	project, zone, err := s.store.ProjectName(c.UserContext(), row.ProjectID)
	if err != nil {
		return err
	}
	page := func(ctx context.Context, after int64) ([]dialog.Event, error) {
		if after >= end {
			return nil, nil
		}
		return s.store.EventsAfter(ctx, id, log, after, int(min(transcriptPage, end-after)))
	}
	first, err := page(c.UserContext(), 0) // while there can still be an error
	if err != nil {
		return err
	}
	f := transcript.File{
		Locale: locale, ForVisitor: log == store.VisitorLog, VisitorName: row.VisitorName, Number: row.VisitorNumber,
		Project: project, TimeZone: zone,
		Session: func(no int) (transcript.Session, error) {
			ctx, cancel := s.within()
			defer cancel()
			x, err := s.store.SessionByNo(ctx, id, no)
			tags := make([]string, len(x.Tags))
			for i, t := range x.Tags {
				tags[i] = t.Name
			}
			return transcript.Session{Begins: x.Begins, Ends: x.Ends, Operator: x.Operator, Tags: tags}, err
		},
		After: func(seq int64) ([]dialog.Event, error) {
			if seq == 0 {
				return first, nil
			}
			ctx, cancel := s.within()
			defer cancel()
			return page(ctx, seq)
		},
	}
	name := transcript.FileName(project, cmp.Or(row.VisitorName, row.VisitorNumber), row.Now.In(store.Zone(zone)))
	c.Set(fiber.HeaderContentType, "text/plain; charset=utf-8")
	c.Set(fiber.HeaderContentDisposition, transcript.Disposition(name))
	s.download(c, f.Write)
	return nil
}
