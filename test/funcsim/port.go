package funcsim

import (
	"fmt"
	"math/rand/v2"
	"net"
	"sync/atomic"
)

// Ports for processes that are told where to listen lie below those that systems
// give to outgoing connections and to whoever asks for any port: one of those may be
// taken again before the process has it.
const firstPort, ports = 12_000, 20_000

// portsTried counts on from a place of chance, so that nobody in this process gets a
// port that somebody else has just been given, and other processes seldom do.
var portsTried = func() *atomic.Uint32 {
	var n atomic.Uint32
	n.Store(rand.Uint32N(ports))
	return &n
}()

// FreePort returns a port of the loopback that nobody listens on, for a process that
// will. It may be called concurrently.
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
