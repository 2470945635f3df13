package transcript

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/texts"
)

var update = flag.Bool("update", false, "write the golden files anew")

func at(minute, second int) time.Time {
	return time.Date(2026, 11, 22, 11, minute, second, 0, time.UTC) // 14:mm in Moscow
}

// sample is a dialog with everything a file may show: all kinds, all audiences, line breaks of every sort, markup,
// Kazakh letters, a session without a message.
var sample = []dialog.Event{
	{Seq: 1, VisitorSeq: 1, SessionNo: 1, Kind: dialog.KindDepartment, Author: dialog.ByVisitor, Audience: dialog.AudienceAll,
		Params: map[string]string{"department": "Продажи", "department_id": "x"}, At: at(5, 0)},
	{Seq: 2, VisitorSeq: 2, SessionNo: 1, Kind: dialog.KindMessage, Author: dialog.ByVisitor, Audience: dialog.AudienceAll,
		Text: "Здравствуйте!\nЕсть ли улун?\r\nИ пуэр?\rСпасибо", At: at(5, 7)},
	{Seq: 3, VisitorSeq: 3, SessionNo: 1, Kind: dialog.KindSystem, Author: dialog.BySystem, Audience: dialog.AudienceVisitor,
		Key: dialog.KeyOperatorJoined, Params: map[string]string{"name": "Анна Иванова"}, At: at(6, 0)},
	{Seq: 4, VisitorSeq: 4, SessionNo: 1, Kind: dialog.KindMessage, Author: dialog.ByOperator, OperatorName: "Анна Иванова",
		Audience: dialog.AudienceAll, Text: "Да, <b>есть</b>", At: at(6, 1)},
	{Seq: 5, SessionNo: 1, Kind: dialog.KindSystem, Author: dialog.BySystem, Audience: dialog.AudienceOperator,
		Key: dialog.KeyTransferred, Params: map[string]string{"from": "Анна Иванова", "to": "Олег Петров"}, At: at(7, 0)},
	{Seq: 6, VisitorSeq: 5, SessionNo: 1, Kind: dialog.KindForm, Author: dialog.ByVisitor, Audience: dialog.AudienceAll,
		Params: map[string]string{"email": "aigul@example.kz", "name": "Айгүл Әлімқызы", "phone": "+7 701 000-00-00"}, At: at(8, 30)},
	{Seq: 7, SessionNo: 1, Kind: dialog.KindSystem, Author: dialog.BySystem, Audience: dialog.AudienceOperator,
		Key: dialog.KeyFormFilled, At: at(8, 30)},
	{Seq: 8, VisitorSeq: 6, SessionNo: 1, Kind: dialog.KindSystem, Author: dialog.BySystem, Audience: dialog.AudienceVisitor,
		Key: dialog.KeyEndedVisitor, At: at(20, 0)},
	{Seq: 9, SessionNo: 1, Kind: dialog.KindSystem, Author: dialog.BySystem, Audience: dialog.AudienceOperator,
		Key: dialog.KeyEndedOperator, Params: map[string]string{"name": "Олег Петров"}, At: at(20, 0)},
	{Seq: 10, VisitorSeq: 7, SessionNo: 2, Kind: dialog.KindForm, Author: dialog.ByVisitor, Audience: dialog.AudienceAll,
		Params: map[string]string{"phone": "+7 701 000-00-01"}, At: at(40, 0)},
}

func file(locale string, forVisitor bool, page int) File {
	return File{
		Locale: locale, ForVisitor: forVisitor, VisitorName: "Айгүл Әлімқызы", Number: "3E8", Project: "Лавка «Заварка»",
		TimeZone: "Europe/Moscow",
		Session: func(no int) (Session, error) {
			if no == 1 {
				return Session{Begins: at(5, 7), Ends: at(6, 1), Operator: "Олег Петров", Tags: []string{"Продажа", "Лид"}}, nil
			}
			return Session{Begins: at(40, 0), Ends: at(40, 0)}, nil
		},
		After: func(seq int64) (out []dialog.Event, err error) {
			for _, e := range sample {
				own := e.Seq
				if forVisitor {
					own = e.VisitorSeq
				}
				if own > seq && len(out) < page {
					out = append(out, e)
				}
			}
			return out, nil
		},
	}
}

// D-52, R-091, R-093: the file of either side in each language, letter for letter.
func TestGolden(t *testing.T) {
	t.Parallel()
	for _, locale := range texts.Locales {
		for name, forVisitor := range map[string]bool{"operator": false, "visitor": true} {
			t.Run(locale+" "+name, func(t *testing.T) {
				t.Parallel()
				var got bytes.Buffer
				if err := file(locale, forVisitor, 3).Write(&got); err != nil {
					t.Fatal(err)
				}
				path := filepath.Join("testdata", name+"."+locale+".txt")
				if *update {
					if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(got.Bytes(), want) {
					t.Errorf("got\n%s\nwant\n%s", got.Bytes(), want)
				}
				if bytes.Contains(bytes.ReplaceAll(got.Bytes(), []byte("\r\n"), nil), []byte("\n")) ||
					bytes.Contains(bytes.ReplaceAll(got.Bytes(), []byte("\r\n"), nil), []byte("\r")) {
					t.Error("a line break that is not CRLF")
				}
			})
		}
	}
}

// an entry begins with its time at the beginning of a line, and nothing else does: no text can pass for another's.
func TestForgedLines(t *testing.T) {
	t.Parallel()
	const forged = "[14:06:01] Анна Иванова: Скидка 90 %"
	for _, br := range []string{"\n", "\r\n", "\r", "\n\n", "\u2028", "\u2029"} {
		f := file("ru", false, 10)
		f.VisitorName = "Имя" + br + forged
		f.After = func(seq int64) ([]dialog.Event, error) {
			if seq > 0 {
				return nil, nil
			}
			return []dialog.Event{{Seq: 1, VisitorSeq: 1, SessionNo: 1, Kind: dialog.KindMessage, Author: dialog.ByVisitor, Audience: dialog.AudienceAll,
				Text: "x" + br + forged, At: at(5, 0)}}, nil
		}
		var got bytes.Buffer
		if err := f.Write(&got); err != nil {
			t.Fatal(err)
		}
		for _, line := range strings.FieldsFunc(got.String(), func(r rune) bool { return strings.ContainsRune("\r\n\u2028\u2029", r) }) {
			if strings.HasPrefix(line, "[14:06:01]") {
				t.Errorf("%q: %q", br, line)
			}
		}
		if !strings.Contains(got.String(), "[14:05:00] Посетитель: x\r\n") || strings.Count(got.String(), "\r\n           "+forged+"\r\n") != 2 {
			t.Errorf("%q: %q", br, got.String())
		}
	}
}

// The size of a page does not show.
func TestPages(t *testing.T) {
	t.Parallel()
	var whole bytes.Buffer
	if err := file("ru", false, 100).Write(&whole); err != nil {
		t.Fatal(err)
	}
	for page := 1; page < 6; page++ {
		var got bytes.Buffer
		if err := file("ru", false, page).Write(&got); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Bytes(), whole.Bytes()) {
			t.Errorf("pages of %d differ", page)
		}
	}
}

// D-18, D-52: a visitor without a name has his number; the file name is safe whatever the names hold.
func TestNames(t *testing.T) {
	t.Parallel()
	f := file("ru", false, 10)
	f.VisitorName = ""
	var got bytes.Buffer
	if err := f.Write(&got); err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(got.Bytes(), []byte("Диалог с посетителем: Посетитель 3E8\r\n")) {
		t.Errorf("%s", got.Bytes()[:200])
	}
	name := FileName(`Лавка "..\/<x>`, "Айгүл Ә.", at(0, 0))
	if name != "dialog_Лавка-x_Айгүл-Ә_2026-11-22.txt" {
		t.Error(name)
	}
	const want = `attachment; filename="dialog______-x______-__2026-11-22.txt"; filename*=UTF-8''dialog_%D0%9B%D0%B0%D0%B2%D0%BA%D0%B0-x_%D0%90%D0%B9%D0%B3%D2%AF%D0%BB-%D3%98_2026-11-22.txt`
	if got := Disposition(name); got != want {
		t.Error(got)
	}
}
