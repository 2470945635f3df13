// Package texts holds the words users see, in three languages, as the glossary gives them (docs/glossary.md).
package texts

import (
	"embed"
	"encoding/json"
	"fmt"
	"strings"
)

//go:embed ru.json en.json kk.json
var files embed.FS

// Default is the language used when none is known (D-56).
const Default = "ru"

// Locales are the languages there are, in the order they are offered.
var Locales = []string{"ru", "en", "kk"}

var tables = load()

func load() map[string]map[string]string {
	out := map[string]map[string]string{}
	for _, l := range Locales {
		raw, err := files.ReadFile(l + ".json")
		if err == nil {
			var table map[string]string
			err = json.Unmarshal(raw, &table)
			out[l] = table
		}
		if err != nil {
			panic(fmt.Sprintf("texts: %s: %v", l, err)) // the files are part of the build
		}
	}
	return out
}

// Known reports whether the locale is one of Locales.
func Known(locale string) bool { return tables[locale] != nil }

// Text is the text of a key in a language, with {name} replaced by params. An unknown language is Default; an unknown
// key is given back as it is, so that a missing text is seen.
func Text(locale, key string, params map[string]string) string {
	table := tables[locale]
	if table == nil {
		table = tables[Default]
	}
	text, ok := table[key]
	if !ok {
		return key
	}
	if len(params) == 0 {
		return text
	}
	pairs := make([]string, 0, 2*len(params))
	for name, value := range params {
		pairs = append(pairs, "{"+name+"}", value)
	}
	return strings.NewReplacer(pairs...).Replace(text) // one pass: a value that looks like a parameter stays as it is
}
