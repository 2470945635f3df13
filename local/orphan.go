package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// stopOrphan stops the server a killed parent may have left running on the
// cluster, and removes a pid file that is nobody's: its number may since belong
// to another process, and PostgreSQL would then refuse to start.
func stopOrphan(ctx context.Context, cluster string, opts PostgresOptions) error {
	pidFile := filepath.Join(cluster, "postmaster.pid")
	b, err := os.ReadFile(pidFile)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	first, _, _ := strings.Cut(string(b), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(first))
	if err == nil && pid > 0 {
		real, err := filepath.EvalSymlinks(cluster)
		if err != nil {
			return err
		}
		if runsIn(pid, real) {
			opts.log("PostgreSQL of an earlier run is still there (process %d): stopping it", pid)
			if err := stopServer(ctx, pid, real); err != nil {
				return err
			}
		}
	}
	if err := os.Remove(pidFile); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// stopServer asks ever less politely: fast shutdown, immediate shutdown, kill.
// After the last two the next start recovers from the log.
func stopServer(ctx context.Context, pid int, cluster string) error {
	for _, step := range []struct {
		sig   syscall.Signal
		limit time.Duration
	}{{syscall.SIGINT, 15 * time.Second}, {syscall.SIGQUIT, 5 * time.Second}, {syscall.SIGKILL, 5 * time.Second}} {
		if err := syscall.Kill(pid, step.sig); errors.Is(err, syscall.ESRCH) {
			return nil
		}
		for deadline := time.Now().Add(step.limit); time.Now().Before(deadline); {
			if !runsIn(pid, cluster) {
				return nil
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(20 * time.Millisecond):
			}
		}
	}
	return fmt.Errorf("PostgreSQL of an earlier run (process %d) cannot be stopped: kill it and start again", pid)
}

// RemoveAbandoned removes a throwaway folder whose owner was killed, after
// stopping a server still running in it. A folder in use is left alone, and so
// is what cannot be removed: the next run tries again.
func RemoveAbandoned(dir string) {
	lock, err := Lock(filepath.Join(dir, "postgres.lock"))
	if err != nil {
		return
	}
	defer lock.Unlock()
	if stopOrphan(context.Background(), filepath.Join(dir, "pg"), PostgresOptions{}) == nil {
		_ = os.RemoveAll(dir)
	}
}
