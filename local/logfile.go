package local

import (
	"errors"
	"io/fs"
	"os"
	"sync"
)

// logLimit bounds a log file, in bytes. With the one before it kept, a child
// takes twice that on disk at most.
const logLimit = 16 << 20

// LogFile is the log of a child. Opening it keeps the log of the run before
// beside it, with the suffix .1; so does growing over logLimit.
type LogFile struct {
	path string

	mu   sync.Mutex
	f    *os.File
	size int
}

// OpenLog opens the log file at path for a new run.
func OpenLog(path string) (*LogFile, error) {
	l := &LogFile{path: path}
	return l, l.rotate()
}

func (l *LogFile) rotate() error {
	if l.f != nil {
		_ = l.f.Close()
	}
	if err := os.Rename(l.path, l.path+".1"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(l.path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o644)
	l.f, l.size = f, 0
	return err
}

// Write never fails: a log that cannot be written must not stop the child.
func (l *LogFile) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.size+len(p) > logLimit {
		_ = l.rotate()
	}
	n, _ := l.f.Write(p)
	l.size += n
	return len(p), nil
}

// Close closes the file.
func (l *LogFile) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.f.Close()
}

// Tail returns the end of the log at path, for error messages; at most limit
// bytes, "" when there is none.
func Tail(path string, limit int) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return string(b[max(0, len(b)-limit):])
}
