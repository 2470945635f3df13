package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestPostgresKeepsItsDataBetweenRuns(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	p := startPostgres(t, dir)
	execute(t, p.URL, "CREATE TABLE kept AS SELECT 42 AS n")
	if err := p.Stop(); err != nil {
		t.Fatal(err)
	}
	if !gone(p.PID()) {
		t.Fatal("the server is still there after Stop")
	}
	p = startPostgres(t, dir)
	if n := query[int](t, p.URL, "SELECT n FROM kept"); n != 42 {
		t.Fatalf("read %d", n)
	}
}

func TestPostgresSettings(t *testing.T) {
	t.Parallel()
	p, err := StartPostgres(context.Background(), PostgresOptions{Dir: folder(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Stop()
	for name, want := range map[string]string{
		"listen_addresses": "", "fsync": "on", "synchronous_commit": "on", "full_page_writes": "on",
		"server_encoding": "UTF8", "TimeZone": "UTC", "max_connections": "200",
	} {
		if got := query[string](t, p.URL, "SELECT current_setting('"+name+"')"); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if got := query[string](t, p.URL, "SELECT lower('ӘҒҚҢӨҰҮҺІЁ')"); got != "әғқңөұүһіё" {
		t.Errorf("lower gives %q", got)
	}
}

func TestPostgresStartsAfterItsParentWasKilled(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	for round := range 3 {
		cmd, server := parent(t, "postgres:"+dir)
		if round == 1 { // everything killed at once, as when the machine stops
			if err := syscall.Kill(server, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
		}
		kill9(t, cmd)
	}
	p := startPostgres(t, dir)
	execute(t, p.URL, "CREATE TABLE t ()")
}

func TestPostgresStopsAnOrphanOfItsFolder(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	orphan := startPostgres(t, dir)
	execute(t, orphan.URL, "CREATE TABLE kept AS SELECT 7 AS n")
	orphan.lock.Unlock() // what a killed parent leaves where no death signal exists
	p := startPostgres(t, dir)
	if p.PID() == orphan.PID() || !gone(orphan.PID()) {
		t.Fatalf("orphan %d is still there beside %d", orphan.PID(), p.PID())
	}
	if n := query[int](t, p.URL, "SELECT n FROM kept"); n != 7 {
		t.Fatalf("read %d", n)
	}
}

func TestPostgresIgnoresLockFilesOfAnotherProcess(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	if err := startPostgres(t, dir).Stop(); err != nil {
		t.Fatal(err)
	}
	// A process number in new use: of the server's user, alive, and no server.
	acc, err := serverAccount()
	if err != nil {
		t.Fatal(err)
	}
	sleep := exec.Command("sleep", "1000")
	sleep.SysProcAttr = acc.credential()
	other, err := Start(sleep, syscall.SIGKILL)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Stop(syscall.SIGKILL, time.Minute)
	for _, name := range []string{"pg/postmaster.pid", "run/.s.PGSQL.5432.lock"} {
		body := fmt.Sprintf("%d\n%s\n1700000000\n5432\n", other.PID(), filepath.Join(dir, "pg"))
		if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	startPostgres(t, dir)
}

func TestPostgresFolderHasOneOwner(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	startPostgres(t, dir)
	_, err := StartPostgres(context.Background(), PostgresOptions{Dir: dir})
	var locked *LockedError
	if !errors.As(err, &locked) || locked.PID != fmt.Sprint(os.Getpid()) {
		t.Fatalf("got %v", err)
	}
}

func TestPostgresAtALongPath(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(folder(t), strings.Repeat("long", 30))
	p := startPostgres(t, dir)
	temp := p.tempDir
	if err := p.Stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(temp); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket's folder is left behind: %v", err)
	}
	again := startPostgres(t, dir) // by its keeper: what runs beside it keeps the address it was told
	if again.URL != p.URL {
		t.Errorf("started again it is at %s, before at %s", again.URL, p.URL)
	}
	if err := again.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(temp, 0o777); err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(temp)
	if err := os.Chmod(temp, 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := StartPostgres(context.Background(), PostgresOptions{Dir: dir}); err == nil || !strings.Contains(err.Error(), temp) {
		t.Errorf("a folder that everybody may enter was taken: %v", err)
	}
}

func TestPostgresOfAnotherVersionIsNamed(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	if err := os.MkdirAll(filepath.Join(dir, "pg"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "pg", "PG_VERSION"), []byte("9\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := StartPostgres(context.Background(), PostgresOptions{Dir: dir})
	var version *VersionError
	if !errors.As(err, &version) || version.Has != 9 || !strings.Contains(err.Error(), "install PostgreSQL 9") {
		t.Fatalf("got %v", err)
	}
}

func TestNoPostgresIsOneSentence(t *testing.T) {
	t.Setenv(searchEnv, t.TempDir())
	t.Setenv("PATH", t.TempDir()) // no npm either
	t.Setenv("OTKLIK_CACHE", t.TempDir())
	_, err := StartPostgres(context.Background(), PostgresOptions{Dir: folder(t)})
	if err == nil || !strings.Contains(err.Error(), "install") || !strings.Contains(err.Error(), "DATABASE_URL") || strings.Contains(err.Error(), "\n") {
		t.Fatalf("got %v", err)
	}
}

func TestDatabaseURLIsUsedAsItIs(t *testing.T) {
	t.Parallel()
	p := startPostgres(t, folder(t))
	given, err := StartPostgres(context.Background(), PostgresOptions{DatabaseURL: p.URL})
	if err != nil || given.URL != p.URL || given.PID() != 0 {
		t.Fatalf("got %+v, %v", given, err)
	}
	if err := given.Stop(); err != nil || gone(p.PID()) {
		t.Fatalf("stopping what is not ours: %v", err)
	}
}
