package api

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gofiber/fiber/v2"
)

// A shop's page waits for the widget: it is sent packed, and not at all to a browser that has it.
func TestAssets(t *testing.T) {
	t.Parallel()
	script := strings.Repeat("export const text = 1;\n", 200)
	var small bytes.Buffer
	w := gzip.NewWriter(&small)
	_, _ = w.Write([]byte(script)) // into memory
	_ = w.Close()
	s := &Server{app: fiber.New(), o: Options{
		Console: fstest.MapFS{"index.html": {Data: []byte("<!doctype html>")}, "assets/a-1.js": {Data: []byte(script)}},
		Widget:  fstest.MapFS{"widget.js": {Data: []byte(script)}, "widget.js.gz": {Data: small.Bytes()}, "ru.txt": {Data: []byte("ru")}, "en.txt": {Data: []byte("en")}, "kk.txt": {Data: []byte("kk")}},
	}}
	var err error
	if s.consoleFiles, err = readAssets(s.o.Console); err != nil {
		t.Fatal(err)
	}
	if s.widgetFiles, err = readAssets(s.o.Widget); err != nil {
		t.Fatal(err)
	}
	s.staticRoutes()
	get := func(path string, header ...string) (*http.Response, []byte) {
		t.Helper()
		q, _ := http.NewRequest(http.MethodGet, "http://chat.test"+path, nil)
		for i := 0; i < len(header); i += 2 {
			q.Header.Set(header[i], header[i+1])
		}
		a, err := s.app.Test(q)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(a.Body)
		if err != nil {
			t.Fatal(err)
		}
		return a, body
	}

	a, body := get("/widget.js", "Accept-Encoding", "gzip, br")
	if a.Header.Get("Content-Encoding") != "gzip" || !bytes.Equal(body, small.Bytes()) || a.Header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("packed: %v, %d bytes", a.Header, len(body))
	}
	r, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if raw, _ := io.ReadAll(r); string(raw) != script {
		t.Error("unpacks to something else")
	}
	if _, plain := get("/widget.js"); string(plain) != script {
		t.Error("plain is something else")
	}
	if again, body := get("/widget.js", "If-None-Match", a.Header.Get("ETag")); again.StatusCode != 304 || len(body) > 0 {
		t.Errorf("again: %d", again.StatusCode)
	}
	for path, want := range map[string]int{
		"/": 302, "/console": 302, "/console/": 200, "/console/dialogs/x/y": 200, "/console/assets/a-1.js": 200, "/widget/ru.txt": 200,
	} {
		if a, _ := get(path); a.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, a.StatusCode, want)
		}
	}
	// The language of a page, or Russian (D-56).
	for tag, want := range map[string]string{"ru": "ru", "en-GB": "en", "EN": "en", "kk-KZ": "kk", "kz": "kk", "de": "ru", "": "ru", "page": "ru"} {
		if a, body := get("/widget/" + tag + ".txt"); a.StatusCode != 200 || string(body) != want {
			t.Errorf("%q: %d %s, want %s", tag, a.StatusCode, body, want)
		}
	}
	for _, path := range []string{"/console/assets/none.js", "/console/../secret.js", "/widget/none.json", "/widget/widget.js.gz", "/widget/../../secret"} {
		if a, body := get(path); a.StatusCode < 400 {
			t.Errorf("%s: %d %s", path, a.StatusCode, body)
		}
	}
	if a, _ := get("/console/assets/a-1.js"); !strings.Contains(a.Header.Get("Cache-Control"), "immutable") {
		t.Error("a hashed name is asked for again and again")
	}
	if a, _ := get("/console/"); !strings.Contains(a.Header.Get("Content-Security-Policy"), "default-src 'self'") {
		t.Error("no policy")
	}
}

// The script asks for its texts before it knows the settings: a language set there goes before the page's (D-56).
func TestLanguageOfTheSettings(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) {
		o.Widget = fstest.MapFS{"ru.txt": {Data: []byte("ru")}, "en.txt": {Data: []byte("en")}, "kk.txt": {Data: []byte("kk")}}
	})
	ask := func(query string) answer { return w.do("GET", w.base+"/widget/"+query, nil, nil) }
	for _, c := range []struct{ set, query, want string }{
		{"page", "en-GB.txt?key=" + w.key, "en"},
		{"page", "de.txt?key=" + w.key, "ru"},
		{"kk", "en.txt?key=" + w.key, "kk"},
		{"kk", ".txt?key=" + w.key, "kk"}, // the page names none
		{"kk", "en.txt?key=", "en"},       // the tag of the page names one
	} {
		w.admin.patch("/admin/projects/"+w.shop, map[string]any{"rev": w.settings().Rev, "language": c.set}).want(200)
		if a := ask(c.query).want(200); string(a.raw) != c.want {
			t.Errorf("%s, %s: %s, want %s", c.set, c.query, a.raw, c.want)
		}
	}
	ask("ru.txt?key=no-such-widget").want(404, "not_found")
}
