package worker_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	sdkpb "go.temporal.io/api/sdk/v1"
	"go.temporal.io/sdk/client"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/local/localtest"
	"github.com/otklik/otklik/relay"
	"github.com/otklik/otklik/store"
	"github.com/otklik/otklik/worker"
	"github.com/otklik/otklik/workflows"
)

func TestMain(m *testing.M) { localtest.Run(m) }

// house is a database, a Temporal namespace and one project, for one test.
type house struct {
	t         *testing.T
	store     *store.Store
	client    client.Client
	namespace string
	log       *logBuffer

	project, department, anna, boris, tag string
}

func newHouse(t *testing.T) *house {
	t.Helper()
	t.Parallel()
	ctx := context.Background()
	s, err := store.Open(ctx, localtest.MigratedURL(t, store.Migrate), store.Options{AppName: "test"})
	check(t, err)
	t.Cleanup(s.Close)
	address, namespace := localtest.Temporal(t)
	h := &house{t: t, store: s, namespace: namespace, log: &logBuffer{}}
	h.client, err = worker.Dial(ctx, address, namespace, worker.Access{}, h.logger())
	check(t, err)
	t.Cleanup(h.client.Close)
	h.project, h.department, h.anna, h.boris, h.tag = newID(), newID(), newID(), newID(), newID()
	h.exec(`INSERT INTO projects (id, name, widget_key, rating) VALUES ($1, 'shop', 'shop-1', true)`, h.project)
	h.exec(`INSERT INTO departments (id, project_id, name) VALUES ($1, $2, 'sales')`, h.department, h.project)
	h.exec(`INSERT INTO tags (id, project_id, name) VALUES ($1, $2, 'order')`, h.tag, h.project)
	for login, id := range map[string]string{"anna": h.anna, "boris": h.boris} {
		h.exec(`INSERT INTO operators (id, login, name, password_hash) VALUES ($1, $2, $2, '-')`, id, login)
		h.exec(`INSERT INTO access (operator_id, project_id, level) VALUES ($1, $2, 2)`, id, h.project)
		h.exec(`INSERT INTO presence (operator_id, connection_id, seen_at) VALUES ($1, $1, clock_timestamp() + interval '1 hour')`, id)
	}
	h.exec(`INSERT INTO department_members (department_id, operator_id) SELECT $1, id FROM operators`, h.department)
	return h
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

func (h *house) logger() *slog.Logger { return slog.New(slog.NewTextHandler(h.log, nil)) }

func (h *house) exec(sql string, args ...any) {
	h.t.Helper()
	_, err := h.store.Pool().Exec(context.Background(), sql, args...)
	check(h.t, err)
}

func (h *house) count(sql string, args ...any) (n int) {
	h.t.Helper()
	check(h.t, h.store.Pool().QueryRow(context.Background(), sql, args...).Scan(&n))
	return n
}

// pass moves the database's clock, which is the only one that counts (D-60).
func (h *house) pass(d time.Duration) {
	h.t.Helper()
	h.exec(`UPDATE clock SET "offset" = "offset" + $1::interval`, d)
}

// options are how tests run a worker: polling often, since nothing nudges a relay here.
func (h *house) options() worker.Options {
	return worker.Options{
		Store: h.store, Client: h.client, Namespace: h.namespace, Notify: h.store.Notify, Logger: h.logger(),
		ReconcileEvery: -1, StopTimeout: time.Second, Relay: relay.Options{Poll: 20 * time.Millisecond},
	}
}

// work runs a worker until the test ends, or until stop is called.
func (h *house) work(o worker.Options) (stop func()) {
	h.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- worker.Run(ctx, o) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			h.t.Errorf("worker: %v", err)
		}
	}
	h.t.Cleanup(stop)
	return stop
}

// visitor makes a visitor with his dialog.
func (h *house) visitor() (dialogID string) {
	h.t.Helper()
	token := make([]byte, 32)
	_, _ = rand.Read(token)
	v, err := h.store.CreateVisitor(context.Background(), store.NewVisitor{ProjectID: h.project, TokenHash: token, Locale: "ru", Page: store.Page{IP: "203.0.113.77"}})
	check(h.t, err)
	return v.DialogID
}

// do applies a person's command, which must be accepted.
func (h *house) do(dialogID string, c dialog.Command) store.Result {
	h.t.Helper()
	out := h.store.Apply(context.Background(), []store.Command{{DialogID: dialogID, ClientID: newID(), Do: c}})[0]
	check(h.t, out.Err)
	return out.Result
}

func (h *house) reply(dialogID, text string) {
	h.t.Helper()
	h.do(dialogID, dialog.Reply{By: dialog.Operator{ID: h.anna}, Text: text})
}

func (h *house) leave(dialogID string) {
	h.t.Helper()
	h.do(dialogID, dialog.Leave{By: dialog.Operator{ID: h.anna}, LastSeen: h.row(dialogID).State.Seq})
}

func (h *house) row(dialogID string) store.Row {
	h.t.Helper()
	r, err := h.store.Load(context.Background(), dialogID)
	check(h.t, err)
	return r
}

// until polls a condition; tests never sleep for a fixed time.
func (h *house) until(what string, ok func() bool) {
	h.t.Helper()
	const limit = 30 * time.Second
	for deadline := time.Now().Add(limit); !ok(); {
		if time.Now().After(deadline) {
			h.t.Fatalf("not within %s: %s\n%s", limit, what, h.log)
		}
		<-time.After(10 * time.Millisecond)
	}
}

// acknowledged waits until the workflow has answered for everything so far.
func (h *house) acknowledged(dialogID string) {
	h.t.Helper()
	h.until("every signal acknowledged", func() bool {
		r := h.row(dialogID)
		return r.SignalSeq > 0 && r.SignalAcked == r.SignalSeq
	})
}

func (h *house) signal(dialogID, name string, payload any) {
	h.t.Helper()
	check(h.t, h.client.SignalWorkflow(context.Background(), dialogID, "", name, payload))
}

// running reports whether the dialog has a running workflow.
func (h *house) running(dialogID string) bool {
	d, err := h.client.DescribeWorkflowExecution(context.Background(), dialogID, "")
	return err == nil && d.WorkflowExecutionInfo.Status == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING
}

// details are what the Web UI shows of the dialog now.
func (h *house) details(dialogID string) string {
	h.t.Helper()
	v, err := h.client.QueryWorkflow(context.Background(), dialogID, "", "__temporal_workflow_metadata")
	if err != nil {
		return err.Error()
	}
	var m sdkpb.WorkflowMetadata
	check(h.t, v.Get(&m))
	return m.CurrentDetails
}

func (h *house) detailsSay(dialogID, want string) {
	h.t.Helper()
	h.until(fmt.Sprintf("current details say %q", want), func() bool { return strings.Contains(h.details(dialogID), want) })
}

// history of a run; the newest one when run is empty.
func (h *house) history(dialogID, run string) *historypb.History {
	h.t.Helper()
	out := &historypb.History{}
	it := h.client.GetWorkflowHistory(context.Background(), dialogID, run, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for it.HasNext() {
		e, err := it.Next()
		check(h.t, err)
		out.Events = append(out.Events, e)
	}
	return out
}

// transfer as ops send it.
func (h *house) opsTransfer() workflows.OpsCommand {
	return workflows.OpsCommand{CommandID: "ops-transfer-1", Actor: h.anna, To: h.boris}
}
