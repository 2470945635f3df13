// Package bench measures a whole Otklik on one machine: PostgreSQL, Temporal, API, worker and the clients that load them,
// each as a process of its own. Figures of these are only worth something as ratios of one run, so what they are
// compared with (pgbench) runs in turns with them (design 10).
package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/otklik/otklik/local"
)

// house is everything that is measured, with data of its own that goes with it.
type house struct {
	dir      string
	postgres *local.Postgres
	temporal *local.Temporal
	serve    *local.Process
	worker   *local.Process
	logs     []io.Closer
	pool     *pgxpool.Pool
	base     string // http://127.0.0.1:port
}

const namespace = "otklik"

// openHouse starts everything on free ports and fills in the demo data. self is the otklik binary.
func openHouse(ctx context.Context, self string, say func(string, ...any)) (h *house, err error) {
	h = &house{}
	defer func() {
		if err != nil {
			err = errors.Join(err, h.close())
		}
	}()
	if h.dir, err = os.MkdirTemp("", "otklik-bench-"); err != nil {
		return h, err
	}
	if err = os.Chmod(h.dir, 0o711); err != nil { // a PostgreSQL that is not root's must be able to enter
		return h, err
	}
	say("starting PostgreSQL and Temporal in %s", h.dir)
	if h.postgres, err = local.StartPostgres(ctx, local.PostgresOptions{Dir: h.dir}); err != nil {
		return h, err
	}
	if h.temporal, err = local.StartTemporal(ctx, local.TemporalOptions{
		Binary: local.TemporalBinary(), DatabaseURL: h.postgres.URL, Namespace: namespace,
	}); err != nil {
		return h, err
	}
	if h.pool, err = pgxpool.New(ctx, h.postgres.URL); err != nil {
		return h, err
	}
	port, err := local.FreePort()
	if err != nil {
		return h, err
	}
	address := fmt.Sprintf("127.0.0.1:%d", port)
	h.base = "http://" + address
	env := append(os.Environ(),
		"DATABASE_URL="+h.postgres.URL, "TEMPORAL_ADDRESS="+h.temporal.Address, "TEMPORAL_NAMESPACE="+namespace,
		"OTKLIK_LISTEN="+address, "OTKLIK_PUBLIC_URL="+h.base,
		// All clients are at one address and write as fast as they can.
		"OTKLIK_LIMIT_VISITOR=100000", "OTKLIK_LIMIT_ADDRESS=1000000", "OTKLIK_LIMIT_PROJECT=1000000",
		"OTKLIK_LIMIT_NEW_VISITORS=100000", "OTKLIK_LIMIT_SIGN_INS=1000", "OTKLIK_LIMIT_OPERATOR=1000000",
		"OTKLIK_LIMIT_SOCKETS=1000000", "OTKLIK_LIMIT_VISITOR_SOCKETS=1000000",
	)
	for _, args := range [][]string{{"migrate"}, {"seed", "--demo"}} {
		cmd := exec.CommandContext(ctx, self, args...)
		cmd.Env = env
		if out, err := cmd.CombinedOutput(); err != nil {
			return h, fmt.Errorf("otklik %s: %w\n%s", strings.Join(args, " "), err, out)
		}
	}
	if _, err = h.pool.Exec(ctx, `UPDATE operators SET dialog_limit = NULL`); err != nil {
		return h, err
	}
	if h.worker, err = h.start(self, env, "worker"); err != nil {
		return h, err
	}
	if h.serve, err = h.start(self, env, "serve"); err != nil {
		return h, err
	}
	return h, h.ready(ctx)
}

func (h *house) start(self string, env []string, name string) (*local.Process, error) {
	log, err := local.OpenLog(filepath.Join(h.dir, name+".log"))
	if err != nil {
		return nil, err
	}
	h.logs = append(h.logs, log)
	cmd := exec.Command(self, name)
	cmd.Env, cmd.Stdout, cmd.Stderr = env, log, log
	return local.Start(cmd, syscall.SIGKILL)
}

func (h *house) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		if res, err := http.Get(h.base + "/readyz"); err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("not ready: %s", local.Tail(filepath.Join(h.dir, "serve.log"), 2000))
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// drained waits until every owed signal has been acknowledged by its workflow.
func (h *house) drained(ctx context.Context) error {
	for {
		var owed int
		if err := h.pool.QueryRow(ctx, `SELECT count(*) FROM dialogs WHERE signal_seq > signal_acked`).Scan(&owed); err != nil {
			return err
		}
		if owed == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%d signals still owed: %w", owed, ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// cpu is the CPU time so far of each part, by name; the clients are this process.
func (h *house) cpu() (map[string]time.Duration, error) {
	return cpuOf(map[string]int{
		"clients": os.Getpid(), "postgres": h.postgres.PID(), "api": h.serve.PID(), "worker": h.worker.PID(), "temporal": h.temporal.PID(),
	})
}

// close stops everything in reverse order and removes the data.
func (h *house) close() error {
	var errs []error
	for _, p := range []*local.Process{h.serve, h.worker} {
		if p != nil {
			errs = append(errs, p.Stop(syscall.SIGTERM, 10*time.Second))
		}
	}
	if h.pool != nil {
		h.pool.Close()
	}
	if h.temporal != nil {
		errs = append(errs, h.temporal.Stop())
	}
	if h.postgres != nil {
		errs = append(errs, h.postgres.Stop())
	}
	for _, l := range h.logs {
		errs = append(errs, l.Close())
	}
	if h.dir != "" {
		errs = append(errs, os.RemoveAll(h.dir))
	}
	return errors.Join(errs...)
}
