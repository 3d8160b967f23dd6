package e2e

import (
	"net/http"
	"sync"
	"testing"

	"switchboard/test/faultproxy"
	"switchboard/test/rig"
)

func TestInboundWhenTheHostIsRestarted(t *testing.T) {
	t.Parallel()
	onFuncsim.runWithRestart(t, "inbound.txtar", atRequest(20))
}

func TestInboundWhenFuncIsRestarted(t *testing.T) {
	t.Parallel()
	onFunc(t).runWithRestart(t, "inbound.txtar", atRequest(20))
}

func TestCampaignWhenTheHostIsRestarted(t *testing.T) {
	t.Parallel()
	onFuncsim.runWithRestart(t, "campaign-faults.txtar", atRequest(60))
}

func TestCampaignWhenFuncIsRestarted(t *testing.T) {
	t.Parallel()
	onFunc(t).runWithRestart(t, "campaign-faults.txtar", atRequest(60))
}

// The queue returns a message ten minutes after its host has stopped; the sweep resumes
// the recording before that.
func TestFilingWhenTheHostIsRestarted(t *testing.T) {
	t.Parallel()
	onFuncsim.runWithRestart(t, "message.txtar", atBlock)
}

func TestFilingWhenFuncIsRestarted(t *testing.T) {
	t.Parallel()
	onFunc(t).runWithRestart(t, "message.txtar", atBlock)
}

// atRequest returns a condition that is true at the n-th request.
func atRequest(n int) func(int, *http.Request) bool {
	return func(seen int, _ *http.Request) bool { return seen == n }
}

// atBlock reports whether a request stages a block of a recording's file.
func atBlock(_ int, q *http.Request) bool {
	return q.Method == http.MethodPut && q.URL.Query().Get("comp") == "block"
}

// runWithRestart runs a scenario and restarts the host at the first request for which
// the condition is true.
func (h host) runWithRestart(t *testing.T, file string, condition func(seen int, q *http.Request) bool) {
	var mu sync.Mutex
	var started *rig.Rig // nil: the rig is starting
	seen, stopped := 0, false
	restarted := make(chan error, 1)
	hook := &faultproxy.Hook{At: func(_ int, side faultproxy.When, q *http.Request) bool {
		mu.Lock()
		if started == nil || stopped || side == faultproxy.WhenAfter || !counts(q.Method, q.URL.EscapedPath()) {
			mu.Unlock()
			return false
		}
		seen++
		stopped = condition(seen, q)
		now := stopped
		mu.Unlock()
		if !now {
			return false
		}
		started.Host.Stop()
		go func() { restarted <- started.Host.Start(t.Context()) }()
		return true
	}}
	r, log := h.start(t, retryingSim(), hook, shortTimeouts)
	mu.Lock()
	started = r
	mu.Unlock()
	runOnRig(t, r, log, file)
	select {
	case err := <-restarted:
		if err != nil {
			t.Error(err)
		}
	default:
		t.Error("the host was not stopped")
	}
}
