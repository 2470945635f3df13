package dialog

import (
	"net/mail"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of inputs in characters (docs/decisions.md, section 0).
const (
	MaxText          = 4000
	MaxRatingComment = 1000
	MaxName          = 100
	MaxPhone         = 40
	MaxEmail         = 200
)

// CheckText refuses what may not be a message: empty or white space only, too long, not UTF-8,
// or with control characters other than line breaks and tabs.
func CheckText(field, text string, max int) error {
	if err := checkOptional(field, text, max); err != nil {
		return err
	}
	if strings.TrimSpace(text) == "" {
		return refuseField(Required, field)
	}
	return nil
}

func checkOptional(field, text string, max int) error {
	if !utf8.ValidString(text) {
		return refuseField(NotUTF8, field)
	}
	if utf8.RuneCountInString(text) > max {
		return &Refusal{Code: TooLong, Field: field, Max: max}
	}
	for _, r := range text {
		if unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' {
			return refuseField(Invalid, field)
		}
	}
	return nil
}

var phonePattern = regexp.MustCompile(`^\+?[0-9][0-9 ().-]*$`)

// checkForm holds the values against the configured form (D-34) and returns them trimmed; hidden fields are dropped.
func checkForm(c SubmitForm, form Form) (SubmitForm, error) {
	fields := []struct {
		name  string
		value *string
		mode  FieldMode
		max   int
		valid func(string) bool
	}{
		{"name", &c.Name, form.Name, MaxName, func(string) bool { return true }},
		{"phone", &c.Phone, form.Phone, MaxPhone, validPhone},
		{"email", &c.Email, form.Email, MaxEmail, validEmail},
	}
	for _, f := range fields {
		*f.value = strings.TrimSpace(*f.value)
		if f.mode == FieldHidden || f.mode == "" {
			*f.value = ""
		}
		if err := checkOptional(f.name, *f.value, f.max); err != nil {
			return c, err
		}
		if *f.value == "" {
			if f.mode == FieldRequired {
				return c, refuseField(Required, f.name)
			}
			continue
		}
		if strings.ContainsAny(*f.value, "\r\n") || !f.valid(*f.value) {
			return c, refuseField(Invalid, f.name)
		}
	}
	if c.Name == "" && c.Phone == "" && c.Email == "" {
		return c, refuseField(Required, firstShown(form))
	}
	return c, nil
}

// firstShown is where an empty form shows its error.
func firstShown(f Form) string {
	switch {
	case f.Name != FieldHidden:
		return "name"
	case f.Phone != FieldHidden:
		return "phone"
	default:
		return "email"
	}
}

func validPhone(s string) bool {
	digits := 0
	for _, r := range s {
		if r >= '0' && r <= '9' {
			digits++
		}
	}
	return phonePattern.MatchString(s) && digits >= 5 && digits <= 15
}

func validEmail(s string) bool {
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s {
		return false
	}
	_, domain, _ := strings.Cut(s, "@")
	return strings.Contains(domain, ".")
}
