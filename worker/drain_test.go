package worker_test

import (
	"os"
	"strconv"
	"testing"
	"time"
)

// TestSettingsDrain measures how fast changed settings reach the workflows of many open dialogs, and that every deadline
// is right before the first signal is taken. OTKLIK_MEASURE is the number of dialogs.
func TestSettingsDrain(t *testing.T) {
	many, _ := strconv.Atoi(os.Getenv("OTKLIK_MEASURE"))
	if many == 0 {
		t.Skip("set OTKLIK_MEASURE=5000 to measure")
	}
	h := newHouse(t)
	h.exec(`UPDATE projects SET long_wait_seconds = 3600`)
	h.exec(`INSERT INTO visitors (id, project_id, token_hash, number) SELECT gen_random_uuid(), $1, int4send(n), '1' FROM generate_series(1, $2::int) n`, h.project, many)
	h.exec(`INSERT INTO dialogs (id, project_id, visitor_id, session_id, session_no, seq, last_at, signal_seq, signal_start)
SELECT gen_random_uuid(), project_id, id, gen_random_uuid(), 1, 1, otklik_now(), 1, true FROM visitors`)
	h.exec(`INSERT INTO sessions (id, dialog_id, project_id, no, started_at, first_seq, last_seq, assignee_id, claimed_by, waiting_since)
SELECT session_id, id, project_id, 1, otklik_now(), 1, 1, $1, $1, otklik_now() - random() * interval '1 minute' FROM dialogs`, h.anna)
	h.exec(`UPDATE dialogs d SET next_deadline_at = s.waiting_since + interval '3600.000001 seconds', next_deadline_kind = 'long wait' FROM sessions s WHERE s.dialog_id = d.id`)
	o := h.options()
	o.Relay.Poll = 0 // as it is
	h.work(o)
	wait := func(what, sql string, want int) time.Duration {
		t.Helper()
		began := time.Now()
		for h.count(sql) != want {
			if time.Since(began) > 15*time.Minute {
				t.Fatalf("%s: %d of %d", what, h.count(sql), want)
			}
			<-time.After(20 * time.Millisecond)
		}
		took := time.Since(began)
		t.Logf("%s: %s, %.0f/s", what, took.Round(time.Millisecond), float64(many)/took.Seconds())
		return took
	}
	const acknowledged = `SELECT count(*) FROM dialogs WHERE signal_acked = signal_seq`
	wait("workflows started", acknowledged, many)
	h.exec(`UPDATE projects SET long_wait_seconds = 1800, rev = rev + 1`)
	settled := wait("deadlines set anew", `SELECT count(*) FROM dialogs d JOIN sessions s ON s.dialog_id = d.id
WHERE d.next_deadline_at = s.waiting_since + interval '1800.000001 seconds'`, many)
	if settled > 5*time.Second {
		t.Errorf("deadlines took %s", settled)
	}
	wait("workflows armed anew", `SELECT count(*) FROM dialogs WHERE signal_acked = signal_seq AND armed_until = next_deadline_at`, many)
}
