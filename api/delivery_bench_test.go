package api

import (
	"slices"
	"testing"
	"time"
)

// Visitor's request to operator's socket, one message at a time: target p50 ≤ 5 ms, p99 ≤ 40 ms (design 10).
func BenchmarkDelivery(b *testing.B) {
	w := newWorld(b)
	v := w.visitor()
	v.says("начало")
	desk := w.anna.socket()
	desk.send(map[string]any{"type": "open", "dialog_id": v.dialog, "after": 1})
	desk.next("opened")
	took := make([]time.Duration, 0, b.N)
	for b.Loop() {
		start := time.Now()
		go v.post("/visitor/messages", message("сколько это идёт?"))
		desk.next("event")
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}
