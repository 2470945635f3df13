package local

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestChildDiesWithItsParent(t *testing.T) {
	t.Parallel()
	cmd, child := parent(t, "sleep")
	if gone(child) {
		t.Fatal("the child is not there")
	}
	kill9(t, cmd)
	eventually(t, "the child is gone", func() bool { return gone(child) })
}

func TestStopKillsWhatDoesNotStop(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("sh", "-c", "trap '' TERM; echo; sleep 1000 & wait; wait")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p, err := Start(cmd, syscall.SIGKILL)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 1)); err != nil { // the trap is set
		t.Fatal(err)
	}
	if err := p.Stop(syscall.SIGTERM, 50*time.Millisecond); err == nil || !strings.Contains(err.Error(), "was killed") {
		t.Fatalf("got %v", err)
	}
	if !gone(p.PID()) {
		t.Fatal("still there")
	}
}

func TestStopBySignalIsASuccess(t *testing.T) {
	t.Parallel()
	p, err := Start(exec.Command("sleep", "1000"), syscall.SIGKILL)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Stop(syscall.SIGTERM, time.Minute); err != nil {
		t.Fatal(err)
	}
}

func TestPortTaken(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := l.Addr().(*net.TCPAddr).Port
	e := CheckPort("127.0.0.1", port, "OTKLIK_PORT")
	var taken *PortTakenError
	if !errors.As(e, &taken) || !strings.HasSuffix(e.Error(), "is taken (set OTKLIK_PORT to another)") {
		t.Fatalf("got %v", e)
	}
	free, err := FreePort()
	if err != nil {
		t.Fatal(err)
	}
	if err := CheckPort("127.0.0.1", free, "OTKLIK_PORT"); err != nil {
		t.Fatalf("a free port: %v", err)
	}
}

func TestLockIsReleasedAndNamesItsHolder(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lock")
	if err := os.WriteFile(path, []byte("999999\nleft by a killed process\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	l, err := Lock(path)
	if err != nil {
		t.Fatal(err)
	}
	if !l.Stale {
		t.Error("a killed holder is not noticed")
	}
	var locked *LockedError
	if _, err := Lock(path); !errors.As(err, &locked) || strings.Contains(locked.PID, "killed") {
		t.Fatalf("got %v", err)
	}
	l.Unlock()
	if l, err = Lock(path); err != nil {
		t.Fatal(err)
	}
	if l.Stale {
		t.Error("a holder that unlocked counts as killed")
	}
	l.Unlock()
}

func TestFolderOutOfReachIsFound(t *testing.T) {
	t.Parallel()
	top := folder(t)
	closed := filepath.Join(top, "closed")
	inside := filepath.Join(closed, "not", "there", "yet")
	if err := os.Mkdir(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	stranger := &account{name: "stranger", uid: 4_000_001, gid: 4_000_001}
	if got := stranger.blockedBy(inside); got != closed {
		t.Errorf("blocked by %q, want %q", got, closed)
	}
	if err := os.Chmod(closed, 0o711); err != nil {
		t.Fatal(err)
	}
	if got := stranger.blockedBy(inside); got != "" {
		t.Errorf("blocked by %q", got)
	}
	var ourselves *account
	if got := ourselves.blockedBy("/"); got != "" {
		t.Errorf("we are blocked by %q", got)
	}
}

func TestMadeFoldersCanBeEntered(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o077))
	dir := filepath.Join(folder(t), "a", "b")
	stranger := &account{name: "stranger", uid: 4_000_001, gid: 4_000_001}
	if err := makeFolder(dir, stranger); err != nil {
		t.Fatal(err)
	}
	if got := stranger.blockedBy(dir); got != "" {
		t.Errorf("blocked by %q", got)
	}
}

func TestDataFolder(t *testing.T) {
	t.Parallel()
	open := folder(t)
	dir, note, err := DataFolder("", open)
	if err != nil || note != "" || dir != filepath.Join(open, ".otklik") {
		t.Errorf("got %q, %q, %v", dir, note, err)
	}
	if os.Geteuid() != 0 {
		return // only root's servers run as somebody else
	}
	closed := filepath.Join(open, "closed")
	if err := os.Mkdir(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	dir, note, err = DataFolder("", closed)
	if err != nil || !strings.HasPrefix(dir, "/var/lib/otklik/closed-") || !strings.Contains(note, closed) {
		t.Errorf("got %q, %q, %v", dir, note, err)
	}
	var unreadable *UnreadableError
	if _, _, err := DataFolder("data", closed); !errors.As(err, &unreadable) || unreadable.Blocked != closed {
		t.Errorf("got %v", err)
	}
}

func TestLinksOfTheNPMPackage(t *testing.T) {
	t.Parallel()
	native := filepath.Join(t.TempDir(), "native")
	if err := os.MkdirAll(filepath.Join(native, "lib"), 0o755); err != nil {
		t.Fatal(err)
	}
	list := `[{"source":"native/lib/libpq.so.5.17","target":"native/lib/libpq.so"}]`
	for name, body := range map[string]string{"pg-symlinks.json": list, "lib/libpq.so.5.17": "library"} {
		if err := os.WriteFile(filepath.Join(native, name), []byte(body), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // again: what exists is fine
		if err := makeLinks(native); err != nil {
			t.Fatal(err)
		}
	}
	if b, err := os.ReadFile(filepath.Join(native, "lib", "libpq.so")); err != nil || string(b) != "library" {
		t.Fatalf("got %q, %v", b, err)
	}
}
