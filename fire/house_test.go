package fire

import (
	"context"
	"crypto/sha256"
	"flag"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"

	"github.com/otklik/otklik/local"
	"github.com/otklik/otklik/local/localtest"
	"github.com/otklik/otklik/store"
)

func TestMain(m *testing.M) {
	flag.Parse()
	if flag.Lookup("test.parallel").Value.String() == flag.Lookup("test.parallel").DefValue {
		_ = flag.Set("test.parallel", "4") // most of them wait, for processes and timeouts
	}
	localtest.Run(m, removeBinary)
}

// whole says that the whole form runs, not the short one (make fire).
var whole = os.Getenv("OTKLIK_FIRE") == "whole"

// times is n in the whole form and short otherwise.
func times(short, n int) int {
	if whole {
		return n
	}
	return short
}

var program struct {
	once sync.Once
	dir  string
	err  error
}

// otklik builds the program from these sources once per test binary. GOFLAGS counts, so -overlay and -race do too.
func otklik(t testing.TB) string {
	t.Helper()
	program.once.Do(func() {
		if program.dir, program.err = os.MkdirTemp("", "otklik-fire-"); program.err != nil {
			return
		}
		lookAtSources()
		out, err := exec.Command("go", "build", "-trimpath", "-o", filepath.Join(program.dir, "otklik"), "../cmd/otklik").CombinedOutput()
		if err != nil {
			program.err = fmt.Errorf("go build: %w\n%s", err, out)
		}
	})
	check(t, program.err)
	return filepath.Join(program.dir, "otklik")
}

// lookAtSources keeps the go command from answering out of its cache when the program has changed: it remembers what a
// test has looked at, and the program is nothing these tests import.
func lookAtSources() {
	_ = filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
		case d.IsDir() && (d.Name() == "node_modules" || (strings.HasPrefix(d.Name(), ".") && len(d.Name()) > 2)):
			return fs.SkipDir
		case strings.HasSuffix(path, ".go"), strings.HasSuffix(path, ".sql"):
			_, _ = os.Stat(path)
		}
		return nil
	})
}

func removeBinary() {
	if program.dir != "" {
		os.RemoveAll(program.dir)
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// background is a context that ends with the test.
func background(t testing.TB) context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	return ctx
}

// plan says what house a test needs.
type plan struct {
	ownPostgres bool // a PostgreSQL of its own, which may be killed; it keeps its promises of durability
	ownTemporal bool // a Temporal of its own, which may be killed; it is stored in the house's PostgreSQL
	operators   int
	limit       int // of each operator; 0: none
	rating      int // seconds of the rating prompt; 0: no rating
}

// house is one installation: a database, a Temporal namespace, one project with operators, and the processes started.
type house struct {
	t           testing.TB
	databaseURL string
	address     string // of Temporal
	namespace   string
	pool        *pgxpool.Pool // the test's own view of the database
	postgres    *local.Postgres
	postgresDir string
	temporal    *local.Temporal
	project     string
	widget      string
	operators   []*operator
	book        *book
}

func newHouse(t testing.TB, p plan) *house {
	t.Helper()
	ctx := context.Background()
	otklik(t)
	h := &house{t: t, widget: "shop-1", book: &book{}, project: newID()}
	if p.ownPostgres {
		h.postgresDir = t.TempDir()
		for d := h.postgresDir; d != os.TempDir() && len(d) > 1; d = filepath.Dir(d) { // root's PostgreSQL is another user
			check(t, os.Chmod(d, 0o711))
		}
		h.startPostgres()
		t.Cleanup(func() { _ = h.postgres.Stop() })
		h.databaseURL = h.postgres.URL
		check(t, store.Migrate(ctx, h.databaseURL))
	} else {
		h.databaseURL = localtest.MigratedURL(t, store.Migrate)
	}
	var err error
	h.pool, err = pgxpool.New(ctx, h.databaseURL)
	check(t, err)
	t.Cleanup(h.pool.Close)
	if p.ownTemporal {
		h.namespace = "otklik"
		h.startTemporal(0)
		t.Cleanup(func() { _ = h.temporal.Stop() })
	} else {
		h.address, h.namespace = localtest.Temporal(t)
	}
	h.fill(p)
	return h
}

// fill makes the project and its operators, signed in and present.
func (h *house) fill(p plan) {
	h.t.Helper()
	h.exec(`INSERT INTO projects (id, name, widget_key, rating, rating_prompt_seconds) VALUES ($1, 'shop', $2, $3, greatest($4, 1))`,
		h.project, h.widget, p.rating > 0, p.rating)
	for i := range max(p.operators, 1) {
		o := &operator{h: h, id: newID(), name: fmt.Sprintf("Operator %02d", i), token: newID(), csrf: newID(), http: newHTTP()}
		h.exec(`INSERT INTO operators (id, login, name, password_hash, dialog_limit) VALUES ($1, $2, $2, '-', nullif($3, 0))`, o.id, o.name, p.limit)
		h.exec(`INSERT INTO access (operator_id, project_id, level) VALUES ($1, $2, 2)`, o.id, h.project)
		h.exec(`INSERT INTO presence (operator_id, connection_id, seen_at) VALUES ($1, $1, clock_timestamp() + interval '1 hour')`, o.id)
		hash := sha256.Sum256([]byte(o.token))
		h.exec(`INSERT INTO sign_ins (token_hash, operator_id, csrf, expires_at) VALUES ($1, $2, $3, clock_timestamp() + interval '1 hour')`,
			hash[:], o.id, o.csrf)
		h.operators = append(h.operators, o)
	}
}

func (h *house) exec(sql string, args ...any) {
	h.t.Helper()
	_, err := h.pool.Exec(context.Background(), sql, args...)
	check(h.t, err)
}

func (h *house) count(sql string, args ...any) (n int) {
	h.t.Helper()
	check(h.t, h.pool.QueryRow(context.Background(), sql, args...).Scan(&n))
	return n
}

// yes asks the database for one truth.
func (h *house) yes(sql string, args ...any) bool {
	return h.count(`SELECT CASE WHEN (`+sql+`) THEN 1 ELSE 0 END`, args...) == 1
}

// pass moves the stored clock, which is the only one that counts (D-60).
func (h *house) pass(d time.Duration) {
	h.t.Helper()
	h.exec(`UPDATE clock SET "offset" = "offset" + $1::interval`, d)
}

// until polls a condition; nothing here sleeps for a fixed time to wait for something.
func (h *house) until(limit time.Duration, what string, ok func() bool) (took time.Duration) {
	h.t.Helper()
	began := time.Now()
	for !ok() {
		if time.Since(began) > limit {
			h.t.Fatalf("not within %s: %s", limit, what)
		}
		<-time.After(10 * time.Millisecond)
	}
	return time.Since(began)
}

// startPostgres starts the house's own PostgreSQL, also after it was ended.
func (h *house) startPostgres() {
	h.t.Helper()
	pg, err := local.StartPostgres(context.Background(), local.PostgresOptions{Dir: h.postgresDir})
	check(h.t, err)
	h.postgres = pg
}

// endPostgres ends the house's own PostgreSQL: SIGINT is the fast shutdown, SIGQUIT the immediate one.
func (h *house) endPostgres(sig syscall.Signal) {
	h.t.Helper()
	check(h.t, syscall.Kill(h.postgres.PID(), sig))
	select {
	case <-h.postgres.Done():
	case <-time.After(30 * time.Second):
		h.t.Fatal("PostgreSQL does not end")
	}
	_ = h.postgres.Stop() // lets go of its lock
}

// startTemporal starts the house's own Temporal, again at the same port after it was ended.
func (h *house) startTemporal(port int) {
	h.t.Helper()
	tm, err := local.StartTemporal(context.Background(), local.TemporalOptions{
		Binary: local.TemporalBinary(), DatabaseURL: h.databaseURL, DBPrefix: "temporal_" + strings.ReplaceAll(h.project, "-", ""),
		Namespace: h.namespace, Port: port,
	})
	check(h.t, err)
	h.temporal, h.address = tm, tm.Address
}

// killTemporal ends the house's own Temporal with kill -9 and returns the port it had.
func (h *house) killTemporal() (port int) {
	h.t.Helper()
	_, p, err := net.SplitHostPort(h.address)
	check(h.t, err)
	_, err = fmt.Sscan(p, &port)
	check(h.t, err)
	check(h.t, syscall.Kill(h.temporal.PID(), syscall.SIGKILL))
	<-h.temporal.Done()
	_ = h.temporal.Stop()
	return port
}

// process is one of our own, serve or worker.
type process struct {
	*local.Process
	h    *house
	name string
	log  string // path
	url  string // of serve: http://host:port
}

// via lets a process reach its servers by other ways: through proxies.
type via struct {
	database, temporal string   // empty: the house's
	listen             string   // of serve; empty: a free port
	binary             string   // empty: built from these sources
	env                []string // more settings
}

var generous = []string{
	"OTKLIK_LIMIT_VISITOR=100000", "OTKLIK_LIMIT_ADDRESS=100000", "OTKLIK_LIMIT_PROJECT=100000",
	"OTKLIK_LIMIT_NEW_VISITORS=100000", "OTKLIK_LIMIT_SIGN_INS=100000", "OTKLIK_LIMIT_OPERATOR=100000",
}

func (h *house) start(name string, v via) *process {
	h.t.Helper()
	if v.database == "" {
		v.database = h.databaseURL
	}
	if v.temporal == "" {
		v.temporal = h.address
	}
	if v.binary == "" {
		v.binary = otklik(h.t)
	}
	p := &process{h: h, name: name}
	out, err := os.CreateTemp(h.t.TempDir(), name+"-*.log")
	check(h.t, err)
	defer out.Close()
	p.log = out.Name()
	cmd := exec.Command(v.binary, name)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.Env = append(os.Environ(), "DATABASE_URL="+v.database, "TEMPORAL_ADDRESS="+v.temporal, "TEMPORAL_NAMESPACE="+h.namespace)
	cmd.Env = append(append(cmd.Env, generous...), v.env...)
	if name == "serve" {
		if v.listen == "" {
			port, err := local.FreePort()
			check(h.t, err)
			v.listen = fmt.Sprintf("127.0.0.1:%d", port)
		}
		p.url = "http://" + v.listen
		cmd.Env = append(cmd.Env, "OTKLIK_LISTEN="+v.listen)
	}
	p.Process, err = local.Start(cmd, syscall.SIGKILL)
	check(h.t, err)
	h.t.Cleanup(func() {
		p.wake()
		p.kill()
		if h.t.Failed() {
			h.t.Logf("%s (%d):\n%s", name, p.PID(), local.Tail(p.log, 6000))
		}
	})
	return p
}

// serve starts an API process and waits until it is ready.
func (h *house) serve(v via) *process {
	h.t.Helper()
	p := h.start("serve", v)
	h.until(20*time.Second, "serve is ready", func() bool {
		if p.ended() {
			h.t.Fatalf("serve ended: %v\n%s", p.Err(), local.Tail(p.log, 4000))
		}
		res, err := http.Get(p.url + "/readyz")
		if err != nil {
			return false
		}
		res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
	return p
}

// worker starts a worker process and waits until it takes tasks.
func (h *house) worker(v via) *process {
	h.t.Helper()
	p := h.start("worker", v)
	h.until(30*time.Second, "worker takes tasks", func() bool {
		if p.ended() {
			h.t.Fatalf("worker ended: %v\n%s", p.Err(), local.Tail(p.log, 4000))
		}
		return p.says("worker started")
	})
	return p
}

// says reports whether the process has logged the words.
func (p *process) says(words string) bool {
	raw, err := os.ReadFile(p.log)
	check(p.h.t, err)
	return strings.Contains(string(raw), words)
}

func (p *process) ended() bool {
	select {
	case <-p.Done():
		return true
	default:
		return false
	}
}

// kill is kill -9, and waits for the end.
func (p *process) kill() {
	if !p.ended() {
		_ = syscall.Kill(p.PID(), syscall.SIGKILL)
		<-p.Done()
	}
}

// term asks the process to end and waits; it must end well.
func (p *process) term() {
	p.h.t.Helper()
	if err := p.Process.Stop(syscall.SIGTERM, 20*time.Second); err != nil {
		p.h.t.Errorf("%s told to stop: %v", p.name, err)
	}
}

// freeze is SIGSTOP, wake is SIGCONT.
func (p *process) freeze() {
	p.h.t.Helper()
	check(p.h.t, syscall.Kill(p.PID(), syscall.SIGSTOP))
	p.h.until(5*time.Second, "the process stands still", func() bool {
		raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.PID()))
		if err != nil {
			return os.IsNotExist(err) // no such folder on other systems: the signal must do
		}
		_, after, _ := strings.Cut(string(raw), ") ")
		return strings.HasPrefix(after, "T")
	})
}

func (p *process) wake() {
	if !p.ended() {
		_ = syscall.Kill(p.PID(), syscall.SIGCONT)
	}
}

// dialTemporal is the test's own client.
func (h *house) dialTemporal() client.Client {
	h.t.Helper()
	c, err := client.NewLazyClient(client.Options{HostPort: h.address, Namespace: h.namespace, Logger: log.NewStructuredLogger(silent)})
	check(h.t, err)
	h.t.Cleanup(c.Close)
	return c
}

// running asks Temporal whether the dialog has a running workflow.
func running(c client.Client, dialogID string) bool {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	d, err := c.DescribeWorkflowExecution(ctx, dialogID, "")
	return err == nil && d.GetWorkflowExecutionInfo().GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING
}
