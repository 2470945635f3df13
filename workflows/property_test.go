package workflows_test

import (
	"errors"
	"math/rand"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/dialog"
)

// TestEveryDeadlineIsKept: whatever people do and whenever, whatever answers are lost or stale, and however short the
// runs are, no deadline that is due stays without its consequence and no signal without its acknowledgement.
func TestEveryDeadlineIsKept(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		w := newWorld(r)
		w.set = dialog.Settings{
			Rating:       rapid.Bool().Draw(r, "rating"),
			LongWait:     time.Duration(rapid.IntRange(30, 400).Draw(r, "long wait")) * time.Second,
			RatingPrompt: time.Duration(rapid.IntRange(1, 600).Draw(r, "rating prompt")) * time.Second,
			AutoClose:    time.Duration(rapid.IntRange(0, 3).Draw(r, "automatic closing")) * time.Minute,
		}
		w.maxRounds = rapid.SampledFrom([]int{0, 2, 3, 5}).Draw(r, "rounds of a run")
		w.end = 2 * time.Hour
		luck := rand.New(rand.NewSource(rapid.Int64().Draw(r, "luck")))
		w.lost = func() bool { return luck.Intn(10) == 0 }
		at := time.Duration(0)
		w.visitor(at)
		for range rapid.IntRange(1, 25).Draw(r, "steps") {
			at += time.Duration(rapid.IntRange(0, 400_000).Draw(r, "pause")) * time.Millisecond
			action := rapid.IntRange(0, 6).Draw(r, "action")
			now := at
			w.at(now, func() { w.kept(now); w.act(action) })
		}
		w.play()
		w.kept(w.end)
		if w.acked != w.seq {
			r.Errorf("%d of %d signals acknowledged", w.acked, w.seq)
		}
	})
}

// kept checks that nothing is overdue.
func (w *world) kept(at time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	const slack = 100 * time.Millisecond
	if next, ok := dialog.NextDeadline(w.state, w.set); ok && t0.Add(at).Sub(next.At) > slack {
		w.t.Errorf("at %s: %s was due at %s", at, next.Kind, next.At.Sub(t0))
	}
}

// act does something a person might; refusals are part of life.
func (w *world) act(action int) {
	var err error
	switch action {
	case 0, 1:
		err = w.apply(dialog.VisitorMessage{Text: "hello"})
	case 2, 3:
		err = w.apply(dialog.Reply{By: anna, Text: "good day"})
	case 4:
		err = w.apply(dialog.Leave{By: anna, LastSeen: w.state.Seq})
	case 5:
		err = w.apply(dialog.Transfer{By: anna, To: bob})
	case 6:
		err = w.apply(dialog.Rate{SessionID: "session-1", Stars: 3})
	}
	var refusal *dialog.Refusal
	if err != nil && !errors.As(err, &refusal) {
		w.t.Error(err)
	}
}
