package e2e

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"switchboard/test/funcsim"
)

func TestInboundWhenTheLeaseOfTheSweepIsLost(t *testing.T) {
	t.Parallel()
	onFuncsim.runWithLostLease(t, "sweep", "inbound.txtar")
}

func TestInboundUnderFuncWhenTheLeaseOfTheSweepIsLost(t *testing.T) {
	t.Parallel()
	onFunc(t).runWithLostLease(t, "sweep", "inbound.txtar")
}

func TestCampaignWhenTheLeaseOfItsTimerIsLost(t *testing.T) {
	t.Parallel()
	onFuncsim.runWithLostLease(t, "outbound", "campaign-faults.txtar")
}

func TestCampaignUnderFuncWhenTheLeaseOfItsTimerIsLost(t *testing.T) {
	t.Parallel()
	onFunc(t).runWithLostLease(t, "outbound", "campaign-faults.txtar")
}

// runWithLostLease breaks the host's lease of a timer while the scenario runs. The host
// stops when it notices, and is started again.
func (h host) runWithLostLease(t *testing.T, timer, file string) {
	env := maps.Clone(shortTimeouts)
	env["FUNCTIONS_CORETOOLS_ENVIRONMENT"] = "true" // makes leases as short as under func
	r, log := h.start(t, retryingSim(), nil, env)
	blobs, err := funcsim.NewStorageBlobs(r.Azurite.ConnectionString())
	if err != nil {
		t.Fatal(err)
	}
	lock := fmt.Sprintf("locks/%s/Host.Functions.%s.Listener", r.Azurite.Name, timer) // the rig's host id
	for blobs.Break(t.Context(), lock) != nil {                                       // there may be none yet
		select {
		case <-time.After(50 * time.Millisecond):
		case <-t.Context().Done():
			t.Fatalf("%s has no lease", timer)
		}
	}
	restarted := make(chan error, 1)
	go func() {
		select {
		case <-r.Host.Stopped():
			restarted <- r.Host.Start(t.Context())
		case <-t.Context().Done():
			restarted <- t.Context().Err()
		}
	}()
	runOnRig(t, r, log, file)
	if err := <-restarted; err != nil {
		t.Error(err)
	}
}
