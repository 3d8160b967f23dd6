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
	c.start(r)
	runOnRig(t, r, log, "inbound.txtar")
	c.mustHaveCrashed(t)
}

// runUntilHostGivesUp runs inbound.txtar, kills the handler three times, and starts the host
// again when it has stopped. It stops at the third failure; on a busy machine a start of the
// handler that takes too long may be one of the three.
func (h host) runUntilHostGivesUp(t *testing.T) {
	c := newCrasher(map[int]faultproxy.When{10: faultproxy.WhenBefore, 25: faultproxy.WhenAfter, 50: faultproxy.WhenBefore})
	r, log := h.start(t, retryingSim(), &faultproxy.Hook{At: c.hook}, shortTimeouts)
	c.start(r)
	restarted := make(chan error, 1)
	go func() {
		select {
		case <-r.Host.Stopped():
			restarted <- r.Host.Start(t.Context())
		case <-t.Context().Done():
			restarted <- t.Context().Err()
		}
	}()
	runOnRig(t, r, log, "inbound.txtar")
	c.mustHaveCrashed(t)
	select {
	case err := <-restarted:
		if err != nil {
			t.Error(err)
		}
	default:
		t.Error("the host did not give up")
	}
}
