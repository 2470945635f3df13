package api

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"
	"github.com/tidwall/gjson"
)

// body decodes a request strictly: one JSON object of known fields, all required ones given. given says which fields
// were there.
func body[T any](c *fiber.Ctx) (v T, given map[string]json.RawMessage, err error) {
	return decode[T](c.BodyRaw()) // as it was sent: unpacked, a small body could be of any size
}

func decode[T any](raw []byte) (v T, given map[string]json.RawMessage, err error) {
	given, err = members(raw)
	if err != nil {
		return v, nil, err
	}
	fields := fieldsOf(reflect.TypeFor[T]())
	for name, value := range given {
		if !slices.ContainsFunc(fields, func(f field) bool { return f.name == name }) {
			return v, nil, wrong(codeUnknownField, strings.ToValidUTF8(name, ""))
		}
		if string(value) == "null" {
			delete(given, name) // null is as good as absent
		}
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		var kind *json.UnmarshalTypeError
		if errors.As(err, &kind) {
			field, _, _ := strings.Cut(kind.Field, ".")
			return v, nil, wrong(codeWrongType, field)
		}
		return v, nil, wrong(codeBadJSON, "")
	}
	for _, f := range fields {
		if _, ok := given[f.name]; f.required && !ok {
			return v, nil, wrong(codeRequired, f.name)
		}
	}
	return v, given, nil
}

// members splits an object into its members without decoding them: that happens once, into the type (every message
// passes here).
func members(raw []byte) (map[string]json.RawMessage, error) {
	if !gjson.ValidBytes(raw) {
		return nil, wrong(codeBadJSON, "")
	}
	object := gjson.ParseBytes(raw)
	if !object.IsObject() {
		return nil, wrong(codeWrongType, "")
	}
	if !utf8.Valid(raw) {
		return nil, notUTF8(object)
	}
	given := map[string]json.RawMessage{}
	object.ForEach(func(name, value gjson.Result) bool {
		given[name.String()] = json.RawMessage(value.Raw)
		return true
	})
	return given, nil
}

// notUTF8 names the field in which the bytes are not UTF-8.
func notUTF8(object gjson.Result) error {
	err := wrong(codeNotUTF8, "")
	object.ForEach(func(name, value gjson.Result) bool {
		broken := !utf8.ValidString(name.Raw) || !utf8.ValidString(value.Raw)
		if broken {
			err = wrong(codeNotUTF8, strings.ToValidUTF8(name.String(), ""))
		}
		return !broken
	})
	return err
}

type field struct {
	name     string
	required bool
}

var knownFields sync.Map // of generated types: reflect.Type to []field

// fieldsOf reads the JSON names of a generated type, in its order; required ones have no omitempty.
func fieldsOf(t reflect.Type) []field {
	if known, ok := knownFields.Load(t); ok {
		return known.([]field)
	}
	out := make([]field, t.NumField())
	for i := range out {
		name, rest, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		out[i] = field{name, !strings.Contains(rest, "omitempty")}
	}
	knownFields.Store(t, out)
	return out
}

// isClientID is ^[A-Za-z0-9_-]{8,64}$, asked with every message.
func isClientID(id string) bool {
	return len(id) >= 8 && len(id) <= 64 && strings.IndexFunc(id, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != '-' && r != '_'
	}) < 0
}

func checkClientID(id string) error {
	if !isClientID(id) {
		return wrong(codeInvalid, "client_id")
	}
	return nil
}

// canonical returns an id as PostgreSQL writes it; anything that is no id is not found: a foreign, an unknown and a
// malformed id look the same (I-03).
func canonical(id, field string) (string, error) {
	u, err := uuid.Parse(id)
	if err != nil || len(id) != 36 {
		return "", wrong(codeNotFound, field)
	}
	return u.String(), nil
}

func pathID(c *fiber.Ctx, name string) (string, error) { return canonical(c.Params(name), "") }

// plainText checks a short text that no rule of package dialog looks at: at most max characters, none of them a control
// character.
func plainText(field, text string, max int) error {
	if utf8.RuneCountInString(text) > max {
		return tooLong(field, max)
	}
	if strings.ContainsFunc(text, unicode.IsControl) {
		return wrong(codeInvalid, field)
	}
	return nil
}

// queryInt reads a whole number of the query between min and max; missing is what it says.
func queryInt(c *fiber.Ctx, name string, missing, min, max int64) (int64, error) {
	raw := c.Query(name)
	if raw == "" {
		return missing, nil
	}
	n, err := strconv.ParseInt(raw, 10, 64)
	if err != nil {
		if errors.Is(err, strconv.ErrRange) {
			return 0, wrong(codeInvalid, name)
		}
		return 0, wrong(codeWrongType, name)
	}
	if n < min || n > max {
		return 0, wrong(codeInvalid, name)
	}
	return n, nil
}

// queryOneOf reads a word of the query.
func queryOneOf(c *fiber.Ctx, name, missing string, words ...string) (string, error) {
	raw := c.Query(name)
	if raw == "" {
		return missing, nil
	}
	for _, w := range words {
		if raw == w {
			return w, nil
		}
	}
	return "", wrong(codeInvalid, name)
}
