package store_test

import (
	"testing"
	"time"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/store"
	"github.com/otklik/otklik/store/storetest"
)

// D-64: retention is off by default; switched on it empties sessions that ended longer ago, no others, a bounded number at a
// time, and leaves order, tags and card.
func TestRetain(t *testing.T) {
	t.Parallel()
	shop := storetest.New(t)
	d, other := shop.Dialog(), shop.Dialog()
	talk := func(d, text string) {
		shop.Do(d, dialog.VisitorMessage{Text: text, Arrival: dialog.Arrival{IP: "203.0.113.7"}})
		shop.Do(d, storetest.Reply(shop.Oleg, text))
		shop.Do(d, dialog.Leave{By: storetest.By(shop.Oleg), LastSeen: 1000, Tags: []string{shop.TagSale}})
	}
	talk(d, "старое")
	talk(other, "старое")
	shop.Exec(`UPDATE dialogs SET card_name = 'Имя'`)
	shop.Later(31 * 24 * time.Hour)
	talk(d, "новое")
	shop.Do(other, storetest.Write("открытое"))
	retain := func(limit, want int) {
		t.Helper()
		if n, err := shop.Retain(t.Context(), limit); err != nil || n != want {
			t.Errorf("%d %v, want %d", n, err, want)
		}
	}
	count := func(sql string, want int) {
		t.Helper()
		var n int
		if err := shop.Pool().QueryRow(t.Context(), `SELECT count(*) FROM `+sql).Scan(&n); err != nil || n != want {
			t.Errorf("%s: %d %v, want %d", sql, n, err, want)
		}
	}
	retain(10, 0)
	count(`events WHERE body = 'старое'`, 4)
	shop.Exec(`UPDATE projects SET retention_days = 30`)
	retain(1, 1)
	retain(10, 1)
	retain(10, 0)
	count(`events WHERE body = 'старое'`, 0)
	count(`events WHERE body IN ('новое', 'открытое')`, 3)
	count(`sessions WHERE ip IS NOT NULL`, 1)
	count(`sessions WHERE cardinality(tags) = 1`, 3)
	if row := shop.Row(d); row.Last.Text != "новое" || row.VisitorName != "Имя" {
		t.Errorf("%+v", row)
	}
	shop.Later(31 * 24 * time.Hour)
	retain(10, 1)
	if row := shop.Row(d); row.Last.Text != "" {
		t.Errorf("%+v", row.Last)
	}
	// Rated later still: the stars stay, the words go.
	shop.Do(d, dialog.Rate{SessionID: shop.Row(d).State.Session.ID, Stars: 4, Comment: "Спасибо"})
	count(`sessions WHERE rating_comment <> ''`, 1)
	retain(10, 1)
	count(`sessions WHERE rating_comment <> ''`, 0)
	count(`sessions WHERE rating = 4`, 1)
	retain(10, 0)
}

// D-64: visits go by their own age, whenever a session ended or whether there was one; the visitor's last page goes with the
// last of them. Their campaign stays, and what a project without retention keeps.
func TestRetainVisits(t *testing.T) {
	t.Parallel()
	shop := storetest.New(t)
	ctx := t.Context()
	day := 24 * time.Hour
	talks, reads, open, back := shop.Dialog(), shop.Dialog(), shop.Dialog(), shop.Dialog()
	visitor := func(d string) string { return shop.Row(d).State.VisitorID }
	sees := func(d string) {
		t.Helper()
		if err := shop.SeePage(ctx, visitor(d), store.Page{URL: "https://shop.example/?utm_source=yandex", Title: "x", Referrer: "https://x.example/",
			Language: "ru", TimeZone: "Europe/Moscow", IP: "203.0.113.7", UserAgent: "x"}); err != nil {
			t.Fatal(err)
		}
	}
	look := func(limit, want int) {
		t.Helper()
		if n, err := shop.RetainVisits(ctx, limit); err != nil || n != want {
			t.Errorf("%d %v, want %d", n, err, want)
		}
	}
	kept := func(d string, visits int, last bool) {
		t.Helper()
		var got, empty, campaigns int
		var gotLast bool
		if err := shop.Pool().QueryRow(ctx, `SELECT count(*) FILTER (WHERE ip IS NOT NULL AND page_url <> '' AND landing_url <> '' AND user_agent <> ''),
 count(*) FILTER (WHERE ip IS NULL AND landing_url || page_url || page_title || referrer || user_agent || language || time_zone = ''), count(*) FILTER (WHERE utm_source = 'yandex'),
 (SELECT ip IS NOT NULL AND page_url <> '' AND user_agent <> '' FROM visitors WHERE id = $1) FROM visits WHERE visitor_id = $1`, visitor(d)).Scan(&got, &empty, &campaigns, &gotLast); err != nil {
			t.Fatal(err)
		}
		if got != visits || gotLast != last || campaigns != got+empty {
			t.Errorf("%d visits are whole, %d empty, %d with campaign; last page kept: %v; want %d, %v", got, empty, campaigns, gotLast, visits, last)
		}
	}
	for _, d := range []string{talks, reads, open, back} {
		sees(d)
	}
	shop.Do(talks, dialog.VisitorMessage{Text: "x", Arrival: dialog.Arrival{IP: "203.0.113.7"}})
	shop.Do(talks, storetest.Reply(shop.Oleg, "x"))
	shop.Do(talks, dialog.Leave{By: storetest.By(shop.Oleg), LastSeen: 1000, Tags: []string{shop.TagSale}})
	shop.Do(open, dialog.VisitorMessage{Text: "x", Arrival: dialog.Arrival{IP: "203.0.113.7"}})
	shop.Later(time.Hour)
	sees(talks) // after the session
	shop.Later(31*day - time.Hour)
	look(10, 0) // off
	shop.Exec(`UPDATE projects SET retention_days = 30`)
	sees(back)
	look(1, 1)
	look(10, 3)
	look(10, 0)
	kept(talks, 0, false)
	kept(reads, 0, false)
	kept(open, 0, false)
	kept(back, 1, true)
	if ip := shop.Row(open).State.Session.IP; ip == "" {
		t.Error("an open session has lost its address")
	}
	shop.Later(31 * day)
	sees(reads) // begins anew
	look(10, 1)
	look(10, 0)
	kept(back, 0, false)
	kept(reads, 1, true)
	// Who was there before retention knew of him is looked at once.
	shop.Exec(`UPDATE visitors SET visits_from = '-infinity'`)
	look(10, 4)
	look(10, 0)
	kept(reads, 1, true)
}
