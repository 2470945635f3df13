package local

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// account is whom PostgreSQL runs as when this process is root, which
// PostgreSQL refuses to be. nil stands for "as we are".
type account struct {
	name     string
	uid, gid uint32
}

// serverAccount returns the account to drop to: nobody at all for an ordinary
// user, for root the user postgres, or nobody when there is none.
func serverAccount() (*account, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(err1, err2); err != nil {
			return nil, err
		}
		return &account{name: name, uid: uint32(uid), gid: uint32(gid)}, nil
	}
	return nil, errors.New("PostgreSQL does not run as root and there is neither a user postgres nor nobody to run it as: create one with `useradd --system postgres`")
}

// credential is for SysProcAttr.
func (a *account) credential() *syscall.SysProcAttr {
	if a == nil {
		return &syscall.SysProcAttr{}
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: a.uid, Gid: a.gid}}
}

// own gives path to the account.
func (a *account) own(path string) error {
	if a == nil {
		return nil
	}
	return os.Chown(path, int(a.uid), int(a.gid))
}

// private is an error unless path is a folder of ours or of the account's, which nobody else can enter.
func (a *account) private(path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	ours := ok && (int(st.Uid) == os.Geteuid() || a != nil && st.Uid == a.uid)
	if !info.IsDir() || !ours || info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("%s is no folder of ours alone (%s): remove it", path, info.Mode())
	}
	return nil
}

// may says whether the mode bits let the account search (folders) or read and
// run (files) what info describes.
func (a *account) may(info fs.FileInfo) bool {
	want := fs.FileMode(0o5)
	if info.IsDir() {
		want = 0o1
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		if st.Uid == a.uid {
			want <<= 6
		} else if st.Gid == a.gid {
			want <<= 3
		}
	}
	return info.Mode().Perm()&want == want
}

// blockedBy returns the first folder on the way to path that the account
// cannot enter, "" when there is none. What does not exist yet does not block.
func (a *account) blockedBy(path string) string {
	if a == nil {
		return ""
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	var parents []string
	for p := path; ; p = filepath.Dir(p) {
		parents = append(parents, p)
		if p == filepath.Dir(p) {
			break
		}
	}
	for i := len(parents) - 1; i >= 0; i-- {
		if info, err := os.Stat(parents[i]); err == nil && !a.may(info) {
			return parents[i]
		}
	}
	return ""
}

// UnreadableError says that the user PostgreSQL runs as cannot reach a folder,
// and what to change.
type UnreadableError struct {
	Folder  string // the folder wanted
	Blocked string // the folder on the way that cannot be entered
	User    string
}

func (e *UnreadableError) Error() string {
	return fmt.Sprintf("PostgreSQL does not run as root, and user %s cannot enter %s on the way to %s: run `chmod o+x %s`, or choose a folder elsewhere (OTKLIK_DATA; for tests TMPDIR)",
		e.User, e.Blocked, e.Folder, e.Blocked)
}

// DataFolder returns the folder to keep data in: wanted when it is not empty,
// else .otklik in the working folder. For root, whose folders the user
// PostgreSQL runs as may not be able to enter, the default moves to
// /var/lib/otklik, under a name made from the working folder; note then says
// so. A wanted folder out of reach is an *UnreadableError.
func DataFolder(wanted, workingFolder string) (folder, note string, err error) {
	folder = wanted
	if folder == "" {
		folder = ".otklik"
	}
	if !filepath.IsAbs(folder) {
		folder = filepath.Join(workingFolder, folder)
	}
	acc, err := serverAccount()
	if err != nil {
		return "", "", err
	}
	blocked := acc.blockedBy(folder)
	if blocked == "" {
		return folder, "", nil
	}
	if wanted != "" {
		return "", "", &UnreadableError{Folder: folder, Blocked: blocked, User: acc.name}
	}
	sum := sha256.Sum256([]byte(workingFolder))
	moved := filepath.Join("/var/lib/otklik", fmt.Sprintf("%s-%x", filepath.Base(workingFolder), sum[:4]))
	if blocked := acc.blockedBy(moved); blocked != "" {
		return "", "", &UnreadableError{Folder: folder, Blocked: blocked, User: acc.name}
	}
	return moved, fmt.Sprintf("data is kept in %s: user %s, whom PostgreSQL runs as, cannot enter %s", moved, acc.name, blocked), nil
}

// makeFolder makes a folder and its missing parents so that the account can
// enter them, whatever the umask. What exists is left as it is.
func makeFolder(path string, acc *account) error {
	if info, err := os.Stat(path); err == nil {
		if !info.IsDir() {
			return fmt.Errorf("%s is not a folder", path)
		}
		return nil
	}
	if parent := filepath.Dir(path); parent != path {
		if err := makeFolder(parent, acc); err != nil {
			return err
		}
	}
	mode := fs.FileMode(0o700)
	if acc != nil {
		mode = 0o711
	}
	if err := os.Mkdir(path, mode); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return os.Chmod(path, mode)
}

// CacheFolder is where downloaded and built things are kept between runs and
// clones: OTKLIK_CACHE, else otklik in the user's cache folder.
func CacheFolder() string {
	if dir := os.Getenv("OTKLIK_CACHE"); dir != "" {
		return dir
	}
	if dir := os.Getenv("XDG_CACHE_HOME"); dir != "" {
		return filepath.Join(dir, "otklik")
	}
	if home := os.Getenv("HOME"); home != "" {
		return filepath.Join(home, ".cache", "otklik")
	}
	return ".cache"
}

// MakeDataFolder makes a data folder and its missing parents so that the user
// PostgreSQL runs as can enter them. What exists is left as it is.
func MakeDataFolder(path string) error {
	acc, err := serverAccount()
	if err != nil {
		return err
	}
	return makeFolder(path, acc)
}
