package local

import (
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
)

// PortTakenError says which port is in use and which setting changes it.
type PortTakenError struct {
	Port    int
	Setting string
}

func (e *PortTakenError) Error() string {
	return fmt.Sprintf("port %d is taken (set %s to another)", e.Port, e.Setting)
}

// CheckPort returns a *PortTakenError when nobody could listen on the port of
// host now.
func CheckPort(host string, port int, setting string) error {
	l, err := net.Listen("tcp", net.JoinHostPort(host, fmt.Sprint(port)))
	if err != nil {
		return &PortTakenError{Port: port, Setting: setting}
	}
	return l.Close()
}

// FreePort returns a loopback port that nobody uses. It is taken from below the
// range kernels give out by themselves (Linux from 32768, others higher): a port
// from there can be somebody's outgoing connection by the time it is used.
func FreePort() (int, error) {
	const from, to, attempts = 20000, 32000, 100
	var err error
	for range attempts {
		port := from + rand.IntN(to-from)
		if _, given := givenPorts.LoadOrStore(port, true); given {
			continue
		}
		if err = CheckPort("127.0.0.1", port, ""); err == nil {
			return port, nil
		}
	}
	return 0, fmt.Errorf("no free port between %d and %d: %w", from, to, err)
}

// givenPorts are those FreePort has returned in this process.
var givenPorts sync.Map
