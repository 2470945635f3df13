package api

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"path"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/otklik/otklik/texts"
)

// consolePolicy lets the console load only what this server serves; frames of it are for nobody.
const consolePolicy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self'; " +
	"connect-src 'self' ws: wss:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// asset is a built file, ready to be sent.
type asset struct {
	kind      string // content type
	etag      string
	raw, gzip []byte // gzip is nil where it saves nothing
}

// packed is what the build adds to the name of a file that it has also packed with gzip (web/pack.mjs).
const packed = ".gz"

// readAssets reads a built front end once: it is small, and a shop's page waits for it.
func readAssets(files fs.FS) (map[string]asset, error) {
	out := map[string]asset{}
	if files == nil {
		return out, nil
	}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(name, packed) {
			return err
		}
		out[name], err = readAsset(files, name)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("front end: %w", err)
	}
	return out, nil
}

func readAsset(files fs.FS, name string) (asset, error) {
	raw, err := fs.ReadFile(files, name)
	if err != nil {
		return asset{}, err
	}
	sum := sha256.Sum256(raw)
	a := asset{kind: mime.TypeByExtension(path.Ext(name)), etag: `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`, raw: raw}
	if a.kind == "" {
		a.kind = fiber.MIMEOctetStream
	}
	if a.gzip, err = fs.ReadFile(files, name+packed); errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return a, err
}

// send answers with the asset, packed for those who can unpack it, or with 304 for those who have it.
func (a asset) send(c *fiber.Ctx) error {
	c.Set(fiber.HeaderETag, a.etag)
	c.Set(fiber.HeaderVary, fiber.HeaderAcceptEncoding)
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	if strings.Contains(c.Get(fiber.HeaderIfNoneMatch), a.etag) {
		return c.SendStatus(fiber.StatusNotModified)
	}
	c.Set(fiber.HeaderContentType, a.kind)
	if a.gzip != nil && strings.Contains(c.Get(fiber.HeaderAcceptEncoding), "gzip") {
		c.Set(fiber.HeaderContentEncoding, "gzip")
		return c.Send(a.gzip)
	}
	return c.Send(a.raw)
}

func (s *Server) staticRoutes() {
	s.app.Get("/", toFolder("/console/"))
	if s.o.Console != nil {
		s.app.Get("/console", toFolder("/console/"))
		s.app.Get("/console/*", s.serveConsole)
	}
	if s.o.Demo != nil {
		s.app.Get("/demo", toFolder("/demo/"))
		s.app.Get("/demo/*", s.perAddress, s.bounded, s.serveDemo)
	}
	if s.o.Widget != nil {
		s.app.Get("/widget.js", s.serveWidget)
		s.app.Get("/widget/*", byKey(s.perAddress), byKey(s.bounded), s.serveWidget)
	}
}

// byKey guards what asks for the settings of a widget; the files themselves are in memory and come in any outage.
func byKey(guard fiber.Handler) fiber.Handler {
	return func(c *fiber.Ctx) error {
		if c.Query("key") == "" {
			return c.Next()
		}
		readable(c)
		return guard(c)
	}
}

// toFolder adds the slash without which the page's own relative addresses would miss. The router takes both forms for
// the same route.
func toFolder(folder string) fiber.Handler {
	return func(c *fiber.Ctx) error {
		if c.Path() == folder {
			return c.Next()
		}
		return c.Redirect(folder)
	}
}

// serveConsole answers files as they are and every other path with the page: the console finds its way by the URL.
func (s *Server) serveConsole(c *fiber.Ctx) error {
	name := strings.TrimPrefix(path.Clean("/"+c.Params("*")), "/")
	c.Set(fiber.HeaderContentSecurityPolicy, consolePolicy)
	c.Set(fiber.HeaderReferrerPolicy, "same-origin")
	if a, ok := s.consoleFiles[name]; ok && name != "index.html" {
		if strings.HasPrefix(name, "assets/") { // hashed names
			c.Set(fiber.HeaderCacheControl, "public, max-age=31536000, immutable")
		}
		return a.send(c)
	}
	page, ok := s.consoleFiles["index.html"] // missing in a binary that was built without the console
	if !ok || (path.Ext(name) != "" && name != "index.html") {
		return wrong(codeNotFound, "")
	}
	c.Set(fiber.HeaderCacheControl, "no-cache")
	return page.send(c)
}

// serveWidget answers the script and its languages to pages of any origin. Script and texts must be of one build, so a
// browser always asks whether its copy still holds.
func (s *Server) serveWidget(c *fiber.Ctx) error {
	c.Set(fiber.HeaderAccessControlAllowOrigin, "*") // refusals too: the widget gives up or tries again by their code
	name := "widget.js"
	if rest := c.Params("*"); rest != "" {
		name = path.Clean(rest)
		if lang, ok := strings.CutSuffix(name, ".txt"); ok {
			var err error
			if lang, err = s.widgetLanguage(c, lang); err != nil {
				return err
			}
			name = lang + ".txt"
		}
	}
	a, ok := s.widgetFiles[name]
	if !ok {
		return wrong(codeNotFound, "")
	}
	c.Set("Cross-Origin-Resource-Policy", "cross-origin")
	c.Set(fiber.HeaderCacheControl, "no-cache")
	return a.send(c)
}

// widgetLanguage is what the widget of the key speaks: the language of its settings, else that of the page (D-56). The
// script asks for texts and settings at once, so it does not know them; without a key the page has said what it wants.
// While the database is down that is an error and not another language: without settings no widget appears anyway, it
// asks for both again, and one that came with guessed texts would keep them as long as its page.
func (s *Server) widgetLanguage(c *fiber.Ctx, page string) (string, error) {
	if key := c.Query("key"); key != "" {
		w, err := s.widgetOf(c, key)
		if err != nil {
			return "", err
		}
		if texts.Known(w.Language) {
			return w.Language, nil
		}
	}
	return pageLanguage(page), nil
}

// pageLanguage is the one of ours for a language tag of a page, else Russian (D-56).
func pageLanguage(tag string) string {
	tag = strings.ToLower(tag)
	switch {
	case strings.HasPrefix(tag, "en"):
		return "en"
	case strings.HasPrefix(tag, "kk"), strings.HasPrefix(tag, "kz"): // the second is what people write (D-56)
		return "kk"
	}
	return texts.Default
}

func (s *Server) serveDemo(c *fiber.Ctx) error {
	raw, err := s.o.Demo(c.UserContext(), strings.Trim(c.Params("*"), "/"))
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderCacheControl, "no-cache")
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	return c.Send(raw)
}
