//go:build !linux

package local

import (
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// setDeathSignal does nothing: only Linux has it. A killed parent leaves its
// PostgreSQL behind here, and the next start stops that first.
func setDeathSignal(*syscall.SysProcAttr, syscall.Signal) {}

// runsIn says whether process pid is a server started on dir.
func runsIn(pid int, dir string) bool {
	out, err := exec.Command("ps", "-p", strconv.Itoa(pid), "-o", "command=").Output()
	return err == nil && strings.Contains(string(out), dir)
}
