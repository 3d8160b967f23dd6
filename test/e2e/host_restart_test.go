package e2e

import (
	"net/http"
	"testing"

	"switchboard/test/faultproxy"
	"switchboard/test/rig"
)

// The host stops before it asks the caller to press a key, for which the caller waits as long as it
// takes.
func TestInboundWhenTheHostIsRestarted(t *testing.T) {
	t.Parallel()
	onFuncsim.runWithRestart(t, "inbound.txtar", isOperation(":recognize"))
}

func TestInboundWhenFuncIsRestarted(t *testing.T) {
	t.Parallel()
	onFunc(t).runWithRestart(t, "inbound.txtar", isOperation(":recognize"))
}

func TestCampaignWhenTheHostIsRestarted(t *testing.T) {
	t.Parallel()
	onFuncsim.runWithRestart(t, "campaign-faults.txtar", isOperation(":recognize"))
}

func TestCampaignWhenFuncIsRestarted(t *testing.T) {
	t.Parallel()
	onFunc(t).runWithRestart(t, "campaign-faults.txtar", isOperation(":recognize"))
}

// The queue returns a message ten minutes after its host has stopped; the sweep resumes
// the recording before that.
func TestFilingWhenTheHostIsRestarted(t *testing.T) {
	t.Parallel()
	onFuncsim.runWithRestart(t, "message.txtar", isBlock)
}

func TestFilingWhenFuncIsRestarted(t *testing.T) {
	t.Parallel()
	onFunc(t).runWithRestart(t, "message.txtar", isBlock)
}

// runWithRestart runs a scenario and restarts the host at the first request for which the
// condition is true.
func (h host) runWithRestart(t *testing.T, file string, condition func(*http.Request) bool) {
	first := &firstRequest{is: condition, act: func(r *rig.Rig) (drop bool) {
		r.Host.Stop()
		return true
	}}
	r, log := h.start(t, retryingSim(), &faultproxy.Hook{At: first.hook}, shortTimeouts)
	restarted := keepRunning(t, r)
	first.begin(r)
	runOnRig(t, r, log, file)
	mustHaveRestarted(t, restarted)
}
