package transcript

import (
	"net/url"
	"strings"
	"unicode"
)

// plain keeps letters, marks and digits; runs of anything else become one hyphen.
func plain(s string) string {
	var b strings.Builder
	gap := false
	for _, r := range s {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) {
			if gap && b.Len() > 0 {
				b.WriteByte('-')
			}
			gap = false
			b.WriteRune(r)
			continue
		}
		gap = true
	}
	if r := []rune(b.String()); len(r) > 60 {
		return string(r[:60])
	}
	return b.String()
}

// Disposition is the Content-Disposition of a download: the name for all (RFC 5987), and a plain one for old clients.
func Disposition(name string) string {
	ascii := strings.Map(func(r rune) rune {
		if r > unicode.MaxASCII {
			return '_'
		}
		return r
	}, name)
	return `attachment; filename="` + ascii + `"; filename*=UTF-8''` + strings.ReplaceAll(url.QueryEscape(name), "+", "%20")
}
