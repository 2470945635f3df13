package api

import (
	"context"
	"encoding/json"
	"sync"
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

// health is what was last found of what the server stands on. Anybody may ask, so it is looked at anew after a while only,
// by one at a time; why something does not answer is for the log: such errors name hosts and users.
type health struct {
	mu                   sync.Mutex
	asked                time.Time
	postgreSQL, temporal string
}

const healthFresh = 500 * time.Millisecond

func (s *Server) look() (postgreSQL, temporal string) {
	h := &s.health
	h.mu.Lock()
	defer h.mu.Unlock()
	if time.Since(h.asked) < healthFresh {
		return h.postgreSQL, h.temporal
	}
	ctx, cancel := context.WithTimeout(s.ctx, time.Second)
	defer cancel()
	h.postgreSQL, h.temporal = "ok", "unknown"
	if err := s.store.Ready(ctx); err != nil {
		s.log.Warn("not ready", "error", err)
		h.postgreSQL = "unavailable"
	}
	if s.o.TemporalReachable != nil {
		h.temporal = "ok"
		if err := s.o.TemporalReachable(ctx); err != nil {
			h.temporal = "unreachable"
		}
	}
	h.asked = time.Now()
	return h.postgreSQL, h.temporal
}

// readyz says whether this process can serve. Temporal is told and not asked for: everything a person does works
// without it (design 2.8).
func (s *Server) readyz(c *fiber.Ctx) error {
	var out struct {
		Ready      bool   `json:"ready"`
		PostgreSQL string `json:"postgresql"`
		Temporal   string `json:"temporal"`
	}
	out.PostgreSQL, out.Temporal = s.look()
	out.Ready = out.PostgreSQL == "ok" && !s.draining.Load()
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
