package local

import (
	"fmt"
	"net"
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

// FreePort returns a loopback port that nobody uses and that the kernel will
// not hand out again for a minute: the connection closed from the listening
// side stays in TIME_WAIT, which keeps the port out of the automatic choice but
// not from an explicit listen.
func FreePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		return 0, err
	}
	defer client.Close()
	server, err := l.Accept()
	if err != nil {
		return 0, err
	}
	if err := server.Close(); err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, nil
}
