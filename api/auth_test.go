package api

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/otklik/otklik/dialog"
)

// I-03: signing in gives a cookie no script reads and a token for requests that change something.
func TestSignIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.PublicURL = "https://chat.example.org" })
	creds := map[string]any{"login": " " + strings.ToUpper(w.anna.login) + " ", "password": password}
	a := w.do("POST", "/operator/sign-in", map[string]string{"Origin": "https://chat.example.org"}, creds).want(200)
	cookie := a.header.Get("Set-Cookie")
	for _, part := range []string{sessionCookie + "=", "HttpOnly", "SameSite=Lax", "secure", "path=/"} {
		if !strings.Contains(strings.ToLower(cookie), strings.ToLower(part)) {
			t.Errorf("cookie %q lacks %s", cookie, part)
		}
	}
	me := as[Me](a)
	secret := strings.TrimPrefix(strings.Split(cookie, ";")[0], sessionCookie+"=")
	head := map[string]string{"Cookie": sessionCookie + "=" + secret}
	if got := as[Me](w.do("GET", "/operator/me", head, nil).want(200)); got.Operator.ID != w.anna.id || got.Csrf != me.Csrf {
		t.Errorf("me %+v", got)
	}
	locale := map[string]any{"locale": "kk"}
	w.do("PATCH", "/operator/me", head, locale).want(403, "csrf")
	head[csrfHeader] = me.Csrf + "x"
	w.do("PATCH", "/operator/me", head, locale).want(403, "csrf")
	head[csrfHeader] = me.Csrf
	head["Origin"] = "https://evil.example.org"
	w.do("PATCH", "/operator/me", head, locale).want(403, "origin")
	head["Origin"] = w.base // the server's own
	if got := as[Me](w.do("PATCH", "/operator/me", head, locale).want(200)); got.Operator.Locale != LocaleKk {
		t.Errorf("locale %v", got.Operator.Locale)
	}
	w.do("POST", "/operator/sign-in", map[string]string{"Origin": "https://evil.example.org"}, creds).want(403, "origin")
	w.do("POST", "/operator/sign-in", nil, map[string]any{"login": w.anna.login, "password": "wrong"}).want(401, "unauthenticated")
	w.do("POST", "/operator/sign-in", nil, map[string]any{"login": "nobody@test", "password": password}).want(401, "unauthenticated")
	w.exec(`UPDATE operators SET active = false WHERE id = $1`, w.anna.id)
	w.do("POST", "/operator/sign-in", nil, map[string]any{"login": w.anna.login, "password": password}).want(401, "unauthenticated")
	w.anna.get("/operator/me").want(401, "unauthenticated")
	w.exec(`UPDATE sign_ins SET expires_at = now() - interval '1 second' WHERE operator_id = $1`, w.oleg.id)
	w.oleg.get("/operator/me").want(401, "unauthenticated")
	w.do("GET", "/operator/me", nil, nil).want(401, "unauthenticated")
}

// Signing out ends the sign-in and its sockets, here and, within seconds, wherever they are (design 5).
func TestSignOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.nobodyOnline()
	here := w.anna.watching(w.shop)
	other, base := w.serve(w.store)
	_ = other
	there := w.anna.socketAt(base)
	w.anna.post("/operator/sign-out", nil).want(204)
	here.ends(closeSignedOut)
	there.ends(closeSignedOut)
	w.anna.get("/operator/me").want(401, "unauthenticated")
	until(t, "presence is gone", func() bool {
		var n int
		if err := w.store.Pool().QueryRow(t.Context(), `SELECT count(*) FROM presence`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n == 0
	})
}

// Requests are limited by address and login, by visitor and by address; the answer says when to come again.
func TestLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) {
		o.Limits = Limits{SignIns: Rate{0.01, 3}, NewVisitors: Rate{0.01, 2}, VisitorMessages: Rate{0.01, 2}}
	})
	wrong := map[string]any{"login": w.anna.login, "password": "wrong"}
	for range 3 {
		w.do("POST", "/operator/sign-in", nil, wrong).want(401)
	}
	a := w.do("POST", "/operator/sign-in", nil, wrong).want(429, "too_many_requests")
	if a.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	w.do("POST", "/operator/sign-in", nil, map[string]any{"login": w.oleg.login, "password": password}).want(200)
	v := w.visitor()
	w.visitor()
	w.do("POST", "/widgets/"+w.key+"/visitors", nil, map[string]any{}).want(429, "too_many_requests")
	v.says("1")
	v.says("2")
	a = v.post("/visitor/messages", message("3")).want(429, "too_many_requests")
	if a.header.Get("Access-Control-Allow-Origin") != "*" {
		t.Error("the widget cannot read the answer")
	}
}

// A password cannot be guessed from the many addresses that one customer has, nor from many customers at once; its owner
// signs in all the same from where he did before (I-03, design 8).
func TestGuessing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) {
		o.TrustedProxies = []string{"127.0.0.0/8"}
		o.Limits = Limits{SignIns: Rate{0.01, 3}, SignInLogin: Rate{0.01, 6}}
	})
	from := func(address, login, pass string) answer {
		return w.do("POST", "/operator/sign-in", map[string]string{"X-Forwarded-For": address}, map[string]any{"login": login, "password": pass})
	}
	const home = "2001:db8:a::1"
	from(home, w.anna.login, password).want(200)
	for i := range 3 {
		from(fmt.Sprintf("2001:db8:b::%x", i), w.anna.login, "wrong").want(401)
	}
	from("2001:db8:b::ffff", w.anna.login, password).want(429, "too_many_requests") // the same /64
	for i := range 3 {
		from(fmt.Sprintf("198.51.100.%d", i), w.anna.login, "wrong").want(401)
	}
	a := from("203.0.113.1", w.anna.login, password).want(429, "too_many_requests") // many of them, together
	if a.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	from("2001:db8:a::2", w.anna.login, password).want(200) // she, from her /64
	from("203.0.113.1", w.oleg.login, password).want(200)
	from("203.0.113.2", "nobody@test", "wrong").want(401) // what is counted is counted of any login
}

// I-03: a password that is changed, or an account switched off, while somebody signs in leaves him no sign-in.
func TestSignInRacesPasswordReset(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, change := range []string{`password_hash = 'other'`, `active = false`} {
		p := w.person("Пётр", dialog.LevelOperator, w.shop)
		reset, err := w.store.Pool().Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := reset.Exec(t.Context(), `SELECT FROM operators WHERE id = $1 FOR NO KEY UPDATE`, p.id); err != nil {
			t.Fatal(err)
		}
		came := make(chan answer, 1)
		go func() {
			came <- w.do("POST", "/operator/sign-in", nil, map[string]any{"login": p.login, "password": password})
		}()
		w.untilLockWait(func() bool { return len(came) > 0 }) // the password is checked by then
		_, err = reset.Exec(t.Context(), `UPDATE operators SET `+change+` WHERE id = $1`, p.id)
		if err == nil {
			_, err = reset.Exec(t.Context(), `DELETE FROM sign_ins WHERE operator_id = $1`, p.id)
		}
		if err == nil {
			err = reset.Commit(t.Context())
		}
		if err != nil {
			t.Fatal(err)
		}
		(<-came).want(401, "unauthenticated")
	}
}

// A sign-in that is being made while its password is changed ends with the others.
func TestResetEndsSignInsMadeMeanwhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for what, reset := range map[string]func(p *person) error{
		"by an administrator": func(p *person) error {
			w.admin.put("/admin/operators/"+p.id, map[string]any{"name": p.name, "login": p.login, "hours": always(), "dialog_limit": 10, "password": "новый пароль"}).want(200)
			return nil
		},
		"by the command": func(p *person) error { return w.store.ResetPassword(t.Context(), p.login, "other") },
	} {
		p := w.person("Пётр", dialog.LevelOperator, w.shop)
		signIn, err := w.store.Pool().Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_, err = signIn.Exec(t.Context(), `INSERT INTO sign_ins (token_hash, operator_id, csrf, expires_at)
SELECT $2, id, 'x', now() + interval '1 day' FROM operators WHERE id = $1 FOR SHARE`, p.id, hashToken(p.id))
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- reset(p) }()
		w.untilLockWait(func() bool { return len(done) > 0 })
		if err := signIn.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		var left int
		if err := w.store.Pool().QueryRow(t.Context(), `SELECT count(*) FROM sign_ins WHERE operator_id = $1`, p.id).Scan(&left); err != nil || left > 0 {
			t.Errorf("%s: %d sign-ins left, %v", what, left, err)
		}
	}
}

// untilLockWait waits until a transaction of this world's database waits for another, or it is over.
func (w *world) untilLockWait(over func() bool) {
	w.t.Helper()
	until(w.t, "one waits for the other", func() bool {
		var waits bool
		err := w.store.Pool().QueryRow(w.t.Context(), `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database())`).Scan(&waits)
		return over() || err == nil && waits
	})
}

// One address that guesses as fast as it may leaves the owner of the login his turn.
func TestOneStrangerShutsNobodyOut(t *testing.T) {
	t.Parallel()
	l := Limits{}.withDefaults()
	if l.SignInLogin.PerSecond < 2*l.SignIns.PerSecond || l.SignInLogin.Burst < 2*l.SignIns.Burst {
		t.Errorf("of a login %v, of an address for it %v", l.SignInLogin, l.SignIns)
	}
}

// Only what trusted proxies add to X-Forwarded-For is believed (D-48).
func TestAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.TrustedProxies = []string{"127.0.0.0/8", "10.0.0.1"} })
	plain, base := w.serve(w.store)
	_ = plain
	for _, c := range []struct{ base, header, want string }{
		{w.base, "203.0.113.9", "203.0.113.9"},
		{w.base, "198.51.100.1, 203.0.113.9", "203.0.113.9"}, // the first one anybody may have written
		{w.base, "198.51.100.1, 203.0.113.9, 10.0.0.1", "203.0.113.9"},
		{w.base, "::ffff:203.0.113.9", "203.0.113.9"},
		{w.base, "nonsense", "127.0.0.1"},
		{w.base, "", "127.0.0.1"},
		{base, "203.0.113.9", "127.0.0.1"},
	} {
		head := map[string]string{"X-Forwarded-For": c.header}
		a := w.do("POST", c.base+"/api/v1/widgets/"+w.key+"/visitors", head, map[string]any{}).want(201)
		var ip string
		if err := w.store.Pool().QueryRow(t.Context(), `SELECT host(ip) FROM visitors v JOIN dialogs d ON d.visitor_id = v.id WHERE d.id = $1`,
			as[VisitorCreated](a).State.DialogID).Scan(&ip); err != nil {
			t.Fatal(err)
		}
		if ip != c.want {
			t.Errorf("%q: %s, want %s", c.header, ip, c.want)
		}
	}
}

// R-006, D-02, D-03: {active, inactive} × {none, view, operator, senior, admin}; only active × operator and above are
// returned, and a project that is not returned cannot be reached either.
func TestProjectsOfAnOperator(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.person("Пётр", 2, w.shop)
	want := map[string]bool{w.shop: true}
	for _, active := range []bool{true, false} {
		for level := 0; level <= 4; level++ {
			id := uuid.NewString()
			w.exec(`INSERT INTO projects (id, name, widget_key, active) VALUES ($1, $1::uuid::text, $1::uuid::text, $2)`, id, active)
			if level > 0 {
				w.exec(`INSERT INTO access VALUES ($1, $2, $3)`, p.id, id, level)
			}
			status := http.StatusNotFound
			if active && level >= 2 {
				want[id], status = true, http.StatusOK
			}
			p.get("/operator/projects/" + id + "/dialogs").want(status)
		}
	}
	got := as[Me](p.get("/operator/me").want(200)).Projects
	if len(got) != len(want) {
		t.Errorf("%d projects, want %d", len(got), len(want))
	}
	for _, x := range got {
		if !want[x.ID] {
			t.Errorf("%+v", x)
		}
	}
	// Switched off while he works: the row goes at once, the widget closes.
	v := w.visitor()
	v.says("есть кто?")
	w.exec(`UPDATE projects SET active = false WHERE id = $1`, w.shop)
	p.get("/operator/dialogs/"+v.dialog).want(404, "not_found")
	p.post("/operator/dialogs/"+v.dialog+"/messages", message("да")).want(404, "not_found")
	w.do("GET", "/widgets/"+w.key, nil, nil).want(404, "not_found")
	until(t, "the visitor's token is of no use", func() bool { return v.get("/visitor").status == 404 })
}

// An unknown login takes as long as a known one, so that logins cannot be found out.
func TestPasswordCost(t *testing.T) {
	t.Parallel()
	p := newPasswords()
	cost := func(hash string) time.Duration {
		best := time.Hour
		for range 5 {
			start := time.Now()
			if ok, err := p.check(t.Context(), hash, "wrong"); ok || err != nil {
				t.Fatal(ok, err)
			}
			best = min(best, time.Since(start))
		}
		return best
	}
	known, unknown := cost(passwordHash()), cost("")
	if unknown < known/2 {
		t.Errorf("unknown login %v, known %v", unknown, known)
	}
	if ok, err := p.check(t.Context(), passwordHash(), password); !ok || err != nil {
		t.Error("the right password is refused", err)
	}
}
