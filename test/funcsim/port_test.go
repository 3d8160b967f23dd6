package funcsim

import (
	"fmt"
	"net"
	"testing"
)

func TestFreePortDoesNotRepeatAPort(t *testing.T) {
	given := map[int]bool{}
	for range 200 {
		port, err := FreePort()
		if err != nil {
			t.Fatal(err)
		}
		if given[port] || port < firstPort || port >= firstPort+ports {
			t.Fatalf("port %d after %d others, want another one from %d on", port, len(given), firstPort)
		}
		given[port] = true
	}
}

func TestFreePortSkipsPortsInUse(t *testing.T) {
	l, taken := listenBehindFreePort(t)
	defer l.Close()
	if next, err := FreePort(); err != nil || next == taken {
		t.Errorf("port %d, %v, while there is a listener on it", next, err)
	}
}

// listenBehindFreePort listens on the port after the one that FreePort returned last. If another process has that port,
// it tries the next one.
func listenBehindFreePort(t *testing.T) (net.Listener, int) {
	t.Helper()
	for range 20 {
		port, err := FreePort()
		if err != nil {
			t.Fatal(err)
		}
		if l, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", port+1)); err == nil {
			return l, port + 1
		}
	}
	t.Fatal("other processes have the port after each free one")
	return nil, 0
}
