package dialog

import (
	"regexp"
	"strings"
)

// placeholder is a word in braces, with the comma and the spaces before it: they go when nothing takes its place.
var placeholder = regexp.MustCompile(`,? *\{[^{}\n]*\}`)

// FillTemplate is a template's text as it would stand in the input (D-35). {имя посетителя} and {имя оператора} are filled
// in, in any of the three languages: {visitor name}, {operator name}, {келуші аты}, {оператор аты}. Other placeholders,
// and a name that is not known, are removed.
func FillTemplate(text, visitor, operator string) string {
	filled := placeholder.ReplaceAllStringFunc(text, func(found string) string {
		lead, word, _ := strings.Cut(strings.TrimSuffix(found, "}"), "{")
		value := ""
		switch strings.ToLower(strings.Join(strings.Fields(word), " ")) {
		case "имя посетителя", "visitor name", "келуші аты":
			value = visitor
		case "имя оператора", "operator name", "оператор аты":
			value = operator
		}
		if value == "" {
			return ""
		}
		return lead + value
	})
	if filled != text && strings.HasPrefix(text, "{") {
		return strings.TrimLeft(filled, ", ") // it began the text: «{имя посетителя}, добрый день»
	}
	return filled
}
