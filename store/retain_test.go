package store_test

import (
	"testing"
	"time"

	"github.com/otklik/otklik/dialog"
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
	shop.Exec(`INSERT INTO visits (id, visitor_id, started_at, seen_at, utm_source, ip, user_agent) SELECT gen_random_uuid(), id, otklik_now(), otklik_now(), 'yandex', '203.0.113.7', 'x' FROM visitors`)
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
	count(`visits WHERE ip IS NULL AND user_agent = '' AND utm_source = 'yandex'`, 2)
	if row := shop.Row(d); row.Last.Text != "новое" || row.VisitorName != "Имя" {
		t.Errorf("%+v", row)
	}
	shop.Later(31 * 24 * time.Hour)
	retain(10, 1)
	if row := shop.Row(d); row.Last.Text != "" {
		t.Errorf("%+v", row.Last)
	}
}
