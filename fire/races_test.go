package fire

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// TestOneClaimerOfTwenty: twenty operators answer one new dialog at once, again and again. One is first; the others are
// told who, and nothing of theirs is kept.
func TestOneClaimerOfTwenty(t *testing.T) {
	h := newHouse(t, plan{operators: 20})
	at := []*process{h.serve(via{}), h.serve(via{})} // the lock must hold between processes too
	for round := range times(25, 100) {
		v := h.visitor(at[0])
		v.write(at[0], newID(), "hello").accepted(t)
		answers := make([]answer, len(h.operators))
		atOnce(len(h.operators), func(i int) {
			o := h.operators[i]
			answers[i] = o.reply(at[i%2], v.dialogID, newID(), fmt.Sprintf("from %s", o.name))
		})
		winner := -1
		for i, a := range answers {
			if a.ok() {
				if winner >= 0 {
					t.Fatalf("round %d: both %s and %s were told to have it", round, h.operators[winner].name, h.operators[i].name)
				}
				winner = i
				if !a.Claimed {
					t.Errorf("round %d: the first answer did not claim", round)
				}
			}
		}
		if winner < 0 {
			t.Fatalf("round %d: nobody has it: %v", round, answers)
		}
		for i, a := range answers {
			if i != winner && (a.status != http.StatusConflict || a.Code != "already_claimed" ||
				a.Winner.ID != h.operators[winner].id || a.Winner.Name != h.operators[winner].name) {
				t.Errorf("round %d: %s was told %s, winner %q", round, h.operators[i].name, a, a.Winner.Name)
			}
		}
		messages := 0
		for _, e := range h.entries(v.dialogID) {
			if e.kind == "message" && e.author == "operator" {
				messages++
			}
		}
		if messages != 1 {
			t.Errorf("round %d: %d answers stand in the log", round, messages)
		}
		if n := h.count(`SELECT count(*) FROM receipts WHERE dialog_id = $1`, v.dialogID); n != 2 {
			t.Errorf("round %d: %d receipts", round, n)
		}
	}
	h.checkLogs()
}

// atOnce calls f for 0 to n-1, all let go in the same instant, and waits for all.
func atOnce(n int, f func(i int)) {
	var ready, done sync.WaitGroup
	gun := make(chan struct{})
	for i := range n {
		ready.Add(1)
		done.Go(func() {
			ready.Done()
			<-gun
			f(i)
		})
	}
	ready.Wait()
	close(gun)
	done.Wait()
}

// hold is a time in which an operator certainly had a dialog: he was told so, and had not sent it away yet.
type hold struct {
	dialogID string
	from, to time.Time
}

// TestLimitIsNeverExceeded: two operators who may have one dialog each take part in ten new ones at once, at two
// processes, while dialogs are left and handed over. At no instant does one have two.
func TestLimitIsNeverExceeded(t *testing.T) {
	h := newHouse(t, plan{operators: 2, limit: 1})
	at := []*process{h.serve(via{}), h.serve(via{})}
	var visitors []*visitor
	for range 10 {
		v := h.visitor(at[0])
		v.write(at[0], newID(), "hello").accepted(t)
		visitors = append(visitors, v)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	watched := make(chan int, 1)
	go func() { watched <- h.watchLimit(ctx) }()

	// All at once: each takes one, no more.
	answers := make([]answer, 20)
	atOnce(20, func(i int) {
		o, v := h.operators[i%2], visitors[i/2]
		answers[i] = o.reply(at[(i/2)%2], v.dialogID, newID(), "mine")
	})
	for who, o := range h.operators {
		taken := 0
		for i := who; i < 20; i += 2 {
			switch a := answers[i]; {
			case a.ok():
				taken++
			case a.status != http.StatusConflict || (a.Code != "limit_reached" && a.Code != "already_claimed"):
				t.Errorf("%s was told %s", o.name, a)
			}
		}
		if taken != 1 {
			t.Errorf("%s took %d", o.name, taken)
		}
	}

	// And while they leave, hand over and take again.
	deadline := time.Now().Add(time.Duration(times(4, 30)) * time.Second)
	holds := make([][]hold, len(h.operators))
	var mu sync.Mutex
	have := make([]map[string]time.Time, len(h.operators)) // since when, as told
	for i := range have {
		have[i] = map[string]time.Time{}
	}
	for i, o := range h.operators {
		for _, id := range openOf(h, o) {
			have[i][id] = time.Now()
		}
	}
	taken, handed, refused := 0, 0, map[string]int{}
	// Whether a colleague has room is chance: on a busy machine it may take longer until enough of each was seen.
	goesOn := func() bool {
		mu.Lock()
		enough := taken >= 10 && handed > 0 && refused["limit_reached"] > 0
		mu.Unlock()
		late := time.Since(deadline)
		return late < 0 || !enough && late < 30*time.Second
	}
	var done sync.WaitGroup
	for i, o := range h.operators {
		for hand := range 3 {
			done.Go(func() {
				for n := hand; goesOn(); n++ {
					v := visitors[rand.IntN(len(visitors))]
					mu.Lock()
					since, mine := have[i][v.dialogID]
					delete(have[i], v.dialogID) // whoever sends it away speaks for it
					mu.Unlock()
					to := at[n%2]
					if mine {
						sent := time.Now()
						mu.Lock()
						holds[i] = append(holds[i], hold{v.dialogID, since, sent})
						mu.Unlock()
						if n%4 == 0 {
							a := o.transfer(to, v.dialogID, h.operators[1-i])
							mu.Lock()
							if a.ok() {
								handed++
								have[1-i][v.dialogID] = a.ended
							} else {
								refused["transfer "+a.Code]++
								have[i][v.dialogID] = a.ended
							}
							mu.Unlock()
							continue
						}
						if a := o.leave(to, v.dialogID, 1<<40); !a.ok() {
							mu.Lock()
							refused["leave "+a.Code]++
							mu.Unlock()
							if a.Code != "not_assignee" && a.Code != "session_closed" && a.Code != "not_claimed" {
								t.Errorf("leave: %s", a)
							}
						}
						v.write(to, newID(), "again")
						continue
					}
					a := o.reply(to, v.dialogID, newID(), "mine")
					mu.Lock()
					switch {
					case a.Claimed:
						taken++
						have[i][v.dialogID] = a.ended
					case !a.ok():
						refused[a.Code]++
					}
					mu.Unlock()
				}
			})
		}
	}
	done.Wait()
	cancel()
	looked := <-watched
	for i, list := range holds {
		for x, a := range list {
			for _, b := range list[:x] {
				if a.dialogID != b.dialogID && a.from.Before(b.to) && b.from.Before(a.to) {
					t.Errorf("%s had %s and %s at once", h.operators[i].name, a.dialogID, b.dialogID)
				}
			}
		}
	}
	if taken < 10 || handed == 0 || refused["limit_reached"] == 0 {
		t.Errorf("too little happened: %d taken, %d handed over, refused %v", taken, handed, refused)
	}
	t.Logf("%d taken, %d handed over, refused %v; looked %d times", taken, handed, refused, looked)
	h.checkLogs()
}

func openOf(h *house, o *operator) (list []string) {
	h.t.Helper()
	rows, err := h.pool.Query(context.Background(), `SELECT dialog_id::text FROM sessions WHERE assignee_id = $1 AND closed_at IS NULL`, o.id)
	check(h.t, err)
	list, err = pgx.CollectRows(rows, pgx.RowTo[string])
	check(h.t, err)
	return list
}

// watchLimit looks at what is committed until ctx ends, as fast as it can; one look is one instant.
func (h *house) watchLimit(ctx context.Context) (looked int) {
	for ctx.Err() == nil {
		var over int
		err := h.pool.QueryRow(ctx, `SELECT count(*) FROM (SELECT FROM sessions s JOIN operators o ON o.id = s.assignee_id
 WHERE s.closed_at IS NULL GROUP BY o.id HAVING count(*) > o.dialog_limit) x`).Scan(&over)
		if err == nil && over > 0 {
			h.t.Errorf("look %d: %d operators have more than their limit", looked, over)
			return looked
		}
		looked++
	}
	return looked
}
