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
			t.Fatalf("port %d after %d others", port, len(given))
		}
		given[port] = true
	}
}

func TestFreePortSkipsPortsInUse(t *testing.T) {
	port, err := FreePort()
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", port+1))
	if err != nil {
		t.Skip(err) // another process listens on it
	}
	defer l.Close()
	if next, err := FreePort(); err != nil || next == port+1 {
		t.Errorf("port %d, %v, while there is a listener on it", next, err)
	}
}
