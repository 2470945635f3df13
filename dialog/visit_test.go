package dialog

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// R-106, D-55: utm values of the first address, decoded; nothing else is taken for them.
func TestSourceOf(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ж", 300)
	for address, want := range map[string]Source{
		"https://shop.example/?utm_source=yandex&utm_medium=cpc&utm_campaign=%D0%BE%D1%81%D0%B5%D0%BD%D1%8C&utm_term=чай+улун": {"yandex", "cpc", "осень", "чай улун"},
		"https://shop.example/tea?x=1":                                  {},
		"https://shop.example/?utm_source=":                             {},
		"https://shop.example/?UTM_SOURCE=yandex":                       {},
		"https://shop.example/?utm_source=a&utm_source=b":               {Source: "a"},
		"https://shop.example/?utm_source=<img src=x onerror=alert(1)>": {Source: "<img src=x onerror=alert(1)>"}, // I-11: a text like any other
		"https://shop.example/?utm_source=%00ya%0Andex":                 {Source: "yandex"},
		"https://shop.example/?utm_source=%ff":                          {},
		"https://shop.example/?bad=%zz&utm_source=yandex":               {Source: "yandex"},
		"https://shop.example/?utm_source=" + long:                      {Source: long[:255*2]},
		"https://shop.example/#?utm_source=yandex":                      {},
		"":                   {},
		"::no address":       {},
		"https://yandex.ru/": {},
	} {
		if got := SourceOf(address); got != want {
			t.Errorf("%s: %+v", address, got)
		}
	}
}

// Whatever comes can be kept: PostgreSQL takes no zero byte and no broken UTF-8.
func TestDetail(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := Detail(string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")))
		if !utf8.ValidString(d) || utf8.RuneCountInString(d) > MaxDetail || strings.ContainsRune(d, 0) {
			t.Errorf("%q", d)
		}
	})
}
