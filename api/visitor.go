package api

import (
	"cmp"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/store"
	"github.com/otklik/otklik/texts"
)

var widgetKey = regexp.MustCompile(`^[a-z0-9-]{3,64}$`)

// widgetOf finds the active widget of a key, for a page that may have it.
func (s *Server) widgetOf(c *fiber.Ctx, key string) (store.Widget, error) {
	if !widgetKey.MatchString(key) {
		return store.Widget{}, wrong(codeNotFound, "")
	}
	w, err := s.store.WidgetByKey(c.UserContext(), key)
	if err == nil && !mayEmbed(c, w.Origins) {
		err = wrong(codeOrigin, "")
	}
	return w, err
}

// mayEmbed reports whether the page that asks may have the widget: any, when no sites are listed; else those, and pages
// of this server itself.
func mayEmbed(c *fiber.Ctx, origins []string) bool {
	origin := strings.ToLower(c.Get(fiber.HeaderOrigin))
	if len(origins) == 0 || origin == "" || slices.Contains(origins, origin) {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, string(c.Request().Host()))
}

func (s *Server) getWidget(c *fiber.Ctx) error {
	w, err := s.widgetOf(c, c.Params("key"))
	if err != nil {
		return err
	}
	if err := s.notBlocked(c, w.ProjectID); err != nil {
		return err
	}
	form := w.Form.Offered()
	mode := func(m dialog.FieldMode) FieldMode { return FieldMode(cmp.Or(m, dialog.FieldHidden)) }
	return c.JSON(WidgetConfig{
		ProjectID: w.ProjectID, Side: WidgetConfigSide(w.Side), Greeting: w.Greeting, Open: w.Open,
		ProjectName: w.ProjectName, Language: WidgetConfigLanguage(w.Language), Accent: w.Accent, Colours: accentStyle(w.Accent), Online: s.attendance.ask(c.UserContext(), store.Queue{ProjectID: w.ProjectID}),
		Departments: namedAll(w.Departments), Rating: w.Rating,
		Form: FormConfig{Before: form.Before, Title: form.Title, Name: mode(form.Name), Phone: mode(form.Phone), Email: mode(form.Email),
			ConsentVersion: form.ConsentVersion, Company: cmp.Or(form.Company, w.ProjectName),
			ConsentText: form.ConsentText, ConsentURL: form.ConsentURL},
	})
}

// createVisitor makes a visitor with his dialog, when a person first acts (R-021: opening the widget creates nothing).
func (s *Server) createVisitor(c *fiber.Ctx) error {
	req, _, err := body[VisitorRequest](c)
	if err != nil {
		return err
	}
	page, err := s.pageOf(c, req)
	if err != nil {
		return err
	}
	if req.Locale != "" && !texts.Known(string(req.Locale)) {
		return wrong(codeInvalid, "locale")
	}
	if err := s.limits.newVisitor.from(page.IP); err != nil {
		return err
	}
	ctx := c.UserContext()
	w, err := s.widgetOf(c, c.Params("key"))
	if err != nil {
		return err
	}
	if err := s.notBlocked(c, w.ProjectID); err != nil {
		return err
	}
	locale := string(req.Locale)
	if locale == "" {
		if locale = w.Language; !texts.Known(locale) {
			locale = texts.Default
		}
	}
	secret := token()
	v, err := s.store.CreateVisitor(ctx, store.NewVisitor{ProjectID: w.ProjectID, TokenHash: hashToken(secret), Locale: locale, Page: page})
	if err != nil {
		return err
	}
	row, err := s.store.Load(ctx, v.DialogID)
	if err != nil {
		return err
	}
	state := stateOf(&row, row.Now)
	state.OperatorOnline = s.attendance.online(ctx, queueOf(&row))
	return c.Status(fiber.StatusCreated).JSON(VisitorCreated{Token: secret, State: state})
}

// userAgent is what the browser says it is, made safe to store and cut.
func userAgent(c *fiber.Ctx) string {
	ua := strings.Map(func(r rune) rune {
		if r < ' ' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(c.Get(fiber.HeaderUserAgent), ""))
	if r := []rune(ua); len(r) > 255 {
		ua = string(r[:255])
	}
	return ua
}

func visitorOf(c *fiber.Ctx) store.Visitor { return c.Locals(localVisitor).(store.Visitor) }

// knowVisitor finds the visitor by his token, which comes in a header and never in a URL.
func (s *Server) knowVisitor(c *fiber.Ctx) error {
	if err := s.limits.visitorAddress.from(s.address(c)); err != nil {
		return err
	}
	scheme, token, _ := strings.Cut(c.Get(fiber.HeaderAuthorization), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return wrong(codeUnauthenticated, "")
	}
	v, err := s.visitors.byToken(c.UserContext(), token)
	if err != nil {
		return err
	}
	c.Locals(localVisitor, v)
	return c.Next()
}

func (s *Server) getVisitorState(c *fiber.Ctx) error {
	row, err := s.store.Load(c.UserContext(), visitorOf(c).DialogID)
	if err != nil {
		return err
	}
	state, err := s.stateFor(c, &row)
	if err != nil {
		return err
	}
	return c.JSON(state)
}

func (s *Server) listVisitorEvents(c *fiber.Ctx) error {
	row, err := s.store.Load(c.UserContext(), visitorOf(c).DialogID)
	if err != nil {
		return err
	}
	return s.eventPage(c, row.State.ID, store.VisitorLog, row.State.VisitorSeq, false, eventForVisitor)
}

func (s *Server) sendVisitorMessage(c *fiber.Ctx) error {
	req, given, err := body[MessageRequest](c)
	if err != nil {
		return err
	}
	if _, said := given["seen_seq"]; said { // operators only
		return wrong(codeUnknownField, "seen_seq")
	}
	return s.visitorCommand(c, req.ClientID, dialog.VisitorMessage{Arrival: s.arrival(c), Text: req.Text})
}

func (s *Server) chooseDepartment(c *fiber.Ctx) error {
	req, _, err := body[DepartmentRequest](c)
	if err != nil {
		return err
	}
	id, err := canonical(req.DepartmentID, "department_id")
	if err != nil {
		return wrong(codeInvalid, "department_id") // as one that is not of this project
	}
	return s.visitorCommand(c, req.ClientID, dialog.ChooseDepartment{Arrival: s.arrival(c), ID: id})
}

func (s *Server) submitForm(c *fiber.Ctx) error {
	req, _, err := body[FormRequest](c)
	if err != nil {
		return err
	}
	// The proof is kept as it was shown; no rule looks at it (D-41).
	if err := plainText("consent_text", strings.NewReplacer("\n", "", "\r", "", "\t", "").Replace(req.ConsentText), 2000); err != nil {
		return err
	}
	if err := plainText("consent_version", req.ConsentVersion, 40); err != nil {
		return err
	}
	return s.visitorCommand(c, req.ClientID, dialog.SubmitForm{Arrival: s.arrival(c), Name: req.Name, Phone: req.Phone, Email: req.Email, Consent: req.Consent,
		Standard: texts.Text(visitorOf(c).Locale, "consent.text", nil),
		Proof:    dialog.ConsentProof{Text: req.ConsentText, Version: req.ConsentVersion, IP: s.address(c), UserAgent: userAgent(c)}})
}

func (s *Server) visitorCommand(c *fiber.Ctx, clientID string, do dialog.Command) error {
	r, err := s.runVisitorCommand(c, clientID, do)
	if err != nil {
		return err
	}
	return c.JSON(MessageAnswer{Event: eventForVisitor(r.Event)})
}

func (s *Server) runVisitorCommand(c *fiber.Ctx, clientID string, do dialog.Command) (store.Result, error) {
	if err := checkClientID(clientID); err != nil {
		return store.Result{}, err
	}
	v := visitorOf(c)
	if err := s.limits.visitor.allow(v.ID); err != nil {
		return store.Result{}, err
	}
	if err := s.limits.project.allow(v.ProjectID); err != nil {
		return store.Result{}, err
	}
	return s.apply(c.UserContext(), store.Command{DialogID: v.DialogID, ClientID: clientID, Do: do})
}

func (s *Server) rateSession(c *fiber.Ctx) error {
	req, _, err := body[RatingRequest](c)
	if err != nil {
		return err
	}
	session, err := canonical(req.SessionID, "session_id")
	if err != nil {
		return err
	}
	r, err := s.runVisitorCommand(c, req.ClientID, dialog.Rate{SessionID: session, Stars: req.Stars, Comment: req.Comment})
	if err != nil {
		return err
	}
	if r.Applied != nil {
		state, err := s.stateFor(c, &r.Applied.Row)
		if err != nil {
			return err
		}
		return c.JSON(state)
	}
	return s.getVisitorState(c)
}
