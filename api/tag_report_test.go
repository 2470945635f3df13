package api

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// seedReport makes eight finished sessions by SQL: their ends, operators, tags and sources are known.
func seedReport(w *world) {
	w.exec(`UPDATE projects SET time_zone = 'Asia/Almaty' WHERE id = $1`, w.shop) // UTC+5
	w.exec(`UPDATE tags SET name = '=HYPERLINK("http://x")' WHERE id = $1`, w.lead)
	for i, x := range []struct {
		end      string
		operator *person
		source   string
		tags     []string
	}{
		{"2026-01-31T18:30:00Z", w.oleg, "yandex", []string{w.sale}},         // 23:30 in Almaty
		{"2026-01-31T19:30:00Z", w.oleg, "yandex", []string{w.sale, w.lead}}, // 1 February there
		{"2026-02-01T10:00:00Z", w.oleg, "", []string{w.sale}},
		{"2026-02-01T11:00:00Z", w.vera, "@google", []string{w.lead}},
		{"2026-02-02T11:00:00Z", w.vera, "yandex", []string{w.lead}},
		{"2026-02-02T12:00:00Z", w.vera, "yandex", nil},
		{"2026-02-28T18:59:59Z", w.anna, "", []string{w.sale}},
		{"2026-02-28T19:00:00Z", w.anna, "", []string{w.sale}}, // outside February there
	} {
		v := w.visitor()
		end, _ := time.Parse(time.RFC3339, x.end)
		visit := uuid.NewString()
		w.exec(`INSERT INTO visits (id, visitor_id, started_at, seen_at, utm_source) SELECT $1, visitor_id, $2, $2, $4 FROM dialogs WHERE id = $3`,
			visit, end, v.dialog, x.source)
		tags := x.tags
		if tags == nil {
			tags = []string{}
		}
		w.exec(`INSERT INTO sessions (id, dialog_id, project_id, no, started_at, first_seq, last_seq, assignee_id, closed_at, tags, visit_id, rating)
VALUES ($1,$2,$3,1,$4,1,1,$5,$6,$7::text[]::uuid[],$8,$9)`, uuid.NewString(), v.dialog, w.shop, end.Add(-time.Hour), x.operator.id, end, tags, visit, i%6)
	}
}

const february = "?from=2026-01-31T19:00:00Z&to=2026-02-28T19:00:00Z" // in Almaty

// D-54: counts per tag, operator, source, day and month of a known set.
func TestTagReport(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	seedReport(w)
	lines := func(query string) []string {
		t.Helper()
		r := as[TagReport](w.anna.get("/admin/projects/" + w.shop + "/tag-report" + query).want(200))
		out := []string{fmt.Sprint(r.Sessions)}
		for _, l := range r.Lines {
			name := strings.Replace(l.Tag.Name, `=HYPERLINK("http://x")`, "lead", 1)
			parts := []string{name, l.Operator.Name, l.Source, l.Month, l.Day}
			out = append(out, strings.Join(parts, "|")+fmt.Sprint("=", l.Sessions))
		}
		return out
	}
	for query, want := range map[string][]string{
		february: {"6", "Продажа||||=3", "lead||||=3", "||||=1"},
		"?from=2026-01-01T00:00:00Z&to=2027-01-01T00:00:00Z&group_by=month": {"8", "|||2026-01|=1", "|||2026-02|=6", "|||2026-03|=1"},
		february + "&group_by=operator":                                     {"6", "|Анна Иванова|||=1", "|Вера Кузнецова|||=3", "|Олег Петров|||=2"},
		february + "&group_by=source":                                       {"6", "||||=2", "||@google||=1", "||yandex||=3"},
		february + "&group_by=source&tag_id=" + w.lead:                      {"3", "||@google||=1", "||yandex||=2"},
		february + "&group_by=tag&tag_id=" + w.lead:                         {"3", "lead||||=3"},
		february + "&group_by=tag&operator_id=" + w.oleg.id:                 {"2", "Продажа||||=2", "lead||||=1"},
		february + "&source=yandex":                                         {"3", "Продажа||||=1", "lead||||=2", "||||=1"},
		february + "&source=":                                               {"2", "Продажа||||=2"},
		february + "&group_by=day&group_by=tag&source=yandex":               {"3", "Продажа||||2026-02-01=1", "lead||||2026-02-01=1", "lead||||2026-02-02=1", "||||2026-02-02=1"},
		"": {"0"},
	} {
		if got := lines(query); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s\ngot  %q\nwant %q", query, got, want)
		}
	}
	path := "/admin/projects/" + w.shop + "/tag-report"
	for p, want := range map[*person]int{w.admin: 200, w.anna: 200, w.oleg: 403, w.viewer: 403, w.vic: 404} { // D-03
		p.get(path).want(want)
		p.get(path + "?format=csv").want(want)
	}
	w.do("GET", path, nil, nil).want(401)
	w.anna.get(path+"?group_by=colour").want(422, "invalid")
	w.anna.get(path+"?format=xml").want(422, "invalid")
	w.anna.get(path+"?from=2026-02-02T00:00:00Z&to=2026-02-01T00:00:00Z").want(422, "invalid")
}

// the file is named by the project's days, has one line per session and tag, opens in spreadsheets, and nothing
// in it becomes a formula.
func TestTagFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	seedReport(w)
	a := w.anna.get("/admin/projects/" + w.shop + "/tag-report" + february + "&format=csv").want(200)
	if a.header.Get("Content-Type") != "text/csv; charset=utf-8" || a.header.Get("Content-Disposition") != `attachment; filename="tags_2026-02-01_2026-02-28.csv"` { // D-22
		t.Errorf("%v", a.header)
	}
	body, marked := bytes.CutPrefix(a.raw, []byte("\xef\xbb\xbf"))
	if !marked || bytes.Count(body, []byte("\r\n")) != bytes.Count(body, []byte("\n")) {
		t.Errorf("%q", a.raw)
	}
	rows, err := csv.NewReader(bytes.NewReader(body)).ReadAll()
	if err != nil || len(rows) != 7 {
		t.Fatalf("%v %d: %s", err, len(rows), body)
	}
	row := rows[2] // second tag of the first session of the month
	if row[3] != `'=HYPERLINK("http://x")` || row[5] != w.oleg.name || row[8] != "2026-02-01T00:30:00+05:00" || row[9] != "yandex" || row[0] != rows[1][0] || row[13] != "1" {
		t.Errorf("%q", row)
	}
	if rows[4][9] != "'@google" {
		t.Errorf("%q", rows[4])
	}
	only := w.anna.get("/admin/projects/" + w.shop + "/tag-report" + february + "&format=csv&tag_id=" + w.lead + "&source=" + url.QueryEscape("@google")).want(200)
	if n := bytes.Count(only.raw, []byte("\r\n")); n != 2 {
		t.Errorf("%d lines", n)
	}
	for cell, want := range map[string]string{"": "", "=1": "'=1", "+7": "'+7", "-1": "'-1", "@x": "'@x", "a=1": "a=1", "\tx": "'\tx", "ж": "ж"} {
		if got := noFormula(cell); got != want {
			t.Errorf("%q: %q", cell, got)
		}
	}
}
