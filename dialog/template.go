package dialog

import (
	"regexp"
	"strings"
)

var placeholder = regexp.MustCompile(`\{[^{}\n]*\}`)

// nothing stands where a placeholder was removed until what is around it is put right. No template has this character.
const nothing = "\x00"

var (
	nothingFirst = regexp.MustCompile(`(?m)^` + nothing + `[,!]? *`)       // «{имя посетителя}, добрый день»
	nothingLast  = regexp.MustCompile(`(?m),? *` + nothing + `([.!?,]|$)`) // «Здравствуйте, {имя посетителя}!»
	nothingElse  = regexp.MustCompile(nothing + ` ?`)
)

// FillTemplate is a template's text as it would stand in the input (D-35). {имя посетителя} and {имя оператора} are filled
// in, in any of the three languages: {visitor name}, {operator name}, {келуші аты}, {оператор аты}. Other placeholders,
// and a name that is not known, are removed, with the comma that led to them.
func FillTemplate(text, visitor, operator string) string {
	text = placeholder.ReplaceAllStringFunc(text, func(found string) string {
		value := ""
		switch strings.ToLower(strings.Join(strings.Fields(strings.Trim(found, "{}")), " ")) {
		case "имя посетителя", "visitor name", "келуші аты":
			value = visitor
		case "имя оператора", "operator name", "оператор аты":
			value = operator
		}
		if value == "" {
			return nothing
		}
		return value
	})
	text = nothingFirst.ReplaceAllString(text, "")
	text = nothingLast.ReplaceAllString(text, "$1")
	return nothingElse.ReplaceAllString(text, "")
}
