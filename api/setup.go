package api

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/store"
	"github.com/otklik/otklik/texts"
)

// offerSetup prints the code for the first administrator to the log, while there is no operator. It goes on asking until
// the database answers.
func (s *Server) offerSetup(ctx context.Context) {
	text := rand.Text() // 130 random bits in capital letters and digits
	code := strings.Join([]string{text[:5], text[5:10], text[10:15], text[15:20], text[20:]}, "-")
	for {
		c, cancel := s.within()
		open, err := s.store.OfferSetup(c, setupHash(code))
		cancel()
		if err == nil {
			if open {
				s.log.Info("there is no operator yet: open the console and set it up with this code", "code", code)
			}
			return
		}
		s.log.Debug("setup", "error", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(3 * time.Second):
		}
	}
}

// setupHash is what is kept of a code; its letter case, dashes and spaces do not matter.
func setupHash(code string) []byte {
	return hashToken(strings.NewReplacer("-", "", " ", "").Replace(strings.ToUpper(code)))
}

func (s *Server) getSetup(c *fiber.Ctx) error {
	open, err := s.store.SetupOpen(c.UserContext())
	if err != nil {
		return err
	}
	return c.JSON(SetupState{Open: open})
}

// setUp makes the first administrator with his project and signs him in. The door closes behind him.
func (s *Server) setUp(c *fiber.Ctx) error {
	if err := s.maySignIn(c, "setup"); err != nil {
		return err
	}
	ctx := c.UserContext()
	open, err := s.store.SetupOpen(ctx)
	if err != nil {
		return err
	}
	if !open {
		return wrong(codeNotFound, "")
	}
	first, password, err := firstAdmin(c)
	if err != nil {
		return err
	}
	if first.Operator.PasswordHash, err = s.passwords.make(ctx, password); err != nil {
		return err
	}
	id, err := s.store.SetUp(ctx, first)
	if err != nil {
		return err
	}
	c.Status(fiber.StatusCreated)
	return s.welcome(c, store.Account{ID: id, PasswordHash: first.Operator.PasswordHash})
}

func firstAdmin(c *fiber.Ctx) (store.FirstAdmin, string, error) {
	req, _, err := body[SetupRequest](c)
	if err != nil {
		return store.FirstAdmin{}, "", err
	}
	locale := cmp.Or(string(req.Locale), texts.Default)
	if !texts.Known(locale) {
		return store.FirstAdmin{}, "", wrong(codeInvalid, "locale")
	}
	if len(req.Code) > 100 {
		return store.FirstAdmin{}, "", tooLong("code", 100)
	}
	first := store.FirstAdmin{CodeHash: setupHash(req.Code), Locale: locale,
		Operator: store.OperatorInput{Name: req.Name, Login: req.Login, Active: true, Limit: dialog.OwnLimit},
		Project:  store.NewProject{Name: req.ProjectName, TimeZone: req.TimeZone, Tags: exampleTags(locale)}}
	if err := dialog.CheckTitle("name", &first.Operator.Name, dialog.MaxName); err != nil {
		return first, "", err
	}
	if err := dialog.CheckLogin(&first.Operator.Login); err != nil {
		return first, "", err
	}
	if err := dialog.CheckTitle("project_name", &first.Project.Name, dialog.MaxTitle); err != nil {
		return first, "", err
	}
	return first, req.Password, dialog.CheckPassword(req.Password)
}

// welcome signs an operator in and answers with who he is.
func (s *Server) welcome(c *fiber.Ctx, who store.Account) error {
	secret, csrf := token(), token()
	err := s.store.CreateSignIn(c.UserContext(), hashToken(secret), who, csrf, s.o.SignInLasts)
	if errors.Is(err, store.ErrNotFound) {
		return wrong(codeUnauthenticated, "")
	}
	if err != nil {
		return err
	}
	me, err := s.me(c.UserContext(), who.ID, csrf)
	if err != nil {
		return err
	}
	s.setCookie(c, secret, s.o.SignInLasts)
	return c.JSON(me)
}
