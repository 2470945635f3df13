package texts

import (
	"regexp"
	"slices"
	"testing"
)

// D-56: every key has a text in each language, with the same parameters.
func TestLanguagesAgree(t *testing.T) {
	t.Parallel()
	params := regexp.MustCompile(`\{\w+\}`)
	for key, ru := range tables[Default] {
		want := params.FindAllString(ru, -1)
		slices.Sort(want)
		for _, l := range Locales {
			text, ok := tables[l][key]
			got := params.FindAllString(text, -1)
			slices.Sort(got)
			if !ok || text == "" || !slices.Equal(slices.Compact(got), slices.Compact(slices.Clone(want))) {
				t.Errorf("%s %s: %q against %q", l, key, text, ru)
			}
		}
	}
	for _, l := range Locales {
		for key := range tables[l] {
			if tables[Default][key] == "" {
				t.Errorf("%s has %s, %s has not", l, key, Default)
			}
		}
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ locale, key, param, want string }{
		{"ru", "dialog.ended.operator", "Анна Иванова", "Оператор Анна Иванова завершил диалог"},
		{"ru", "dialog.ended.visitor", "", "Диалог с оператором завершён"},
		{"xx", "dialog.ended.visitor", "", "Диалог с оператором завершён"},
		{"en", "no.such.key", "", "no.such.key"},
		{"ru", "dialog.ended.operator", "{name}", "Оператор {name} завершил диалог"}, // a name that looks like a parameter
	} {
		if got := Text(c.locale, c.key, map[string]string{"name": c.param}); got != c.want {
			t.Errorf("%s %s: %q, want %q", c.locale, c.key, got, c.want)
		}
	}
}
