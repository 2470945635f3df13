package worker_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"go.temporal.io/sdk/client"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/outside"
	"github.com/otklik/otklik/store"
	"github.com/otklik/otklik/workflows"
)

const accountSecret = "shared secret"

// account is an outer account: it gives its lists and takes news.
type account struct {
	t      *testing.T
	url    string
	mu     sync.Mutex
	lists  string // the answer
	status int    // of the next answers
	gets   []int  // statuses answered
	taken  []news
	tries  []int64 // delivery ids as they came, taken or not
}

type news struct {
	id   int64
	body map[string]any
}

func newAccount(t *testing.T) *account {
	a := &account{t: t, status: 200, lists: `{"system":[],"manual":[]}`}
	s := httptest.NewServer(http.HandlerFunc(a.serve))
	t.Cleanup(s.Close)
	a.url = s.URL
	return a
}

func (a *account) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if r.Header.Get(outside.HeaderSignature) != outside.Sign(accountSecret, r.Header.Get(outside.HeaderTimestamp), body) {
		a.t.Errorf("%s: signature %q", r.Method, r.Header.Get(outside.HeaderSignature))
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if r.Method == http.MethodGet {
		a.give(w, r)
		return
	}
	id, _ := strconv.ParseInt(r.Header.Get(outside.HeaderDelivery), 10, 64)
	a.tries = append(a.tries, id)
	if a.status == 200 {
		n := news{id: id}
		if err := json.Unmarshal(body, &n.body); err != nil {
			a.t.Error(err)
		}
		a.taken = append(a.taken, n)
	}
	w.WriteHeader(a.status)
}

func (a *account) give(w http.ResponseWriter, r *http.Request) {
	status, tag := a.status, fmt.Sprintf(`"%d"`, len(a.lists))
	if status == 200 && r.Header.Get("If-None-Match") == tag {
		status = http.StatusNotModified
	}
	a.gets = append(a.gets, status)
	w.Header().Set("ETag", tag)
	w.WriteHeader(status)
	if status == 200 {
		_, _ = io.WriteString(w, a.lists)
	}
}

func (a *account) set(status int, lists string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.status, a.lists = status, lists
}

func (a *account) did(f func() bool) func() bool {
	return func() bool {
		a.mu.Lock()
		defer a.mu.Unlock()
		return f()
	}
}

func (h *house) blocked() (out []string) {
	h.t.Helper()
	rows, err := h.store.Pool().Query(context.Background(), `SELECT source || ' ' || host(ip) FROM blocks WHERE project_id = $1 ORDER BY 1`, h.project)
	check(h.t, err)
	for rows.Next() {
		var s string
		check(h.t, rows.Scan(&s))
		out = append(out, s)
	}
	return out
}

func (h *house) pullError() (code string) {
	h.t.Helper()
	b, err := h.store.BlockSync(context.Background(), h.project)
	check(h.t, err)
	return b.Error
}

// D-50: both lists are pulled, by hand at once and by schedule; what is not new is not sent, and while the
// account is broken the last good lists stay.
func TestBlockListsArePulled(t *testing.T) {
	h := newHouse(t)
	a := newAccount(t)
	h.exec(`UPDATE projects SET block_list_url = $1, block_secret = $2`, a.url+"/lists", accountSecret)
	h.work(h.options())
	pull := func() { t.Helper(); check(t, h.store.WantPull(context.Background(), h.project)) }
	answered := func(status int) func() bool {
		n := 0
		return a.did(func() bool { n = len(a.gets); return n > 0 && a.gets[n-1] == status })
	}
	want := []string{"manual 2001:db8::2", "system 203.0.113.77"}

	a.set(200, `{"system":["203.0.113.77"],"manual":["2001:DB8::2"]}`)
	pull()
	h.until("the lists are here", func() bool { return slices.Equal(h.blocked(), want) })

	pull()
	h.until("nothing new is not sent", answered(http.StatusNotModified))
	for _, c := range []struct {
		status      int
		lists, code string
	}{
		{500, ``, "http_500"},
		{200, `{"system":[`, "bad_json"},
		{200, `{"system":[],"manual":["203.0.113.0/24"]}`, "bad_address manual[0]"},
	} {
		a.set(c.status, c.lists)
		pull()
		h.until("it says "+c.code, func() bool { return h.pullError() == c.code })
		if got := h.blocked(); !slices.Equal(got, want) {
			t.Fatalf("%s: the last good lists are gone: %v", c.code, got)
		}
	}
	a.set(200, `{"system":[],"manual":["2001:db8::2","203.0.113.78"]}`)
	pull()
	h.until("the lists are the new ones", func() bool {
		return slices.Equal(h.blocked(), []string{"manual 2001:db8::2", "manual 203.0.113.78"}) && h.pullError() == ""
	})

	a.set(200, `{"system":["203.0.113.79"],"manual":[]}`)
	check(t, h.client.ScheduleClient().GetHandle(context.Background(), workflows.ScheduleBlockLists).Trigger(context.Background(), client.ScheduleTriggerOptions{}))
	h.until("the schedule pulls too", func() bool { return slices.Equal(h.blocked(), []string{"system 203.0.113.79"}) })
	h.clean(h.history(workflows.BlockPullID(h.project), "").String())
	h.clean(h.log.String())
}

func (h *house) comesFrom(ip string) string {
	h.t.Helper()
	d := h.visitor()
	h.do(d, dialog.VisitorMessage{Arrival: dialog.Arrival{IP: ip}, Text: "спам"})
	h.do(d, dialog.Reply{By: dialog.Operator{ID: h.anna}, Text: "Добрый день"})
	return d
}

// TestHangingAccountTakesNoRoom: what ops send is decided while a pull hangs, even with one activity at a time (D-50).
func TestHangingAccountTakesNoRoom(t *testing.T) {
	h := newHouse(t)
	called, gone := make(chan struct{}, 8), make(chan struct{}, 8)
	hangs := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		called <- struct{}{}
		<-r.Context().Done()
		gone <- struct{}{}
	}))
	t.Cleanup(hangs.Close)
	o := h.options()
	o.Activities = 1
	h.work(o)
	id := h.visitor()
	h.do(id, dialog.VisitorMessage{Text: "hello"})
	h.reply(id, "good day")
	h.acknowledged(id)
	h.exec(`UPDATE projects SET block_list_url = $1, block_secret = $2`, hangs.URL, accountSecret)
	check(t, h.store.WantPull(context.Background(), h.project))
	<-called
	h.signal(id, workflows.SignalTransfer, h.opsTransfer())
	h.until("handed over", func() bool { return h.row(id).State.Session.AssigneeID == h.boris })
	select {
	case <-gone:
		t.Error("the pull had to end first")
	default:
	}
}

// D-50: blocks made here are told outside: in order, signed, until they are taken, also when the worker is
// stopped in between; afterwards nothing personal of them is kept, and nothing of it ever stood in Temporal.
func TestBlocksAreTold(t *testing.T) {
	h := newHouse(t)
	a := newAccount(t)
	a.set(500, "")
	h.exec(`UPDATE projects SET block_hook_url = $1, block_secret = $2`, a.url+"/hook", accountSecret)
	stop := h.work(h.options())
	d := h.comesFrom("203.0.113.77")
	by := dialog.Operator{ID: h.anna}
	h.do(d, dialog.Block{By: by})
	h.do(d, dialog.Unblock{By: by})
	h.do(d, dialog.Block{By: by})
	h.until("it is tried again", a.did(func() bool { return len(a.tries) >= 2 }))
	if code := h.pullError(); code != "http_500" {
		t.Errorf("the settings say %q", code)
	}
	stop()
	a.set(200, "")
	h.work(h.options())
	h.until("everything is told", a.did(func() bool { return len(a.taken) >= 3 }))
	h.until("nothing is owed", func() bool { return h.count(`SELECT count(*) FROM hooks WHERE delivered_at IS NULL`) == 0 })
	a.mu.Lock()
	defer a.mu.Unlock()
	var story []string
	var last int64
	for _, n := range a.taken {
		if n.id == last {
			continue // told, and the worker stopped before it was recorded: the same number is the same news
		}
		if n.id < last {
			t.Errorf("out of order: %d after %d", n.id, last)
		}
		last = n.id
		story = append(story, n.body["action"].(string))
		if n.body["ip"] != "203.0.113.77" || n.body["operator"] != "anna" || n.body["operator_id"] != h.anna || n.body["dialog_id"] != d ||
			n.body["source"] != "operator" || n.body["project_id"] != h.project || n.body["at"] == "" {
			t.Errorf("news %v", n.body)
		}
	}
	if !slices.Equal(story, []string{"block", "unblock", "block"}) {
		t.Errorf("told %v", story)
	}
	if !slices.IsSorted(a.tries) {
		t.Errorf("something overtook what was not taken: %v", a.tries)
	}
	if n := h.count(`SELECT count(*) FROM hooks WHERE body::text LIKE '%203.0.113%'`); n > 0 {
		t.Errorf("%d told ones keep the address", n)
	}
	history := h.history(workflows.BlockHooksID(h.project), "").String()
	h.clean(history)
	if !strings.Contains(history, "hook_id") && !strings.Contains(history, workflows.OutcomeNone) {
		t.Errorf("this is not the history that was meant: %s", history)
	}
	h.clean(h.log.String())
}

// D-50: a list that was answered before the account knew of a block made here does not undo it; once it knows, its list
// of blocks from the chat is the list, also of operators' rows.
func TestPullDoesNotUndoABlock(t *testing.T) {
	h := newHouse(t)
	a := newAccount(t)
	a.set(500, "")
	h.exec(`UPDATE projects SET block_list_url = $1, block_hook_url = $1, block_secret = $2`, a.url, accountSecret)
	h.do(h.comesFrom("203.0.113.77"), dialog.Block{By: dialog.Operator{ID: h.anna}})
	ctx := context.Background()
	began, err := h.store.OutsideOf(ctx, h.project)
	check(t, err)
	take := func(system, manual []string) string {
		t.Helper()
		code, err := h.store.TakeLists(ctx, h.project, store.BlockLists{System: system, Manual: manual}, a.url, `"x"`, began.Now)
		check(t, err)
		return code
	}
	if code := take([]string{"203.0.113.80"}, []string{}); code != "owed" || !slices.Equal(h.blocked(), []string{"operator 203.0.113.77", "system 203.0.113.80"}) {
		t.Errorf("%s %v", code, h.blocked())
	}
	h.exec(`UPDATE hooks SET delivered_at = clock_timestamp()`)
	if code := take(nil, nil); code != "owed" || len(h.blocked()) != 1 {
		t.Errorf("answered before it was told: %s %v", code, h.blocked())
	}
	if o, err := h.store.OutsideOf(ctx, h.project); err != nil || o.ETag != "" {
		t.Errorf("a list that was left out is not asked for again: %+v %v", o, err)
	}
	began, err = h.store.OutsideOf(ctx, h.project)
	check(t, err)
	if code := take(nil, []string{"203.0.113.77", "203.0.113.81"}); code != "" || !slices.Equal(h.blocked(), []string{"manual 203.0.113.81", "operator 203.0.113.77"}) {
		t.Errorf("%s %v", code, h.blocked())
	}
	if code := take(nil, []string{"203.0.113.81"}); code != "" || !slices.Equal(h.blocked(), []string{"manual 203.0.113.81"}) {
		t.Errorf("taken off outside: %s %v", code, h.blocked())
	}
}

// TestRecordOutside records the histories of what keeps block lists in step, which package workflows replays, with
// OTKLIK_RECORD=1.
func TestRecordOutside(t *testing.T) {
	if os.Getenv("OTKLIK_RECORD") == "" {
		t.Skip("set OTKLIK_RECORD=1 to record histories")
	}
	h := newHouse(t)
	a := newAccount(t)
	a.set(500, "")
	h.exec(`UPDATE projects SET block_list_url = $1, block_hook_url = $2, block_secret = $3`, a.url+"/lists", a.url+"/hook", accountSecret)
	stop := h.work(h.options())
	h.do(h.comesFrom("203.0.113.77"), dialog.Block{By: dialog.Operator{ID: h.anna}})
	h.until("it is tried again", a.did(func() bool { return len(a.tries) >= 2 })) // pauses, then success, then nothing
	a.set(200, `{"system":[],"manual":[]}`)
	h.until("it is told", func() bool { return !h.running(workflows.BlockHooksID(h.project)) })
	lists := func(id string) {
		run, err := h.client.ExecuteWorkflow(context.Background(), client.StartWorkflowOptions{ID: id, TaskQueue: workflows.TaskQueue}, workflows.BlockListsType)
		check(t, err)
		check(t, run.Get(context.Background(), nil))
	}
	lists("lists")
	h.until("the lists are pulled", func() bool { return !h.running(workflows.BlockPullID(h.project)) })
	for name, id := range map[string]string{"hooks": workflows.BlockHooksID(h.project), "pull": workflows.BlockPullID(h.project), "lists": "lists"} {
		h.recordIn("outside", name, id)
	}
	// A pull that still runs is left alone.
	_, err := h.client.ExecuteWorkflow(context.Background(), client.StartWorkflowOptions{ID: workflows.BlockPullID(h.project), TaskQueue: "nobody works here"},
		workflows.BlockPullType, workflows.OfProject{ProjectID: h.project})
	check(t, err)
	lists("lists-again")
	stop()
	h.recordIn("outside", "lists-again", "lists-again")
}
