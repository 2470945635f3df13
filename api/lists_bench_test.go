package api

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"
)

// fill puts n open dialogs into the shop: of 20, one is Anna's, four are colleagues', the rest are untaken; of no
// department or one of the two; waiting or not; every third was read once.
func (w *world) fill(n int) {
	w.t.Helper()
	w.exec(`INSERT INTO visitors (id, project_id, token_hash, number)
SELECT md5('v' || i)::uuid, $1, decode(md5('t' || i), 'hex'), lpad(i::text, 5, '0') FROM generate_series(1, $2::int) i`, w.shop, n)
	w.exec(`INSERT INTO dialogs (id, project_id, visitor_id, rev, seq, visitor_seq, last_at, turn_no, visitor_events, visitor_messages, session_no,
 session_id, last_kind, last_author, last_text, last_shown_at, card_name)
SELECT md5('d' || i)::uuid, $1, md5('v' || i)::uuid, 5, 9, 9, otklik_now() - i * interval '1 second', 3, 4, 4, 1,
 md5('s' || i)::uuid, 'message', 'visitor', repeat('Здравствуйте, где мой заказ? ', 4), otklik_now() - i * interval '1 second', 'Посетитель ' || i
FROM generate_series(1, $2::int) i`, w.shop, n)
	w.exec(`INSERT INTO sessions (id, dialog_id, project_id, no, started_at, first_seq, last_seq, department_id, assignee_id, claimed_by,
 waiting_since, transferred, transferred_at, last_visitor_seq, last_message_at)
SELECT md5('s' || i)::uuid, md5('d' || i)::uuid, $1, 1, otklik_now() - i * interval '1 second', 1, 9,
 (ARRAY[NULL, $3, $4])[1 + i % 3]::uuid, (CASE WHEN i % 20 = 0 THEN $5 WHEN i % 20 < 5 THEN $6 END)::uuid, NULL,
 CASE WHEN i % 4 > 0 OR i % 20 > 4 THEN otklik_now() - i * interval '1 second' END, i % 40 = 0, otklik_now(), 9, otklik_now()
FROM generate_series(1, $2::int) i`, w.shop, n, w.sales, w.delivery, w.anna.id, w.oleg.id)
	w.exec(`INSERT INTO reads (dialog_id, operator_id, seq, events)
SELECT md5('d' || i)::uuid, $1, 3, i % 5 FROM generate_series(1, $2::int, 3) i`, w.anna.id, n)
	w.exec(`ANALYZE`)
}

// What an operator's screen asks for, with very many dialogs open: target p99 ≤ 50 ms (design 10).
func BenchmarkOpenDialogs(b *testing.B) {
	for _, n := range []int{5000, 10000} {
		w := newWorld(b)
		w.fill(n)
		list := "/operator/projects/" + w.shop + "/dialogs"
		for name, path := range map[string]string{"first page": list, "mine": list + "?group=mine", "200 oldest": list + "?sort=oldest&limit=200", "me": "/operator/me"} {
			b.Run(fmt.Sprintf("%d/%s", n, name), func(b *testing.B) {
				w.t = b
				w.anna.get(path).want(200) // against the contract, once; what is timed is the server
				took := make([]time.Duration, 0, b.N)
				for b.Loop() {
					start := time.Now()
					w.anna.reads(path)
					took = append(took, time.Since(start))
				}
				slices.Sort(took)
				b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
				b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
			})
		}
	}
}

// reads asks and takes in the answer, and no more.
func (p *person) reads(path string) {
	p.w.t.Helper()
	req, err := http.NewRequest(http.MethodGet, p.w.base+"/api/v1"+path, nil)
	if err != nil {
		p.w.t.Fatal(err)
	}
	for k, v := range p.headers() {
		req.Header.Set(k, v)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		p.w.t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != http.StatusOK {
		p.w.t.Fatalf("%d %v", resp.StatusCode, err)
	}
}
