package workflows_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/workflows"
)

// red looks at the dialog as an operator's screen does.
func (w *world) red() []dialog.Reason { return dialog.Red(w.state, anna, w.set, w.clock()) }

func (w *world) fired(want ...string) {
	w.t.Helper()
	if got := w.deadlines(); !slices.Equal(got, want) {
		w.t.Errorf("fired %q, want %q", got, want)
	}
	if w.acked != w.seq {
		w.t.Errorf("%d of %d signals acknowledged", w.acked, w.seq)
	}
}

// TestUntaken: at 180.000 s not red, at the next look red and pushed (R-043, D-07).
func TestUntaken(t *testing.T) {
	w := newWorld(t)
	w.visitor(0)
	w.visitor(100 * time.Second) // a later message does not restart the clock (D-06)
	w.at(180*time.Second, func() {
		if len(w.red()) != 0 || w.state.Session.UnclaimedMarked {
			t.Error("red at exactly 180 s")
		}
	})
	w.at(180*time.Second+100*time.Millisecond, func() {
		if len(w.red()) != 1 || !w.state.Session.UnclaimedMarked {
			t.Error("not red after 180 s")
		}
		if d := w.details(); !strings.Contains(d, "red: unclaimed") || !strings.Contains(d, "next check: none") {
			t.Errorf("details: %s", d)
		}
	})
	w.play()
	w.fired("untaken 3 min")
	if w.signalled != 1 {
		t.Errorf("%d signals, the armed timer needed 1", w.signalled)
	}
}

// TestLongWait: a taken dialog whose visitor waits; the untaken timer that is armed is kept, not cancelled.
func TestLongWait(t *testing.T) {
	w := newWorld(t)
	w.set.LongWait = 4 * time.Minute
	w.visitor(0)
	w.reply(10 * time.Second)
	w.visitor(time.Minute)
	w.at(5*time.Minute, func() {
		if len(w.red()) != 0 {
			t.Error("red at exactly the limit")
		}
	})
	w.play()
	w.fired("long wait")
	if len(w.timers) != 2 {
		t.Errorf("timers fired at %v", w.timers)
	}
}

// TestShorterLongWait: an earlier deadline than the armed one is signalled, and the timer replaced.
func TestShorterLongWait(t *testing.T) {
	for _, limit := range []time.Duration{30 * time.Second, 159700 * time.Millisecond} {
		w := newWorld(t)
		w.set.LongWait = limit
		w.visitor(0)
		w.reply(10 * time.Second)
		w.visitor(20 * time.Second)
		w.play()
		w.fired("long wait")
	}
}

// TestClaimedInTime: a claim before 180 s leaves nothing red, and the timer that is still armed finds nothing to do.
func TestClaimedInTime(t *testing.T) {
	w := newWorld(t)
	w.visitor(0)
	w.reply(179 * time.Second) // the last microsecond is a table of package dialog; here its answer may cross the timer
	w.play()
	w.fired()
}

// TestSecondWait: after an answer a new wait makes the dialog red again (D-10).
func TestSecondWait(t *testing.T) {
	w := newWorld(t)
	w.visitor(0)
	w.reply(200 * time.Second)
	w.visitor(210 * time.Second)
	w.play()
	w.fired("untaken 3 min", "long wait")
	if !slices.Equal(w.red(), []dialog.Reason{dialog.Overdue}) {
		t.Errorf("red: %v", w.red())
	}
}

// TestAutomaticClosing (D-40): N minutes after the last message, answered sessions only.
func TestAutomaticClosing(t *testing.T) {
	w := newWorld(t)
	w.set.AutoClose = 5 * time.Minute
	w.visitor(0)
	w.reply(10 * time.Second)
	w.reply(100 * time.Second)
	w.play()
	w.fired("automatic closing")
	if w.state.Open() || w.env != nil {
		t.Error("the session is still open")
	}
}

// TestRatingPrompt: the run lives until the prompt ends (D-68), and ends with it.
func TestRatingPrompt(t *testing.T) {
	w := newWorld(t)
	w.set.Rating = true
	w.end = 30 * time.Hour
	w.visitor(0)
	w.reply(10 * time.Second)
	w.leave(20 * time.Second)
	w.at(time.Hour, func() {
		if d := w.details(); !strings.Contains(d, "state: rating") || !strings.Contains(d, "next check: rating prompt at 2026-03-03T09:00:20") {
			t.Errorf("details: %s", d)
		}
	})
	w.play()
	w.fired("rating prompt")
	if w.runs != 1 || w.now.Sub(t0) > 25*time.Hour {
		t.Errorf("%d runs, the last until %s", w.runs, w.now)
	}
}

// TestNewerSession: a session that starts while the rating prompt of the last one runs is in good hands.
func TestNewerSession(t *testing.T) {
	w := newWorld(t)
	w.set.Rating = true
	w.end = time.Hour
	w.visitor(0)
	w.reply(10 * time.Second)
	w.leave(20 * time.Second)
	w.visitor(10 * time.Minute)
	w.play()
	w.fired("untaken 3 min")
	if w.runs != 1 {
		t.Errorf("%d runs, want the running one to go on", w.runs)
	}
}

// TestRatingTimerAndStartInOneTask: the new session is committed and signalled while the activity that ends the old
// one is on its way back with "nothing to come" (design 3).
func TestRatingTimerAndStartInOneTask(t *testing.T) {
	w := newWorld(t)
	w.set.Rating = true
	w.end = 25 * time.Hour
	w.visitor(0)
	w.reply(10 * time.Second)
	w.leave(20 * time.Second)
	w.at(time.Hour, func() {
		w.afterDue = func() { w.must(dialog.VisitorMessage{Text: "one more thing"}) }
	})
	w.play()
	w.fired("rating prompt", "untaken 3 min")
}

// TestDrainBeforeReturn: the same when the session without a rating ends and the next begins at once.
func TestDrainBeforeReturn(t *testing.T) {
	w := newWorld(t)
	w.visitor(0)
	w.reply(10 * time.Second)
	w.at(20*time.Second, func() {
		w.afterSync = func() { w.must(dialog.VisitorMessage{Text: "one more thing"}) }
		w.must(dialog.Leave{By: anna, LastSeen: w.state.Seq})
	})
	w.play()
	w.fired("untaken 3 min")
	if w.runs != 1 {
		t.Errorf("%d runs", w.runs)
	}
}

// TestContinueAsNew: signals that come while a run decides to continue as new are not lost, and the fence goes on.
func TestContinueAsNew(t *testing.T) {
	w := newWorld(t)
	w.maxRounds = 2
	w.visitor(0)
	w.at(5*time.Second, func() {
		w.afterSync = func() { w.must(dialog.VisitorMessage{Text: "still there?"}); w.seq++; w.again() }
		w.must(dialog.Reply{By: anna, Text: "good day"})
	})
	w.play()
	w.fired("long wait")
	if w.runs < 2 {
		t.Errorf("%d runs, want a chain", w.runs)
	}
	if !slices.IsSorted(w.ordinals) {
		t.Errorf("ordinals %v", w.ordinals)
	}
}

// again sends one more signal for what the row says now, as the watchdog does.
func (w *world) again() {
	w.send(true, workflows.SignalSync, workflows.Sync{SessionID: w.state.Session.ID, SignalSeq: w.seq})
}

// TestHighestSignalWins: signals may come doubled and out of order; the highest number is acknowledged.
func TestHighestSignalWins(t *testing.T) {
	w := newWorld(t)
	w.visitor(0)
	w.at(time.Second, func() {
		w.seq = 9
		for _, n := range []int64{7, 9, 8, 9} {
			w.send(true, workflows.SignalSync, workflows.Sync{SignalSeq: n})
		}
	})
	w.play()
	w.fired("untaken 3 min")
}

// TestStaleAnswers: the workflow asks again with a newer ordinal.
func TestStaleAnswers(t *testing.T) {
	w := newWorld(t)
	w.visitor(0)
	w.at(0, func() { w.stale = 3 })
	w.at(170*time.Second, func() { w.stale = 1 })
	w.play()
	w.fired("untaken 3 min")
	for i := 1; i < len(w.ordinals); i++ {
		if w.ordinals[i] <= w.ordinals[i-1] {
			t.Errorf("ordinals %v", w.ordinals)
		}
	}
}

// TestTurnedAwayForLong: a run whose clock is behind another's for long decides what ops send all the same, does not grow
// without end, and what it could not acknowledge its successor does (ADR 4).
func TestTurnedAwayForLong(t *testing.T) {
	w := newWorld(t)
	w.maxRounds = 5
	w.visitor(0)
	w.at(0, func() { w.stale = 40 })
	w.at(10*time.Second, func() {
		w.env.SignalWorkflow(workflows.SignalTransfer, workflows.OpsCommand{CommandID: "transfer-1", Actor: anna.ID, To: bob.ID})
	})
	w.at(30*time.Second, func() {
		if len(w.answers) != 1 {
			t.Errorf("ops were answered %q while the run was turned away", w.answers)
		}
	})
	w.play()
	if w.runs < 8 {
		t.Errorf("%d runs for 40 stale answers", w.runs)
	}
	if w.acked != w.seq {
		t.Errorf("%d of %d signals acknowledged", w.acked, w.seq)
	}
}

// TestLocalActivityFails: the ordinary one takes over and is retried until PostgreSQL is back.
func TestLocalActivityFails(t *testing.T) {
	w := newWorld(t)
	w.localFails, w.fails = true, 3
	w.visitor(0)
	w.play()
	w.fired("untaken 3 min")
	want := []string{"local Sync", "Sync", "Sync", "Sync", "Sync", "local Due", "Due"}
	if !slices.Equal(w.calls, want) {
		t.Errorf("calls %q, want %q", w.calls, want)
	}
}

// TestOpsCommands: what ops send is decided by the same rules; a refusal is shown, and the same command again is not
// done again.
func TestOpsCommands(t *testing.T) {
	w := newWorld(t)
	transfer := workflows.OpsCommand{CommandID: "transfer-1", Actor: anna.ID, To: bob.ID}
	w.visitor(0)
	w.at(time.Second, func() { w.env.SignalWorkflow(workflows.SignalTransfer, transfer) })
	w.at(2*time.Second, func() {
		if d := w.details(); !strings.Contains(d, "last refused: transfer transfer-1: not_claimed") {
			t.Errorf("details: %s", d)
		}
	})
	w.reply(3 * time.Second)
	w.at(4*time.Second, func() {
		transfer.CommandID = "transfer-2"
		w.env.SignalWorkflow(workflows.SignalTransfer, transfer)
		w.env.SignalWorkflow(workflows.SignalTransfer, transfer)
	})
	w.at(5*time.Second, func() {
		if w.state.Session.AssigneeID != bob.ID {
			t.Errorf("the dialog is with %s", w.state.Session.AssigneeID)
		}
		if d := w.details(); !strings.Contains(d, "red: transferred") || !strings.Contains(d, "operator: bob") {
			t.Errorf("details: %s", d)
		}
		w.env.SignalWorkflow(workflows.SignalLeave, workflows.OpsCommand{CommandID: "leave-12", Actor: bob.ID, LastSeen: w.state.Seq})
	})
	w.play()
	w.fired()
	if w.state.Open() || w.now.Sub(t0) > 10*time.Second {
		t.Error("the session did not end")
	}
}

// TestCommandWaits: an ops command that cannot be decided keeps no deadline from firing, and no run from waiting for it.
func TestCommandWaits(t *testing.T) {
	w := newWorld(t)
	w.visitor(0)
	w.at(170*time.Second, func() {
		w.fails = 8 // some 30 s
		w.env.SignalWorkflow(workflows.SignalTransfer, workflows.OpsCommand{CommandID: "transfer-1", Actor: anna.ID, To: bob.ID})
	})
	w.play()
	w.fired("untaken 3 min")
}

// TestCommandsOutliveRuns: ops commands that wait when a run could end or continue as new are decided first.
func TestCommandsOutliveRuns(t *testing.T) {
	for _, rounds := range []int{0, 2, 3} {
		w := newWorld(t)
		w.maxRounds = rounds
		w.visitor(0)
		w.reply(time.Second)
		w.at(2*time.Second, func() {
			w.fails = 1
			for _, id := range []string{"transfer-1", "transfer-2", "transfer-3"} {
				w.env.SignalWorkflow(workflows.SignalTransfer, workflows.OpsCommand{CommandID: id, Actor: bob.ID, To: anna.ID})
			}
		})
		w.at(3*time.Second, func() {
			w.must(dialog.VisitorMessage{Text: "hello?"})
			w.must(dialog.Leave{By: anna, LastSeen: w.state.Seq})
		})
		w.play()
		w.fired()
		want := []string{"transfer-1: session_closed", "transfer-2: session_closed", "transfer-3: session_closed"}
		if !slices.Equal(w.answers, want) {
			t.Errorf("runs of %d rounds: answers %q", rounds, w.answers)
		}
	}
}

// TestOlderDatabase: after a restore the numbers begin again below those the workflow has seen.
func TestOlderDatabase(t *testing.T) {
	w := newWorld(t)
	w.visitor(0)
	w.at(time.Second, func() { w.seq = 9; w.again() })
	w.at(2*time.Second, func() { w.seq, w.acked = 3, 2; w.again() })
	w.play()
	w.fired("untaken 3 min")
}

// TestMalformedSignals never hurt.
func TestMalformedSignals(t *testing.T) {
	w := newWorld(t)
	w.visitor(0)
	w.at(time.Second, func() {
		for _, bad := range []any{nil, "text", 7, []string{"a"}, map[string]any{"command_id": 7}} {
			for _, name := range []string{workflows.SignalSync, workflows.SignalTransfer, workflows.SignalLeave, workflows.SignalRate} {
				w.env.SignalWorkflow(name, bad)
			}
		}
	})
	w.at(2*time.Second, func() {
		if d := w.details(); !strings.Contains(d, "invalid (command_id)") || strings.Contains(d, "text") {
			t.Errorf("details: %s", d)
		}
	})
	w.play()
	w.fired("untaken 3 min")
}

// TestCancelledByHand: cancelling the workflow does not stop the clock of an open session.
func TestCancelledByHand(t *testing.T) {
	w := newWorld(t)
	w.visitor(0)
	w.at(time.Second, func() { w.env.CancelWorkflow() })
	w.play()
	w.fired("untaken 3 min")
}

// TestWorkingSession: sixteen turns in ten minutes need few signals and few looks (design 2.5).
func TestWorkingSession(t *testing.T) {
	w := newWorld(t)
	w.set.Rating = true
	w.end = 20 * time.Minute
	for turn := range 8 {
		at := time.Duration(turn) * 75 * time.Second
		w.visitor(at)
		w.reply(at + 20*time.Second)
	}
	w.leave(10 * time.Minute)
	w.at(11*time.Minute, func() { w.must(dialog.Rate{SessionID: w.state.Session.ID, Stars: 5}) })
	w.play()
	w.fired()
	t.Logf("%d signals, %d looks, %d calls", w.signalled, len(w.timers), len(w.calls))
	if w.signalled > 8 {
		t.Errorf("%d signals for 16 turns", w.signalled)
	}
}
