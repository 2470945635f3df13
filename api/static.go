package api

import (
	"io/fs"
	"mime"
	"path"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// consolePolicy lets the console load only what this server serves; frames of it are for nobody.
const consolePolicy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self'; " +
	"connect-src 'self' ws: wss:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

func (s *Server) staticRoutes() {
	s.app.Get("/", toFolder("/console/"))
	if s.o.Console != nil {
		s.app.Get("/console", toFolder("/console/"))
		s.app.Get("/console/*", s.serveConsole)
	}
	if s.o.Demo != nil {
		s.app.Get("/demo", toFolder("/demo/"))
		s.app.Get("/demo/*", s.serveDemo)
	}
	if s.o.Widget != nil {
		s.app.Get("/widget.js", func(c *fiber.Ctx) error { return serveWidget(c, s.o.Widget, "widget.js") })
		s.app.Get("/widget/*", func(c *fiber.Ctx) error { return serveWidget(c, s.o.Widget, c.Params("*")) })
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
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	c.Set(fiber.HeaderReferrerPolicy, "same-origin")
	if raw, err := fs.ReadFile(s.o.Console, name); err == nil && name != "index.html" {
		if strings.HasPrefix(name, "assets/") { // hashed names
			c.Set(fiber.HeaderCacheControl, "public, max-age=31536000, immutable")
		}
		return sendFile(c, name, raw)
	}
	if path.Ext(name) != "" && name != "index.html" {
		return wrong(codeNotFound, "")
	}
	raw, err := fs.ReadFile(s.o.Console, "index.html")
	if err != nil {
		return wrong(codeNotFound, "") // this binary was built without the console
	}
	c.Set(fiber.HeaderCacheControl, "no-cache")
	return sendFile(c, "index.html", raw)
}

// serveWidget answers the script and its languages to pages of any origin.
func serveWidget(c *fiber.Ctx, files fs.FS, name string) error {
	name = path.Clean(name)
	raw, err := fs.ReadFile(files, name)
	if err != nil {
		return wrong(codeNotFound, "")
	}
	c.Set(fiber.HeaderAccessControlAllowOrigin, "*")
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	c.Set("Cross-Origin-Resource-Policy", "cross-origin")
	c.Set(fiber.HeaderCacheControl, "public, max-age=300")
	return sendFile(c, name, raw)
}

func (s *Server) serveDemo(c *fiber.Ctx) error {
	raw, ok := s.o.Demo(c.UserContext(), strings.Trim(c.Params("*"), "/"))
	if !ok {
		return wrong(codeNotFound, "")
	}
	c.Set(fiber.HeaderCacheControl, "no-cache")
	return sendFile(c, "index.html", raw)
}

func sendFile(c *fiber.Ctx, name string, raw []byte) error {
	kind := mime.TypeByExtension(path.Ext(name))
	if kind == "" {
		kind = fiber.MIMEOctetStream
	}
	c.Set(fiber.HeaderContentType, kind)
	return c.Send(raw)
}
