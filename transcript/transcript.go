// Package transcript renders a dialog as a text file (R-090 to R-093, D-52): UTF-8 with a byte order mark and CRLF, so
// that plain editors of Windows open it right.
package transcript

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"
	_ "time/tzdata" // the project's time zone must be known wherever the binary runs (D-22)

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/texts"
)

// File is what the head of the file says, and where the rest comes from.
type File struct {
	Locale      string
	ForVisitor  bool // his own copy: his events only, no tags
	VisitorName string
	Number      string // of a visitor without a name (D-18)
	Project     string
	TimeZone    string

	// Session reads what stands above a session's entries; it is called once per session, in order.
	Session func(no int) (Session, error)
	// After reads the page of the reader's log that follows the given event (its own sequence); empty at the end.
	After func(seq int64) ([]dialog.Event, error)
}

// Session is the head of one session.
type Session struct {
	Begins, Ends time.Time // first and last message, or the start event of a session without one
	Operator     string    // the last assignee; empty when it was never claimed
	Tags         []string
}

const (
	mark   = "\uFEFF"
	crlf   = "\r\n"
	indent = "           " // as wide as the time
)

// Write renders the file page by page: its cost in memory is that of one page.
func (f File) Write(w io.Writer) error {
	zone, err := time.LoadLocation(f.TimeZone)
	if err != nil {
		zone = time.UTC
	}
	p := &printer{Writer: bufio.NewWriter(w), f: f, zone: zone}
	p.WriteString(mark)
	p.line(p.text("txt.title", "name", f.visitor()))
	p.line(p.text("txt.project", "project", f.Project))
	for seq := int64(0); ; {
		page, err := f.After(seq)
		if err != nil {
			return err
		}
		if len(page) == 0 {
			return p.Flush()
		}
		for _, e := range page {
			seq = e.Seq
			if f.ForVisitor {
				seq = e.VisitorSeq
			}
			if err := p.event(e); err != nil {
				return err
			}
		}
	}
}

func (f File) visitor() string {
	if f.VisitorName != "" {
		return f.VisitorName
	}
	return texts.Text(f.Locale, "who.visitor", nil) + " " + f.Number
}

// printer writes lines; bufio keeps the first error until Flush.
type printer struct {
	*bufio.Writer
	f       File
	zone    *time.Location
	session int
}

func (p *printer) text(key string, pairs ...string) string {
	params := map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		params[pairs[i]] = pairs[i+1]
	}
	return texts.Text(p.f.Locale, key, params)
}

func (p *printer) line(text string) {
	p.WriteString(breaks.Replace(text))
	p.WriteString(crlf)
}

// breaks makes every line break one CRLF, however it was typed. What follows it stands under the author, never where an
// entry begins: else whoever writes «[14:06:01] …» on a line of his own would put words into another's mouth.
var breaks = strings.NewReplacer("\r\n", crlf+indent, "\n", crlf+indent, "\r", crlf+indent, "\u2028", crlf+indent, "\u2029", crlf+indent)

func (p *printer) event(e dialog.Event) error {
	if hidden(e.Audience, p.f.ForVisitor) || e.Kind == dialog.KindErased {
		return nil
	}
	if e.SessionNo != p.session {
		p.session = e.SessionNo
		if err := p.head(); err != nil {
			return err
		}
	}
	p.line(fmt.Sprintf("[%s] %s: %s", e.At.In(p.zone).Format("15:04:05"), p.author(e), p.entry(e)))
	return nil
}

func hidden(a dialog.Audience, forVisitor bool) bool {
	if forVisitor {
		return a == dialog.AudienceOperator
	}
	return a == dialog.AudienceVisitor
}

func (p *printer) head() error {
	s, err := p.f.Session(p.session)
	if err != nil {
		return err
	}
	p.line("")
	p.line(p.text("txt.session", "i", fmt.Sprint(p.session), "start", p.moment(s.Begins), "end", p.moment(s.Ends)))
	if s.Operator != "" {
		p.line(p.text("txt.operator", "name", s.Operator))
	}
	if len(s.Tags) > 0 && !p.f.ForVisitor {
		p.line(p.text("txt.tags", "tags", strings.Join(s.Tags, ", ")))
	}
	return nil
}

func (p *printer) moment(t time.Time) string {
	layout := "02.01.2006 15:04"
	if p.f.Locale == "en" {
		layout = "2 Jan 2006, 15:04"
	}
	return t.In(p.zone).Format(layout)
}

func (p *printer) author(e dialog.Event) string {
	switch {
	case e.Author == dialog.ByOperator:
		return e.OperatorName
	case e.Author == dialog.BySystem:
		return p.text("txt.system")
	case p.f.ForVisitor:
		return p.text("txt.you")
	}
	return p.text("txt.visitor")
}

func (p *printer) entry(e dialog.Event) string {
	switch e.Kind {
	case dialog.KindForm:
		var values []string
		for _, field := range []string{"name", "phone", "email"} {
			if v := e.Params[field]; v != "" {
				values = append(values, v)
			}
		}
		return p.text("win.contactForm") + ": " + strings.Join(values, ", ")
	case dialog.KindDepartment:
		return texts.Text(p.f.Locale, "dept.chosen", e.Params)
	case dialog.KindFormRequest:
		return p.text("win.contactForm")
	case dialog.KindSystem:
		return texts.Text(p.f.Locale, e.Key, e.Params)
	}
	return e.Text
}

// FileName is dialog_<project>_<visitor>_<YYYY-MM-DD>.txt, without what file systems and shells take amiss.
func FileName(project, visitor string, day time.Time) string {
	return "dialog_" + plain(project) + "_" + plain(visitor) + "_" + day.Format(time.DateOnly) + ".txt"
}
