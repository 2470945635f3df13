package api

import (
	"crypto/subtle"
	"errors"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/otklik/otklik/store"
)

const (
	sessionCookie = "otklik_session"
	csrfHeader    = "X-CSRF-Token"
)

// signedIn is the operator of a request.
type signedIn struct {
	store.SignIn
	hash []byte
}

// What the request knows of who asks, under these keys.
const (
	localOperator = "operator"
	localVisitor  = "visitor"
)

func operatorOf(c *fiber.Ctx) signedIn { return c.Locals(localOperator).(signedIn) }

// authenticate finds the operator by his cookie; whatever changes something must carry his CSRF token too.
func (s *Server) authenticate(c *fiber.Ctx) error {
	in, err := s.findSignIn(c)
	if err != nil {
		return err
	}
	if c.Method() != fiber.MethodGet && c.Method() != fiber.MethodHead {
		if !s.originAllowed(c) {
			return wrong(codeOrigin, "")
		}
		if subtle.ConstantTimeCompare([]byte(c.Get(csrfHeader)), []byte(in.CSRF)) != 1 {
			return wrong(codeCSRF, "")
		}
	}
	if err := s.limits.operator.allow(in.OperatorID); err != nil {
		return err
	}
	c.Locals(localOperator, in)
	return c.Next()
}

// findSignIn finds the sign-in of the cookie. Unknown ones are limited by their address; one that is signed in is not kept
// out by them, whoever has his address besides.
func (s *Server) findSignIn(c *fiber.Ctx) (signedIn, error) {
	token, from := c.Cookies(sessionCookie), customer(s.address(c))
	if token == "" || len(token) > 200 {
		return signedIn{}, wrong(codeUnauthenticated, "")
	}
	hash := hashToken(token)
	if !s.usual.has(string(hash)) {
		if err := s.limits.unknown.left(from); err != nil {
			return signedIn{}, err
		}
	}
	in, err := s.store.SignInByToken(c.UserContext(), hash)
	if errors.Is(err, store.ErrNotFound) {
		_ = s.limits.unknown.allow(from) // counted; it is refused anyway
		return signedIn{}, wrong(codeUnauthenticated, "")
	}
	if err == nil {
		s.usual.add(string(hash))
	}
	return signedIn{in, hash}, err
}

func (s *Server) checkOrigin(c *fiber.Ctx) error {
	if !s.originAllowed(c) {
		return wrong(codeOrigin, "")
	}
	return c.Next()
}

// originAllowed lets through the listed origins, the server's own, and clients that are no browsers and send none.
func (s *Server) originAllowed(c *fiber.Ctx) bool {
	origin := c.Get(fiber.HeaderOrigin)
	if origin == "" || s.origins[origin] {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, string(c.Request().Host()))
}

func (s *Server) signIn(c *fiber.Ctx) error {
	req, _, err := body[SignInRequest](c)
	if err != nil {
		return err
	}
	for field, text := range map[string]string{"login": req.Login, "password": req.Password} {
		if text == "" {
			return wrong(codeRequired, field)
		}
		if err := plainText(field, text, 200); err != nil {
			return err
		}
	}
	login := strings.ToLower(strings.TrimSpace(req.Login))
	here := customer(s.address(c)) + " " + login
	if err := s.maySignIn(c, login); err != nil {
		return err
	}
	if !s.usual.has(here) {
		if err := s.limits.signInLogin.left(login); err != nil {
			return err
		}
	}
	ctx := c.UserContext()
	account, err := s.store.AccountByLogin(ctx, login)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	right, err := s.passwords.check(ctx, account.PasswordHash, req.Password)
	if err != nil {
		return err
	}
	if !right {
		_ = s.limits.signInLogin.allow(login) // counted; it is refused anyway
		return wrong(codeUnauthenticated, "")
	}
	s.usual.add(here)
	return s.welcome(c, account)
}

// maySignIn counts an attempt for a name from an address. Both are limits of the address, in IPv6 of its /64: with whole
// addresses one customer of a provider would have more guesses than there are passwords.
func (s *Server) maySignIn(c *fiber.Ctx, name string) error {
	from := customer(s.address(c))
	if err := s.limits.signInAddress.allow(from); err != nil {
		return err
	}
	return s.limits.signIn.allow(from + " " + name)
}

// usual knows who has been here before: hashes of sign-ins, and from where logins were used, as "address login". From
// there the limit of a login, which many addresses together can use up, does not hold: strangers who guess a password do
// not keep its owner out of his own desk. A process that has just started knows nobody; then he waits for his turn.
type usual struct {
	mu    sync.Mutex
	known map[string]bool
}

const usualKept = 10_000

func (u *usual) has(place string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.known[place]
}

func (u *usual) add(place string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.known == nil || len(u.known) >= usualKept {
		u.known = map[string]bool{}
	}
	u.known[place] = true
}

func (s *Server) setCookie(c *fiber.Ctx, value string, lasts time.Duration) {
	c.Cookie(&fiber.Cookie{Name: sessionCookie, Value: value, Path: "/", HTTPOnly: true, Secure: s.secure,
		SameSite: fiber.CookieSameSiteLaxMode, MaxAge: int(lasts / time.Second)})
}

// signOut ends the sign-in and its sockets, in this process at once, in others within seconds.
func (s *Server) signOut(c *fiber.Ctx) error {
	in := operatorOf(c)
	if err := s.store.DeleteSignIn(c.UserContext(), in.hash); err != nil {
		return err
	}
	s.hub.closeSignIn(string(in.hash))
	c.Cookie(&fiber.Cookie{Name: sessionCookie, Path: "/", HTTPOnly: true, Secure: s.secure,
		SameSite: fiber.CookieSameSiteLaxMode, Expires: time.Unix(1, 0)})
	return c.SendStatus(fiber.StatusNoContent)
}
