package funcsim

import (
	"fmt"
	"math/rand/v2"
	"net"
	"sync/atomic"
)

// The ports that FreePort returns lie below the ephemeral ports, which the system
// gives to outgoing connections and to listeners on port 0. An ephemeral port might
// be in use again before the process listens on it.
const firstPort, ports = 12_000, 20_000

// portsTried counts from a random start. So no two calls in this process return the
// same port soon after each other, and calls in other processes seldom do.
var portsTried = func() *atomic.Uint32 {
	var n atomic.Uint32
	n.Store(rand.Uint32N(ports))
	return &n
}()

// FreePort returns a port of the loopback without a listener, for a process that will
// listen on it. It may be called concurrently.
func FreePort() (port int, err error) {
	for range 100 {
		port = firstPort + int(portsTried.Add(1)%ports)
		l, failed := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", port))
		if failed == nil {
			return port, l.Close()
		}
		err = failed
	}
	return 0, fmt.Errorf("find a free port: %w", err)
}
