package worker_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	sdkworker "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/otklik/otklik/activities"
	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/relay"
	"github.com/otklik/otklik/worker"
	"github.com/otklik/otklik/workflows"
)

// hurry is how many times faster time runs in TestHistoryLength.
const hurry = 60

// hasty are activities whose durations are by a clock that runs faster than Temporal's.
type hasty struct{ activities.Activities }

func (h *hasty) Sync(ctx context.Context, q workflows.SyncRequest) (workflows.SyncResult, error) {
	res, err := h.Activities.Sync(ctx, q)
	if d := res.Snapshot.Deadline; d != nil {
		d.In /= hurry
	}
	return res, err
}

func (h *hasty) Due(ctx context.Context, q workflows.DueRequest) (workflows.DueResult, error) {
	res, err := h.Activities.Due(ctx, q)
	if d := res.Snapshot.Deadline; d != nil {
		d.In /= hurry
	}
	return res, err
}

// TestHistoryLength: a well-served session of 16 turns in 10 minutes costs at most 80 events, from the first message to
// the end of the rating prompt; a message that changes no turn costs none (design 10). Ten minutes pass in ten seconds:
// the database's clock runs faster, and so do the durations that the workflow is given.
func TestHistoryLength(t *testing.T) {
	h := newHouse(t)
	h.exec(`UPDATE projects SET rating_prompt_seconds = 120`)
	h.exec(fmt.Sprintf(`CREATE OR REPLACE FUNCTION otklik_now() RETURNS timestamptz LANGUAGE sql VOLATILE AS
		$$ SELECT '%[1]s'::timestamptz + (clock_timestamp() - '%[1]s'::timestamptz) * %[2]d $$`, time.Now().UTC().Format(time.RFC3339Nano), hurry))
	ctx, cancel := context.WithCancel(context.Background())
	check(t, worker.RegisterSearchAttributes(ctx, h.client, h.namespace))
	w := sdkworker.New(h.client, workflows.TaskQueue, sdkworker.Options{})
	w.RegisterWorkflowWithOptions(workflows.Dialog, workflow.RegisterOptions{Name: workflows.DialogType})
	a := &hasty{activities.Activities{Store: h.store}}
	w.RegisterActivityWithOptions(a.Sync, activity.RegisterOptions{Name: workflows.ActivitySync})
	w.RegisterActivityWithOptions(a.Due, activity.RegisterOptions{Name: workflows.ActivityDue})
	check(t, w.Start())
	t.Cleanup(w.Stop)
	r := relay.New(h.store, h.client, relay.Options{Poll: 5 * time.Millisecond})
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })

	id := h.visitor()
	var start time.Time
	check(t, h.store.Pool().QueryRow(ctx, `SELECT otklik_now()`).Scan(&start))
	// at waits for a moment of the hurried ten minutes.
	at := func(d time.Duration) {
		h.until(d.String(), func() bool { return h.count(`SELECT (otklik_now() >= $1)::int`, start.Add(d)) == 1 })
	}
	for turn := range 8 {
		begin := time.Duration(turn) * 75 * time.Second
		at(begin)
		h.do(id, dialog.VisitorMessage{Text: "a question"})
		at(begin + 10*time.Second)
		h.do(id, dialog.VisitorMessage{Text: "more of it"})
		at(begin + 30*time.Second)
		h.reply(id, "an answer")
		h.reply(id, "more of it")
	}
	at(10 * time.Minute)
	if turns := h.row(id).State.TurnNo; turns != 16 {
		t.Fatalf("%d turns", turns)
	}
	h.leave(id)
	at(10*time.Minute + 20*time.Second)
	h.do(id, dialog.Rate{SessionID: h.row(id).State.Session.ID, Stars: 5})
	h.until("the workflow ends", func() bool { return !h.running(id) })
	if rep := h.count(`SELECT count(*) FROM audit WHERE action = 'deadline'`); rep != 1 {
		t.Errorf("%d deadlines, want the rating prompt's only", rep)
	}
	kinds := map[string]int{}
	history := h.history(id, "")
	for _, e := range history.Events {
		kinds[strings.TrimPrefix(e.EventType.String(), "EVENT_TYPE_")]++
	}
	t.Logf("%d events: %v", len(history.Events), kinds)
	if n := len(history.Events); n > 80 {
		t.Errorf("%d events, want at most 80", n)
	}
}

// TestRecord records the histories that the tests of package workflows replay, with OTKLIK_RECORD=1: the shapes a
// conversation may have. Histories are added when the workflow changes, and never edited.
func TestRecord(t *testing.T) {
	if os.Getenv("OTKLIK_RECORD") == "" {
		t.Skip("set OTKLIK_RECORD=1 to record histories")
	}
	h := newHouse(t)
	for name, shape := range map[string]func(h *house, id string){
		"claim-leave-rate": func(h *house, id string) {
			h.do(id, dialog.VisitorMessage{Text: "hello"})
			h.acknowledged(id)
			h.reply(id, "good day")
			h.acknowledged(id)
			h.leave(id)
			h.acknowledged(id)
			h.do(id, dialog.Rate{SessionID: h.row(id).State.Session.ID, Stars: 5})
			h.acknowledged(id)
			h.pass(25 * time.Hour)
		},
		"untaken-red": func(h *house, id string) {
			h.do(id, dialog.VisitorMessage{Text: "hello"})
			h.exec(`UPDATE sessions SET waiting_since = waiting_since - interval '178 seconds' WHERE dialog_id = $1`, id)
			h.until("red", func() bool { return h.row(id).State.Session.UnclaimedMarked })
			h.reply(id, "sorry to be late")
			h.acknowledged(id)
			h.exec(`UPDATE projects SET rating = false`)
			h.leave(id)
		},
		"transfer": func(h *house, id string) {
			h.do(id, dialog.VisitorMessage{Text: "hello"})
			h.acknowledged(id)
			h.signal(id, workflows.SignalTransfer, "not a command")
			h.detailsSay(id, "last refused: transfer: invalid")
			h.reply(id, "good day")
			h.acknowledged(id)
			h.signal(id, workflows.SignalTransfer, h.opsTransfer())
			h.until("handed over", func() bool { return h.row(id).State.Session.AssigneeID == h.boris })
			h.acknowledged(id)
			h.signal(id, workflows.SignalLeave, workflows.OpsCommand{CommandID: "ops-leave-1", Actor: h.boris, LastSeen: h.row(id).State.Seq})
		},
		"newer-session": func(h *house, id string) {
			h.exec(`UPDATE projects SET rating = true, long_wait_seconds = 30`)
			h.do(id, dialog.VisitorMessage{Text: "hello"})
			h.acknowledged(id)
			h.reply(id, "good day")
			h.do(id, dialog.VisitorMessage{Text: "a question"}) // an earlier deadline: the timer is replaced
			h.acknowledged(id)
			h.reply(id, "an answer")
			h.leave(id)
			h.acknowledged(id)
			h.do(id, dialog.VisitorMessage{Text: "one more thing"})
			h.acknowledged(id)
			h.reply(id, "yes?")
			h.exec(`UPDATE projects SET rating = false`)
			h.leave(id)
		},
		"continued": func(h *house, id string) {
			_, err := h.client.ExecuteWorkflow(context.Background(), client.StartWorkflowOptions{ID: id, TaskQueue: workflows.TaskQueue},
				workflows.DialogType, workflows.Start{DialogID: id, MaxRounds: 2})
			check(h.t, err)
			h.do(id, dialog.VisitorMessage{Text: "hello"})
			h.acknowledged(id)
			h.signal(id, workflows.SignalTransfer, h.opsTransfer())
			h.detailsSay(id, "last refused: transfer ops-transfer-1: not_claimed")
			h.reply(id, "good day")
			h.acknowledged(id)
			h.detailsSay(id, "last refused: transfer ops-transfer-1: not_claimed") // carried
			h.exec(`UPDATE projects SET rating = false`)
			h.leave(id)
		},
		"database-away": func(h *house, id string) {
			h.exec(`CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'away'; END $$`)
			h.exec(`CREATE TRIGGER fail BEFORE UPDATE OF fence_at ON dialogs FOR EACH ROW EXECUTE FUNCTION fail()`)
			h.do(id, dialog.VisitorMessage{Text: "hello"})
			h.until("tried again", func() bool { return h.running(id) && strings.Contains(h.pending(id), "sqlstate_P0001") })
			h.exec(`DROP TRIGGER fail ON dialogs`)
			h.acknowledged(id)
			h.reply(id, "good day")
			h.exec(`UPDATE projects SET rating = false`)
			h.leave(id)
		},
	} {
		id := h.visitor()
		stop := h.work(h.options())
		shape(h, id)
		h.until("the workflow of "+name+" ends", func() bool { return !h.running(id) })
		stop()
		h.record(name, id)
	}
}

var identity = regexp.MustCompile(`("identity":\s*)"[^"]*"`)

// record writes a history without the name of the machine it was recorded on.
func (h *house) record(name, dialogID string) { h.recordIn("histories", name, dialogID) }

func (h *house) recordIn(folder, name, dialogID string) {
	h.t.Helper()
	raw, err := protojson.MarshalOptions{Indent: " "}.Marshal(h.history(dialogID, ""))
	check(h.t, err)
	text := identity.ReplaceAllString(string(raw), `$1"recorder"`)
	host, err := os.Hostname()
	check(h.t, err)
	text = strings.ReplaceAll(text, `"`+host+`:`, `"host:`) // of the sticky queue
	dir := filepath.Join("..", "workflows", "testdata", folder)
	check(h.t, os.MkdirAll(dir, 0o755))
	check(h.t, os.WriteFile(filepath.Join(dir, name+".json"), []byte(text+"\n"), 0o644))
}
