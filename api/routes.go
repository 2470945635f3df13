package api

import (
	"context"
	"fmt"

	"github.com/gofiber/fiber/v2"
)

func (s *Server) routes() {
	s.app.Use(s.recover)
	s.opsRoutes()

	v1 := s.app.Group("/api/v1", s.bounded, sized)
	v1.Post("/operator/sign-in", s.checkOrigin, s.signIn)
	v1.Get("/operator/socket", s.checkOrigin, s.operatorSocket)
	op := v1.Group("/operator", s.authenticate)
	op.Post("/sign-out", s.signOut)
	op.Get("/me", s.getMe)
	op.Patch("/me", s.patchMe)
	op.Get("/projects/:project_id/dialogs", s.listDialogs)
	op.Get("/dialogs/:dialog_id", s.getDialog)
	op.Get("/dialogs/:dialog_id/events", s.listEvents)
	op.Post("/dialogs/:dialog_id/messages", s.sendOperatorMessage)
	op.Post("/dialogs/:dialog_id/transfer", s.transferDialog)
	op.Get("/dialogs/:dialog_id/transfer-targets", s.listTransferTargets)
	op.Post("/dialogs/:dialog_id/leave", s.leaveDialog)
	op.Put("/dialogs/:dialog_id/tags", s.setTags)
	op.Post("/dialogs/:dialog_id/read", s.markRead)
	op.Get("/dialogs/:dialog_id/transcript", s.operatorTranscript)
	op.Post("/dialogs/:dialog_id/block", s.blockVisitor)
	op.Delete("/dialogs/:dialog_id/block", s.unblockVisitor)
	op.Post("/dialogs/:dialog_id/contact-request", s.requestContacts)
	op.Patch("/dialogs/:dialog_id/card", s.editCard)
	op.Get("/dialogs/:dialog_id/labels", s.listLabelChoice)
	op.Post("/dialogs/:dialog_id/labels", s.attachLabel)
	op.Delete("/dialogs/:dialog_id/labels/:label_id", s.detachLabel)
	op.Get("/dialogs/:dialog_id/templates", s.listTemplateChoice)

	s.logRoutes(op)

	s.adminRoutes(v1)

	v1.Get("/visitor/socket", s.visitorSocket)
	widgets := v1.Group("/widgets", anyOrigin, s.perAddress)
	widgets.Get("/:key", s.getWidget)
	widgets.Post("/:key/visitors", s.createVisitor)
	v := v1.Group("/visitor", anyOrigin, s.knowVisitor)
	v.Get("/", s.getVisitorState)
	v.Get("/events", s.listVisitorEvents)
	v.Post("/messages", s.sendVisitorMessage)
	v.Post("/department", s.chooseDepartment)
	v.Post("/form", s.submitForm)
	v.Post("/rating", s.rateSession)
	v.Get("/transcript", s.visitorTranscript)
	v.Post("/visit", s.reportVisit)
	s.app.Use(func(*fiber.Ctx) error { return wrong(codeNotFound, "") })
}

// recover turns a panic into a logged 500; it must not happen.
func (s *Server) recover(c *fiber.Ctx) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return c.Next()
}

// perAddress limits what anybody may ask; an office full of people on one page is far below it.
func (s *Server) perAddress(c *fiber.Ctx) error {
	if err := s.limits.visitorAddress.from(s.address(c)); err != nil {
		return err
	}
	return c.Next()
}

// bounded gives a request its time with the database, and none while the database is down.
func (s *Server) bounded(c *fiber.Ctx) error {
	if s.breaker.open.Load() {
		readable(c)
		return unavailable()
	}
	ctx, cancel := context.WithTimeout(s.ctx, budget)
	defer cancel()
	c.SetUserContext(ctx)
	return c.Next()
}

// sized refuses what is too large. It has been read, so that the sender hears why; what is larger still is cut off.
func sized(c *fiber.Ctx) error {
	if len(c.Request().Body()) <= maxBody || isBlockList(&c.Request().Header) {
		return c.Next()
	}
	readable(c)
	return fiber.ErrRequestEntityTooLarge
}

// readable lets the widget read an answer that is given before it is known whose request it is.
func readable(c *fiber.Ctx) {
	if c.Get(fiber.HeaderOrigin) != "" {
		c.Set(fiber.HeaderAccessControlAllowOrigin, "*")
	}
}

// anyOrigin lets widgets of any page in: visitors hold a token and no cookie, so there is nothing to steal.
func anyOrigin(c *fiber.Ctx) error {
	c.Set(fiber.HeaderAccessControlAllowOrigin, "*")
	c.Set(fiber.HeaderAccessControlExposeHeaders, "Retry-After, Content-Disposition")
	if c.Method() != fiber.MethodOptions {
		return c.Next()
	}
	c.Set(fiber.HeaderAccessControlAllowMethods, "GET, POST")
	c.Set(fiber.HeaderAccessControlAllowHeaders, "Authorization, Content-Type")
	c.Set(fiber.HeaderAccessControlMaxAge, "86400")
	return c.SendStatus(fiber.StatusNoContent)
}
