package worker_test

import (
	"testing"
	"time"
)

// D-64: what a project keeps no longer goes by itself: sessions, and visits that came after the last of them.
func TestRetention(t *testing.T) {
	h := newHouse(t)
	h.exec(`UPDATE projects SET retention_days = 30`)
	d := h.comesFrom("203.0.113.77")
	h.leave(d)
	h.pass(31 * 24 * time.Hour)
	o := h.options()
	o.RetainEvery = 20 * time.Millisecond
	h.work(o)
	h.until("the message is gone", func() bool { return h.count(`SELECT count(*) FROM events WHERE kind = 'message' AND body <> ''`) == 0 })
	h.until("the visit is gone", func() bool {
		return h.count(`SELECT count(*) FROM visits WHERE ip IS NOT NULL`)+h.count(`SELECT count(*) FROM visitors WHERE ip IS NOT NULL`) == 0
	})
}
