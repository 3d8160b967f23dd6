package e2e

import (
	"testing"

	"switchboard/test/acssim"
	"switchboard/test/faultproxy"
)

func TestInboundWhenTheBuiltHandlerIsKilledUntilTheHostGivesUp(t *testing.T) {
	t.Parallel()
	onFuncsim.runUntilHostGivesUp(t)
}

func TestInboundUnderFuncWhenTheHandlerIsKilled(t *testing.T) {
	t.Parallel()
	h := onFunc(t)
	requests := onFuncsim.countRequests(t, "inbound.txtar", &acssim.Server{Strict: true})
	h.runWithCrashes(t, map[int]faultproxy.When{requests / 3: faultproxy.WhenBefore, 2 * requests / 3: faultproxy.WhenAfter})
}

func TestInboundUnderFuncWhenTheHandlerIsKilledUntilTheHostGivesUp(t *testing.T) {
	t.Parallel()
	onFunc(t).runUntilHostGivesUp(t)
}

// countRequests runs a scenario and returns the number of its requests that count.
func (h host) countRequests(t *testing.T, file string, sim *acssim.Server) int {
	t.Helper()
	c := newCrasher(nil)
	r, log := h.start(t, sim, &faultproxy.Hook{At: c.hook}, shortTimeouts)
	c.start(r)
	runOnRig(t, r, log, file)
	return c.requests()
}

// runWithCrashes runs inbound.txtar and kills the handler at the given requests.
func (h host) runWithCrashes(t *testing.T, at map[int]faultproxy.When) {
	c := newCrasher(at)
	r, log := h.start(t, retryingSim(), &faultproxy.Hook{At: c.hook}, shortTimeouts)
	keepRunning(t, r)
	c.start(r)
	runOnRig(t, r, log, "inbound.txtar")
	c.mustHaveCrashed(t)
}

// runUntilHostGivesUp runs inbound-faults.txtar and kills the handler three times. The third failure
// stops the host, which is started again.
func (h host) runUntilHostGivesUp(t *testing.T) {
	c := newCrasher(map[int]faultproxy.When{10: faultproxy.WhenBefore, 25: faultproxy.WhenAfter, 50: faultproxy.WhenBefore})
	r, log := h.start(t, retryingSim(), &faultproxy.Hook{At: c.hook}, shortTimeouts)
	restarted := keepRunning(t, r)
	c.start(r)
	runOnRig(t, r, log, "inbound-faults.txtar")
	c.mustHaveCrashed(t)
	mustHaveRestarted(t, restarted)
}
