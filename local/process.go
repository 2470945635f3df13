package local

import (
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// Process is a child in its own process group, so that Ctrl-C in a terminal
// reaches only the parent, which then stops its children in order.
type Process struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error // set before done is closed
}

// Start starts cmd. On Linux the kernel sends it onDeath when this process
// ends, however it ends.
func Start(cmd *exec.Cmd, onDeath syscall.Signal) (*Process, error) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
	setDeathSignal(cmd.SysProcAttr, onDeath)
	if cmd.WaitDelay == 0 {
		cmd.WaitDelay = 2 * time.Second // a grandchild that holds the output must not hold us
	}
	p := &Process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		// The kernel's "parent" is the thread that forked. The thread is kept
		// for as long as the child lives; Go would else be free to end it.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			p.err = cmd.Wait()
		}
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

// PID is the child's process number.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Done is closed when the child has ended; Err then says how.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err is what the child ended with, nil for exit status 0. Call it after Done.
func (p *Process) Err() error { return p.err }

// Stop asks the child to end with sig and kills its group when it has not
// within limit. A child that ended because of sig is a success.
func (p *Process) Stop(sig syscall.Signal, limit time.Duration) error {
	_ = p.cmd.Process.Signal(sig) // it may have ended already
	select {
	case <-p.done:
	case <-time.After(limit):
		_ = syscall.Kill(-p.PID(), syscall.SIGKILL)
		<-p.done
		return fmt.Errorf("%s did not stop within %s and was killed", p.cmd.Path, limit)
	}
	_ = syscall.Kill(-p.PID(), syscall.SIGKILL) // what it may have left in its group
	if errors.Is(p.err, exec.ErrWaitDelay) {
		return nil
	}
	var exit *exec.ExitError
	if errors.As(p.err, &exit) {
		if ws, ok := exit.Sys().(syscall.WaitStatus); ok && ws.Signaled() && ws.Signal() == sig {
			return nil
		}
	}
	return p.err
}
