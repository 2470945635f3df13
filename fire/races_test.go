package fire

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
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
