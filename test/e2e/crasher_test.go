package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"

	"switchboard/test/acssim"
	"switchboard/test/faultproxy"
	"switchboard/test/rig"
)

// crasher kills the handler of a rig at some of its requests. It numbers the requests
// that count, beginning when the scenario does.
type crasher struct {
	points map[int]faultproxy.When // by the request's number, from 1

	mu        sync.Mutex
	rig       *rig.Rig // nil before the scenario begins
	seen      int
	numbers   map[*http.Request]int
	crashedAt []string
}

func newCrasher(at map[int]faultproxy.When) *crasher {
	return &crasher{points: at, numbers: map[*http.Request]int{}}
}

// start begins to number requests.
func (c *crasher) start(r *rig.Rig) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rig = r
}

// hook kills the handler if it is to crash at this request. It is a faultproxy.Hook.At.
func (c *crasher) hook(_ int, side faultproxy.When, r *http.Request) (drop bool) {
	rig := c.shouldCrash(side, r)
	if rig == nil {
		return false
	}
	rig.Host.Kill()
	return true
}

// shouldCrash returns the rig if its handler is to crash now, else nil.
func (c *crasher) shouldCrash(side faultproxy.When, r *http.Request) *rig.Rig {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rig == nil || !counts(r.Method, r.URL.EscapedPath()) {
		return nil
	}
	if side == faultproxy.WhenBefore {
		c.seen++
		c.numbers[r] = c.seen
	}
	n := c.numbers[r]
	if side == faultproxy.WhenAfter {
		delete(c.numbers, r)
	}
	when, ok := c.points[n]
	if !ok || when != side {
		return nil
	}
	delete(c.points, n)
	c.crashedAt = append(c.crashedAt, fmt.Sprintf("%s request %d, %s %s", side, n, r.Method, r.URL.Path))
	return c.rig
}

// requests returns the number of requests that have counted so far.
func (c *crasher) requests() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.seen
}

// crashes returns the requests at which the handler was killed.
func (c *crasher) crashes() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Sorted(slices.Values(c.crashedAt))
}

// mustHaveCrashed fails the test if the scenario ended before the last crash.
func (c *crasher) mustHaveCrashed(t *testing.T) {
	t.Helper()
	for _, crash := range c.crashes() {
		t.Logf("killed %s", crash)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.points) > 0 {
		t.Errorf("%d crashes were not reached, want all %d", len(c.points), len(c.points)+len(c.crashedAt))
	}
}

// retryingSim returns a simulator that tries each callback for minutes, because a host
// may take that long to start. How often the service tries is not published.
func retryingSim() *acssim.Server { return &acssim.Server{Strict: true, CallbackAttempts: 8} }
