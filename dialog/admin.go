package dialog

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// CheckLevel holds a level against what is needed (D-03). Who has no access at all does not learn that there is
// anything (I-03).
func CheckLevel(have, need Level) error {
	switch {
	case have <= LevelNone:
		return refuse(NotFound)
	case have < need:
		return refuse(Forbidden)
	}
	return nil
}

// levelNames are the words for levels, as clients and the audit know them.
var levelNames = []string{"none", "view", "operator", "senior", "admin"}

// Name is the word for the level.
func (l Level) Name() string {
	if l < 0 || int(l) >= len(levelNames) {
		return levelNames[0]
	}
	return levelNames[l]
}

// LevelNamed finds a level by its word.
func LevelNamed(name string) (Level, bool) {
	i := slices.Index(levelNames, name)
	return Level(i), i >= 0
}

// AccessChange is a level granted to an operator in a project.
type AccessChange struct {
	Actor         Level // in the project, of who grants
	Before, After Level
	Active        bool // the operator may sign in
	OtherAdmins   int  // active administrators of the project besides him
}

// Check refuses what is not the actor's to grant, and what would leave the project without an administrator.
func (c AccessChange) Check() error {
	if err := CheckLevel(c.Actor, LevelAdmin); err != nil {
		return err
	}
	if c.Active && c.Before == LevelAdmin && c.After < LevelAdmin && c.OtherAdmins == 0 {
		return refuse(LastAdmin)
	}
	return nil
}

// OperatorChange is what somebody wants to make of an operator's account.
type OperatorChange struct {
	Administers     int // projects the actor administers
	Shared, Foreign int // projects the operator has access to: those that the actor administers, and the others
	Self            bool
	SwitchOff       bool
	Changes         string // first field that is to be another; empty: none
	Orphans         int    // projects that would be left without an active administrator
}

// Check refuses what is not the actor's to change. An account holds in all projects of its owner: login and password are
// the key to them, and his name, limit, hours and whether he may sign in are the same there. So it takes an administrator
// of all of them; else one who grants somebody else's operator access to his own project could enter the others, or switch
// him off there (D-03, I-03). What the operator may do in a project of his own, an administrator says by access.
func (c OperatorChange) Check() error {
	switch {
	case c.Administers == 0, c.Shared == 0 && c.Foreign > 0:
		return refuse(Forbidden)
	case c.Changes != "" && c.Foreign > 0 && !c.Self:
		return refuseField(Forbidden, c.Changes)
	case c.SwitchOff && c.Self:
		return refuseField(Forbidden, "active")
	case c.SwitchOff && c.Orphans > 0:
		return refuse(LastAdmin)
	}
	return nil
}

// Limits of settings (docs/decisions.md, section 0, and openapi.yaml).
const (
	MaxTitle      = 100
	MaxTag        = 60
	MaxTemplate   = 4000
	MaxCommand    = 30
	MaxGreeting   = 300
	MaxCompany    = 200
	MaxConsent    = 2000
	MaxURL        = 2000
	MaxOrigin     = 255
	MaxOrigins    = 50
	MaxSecret     = 200
	MinPassword   = 10
	MaxPassword   = 200
	MinLogin      = 3
	MaxLogin      = 200
	MaxOwnLimit   = 100 // of one operator (D-29)
	OwnLimit      = 10  // of a new one, unless it is said
	maxAutoClose  = 10080
	maxRetention  = 36500
	maxPromptSecs = 31536000
)

// Project is what an administrator sets for a project and its widget.
type Project struct {
	Name                string   `json:"name"`
	Active              bool     `json:"active"`
	Language            string   `json:"language"`
	Accent              string   `json:"accent"`
	Side                string   `json:"side"`
	Greeting            string   `json:"greeting"`
	Company             string   `json:"company"`
	Origins             []string `json:"origins"`
	TimeZone            string   `json:"time_zone"` // that there is such a one is checked where zones are known
	DepartmentChoice    bool     `json:"department_choice"`
	LongWaitSeconds     int      `json:"long_wait_seconds"`
	AutoCloseMinutes    int      `json:"auto_close_minutes"`
	Rating              bool     `json:"rating"`
	RatingPromptSeconds int      `json:"rating_prompt_seconds"`
	Tagging             bool     `json:"tagging"`
	LabelLevel          Level    `json:"-"`
	RetentionDays       int      `json:"retention_days"`
	Form                Form     `json:"-"`
	Hours               *Hours   `json:"hours"`
	BlockListURL        string   `json:"block_list_url"`
	BlockHookURL        string   `json:"block_hook_url"`
	BlockSecret         string   `json:"-"`
}

var accentPattern = regexp.MustCompile(`^#[0-9A-Fa-f]{6}$`)

// Check tidies the settings and refuses what cannot be meant, by the first field that is wrong.
func (p *Project) Check() error {
	return firstError(
		CheckTitle("name", &p.Name, MaxTitle),
		oneOf("language", p.Language, "ru", "en", "kk", "page"),
		matches("accent", p.Accent, accentPattern),
		oneOf("side", p.Side, "left", "right"),
		optionalLine("greeting", &p.Greeting, MaxGreeting),
		optionalLine("company", &p.Company, MaxCompany),
		p.checkOrigins(),
		between("long_wait_seconds", p.LongWaitSeconds, 30, 3600),
		between("auto_close_minutes", p.AutoCloseMinutes, 0, maxAutoClose),
		between("rating_prompt_seconds", p.RatingPromptSeconds, 60, maxPromptSecs),
		between("label_level", int(p.LabelLevel), int(LevelOperator), int(LevelAdmin)),
		between("retention_days", p.RetentionDays, 0, maxRetention),
		checkFormSettings(&p.Form),
		CheckHours(p.Hours),
		checkURL("block_list_url", &p.BlockListURL),
		checkURL("block_hook_url", &p.BlockHookURL),
		optionalLine("block_secret", &p.BlockSecret, MaxSecret),
	)
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// CheckTitle trims a name of one line and refuses an empty one.
func CheckTitle(field string, text *string, max int) error {
	if err := optionalLine(field, text, max); err != nil {
		return err
	}
	if *text == "" {
		return refuseField(Required, field)
	}
	return nil
}

func optionalLine(field string, text *string, max int) error {
	*text = strings.TrimSpace(*text)
	if err := checkOptional(field, *text, max); err != nil {
		return err
	}
	if strings.ContainsAny(*text, "\r\n\t") {
		return refuseField(Invalid, field)
	}
	return nil
}

func oneOf(field, value string, words ...string) error {
	if !slices.Contains(words, value) {
		return refuseField(Invalid, field)
	}
	return nil
}

func matches(field, value string, pattern *regexp.Regexp) error {
	if !pattern.MatchString(value) {
		return refuseField(Invalid, field)
	}
	return nil
}

func between(field string, n, low, high int) error {
	if n < low || n > high {
		return refuseField(Invalid, field)
	}
	return nil
}

// checkURL lets in addresses of the web alone: they become links and are called.
func checkURL(field string, text *string) error {
	if err := optionalLine(field, text, MaxURL); err != nil || *text == "" {
		return err
	}
	if u, err := url.Parse(*text); err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" {
		return refuseField(Invalid, field)
	}
	return nil
}

// checkOrigins brings the sites that may embed the widget to the form browsers send: scheme://host[:port].
func (p *Project) checkOrigins() error {
	if len(p.Origins) > MaxOrigins {
		return &Refusal{Code: TooLong, Field: "origins", Max: MaxOrigins}
	}
	out := make([]string, 0, len(p.Origins))
	for i, text := range p.Origins {
		field := "origins." + strconv.Itoa(i)
		if err := optionalLine(field, &text, MaxOrigin); err != nil {
			return err
		}
		u, err := url.Parse(strings.ToLower(strings.TrimSuffix(text, "/")))
		if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Hostname() == "" || strings.Contains(u.Host, "*") || strings.HasSuffix(u.Host, ":") || u.Scheme+"://"+u.Host != u.String() || !validPort(u.Port()) {
			return refuseField(Invalid, field)
		}
		if (u.Scheme == "https" && u.Port() == "443") || (u.Scheme == "http" && u.Port() == "80") {
			u.Host = strings.TrimSuffix(u.Host, ":"+u.Port()) // browsers do not say these
		}
		if !slices.Contains(out, u.String()) {
			out = append(out, u.String())
		}
	}
	p.Origins = out
	return nil
}

func validPort(port string) bool {
	n, err := strconv.Atoi(port)
	return port == "" || (err == nil && n > 0 && n < 65536)
}

// checkFormSettings refuses a form that nobody could fill in: all fields hidden while it is used (D-34).
func checkFormSettings(f *Form) error {
	hidden := f.Name == FieldHidden && f.Phone == FieldHidden && f.Email == FieldHidden
	modes := []string{string(FieldHidden), string(FieldShown), string(FieldRequired)}
	err := firstError(
		optionalLine("form.title", &f.Title, MaxTitle),
		oneOf("form.name", string(f.Name), modes...),
		oneOf("form.phone", string(f.Phone), modes...),
		oneOf("form.email", string(f.Email), modes...),
		checkOptional("form.consent_text", f.ConsentText, MaxConsent),
		checkURL("form.consent_url", &f.ConsentURL),
	)
	if err == nil && hidden && (f.Enabled || f.Before) {
		err = refuseField(Invalid, "form.phone")
	}
	return err
}

// NextConsentVersion is the version of a form's consent after a change: a new one when what a visitor agrees to is
// another text, link or set of fields (D-41).
func NextConsentVersion(before, after Form) string {
	if before.ConsentText == after.ConsentText && before.ConsentURL == after.ConsentURL &&
		before.Name == after.Name && before.Phone == after.Phone && before.Email == after.Email {
		return before.ConsentVersion
	}
	n, _ := strconv.Atoi(before.ConsentVersion)
	return strconv.Itoa(max(n, 0) + 1)
}

// CheckLogin brings a login to the form it is compared in.
func CheckLogin(login *string) error {
	*login = strings.ToLower(*login)
	if err := CheckTitle("login", login, MaxLogin); err != nil {
		return err
	}
	if utf8.RuneCountInString(*login) < MinLogin || strings.ContainsFunc(*login, unicode.IsSpace) {
		return refuseField(Invalid, "login")
	}
	return nil
}

// CheckPassword refuses a password that is too short to be safe.
func CheckPassword(password string) error {
	if err := checkOptional("password", password, MaxPassword); err != nil {
		return err
	}
	if utf8.RuneCountInString(password) < MinPassword || strings.TrimSpace(password) == "" {
		return refuseField(Invalid, "password")
	}
	return nil
}

// Template is an answer kept for use again (R-052, D-35).
type Template struct {
	Title, Command, Text string
	Own                  bool   // his who made it
	DepartmentID         string // empty: common
}

var commandPattern = regexp.MustCompile(`^[\p{L}\p{N}_-]*$`)

// Check tidies a template and refuses what cannot be meant.
func (t *Template) Check() error {
	t.Command = strings.TrimPrefix(strings.TrimSpace(t.Command), "/")
	if t.Own && t.DepartmentID != "" {
		return refuseField(Invalid, "department_id")
	}
	return firstError(
		CheckTitle("title", &t.Title, MaxTitle),
		optionalLine("command", &t.Command, MaxCommand),
		matches("command", t.Command, commandPattern),
		CheckText("text", t.Text, MaxTemplate),
	)
}

// MayKeepTemplate checks the right to make, change and delete a template: his own from level operator, the project's
// as its administrator (R-053, D-35).
func MayKeepTemplate(level Level, own bool) error {
	if own {
		return CheckLevel(level, LevelOperator)
	}
	return CheckLevel(level, LevelAdmin)
}
