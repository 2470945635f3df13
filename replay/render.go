package replay

import (
	"strings"
	"time"
)

// File is a dialog as a downloaded txt shows it to one side.
type File struct {
	Lang     string         // ru, en, kk
	Side     Side           // whose copy
	Name     string         // the visitor's name, "" when unknown
	Number   string         // the visitor's short number
	Project  string         // its name
	Zone     *time.Location // of the project
	Sessions []FileSession  // oldest first
}

// FileSession is one session of a File.
type FileSession struct {
	No       int
	Operator string   // "" when nobody took it
	Tags     []string // names
	Entries  []Event  // ascending; those the side may not see are left out here
}

// Render gives the bytes of the file: UTF-8 with a byte order mark, lines ended by CRLF.
func (f File) Render() []byte {
	name := f.Name
	if name == "" {
		name = caption(f.Lang, "who.visitor", nil) + " " + f.Number
	}
	lines := []string{
		caption(f.Lang, "txt.title", map[string]string{"name": name}),
		caption(f.Lang, "txt.project", map[string]string{"project": f.Project}),
	}
	for _, s := range f.Sessions {
		lines = append(lines, "")
		lines = append(lines, f.head(s)...)
		for _, e := range s.Entries {
			if e.Audience == "all" || e.Audience == string(f.Side) {
				lines = append(lines, f.line(e)...)
			}
		}
	}
	return []byte("\ufeff" + strings.Join(lines, "\r\n") + "\r\n")
}

func (f File) head(s FileSession) []string {
	start, end := sessionSpan(s.Entries)
	lines := []string{caption(f.Lang, "txt.session", map[string]string{
		"i": itoa(s.No), "start": f.moment(start), "end": f.moment(end),
	})}
	if s.Operator != "" {
		lines = append(lines, caption(f.Lang, "txt.operator", map[string]string{"name": s.Operator}))
	}
	if f.Side == Operator && len(s.Tags) > 0 {
		lines = append(lines, caption(f.Lang, "txt.tags", map[string]string{"tags": strings.Join(s.Tags, ", ")}))
	}
	return lines
}

// sessionSpan is the time of the first and of the last message; without any message, of the first and last start event.
func sessionSpan(entries []Event) (first, last time.Time) {
	span := func(of func(Event) bool) bool {
		found := false
		for _, e := range entries {
			if of(e) {
				if !found {
					first, found = e.At, true
				}
				last = e.At
			}
		}
		return found
	}
	if !span(Event.isMessage) {
		span(func(e Event) bool { return e.Kind == "form" || e.Kind == "department" })
	}
	return first, last
}

// line is one entry: the first line has time and author, the further lines of its text stand under the author.
func (f File) line(e Event) []string {
	text := strings.Split(strings.ReplaceAll(f.text(e), "\r\n", "\n"), "\n")
	for i := 1; i < len(text); i++ {
		text[i] = strings.Repeat(" ", len("[15:04:05] ")) + text[i]
	}
	text[0] = "[" + e.At.In(f.Zone).Format("15:04:05") + "] " + f.author(e) + ": " + text[0]
	return text
}

func (f File) author(e Event) string {
	switch {
	case e.Author == string(Operator) && e.Operator != nil:
		return e.Operator.Name
	case e.Author == string(Visitor) && f.Side == Visitor:
		return caption(f.Lang, "txt.you", nil)
	case e.Author == string(Visitor):
		return caption(f.Lang, "txt.visitor", nil)
	}
	return caption(f.Lang, "txt.system", nil)
}

func (f File) text(e Event) string {
	switch {
	case e.Kind == "form":
		var values []string
		for _, key := range []string{"name", "phone", "email"} {
			if v := e.Params[key]; v != "" {
				values = append(values, v)
			}
		}
		return caption(f.Lang, "win.contactForm", nil) + ": " + strings.Join(values, ", ")
	case e.Kind == "department":
		return caption(f.Lang, "dept.chosen", e.Params)
	case e.Key != "":
		return caption(f.Lang, e.Key, e.Params)
	}
	return e.Text
}

func (f File) moment(t time.Time) string {
	if f.Lang == "en" {
		return t.In(f.Zone).Format("2 Jan 2006, 15:04")
	}
	return t.In(f.Zone).Format("02.01.2006 15:04")
}

// differs says where two files part: the first line that is not the same, "" when they are equal.
func differs(got, want []byte) string {
	if string(got) == string(want) {
		return ""
	}
	g, w := strings.Split(string(got), "\r\n"), strings.Split(string(want), "\r\n")
	for i := range max(len(g), len(w)) {
		switch {
		case i >= len(g):
			return "line " + itoa(i+1) + " is missing: " + clip(w[i])
		case i >= len(w):
			return "line " + itoa(i+1) + " is too much: " + clip(g[i])
		case g[i] != w[i]:
			return "line " + itoa(i+1) + " is " + clip(g[i]) + ", not " + clip(w[i])
		}
	}
	return "line breaks"
}
