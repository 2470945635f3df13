package api

import (
	"strings"
	"testing"
)

const (
	chrome  = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/149.0.0.0 Safari/537.36"
	firefox = "Mozilla/5.0 (Android 15; Mobile; rv:150.0) Gecko/150.0 Firefox/150.0"
)

// loads reports a page load with a browser.
func (v *visitor) loads(browser string, body map[string]any) VisitAnswer {
	v.w.t.Helper()
	head := v.headers()
	head["User-Agent"] = browser
	return as[VisitAnswer](v.w.do("POST", "/visitor/visit", head, body).want(200))
}

// D-55: the first address gives the source, also after pages without it; a pause of 30 minutes begins a new
// visit; only the last visit is shown, none of the values of the one before.
func TestVisits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	created := as[VisitorCreated](w.do("POST", "/widgets/"+w.key+"/visitors", map[string]string{"User-Agent": chrome}, map[string]any{
		"page_url": "https://shop.example/tea", "page_title": "Чай", "referrer": "https://ya.ru/", "language": "ru-RU", "time_zone": "Asia/Almaty",
		"landing_url": "https://shop.example/?utm_source=yandex&utm_medium=cpc&utm_campaign=autumn&utm_term=улун", "landed_seconds_ago": 600}).want(201))
	v := &visitor{w, created.Token, created.State.DialogID}
	v.says("вопрос")
	now := func() Dialog { return as[Dialog](w.anna.get("/operator/dialogs/" + v.dialog).want(200)) }
	d := now()
	got := d.Visit
	if got.UtmSource != "yandex" || got.UtmMedium != "cpc" || got.UtmCampaign != "autumn" || got.UtmTerm != "улун" || got.PageURL != "https://shop.example/tea" ||
		got.PageTitle != "Чай" || !strings.HasPrefix(got.LandingURL, "https://shop.example/?utm") || got.Referrer != "https://ya.ru/" ||
		got.Browser != "Chrome 149" || got.Os != "Windows 10+" || got.Device != VisitDeviceDesktop || got.Language != "ru-RU" || got.TimeZone != "Asia/Almaty" || got.IP != "127.0.0.1" {
		t.Errorf("%+v", got)
	}
	if ago := d.Now.Sub(got.StartedAt).Seconds(); ago < 600 || ago > 660 {
		t.Errorf("began %v s ago", ago)
	}
	w.exec(`UPDATE clock SET "offset" = interval '29 minutes'`)
	v.loads(chrome, map[string]any{"page_url": "https://shop.example/cup"})
	if same := now().Visit; same.UtmSource != "yandex" || same.PageURL != "https://shop.example/cup" || !same.StartedAt.Equal(got.StartedAt) || same.PageTitle != "" {
		t.Errorf("the same visit: %+v", same)
	}
	w.exec(`UPDATE clock SET "offset" = interval '60 minutes'`)
	v.loads(firefox, map[string]any{"page_url": "https://shop.example/?utm_source=" + strings.Repeat("ж", 300), "language": "kk"})
	next := now().Visit
	if next.UtmSource != strings.Repeat("ж", 255) || next.UtmMedium != "" || next.Browser != "Firefox 150" || next.Os != "Android 15" || next.Device != VisitDevicePhone ||
		next.Language != "kk" || next.TimeZone != "" || next.Referrer != "" || next.PageTitle != "" || !next.StartedAt.After(got.StartedAt) {
		t.Errorf("the second visit only: %+v", next)
	}
	var first bool // the session keeps the visit it began in
	if err := w.store.Pool().QueryRow(t.Context(), `SELECT bool_and(v.utm_source = 'yandex') FROM sessions s JOIN visits v ON v.id = s.visit_id`).Scan(&first); err != nil || !first {
		t.Errorf("%v %v", first, err)
	}
	w.exec(`UPDATE clock SET "offset" = interval '2 hours'`)
	v.loads("", map[string]any{})
	if none := now().Visit; none.UtmSource != "" || none.Browser != "" || none.Device != "" || none.PageURL != "" {
		t.Errorf("nothing known: %+v", none)
	}
}

// I-02: one browser is one dialog over its visits; another browser is another dialog.
func TestVisitorAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.visitor()
	v.says("раз")
	w.oleg.says(v, "ответ")
	w.oleg.ends(v, w.sale)
	w.exec(`UPDATE clock SET "offset" = interval '3 days'`)
	v.loads(chrome, map[string]any{})
	v.says("два")
	d := as[Dialog](w.anna.get("/operator/dialogs/" + v.dialog).want(200))
	if len(d.Sessions) != 2 || d.Visit.Browser != "Chrome 149" {
		t.Errorf("%+v", d)
	}
	if other := w.visitor(); other.dialog == v.dialog {
		t.Error("another browser has the same dialog")
	}
}

// D-49: whoever comes from a blocked address is told to draw nothing; bad values are refused.
func TestVisitAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.visitor()
	if v.loads(chrome, map[string]any{}).Blocked {
		t.Error("blocked")
	}
	w.exec(`INSERT INTO blocks (id, project_id, ip, source) VALUES (gen_random_uuid(), $1, '127.0.0.1', 'manual')`, w.shop)
	if !v.loads(chrome, map[string]any{}).Blocked {
		t.Error("not blocked")
	}
	v.post("/visitor/visit", map[string]any{"page_url": strings.Repeat("x", 2001)}).want(422, "too_long")
	v.post("/visitor/visit", map[string]any{"page_title": "a\x00b"}).want(422, "invalid")
	v.post("/visitor/visit", map[string]any{"landing_url": "x"}).want(400, "unknown_field")
	w.do("POST", "/visitor/visit", nil, map[string]any{}).want(401)
}

// What browsers say of themselves.
func TestBrowserOf(t *testing.T) {
	t.Parallel()
	for ua, want := range map[string][3]string{
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15":                      {"Safari 18", "macOS 10", "desktop"},
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1":    {"Safari 18", "iOS 18", "phone"},
		"Mozilla/5.0 (iPad; CPU OS 17_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.2 Mobile/15E148 Safari/604.1":             {"Safari 17", "iOS 17", "tablet"},
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 YaBrowser/24.12.0.0 Safari/537.36":        {"YaBrowser 24", "Windows 10+", "desktop"},
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/149.0.0.0 Safari/537.36 Edg/149.0.0.0":              {"Edge 149", "Windows 10+", "desktop"},
		"Mozilla/5.0 (Linux; Android 14; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/26.0 Chrome/122.0.0.0 Mobile Safari/537.36": {"Samsung Browser 26", "Android 14", "phone"},
		"Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)":                                                                           {"YandexBot 3", "", "other"},
		"":  {"", "", ""},
		"x": {"", "", "other"},
	} {
		browser, os, device := browserOf(ua)
		if browser != want[0] || os != want[1] || string(device) != want[2] {
			t.Errorf("%s: %q %q %q", ua, browser, os, device)
		}
	}
}
