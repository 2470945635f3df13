package local

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// LockedError says that another process holds a lock file.
type LockedError struct {
	Path string
	PID  string // as the holder wrote it; may be empty
}

func (e *LockedError) Error() string {
	if e.PID == "" {
		return fmt.Sprintf("%s is held by another process", e.Path)
	}
	return fmt.Sprintf("%s is held by process %s", e.Path, e.PID)
}

// FileLock is a lock the kernel releases when its holder ends, however it
// ends: a file left behind by a killed process locks nothing.
type FileLock struct {
	f *os.File
	// Stale says that the holder before was killed: it did not Unlock.
	Stale bool
}

// Lock takes the lock file at path without waiting; a *LockedError says that
// somebody else has it.
func Lock(path string) (*FileLock, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer f.Close()
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		b, _ := os.ReadFile(path)
		return nil, &LockedError{Path: path, PID: strings.TrimSpace(string(b))}
	}
	before, err := os.ReadFile(path)
	if err == nil {
		err = f.Truncate(0)
	}
	if err == nil {
		_, err = f.WriteAt(fmt.Appendln(nil, os.Getpid()), 0)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return &FileLock{f: f, Stale: len(before) > 0}, nil
}

// Unlock releases the lock. The file stays: removing it would let two
// processes lock two files of one name.
func (l *FileLock) Unlock() {
	_ = l.f.Truncate(0) // the next holder then knows that we were not killed
	// Closing alone would leave the lock with a child that is just being forked.
	_ = syscall.Flock(int(l.f.Fd()), syscall.LOCK_UN)
	_ = l.f.Close()
}
