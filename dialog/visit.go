package dialog

import (
	"net/url"
	"strings"
	"time"
	"unicode"
)

// VisitGap is the pause after which a page load begins a new visit (D-55).
const VisitGap = 30 * time.Minute

// MaxDetail is where values of «Детальная информация» are cut, in characters (D-55).
const MaxDetail = 255

// Source says where a visit came from, by the address of its first page alone: nothing is guessed from the referrer.
type Source struct{ Source, Medium, Campaign, Term string }

// SourceOf takes the utm values of an address. Without any all are empty.
func SourceOf(address string) Source {
	u, err := url.Parse(address)
	if err != nil {
		return Source{}
	}
	values := u.Query() // what cannot be decoded is left out
	get := func(name string) string { return Detail(strings.TrimSpace(values.Get(name))) }
	return Source{Source: get("utm_source"), Medium: get("utm_medium"), Campaign: get("utm_campaign"), Term: get("utm_term")}
}

// Detail makes a value from outside fit to be kept and shown: characters only, at most MaxDetail of them.
func Detail(value string) string {
	value = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(value, ""))
	if r := []rune(value); len(r) > MaxDetail {
		return string(r[:MaxDetail])
	}
	return value
}
