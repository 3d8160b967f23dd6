package e2e

import (
	"net/http"
	"sync"
	"testing"

	"switchboard/test/faultproxy"
	"switchboard/test/rig"
)

func TestInboundWhenTheHostIsStoppedAndStartedAgain(t *testing.T) {
	t.Parallel()
	onFuncsim.runWithRestart(t, "inbound.txt", atRequest(20))
}

func TestInboundWhenFuncIsStoppedAndStartedAgain(t *testing.T) {
	t.Parallel()
	onFunc(t).runWithRestart(t, "inbound.txt", atRequest(20))
}

func TestCampaignWhenTheHostIsStoppedAndStartedAgain(t *testing.T) {
	t.Parallel()
	onFuncsim.runWithRestart(t, "campaign-faults.txt", atRequest(60))
}

func TestCampaignWhenFuncIsStoppedAndStartedAgain(t *testing.T) {
	t.Parallel()
	onFunc(t).runWithRestart(t, "campaign-faults.txt", atRequest(60))
}

// The queue gives a message back that a host has died with after ten minutes only;
// the sweep goes on with the recording before.
func TestFilingWhenTheHostIsStoppedAndStartedAgain(t *testing.T) {
	t.Parallel()
	onFuncsim.runWithRestart(t, "message.txt", atBlock)
}

func TestFilingWhenFuncIsStoppedAndStartedAgain(t *testing.T) {
	t.Parallel()
	onFunc(t).runWithRestart(t, "message.txt", atBlock)
}

// afterRequests is the moment of the n-th request.
func atRequest(n int) func(int, *http.Request) bool {
	return func(seen int, _ *http.Request) bool { return seen == n }
}

// aBlock is the moment at which a piece of a recording is filed.
func atBlock(_ int, q *http.Request) bool {
	return q.Method == http.MethodPut && q.URL.Query().Get("comp") == "block"
}

// stopped plays a story, and at the first request of a kind the host goes and comes
// back.
func (h host) runWithRestart(t *testing.T, file string, moment func(seen int, q *http.Request) bool) {
	var mu sync.Mutex
	var on *rig.Rig
	seen, stopped := 0, false
	again := make(chan error, 1)
	hook := &faultproxy.Hook{At: func(_ int, side faultproxy.When, q *http.Request) bool {
		mu.Lock()
		if on == nil || stopped || side == faultproxy.After || !counts(q.Method, q.URL.EscapedPath()) {
			mu.Unlock()
			return false
		}
		seen++
		stopped = moment(seen, q)
		now := stopped
		mu.Unlock()
		if !now {
			return false
		}
		on.Host.Stop()
		go func() { again <- on.Host.Start(t.Context()) }()
		return true
	}}
	r, log := h.start(t, retryingSim(), hook, shortTimeouts)
	mu.Lock()
	on = r
	mu.Unlock()
	runOnRig(t, r, log, file)
	select {
	case err := <-again:
		if err != nil {
			t.Error(err)
		}
	default:
		t.Error("the host was not stopped")
	}
}
