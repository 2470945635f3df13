package api

import (
	"context"
	"encoding/json"
	"time"

	"github.com/gofiber/fiber/v2"
)

// opsRoutes are for people and machines that run the server, and the built front ends.
func (s *Server) opsRoutes() {
	s.app.Get("/healthz", func(c *fiber.Ctx) error { return c.SendString("ok\n") })
	s.app.Get("/readyz", s.readyz)
	s.app.Get("/openapi.yaml", func(c *fiber.Ctx) error {
		c.Set(fiber.HeaderContentType, "application/yaml")
		return c.Send(contract)
	})
	s.staticRoutes()
}

// readyz says whether this process can serve. Temporal is told and not asked for: everything a person does works
// without it (design 2.8).
func (s *Server) readyz(c *fiber.Ctx) error {
	out := struct {
		Ready      bool   `json:"ready"`
		PostgreSQL string `json:"postgresql"`
		Temporal   string `json:"temporal"`
	}{PostgreSQL: "ok", Temporal: "unknown"}
	ctx, cancel := context.WithTimeout(s.ctx, time.Second)
	defer cancel()
	err := s.store.Ready(ctx)
	out.Ready = err == nil && !s.draining.Load()
	if err != nil {
		out.PostgreSQL = err.Error()
	}
	if s.o.TemporalReachable != nil {
		out.Temporal = "ok"
		if err := s.o.TemporalReachable(ctx); err != nil {
			out.Temporal = "unreachable"
		}
	}
	status := fiber.StatusOK
	if !out.Ready {
		status = fiber.StatusServiceUnavailable
	}
	raw, err := json.Marshal(out)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSON)
	return c.Status(status).Send(raw)
}
