package e2e

import (
	"testing"

	"switchboard/test/acssim"
	"switchboard/test/faultproxy"
)

func TestInboundWhenTheBuiltProgramIsKilledUntilTheHostGivesUp(t *testing.T) {
	t.Parallel()
	onFuncsim.runUntilHostGivesUp(t)
}

func TestInboundUnderFuncWhenTheProgramIsKilled(t *testing.T) {
	t.Parallel()
	h := onFunc(t)
	requests := onFuncsim.countRequests(t, "inbound.txt", &acssim.Server{Strict: true})
	h.runWithCrashes(t, map[int]faultproxy.When{requests / 3: faultproxy.Before, 2 * requests / 3: faultproxy.After})
}

func TestInboundUnderFuncWhenTheProgramIsKilledUntilTheHostGivesUp(t *testing.T) {
	t.Parallel()
	onFunc(t).runUntilHostGivesUp(t)
}

// requests is how many requests that count a story takes.
func (h host) countRequests(t *testing.T, file string, sim *acssim.Server) int {
	t.Helper()
	k := newCrasher(nil)
	r, log := h.start(t, sim, &faultproxy.Hook{At: k.hook}, shortTimeouts)
	k.start(r)
	runOnRig(t, r, log, file)
	return k.requests()
}

// killed plays the story and kills the handler at the given requests.
func (h host) runWithCrashes(t *testing.T, at map[int]faultproxy.When) {
	k := newCrasher(at)
	r, log := h.start(t, retryingSim(), &faultproxy.Hook{At: k.hook}, shortTimeouts)
	k.start(r)
	runOnRig(t, r, log, "inbound.txt")
	k.mustHaveCrashed(t)
}

// killedThrice plays the story, kills the handler until the host gives up, and
// starts the host again.
func (h host) runUntilHostGivesUp(t *testing.T) {
	k := newCrasher(map[int]faultproxy.When{10: faultproxy.Before, 25: faultproxy.After, 50: faultproxy.Before})
	deaths := len(k.points)
	r, log := h.start(t, retryingSim(), &faultproxy.Hook{At: k.hook}, shortTimeouts)
	k.start(r)
	again := make(chan error, 1)
	go func() {
		for range deaths {
			select {
			case <-k.crashed:
			case <-t.Context().Done():
				again <- t.Context().Err()
				return
			}
		}
		select {
		case <-r.Host.Stopped():
			again <- r.Host.Start(t.Context())
		case <-t.Context().Done():
			again <- t.Context().Err()
		}
	}()
	runOnRig(t, r, log, "inbound.txt")
	k.mustHaveCrashed(t)
	select {
	case err := <-again:
		if err != nil {
			t.Error(err)
		}
	default:
		t.Error("the host did not give up")
	}
}
