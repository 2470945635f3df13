package dialog

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func codeOf(err error) string {
	var r *Refusal
	if errors.As(err, &r) {
		return strings.TrimSuffix(string(r.Code)+" "+r.Field, " ")
	}
	return fmt.Sprint(err)
}

// I-03, D-03: no access at all learns nothing, too little is told so; the comparison is >=.
func TestCheckLevel(t *testing.T) {
	t.Parallel()
	for have, want := range map[Level]string{LevelNone: "not_found", LevelView: "forbidden", LevelOperator: "forbidden", LevelSenior: "<nil>", LevelAdmin: "<nil>"} {
		if got := codeOf(CheckLevel(have, LevelSenior)); got != want {
			t.Errorf("%s: %s, want %s", have.Name(), got, want)
		}
		if again, ok := LevelNamed(have.Name()); !ok || again != have {
			t.Errorf("%d is named %s", have, have.Name())
		}
	}
	if _, ok := LevelNamed("owner"); ok {
		t.Error("there is no owner")
	}
	if Level(7).Name() != "none" {
		t.Error("an unknown level is none")
	}
}

// a project never loses its last administrator.
func TestAccessChange(t *testing.T) {
	t.Parallel()
	last := AccessChange{Actor: LevelAdmin, Before: LevelAdmin, After: LevelSenior, Active: true}
	for name, c := range map[string]struct {
		change func(*AccessChange)
		want   string
	}{
		"last":             {func(*AccessChange) {}, "last_admin"},
		"taken away":       {func(c *AccessChange) { c.After = LevelNone }, "last_admin"},
		"another is there": {func(c *AccessChange) { c.OtherAdmins = 1 }, "<nil>"},
		"stays":            {func(c *AccessChange) { c.After = LevelAdmin }, "<nil>"},
		"was none":         {func(c *AccessChange) { c.Before = LevelSenior }, "<nil>"},
		"cannot sign in":   {func(c *AccessChange) { c.Active = false }, "<nil>"},
		"by a senior":      {func(c *AccessChange) { c.Actor, c.OtherAdmins = LevelSenior, 1 }, "forbidden"},
		"by a stranger":    {func(c *AccessChange) { c.Actor, c.OtherAdmins = LevelNone, 1 }, "not_found"},
	} {
		change := last
		c.change(&change)
		if got := codeOf(change.Check()); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// I-03, D-03: whom an administrator may change; an account is the same in all projects of its owner.
func TestOperatorChange(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change OperatorChange
		want   string
	}{
		"administers nothing":      {OperatorChange{Shared: 1}, "forbidden"},
		"himself, no admin":        {OperatorChange{Self: true, Shared: 1}, "forbidden"},
		"his own people":           {OperatorChange{Administers: 1, Shared: 1}, "<nil>"},
		"of nobody":                {OperatorChange{Administers: 1, Changes: "login"}, "<nil>"},
		"of others only":           {OperatorChange{Administers: 1, Foreign: 1}, "forbidden"},
		"of others too":            {OperatorChange{Administers: 1, Shared: 1, Foreign: 1}, "<nil>"},
		"password of others too":   {OperatorChange{Administers: 1, Shared: 1, Foreign: 1, Changes: "password"}, "forbidden password"},
		"switches off for others":  {OperatorChange{Administers: 1, Shared: 1, Foreign: 1, Changes: "active", SwitchOff: true}, "forbidden active"},
		"own password":             {OperatorChange{Administers: 1, Shared: 1, Foreign: 1, Changes: "password", Self: true}, "<nil>"},
		"switches himself off":     {OperatorChange{Administers: 1, Shared: 1, SwitchOff: true, Self: true}, "forbidden active"},
		"switches off the last":    {OperatorChange{Administers: 1, Shared: 1, SwitchOff: true, Orphans: 1}, "last_admin"},
		"switches off a colleague": {OperatorChange{Administers: 1, Shared: 1, SwitchOff: true}, "<nil>"},
	} {
		if got := codeOf(c.change.Check()); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func project() Project {
	return Project{Name: "Лавка", Language: "page", Accent: "#17392D", Side: "right", TimeZone: "Europe/Moscow", LongWaitSeconds: 180, RatingPromptSeconds: 86400,
		LabelLevel: LevelSenior, Form: Form{Enabled: true, Name: FieldShown, Phone: FieldRequired, Email: FieldShown}}
}

// Settings are held against their limits (docs/decisions.md, section 0), by the first field that is wrong.
func TestProjectCheck(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*Project){
		"<nil>":                         func(*Project) {},
		"required name":                 func(p *Project) { p.Name = "\u2003" },
		"invalid name":                  func(p *Project) { p.Name = "a\tb" },
		"too_long company":              func(p *Project) { p.Company = strings.Repeat("я", MaxCompany+1) },
		"not_utf8 greeting":             func(p *Project) { p.Greeting = "\xff" },
		"invalid language":              func(p *Project) { p.Language = "" },
		"invalid accent":                func(p *Project) { p.Accent = "#17392" },
		"invalid side":                  func(p *Project) { p.Side = "" },
		"invalid long_wait_seconds":     func(p *Project) { p.LongWaitSeconds = 29 },
		"invalid auto_close_minutes":    func(p *Project) { p.AutoCloseMinutes = -1 },
		"invalid rating_prompt_seconds": func(p *Project) { p.RatingPromptSeconds = 59 },
		"invalid label_level":           func(p *Project) { p.LabelLevel = LevelView },
		"invalid retention_days":        func(p *Project) { p.RetentionDays = 36501 },
		"invalid form.name":             func(p *Project) { p.Form.Name = "" },
		"invalid form.phone":            func(p *Project) { p.Form.Name, p.Form.Phone, p.Form.Email = FieldHidden, FieldHidden, FieldHidden },
		"invalid form.consent_url":      func(p *Project) { p.Form.ConsentURL = "data:text/html,x" },
		"too_long form.consent_text":    func(p *Project) { p.Form.ConsentText = strings.Repeat("x", MaxConsent+1) },
		"invalid hours.week.0":          func(p *Project) { p.Hours = &Hours{Week: [7][]Interval{{{600, 700}, {650, 800}}}} },
		"invalid block_hook_url":        func(p *Project) { p.BlockHookURL = "https://" },
		"too_long origins":              func(p *Project) { p.Origins = make([]string, MaxOrigins+1) },
	} {
		p := project()
		change(&p)
		if got := codeOf(p.Check()); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// An origin is what a browser sends in Origin: scheme, host, port and nothing else.
func TestOrigins(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"https://example.org": "https://example.org", "https://example.org:443": "https://example.org", "http://a.org:80": "http://a.org", "http://a.org:443": "http://a.org:443", " HTTP://Example.org:8080/ ": "http://example.org:8080", "http://[::1]:3000": "http://[::1]:3000",
		"example.org": "", "//example.org": "", "https://": "", "https://a.org/path": "", "https://a.org?x": "", "https://a.org#x": "", "https://u:p@a.org": "",
		"https://a.org:99999": "", "https://a.org:": "", "file:///etc": "", "https://*.a.org": "", "": "",
	} {
		p := project()
		p.Origins = []string{in}
		err := p.Check()
		if want == "" {
			if codeOf(err) != "invalid origins.0" {
				t.Errorf("%q: %v %v", in, p.Origins, err)
			}
		} else if err != nil || p.Origins[0] != want {
			t.Errorf("%q: %v %v, want %s", in, p.Origins, err, want)
		}
	}
}

// D-41: what a visitor agrees to has a version of its own.
func TestNextConsentVersion(t *testing.T) {
	t.Parallel()
	base := Form{ConsentText: "a", ConsentURL: "b", Name: FieldShown, Phone: FieldShown, Email: FieldShown, ConsentVersion: "7"}
	for want, change := range map[string]func(*Form){
		"7": func(f *Form) { f.Title, f.Before, f.Enabled, f.ConsentVersion = "x", true, true, "99" },
		"8": func(f *Form) { f.ConsentText = "c" },
	} {
		f := base
		change(&f)
		if got := NextConsentVersion(base, f); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	for _, change := range []func(*Form){func(f *Form) { f.ConsentURL = "" }, func(f *Form) { f.Name = FieldHidden }, func(f *Form) { f.Phone = FieldRequired }, func(f *Form) { f.Email = FieldRequired }} {
		f := base
		change(&f)
		if got := NextConsentVersion(base, f); got != "8" {
			t.Errorf("%+v: %s", f, got)
		}
	}
	old := base
	old.ConsentVersion = "draft"
	if got := NextConsentVersion(old, Form{}); got != "1" {
		t.Errorf("after a version of another kind: %s", got)
	}
}

func TestAccountInputs(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{" Anna@Shop.RU ": "anna@shop.ru", "ab": "", "a b": "", "": "", "анна": "анна", strings.Repeat("x", 201): ""} {
		login := in
		if err := CheckLogin(&login); (err != nil) != (want == "") || (err == nil && login != want) {
			t.Errorf("login %q: %q %v", in, login, err)
		}
	}
	for in, ok := range map[string]bool{"0123456789": true, "012345678": false, "пароль пароль": true, "          ": false, strings.Repeat("x", 201): false, "01234567\xff9": false} {
		if err := CheckPassword(in); (err == nil) != ok {
			t.Errorf("password %q: %v", in, err)
		}
	}
}

// R-053, D-35: templates.
func TestTemplateSettings(t *testing.T) {
	t.Parallel()
	for want, in := range map[string]Template{
		"<nil>":                 {Title: "Вечер", Command: "/вечер_2-б", Text: "Добрый\nвечер"},
		"required title":        {Text: "x"},
		"required text":         {Title: "x", Text: " \n"},
		"too_long text":         {Title: "x", Text: strings.Repeat("x", MaxTemplate+1)},
		"invalid command":       {Title: "x", Text: "x", Command: "a b"},
		"too_long command":      {Title: "x", Text: "x", Command: strings.Repeat("a", MaxCommand+1)},
		"invalid department_id": {Title: "x", Text: "x", Own: true, DepartmentID: "d"},
	} {
		if got := codeOf(in.Check()); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	tidy := Template{Title: " a ", Command: " /b ", Text: "c"}
	if err := tidy.Check(); err != nil || tidy.Title != "a" || tidy.Command != "b" {
		t.Errorf("%+v %v", tidy, err)
	}
	for _, c := range []struct {
		level Level
		own   bool
		want  string
	}{{LevelView, true, "forbidden"}, {LevelOperator, true, "<nil>"}, {LevelOperator, false, "forbidden"}, {LevelSenior, false, "forbidden"}, {LevelAdmin, false, "<nil>"}, {LevelNone, true, "not_found"}} {
		if got := codeOf(MayKeepTemplate(c.level, c.own)); got != c.want {
			t.Errorf("%s own=%v: %s, want %s", c.level.Name(), c.own, got, c.want)
		}
	}
}
