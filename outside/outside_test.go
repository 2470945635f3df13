package outside

import (
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"
)

const secret = "s3cret"

func serve(t *testing.T, h http.HandlerFunc) Account {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return Account{s.URL + "/lists?project=7", secret}
}

// The lists in their one form; what cannot be read is a word, and names no address.
func TestFetch(t *testing.T) {
	t.Parallel()
	big := `{"system":["` + strings.Repeat("1.1.1.1 ", MaxBody/8) + `"],"manual":[]}`
	many := `{"system":[` + strings.Repeat(`"1.1.1.1",`, MaxAddresses) + `"1.1.1.1"],"manual":[]}`
	for _, c := range []struct {
		name   string
		status int
		body   string
		code   string
		want   Lists
	}{
		{"lists", 200, `{"system":["::ffff:203.0.113.1"],"manual":["2001:DB8::2"],"more":1}`, "", Lists{[]string{"203.0.113.1"}, []string{"2001:db8::2"}}},
		{"empty", 200, `{"system":[],"manual":[]}`, "", Lists{[]string{}, []string{}}},
		{"one is missing", 200, `{"system":[]}`, "bad_json", Lists{}},
		{"null", 200, `{"system":null,"manual":[]}`, "bad_json", Lists{}},
		{"no JSON", 200, `<html>`, "bad_json", Lists{}},
		{"no object", 200, `[]`, "bad_json", Lists{}},
		{"a range", 200, `{"system":["203.0.113.1"],"manual":["203.0.113.1","203.0.113.0/24"]}`, "bad_address manual[1]", Lists{}},
		{"not modified, unasked", 304, ``, "http_304", Lists{}},
		{"broken", 500, `{"system":[],"manual":[]}`, "http_500", Lists{}},
		{"no content", 204, ``, "http_204", Lists{}},
		{"too large", 200, big, "too_large", Lists{}},
		{"too many", 200, many, "too_large", Lists{}},
	} {
		a := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("ETag", `"v1"`)
			w.WriteHeader(c.status)
			_, _ = io.WriteString(w, c.body)
		})
		lists, tag, err := New().Fetch(t.Context(), a, "")
		switch {
		case c.code != "" && (err == nil || Code(err) != c.code):
			t.Errorf("%s: %v, want %s", c.name, err, c.code)
		case c.code == "" && (err != nil || !reflect.DeepEqual(*lists, c.want) || tag != `"v1"`):
			t.Errorf("%s: %+v %q %v", c.name, lists, tag, err)
		}
	}
}

// What is asked: signed, and only what changed.
func TestFetchUnchanged(t *testing.T) {
	t.Parallel()
	a := serve(t, func(w http.ResponseWriter, r *http.Request) {
		stamp := r.Header.Get(HeaderTimestamp)
		if r.Method != "GET" || r.Header.Get("If-None-Match") != `"v1"` || r.URL.RawQuery != "project=7" ||
			r.Header.Get(HeaderSignature) != Sign(secret, stamp, nil) {
			t.Errorf("%s %s %v", r.Method, r.URL, r.Header)
		}
		w.WriteHeader(http.StatusNotModified)
	})
	if lists, tag, err := New().Fetch(t.Context(), a, `"v1"`); lists != nil || tag != `"v1"` || err != nil {
		t.Errorf("%v %q %v", lists, tag, err)
	}
}

// The example of docs/blocks.md, made with openssl.
func TestSign(t *testing.T) {
	t.Parallel()
	const want = "sha256=6e9fa4c9cd1a5004ffc4b3c76289d1ed76d2c2e70f049e245903bd2eac7986a2"
	if got := Sign(secret, "1767225600", []byte(`{"action":"block"}`)); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// An administrator chose the address; it may not lead elsewhere, and nothing goes out unsigned.
func TestWhereCallsMayGo(t *testing.T) {
	t.Parallel()
	elsewhere := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("followed to another host") })
	a := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/away":
			http.Redirect(w, r, elsewhere.URL, http.StatusFound)
		case "/here":
			http.Redirect(w, r, "/lists", http.StatusFound)
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		default:
			_, _ = io.WriteString(w, `{"system":[],"manual":[]}`)
		}
	})
	base := strings.TrimSuffix(a.URL, "/lists?project=7")
	for target, code := range map[string]string{base + "/away": "redirect", base + "/loop": "redirect", base + "/here": "",
		"ftp://example.org/": "url", "file:///etc/passwd": "url", "https://user@example.org/": "url", "//example.org": "url", "": "url"} {
		_, _, err := New().Fetch(t.Context(), Account{target, secret}, "")
		if (err == nil) != (code == "") || (err != nil && Code(err) != code) {
			t.Errorf("%s: %v, want %q", target, err, code)
		}
	}
	if err := New().Deliver(t.Context(), Account{a.URL, ""}, 1, nil); Code(err) != "no_secret" {
		t.Errorf("unsigned: %v", err)
	}
}

// A call that hangs ends.
func TestTimeout(t *testing.T) {
	t.Parallel()
	hang := make(chan struct{})
	a := serve(t, func(http.ResponseWriter, *http.Request) { <-hang })
	defer close(hang)
	c := New()
	c.http.Timeout = 50 * time.Millisecond
	if err := c.Deliver(t.Context(), a, 1, []byte("{}")); Code(err) != "timeout" {
		t.Errorf("%v", err)
	}
}
