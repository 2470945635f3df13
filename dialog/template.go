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

// Filled says what a piece of a template stands for.
type Filled string

// Placeholders that are known.
const (
	VisitorName  Filled = "visitor_name"
	OperatorName Filled = "operator_name"
)

// Piece is a part of a template's text; Filled is empty for what was written by whoever made the template.
type Piece struct {
	Text   string
	Filled Filled
}

// visitorHere and operatorHere stand where a name will; no template has these characters.
const (
	visitorHere  = "\x01"
	operatorHere = "\x02"
)

// FillTemplate is a template's text as it would stand in the input (D-35), in pieces. {имя посетителя} and {имя оператора}
// are filled in, in any of the three languages: {visitor name}, {operator name}, {келуші аты}, {оператор аты}. Other
// placeholders, and a name that is not known, are removed, with the comma that led to them.
func FillTemplate(text, visitor, operator string) []Piece {
	text = placeholder.ReplaceAllStringFunc(text, func(found string) string {
		switch strings.ToLower(strings.Join(strings.Fields(strings.Trim(found, "{}")), " ")) {
		case "имя посетителя", "visitor name", "келуші аты":
			if visitor != "" {
				return visitorHere
			}
		case "имя оператора", "operator name", "оператор аты":
			if operator != "" {
				return operatorHere
			}
		}
		return nothing
	})
	text = nothingFirst.ReplaceAllString(text, "")
	text = nothingLast.ReplaceAllString(text, "$1")
	text = nothingElse.ReplaceAllString(text, "")
	var out []Piece
	for text != "" {
		switch i := strings.IndexAny(text, visitorHere+operatorHere); {
		case i < 0:
			return append(out, Piece{Text: text})
		case i > 0:
			out, text = append(out, Piece{Text: text[:i]}), text[i:]
		case text[:1] == visitorHere:
			out, text = append(out, Piece{visitor, VisitorName}), text[1:]
		default:
			out, text = append(out, Piece{operator, OperatorName}), text[1:]
		}
	}
	return out
}
