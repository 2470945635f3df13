// Package localtest gives each test a database and a Temporal namespace of its
// own on one shared PostgreSQL and one shared Temporal.
//
// `make test` starts both once and names them in OTKLIK_TEST_DATABASE_URL and
// OTKLIK_TEST_TEMPORAL_ADDRESS. A test binary run without them starts its own,
// which end with it, however it ends; its TestMain must then be
//
//	func TestMain(m *testing.M) { localtest.Run(m) }
package localtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/otklik/otklik/local"
)

// The environment variables that name what `make test` has started.
const (
	DatabaseEnv = "OTKLIK_TEST_DATABASE_URL"
	TemporalEnv = "OTKLIK_TEST_TEMPORAL_ADDRESS"
)

// startLimit bounds the start of both servers, first cluster included.
const startLimit = 3 * time.Minute

var shared struct {
	sync.Mutex
	env      *Env // ours, when we started any
	database string
	temporal string
}

// Run runs the tests, stops what they started, calls after and exits.
func Run(m *testing.M, after ...func()) {
	code := m.Run()
	for _, f := range after {
		f()
	}
	shared.Lock()
	defer shared.Unlock()
	admin.close()
	if shared.env != nil {
		if err := shared.env.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, "localtest:", err)
		}
	}
	os.Exit(code)
}

// Env is a throwaway PostgreSQL and, when started, a Temporal stored in it.
type Env struct {
	DatabaseURL     string
	TemporalAddress string

	dir      string
	postgres *local.Postgres
	temporal *local.Temporal
	log      *local.LogFile // of Temporal
}

// NewEnv starts a PostgreSQL in a new folder for temporary files.
func NewEnv(ctx context.Context) (*Env, error) {
	dir, err := newFolder()
	if err != nil {
		return nil, err
	}
	pg, err := local.StartPostgres(ctx, local.PostgresOptions{Dir: dir, Throwaway: true, MaxConnections: 400})
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return &Env{DatabaseURL: pg.URL, dir: dir, postgres: pg}, nil
}

// StartTemporal starts the Temporal of the environment.
func (e *Env) StartTemporal(ctx context.Context) error {
	log, err := local.OpenLog(e.logPath())
	if err != nil {
		return err
	}
	e.log = log
	t, err := local.StartTemporal(ctx, local.TemporalOptions{
		Binary: local.TemporalBinary(), DatabaseURL: e.DatabaseURL, Namespace: "otklik", Output: log,
	})
	if err != nil {
		return err
	}
	e.temporal, e.TemporalAddress = t, t.Address
	return nil
}

// logPath is where Temporal writes: it complains at length of every client that is cut off, which many tests do.
func (e *Env) logPath() string { return filepath.Join(e.dir, "temporal.log") }

// Stop stops both and removes the folder.
func (e *Env) Stop() error {
	var err error
	if e.temporal != nil {
		if err = e.temporal.Stop(); err != nil {
			err = fmt.Errorf("Temporal: %w\n%s", err, local.Tail(e.logPath(), 4000))
		}
	}
	if e.log != nil {
		err = errors.Join(err, e.log.Close())
	}
	return errors.Join(err, e.postgres.Stop(), os.RemoveAll(e.dir))
}

const folderPattern = "otklik-test-"

// newFolder makes the environment's folder, after removing those of killed
// runs: their lock is free.
func newFolder() (string, error) {
	old, err := filepath.Glob(filepath.Join(os.TempDir(), folderPattern+"*"))
	if err != nil {
		return "", err
	}
	for _, dir := range old {
		info, err := os.Stat(dir)
		if err != nil || time.Since(info.ModTime()) < time.Minute {
			continue // somebody may be between making it and locking it
		}
		local.RemoveAbandoned(dir)
	}
	dir, err := os.MkdirTemp("", folderPattern)
	if err != nil {
		return "", err
	}
	// Root's PostgreSQL runs as another user, who must be able to enter.
	return dir, os.Chmod(dir, 0o711)
}

// start starts what is missing of the shared environment.
func start(withTemporal bool) error {
	shared.Lock()
	defer shared.Unlock()
	if shared.database == "" {
		shared.database = os.Getenv(DatabaseEnv)
	}
	if shared.temporal == "" {
		shared.temporal = os.Getenv(TemporalEnv)
	}
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	if shared.env == nil && (shared.database == "" || withTemporal && shared.temporal == "") {
		env, err := NewEnv(ctx)
		if err != nil {
			return err
		}
		shared.env = env
		if shared.database == "" {
			shared.database = env.DatabaseURL
		}
	}
	if withTemporal && shared.temporal == "" {
		if err := shared.env.StartTemporal(ctx); err != nil {
			return err
		}
		shared.temporal = shared.env.TemporalAddress
	}
	return nil
}

// Temporal returns the address of the shared Temporal and the name of a new
// namespace in it, for this test alone.
func Temporal(t testing.TB) (address, namespace string) {
	t.Helper()
	if err := start(true); err != nil {
		t.Fatalf("localtest: %v", err)
	}
	namespace = uniqueName("t", t.Name(), 40)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := local.EnsureNamespace(ctx, shared.temporal, namespace); err != nil {
		t.Fatalf("localtest: namespace %s: %v", namespace, err)
	}
	return shared.temporal, namespace
}
