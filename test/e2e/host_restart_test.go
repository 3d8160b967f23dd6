package e2e

import (
	"net/http"
	"slices"
	"strings"
	"sync"
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

// isOperation returns a condition that is true for requests to ACS for one of these
// operations.
func isOperation(names ...string) func(*http.Request) bool {
	return func(q *http.Request) bool {
		return slices.ContainsFunc(names, func(name string) bool { return strings.HasSuffix(q.URL.Path, name) })
	}
}

// isBlock reports whether a request stages a block of a recording's file.
func isBlock(q *http.Request) bool {
	return q.Method == http.MethodPut && q.URL.Query().Get("comp") == "block"
}

// firstRequest acts at the first of the handler's requests for which a condition is true.
type firstRequest struct {
	is  func(*http.Request) bool
	act func(*rig.Rig) (drop bool) // before the request is forwarded

	mu  sync.Mutex
	rig *rig.Rig // nil: it is starting, or act was called
}

// begin is called when the rig runs.
func (f *firstRequest) begin(r *rig.Rig) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rig = r
}

// hook calls act if it is the first such request. It is a faultproxy.Hook.At.
func (f *firstRequest) hook(_ int, side faultproxy.When, q *http.Request) (drop bool) {
	f.mu.Lock()
	r := f.rig
	if r == nil || side == faultproxy.WhenAfter || !counts(q.Method, q.URL.EscapedPath()) || !f.is(q) {
		f.mu.Unlock()
		return false
	}
	f.rig = nil
	f.mu.Unlock()
	return f.act(r)
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
