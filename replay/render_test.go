package replay

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"
)

// The words of a file are the glossary's (section 5), in all three languages.
func TestCaptionsAreTheGlossarys(t *testing.T) {
	for _, lang := range Languages {
		b, err := os.ReadFile("../texts/" + lang + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var texts map[string]string
		if err := json.Unmarshal(b, &texts); err != nil {
			t.Fatal(err)
		}
		if len(captions[lang]) < 30 {
			t.Errorf("%s: only %d captions", lang, len(captions[lang]))
		}
		for key, text := range captions[lang] {
			if texts[key] != text {
				t.Errorf("%s %s: %q, the glossary has %q", lang, key, text, texts[key])
			}
		}
	}
	if got := caption("ru", "nobody.knows", nil); got != "[nobody.knows]" {
		t.Errorf("unknown key: %q", got)
	}
}

func sampleFile(lang string, side Side) File {
	anna := &person{Name: "Анна Иванова"}
	at := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			panic(err)
		}
		return v
	}
	return File{
		Lang: lang, Side: side, Number: "17", Project: "Заварка", Zone: time.FixedZone("", 3*3600),
		Sessions: []FileSession{
			{No: 1, Operator: "Анна Иванова", Tags: []string{"Продажа", "Лид"}, Entries: []Event{
				{Kind: "department", Author: "visitor", Audience: "all", Params: map[string]string{"department": "Чай"}, At: at("2026-11-22T20:59:58.9Z")},
				{Kind: "message", Author: "visitor", Audience: "all", Text: "one\ntwo\r\n\tthree", At: at("2026-11-22T20:59:59.999999Z")},
				{Kind: "message", Author: "operator", Audience: "all", Operator: anna, Text: "Сәлем", At: at("2026-11-22T21:00:01Z")},
				{Kind: "form", Author: "visitor", Audience: "all", Params: map[string]string{"name": "Ирина", "email": "i@x.ru"}, At: at("2026-11-22T21:00:02Z")},
				{Kind: "system", Author: "system", Audience: "visitor", Key: "dialog.ended.visitor", At: at("2026-11-22T21:00:03Z")},
				{Kind: "system", Author: "system", Audience: "operator", Key: "dialog.ended.operator", Params: map[string]string{"name": "Анна Иванова"}, At: at("2026-11-22T21:00:03.1Z")},
			}},
			{No: 2, Entries: []Event{
				{Kind: "form", Author: "visitor", Audience: "all", Params: map[string]string{"phone": "+7"}, At: at("2026-11-23T06:05:00Z")},
			}},
		},
	}
}

func TestRender(t *testing.T) {
	tests := []struct {
		lang string
		side Side
		want []string
	}{
		{"ru", Operator, []string{
			"Диалог с посетителем: Посетитель 17", "Проект: Заварка", "",
			"Сеанс 1: 22.11.2026 23:59 — 23.11.2026 00:00", "Оператор: Анна Иванова", "Теги: Продажа, Лид",
			"[23:59:58] Посетитель: Посетитель выбрал отдел: Чай",
			"[23:59:59] Посетитель: one", "           two", "           \tthree", "[00:00:01] Анна Иванова: Сәлем",
			"[00:00:02] Посетитель: Форма сбора контактов: Ирина, i@x.ru",
			"[00:00:03] Система: Оператор Анна Иванова завершил диалог", "",
			"Сеанс 2: 23.11.2026 09:05 — 23.11.2026 09:05", "[09:05:00] Посетитель: Форма сбора контактов: +7",
		}},
		{"kk", Visitor, []string{
			"Келушімен диалог: Келуші 17", "Жоба: Заварка", "",
			"1-сеанс: 22.11.2026 23:59 — 23.11.2026 00:00", "Оператор: Анна Иванова",
			"[23:59:58] Сіз: Келуші бөлімді таңдады: Чай", "[23:59:59] Сіз: one", "           two", "           \tthree", "[00:00:01] Анна Иванова: Сәлем",
			"[00:00:02] Сіз: Байланыс деректерін жинау нысаны: Ирина, i@x.ru", "[00:00:03] Жүйе: Оператормен диалог аяқталды", "",
			"2-сеанс: 23.11.2026 09:05 — 23.11.2026 09:05", "[09:05:00] Сіз: Байланыс деректерін жинау нысаны: +7",
		}},
		{"en", Visitor, []string{
			"Dialog with visitor: Visitor 17", "Project: Заварка", "",
			"Session 1: 22 Nov 2026, 23:59 — 23 Nov 2026, 00:00", "Operator: Анна Иванова",
			"[23:59:58] You: The visitor chose a department: Чай", "[23:59:59] You: one", "           two", "           \tthree", "[00:00:01] Анна Иванова: Сәлем",
			"[00:00:02] You: Contact form: Ирина, i@x.ru", "[00:00:03] System: The dialog with the operator has ended", "",
			"Session 2: 23 Nov 2026, 09:05 — 23 Nov 2026, 09:05", "[09:05:00] You: Contact form: +7",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.lang+" "+string(tt.side), func(t *testing.T) {
			want := "\ufeff" + strings.Join(tt.want, "\r\n") + "\r\n"
			if d := differs(sampleFile(tt.lang, tt.side).Render(), []byte(want)); d != "" {
				t.Fatal(d)
			}
		})
	}
}

func TestRenderNamesAKnownVisitor(t *testing.T) {
	f := sampleFile("ru", Operator)
	f.Name = "Ирина"
	if got := string(f.Render()); !strings.HasPrefix(got, "\ufeffДиалог с посетителем: Ирина\r\n") {
		t.Fatalf("%.60q", got)
	}
}

func TestDiffersNamesTheLine(t *testing.T) {
	want := sampleFile("ru", Operator).Render()
	for name, tt := range map[string]struct{ old, new, where string }{
		"text":       {"two", "tow", "line 9 "},
		"time":       {"[00:00:01]", "[00:00:02]", "line 11 "},
		"bom":        {"\ufeff", "", "line 1 "},
		"bare lf":    {"two\r\n", "two\n", "line 9 "},
		"no tags":    {"Теги: Продажа, Лид\r\n", "", "line 6 "},
		"no ending":  {"+7\r\n", "+7", "is missing"},
		"line extra": {"+7\r\n", "+7\r\n\r\n", "is too much"},
	} {
		got := strings.Replace(string(want), tt.old, tt.new, 1)
		if d := differs([]byte(got), want); !strings.Contains(d, tt.where) {
			t.Errorf("%s: %q", name, d)
		}
	}
	if d := differs(want, want); d != "" {
		t.Errorf("equal files: %q", d)
	}
}
