package e2e

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"switchboard/test/faultproxy"
	"switchboard/test/funcsim"
	"switchboard/test/rig"
)

func TestInboundWhenTheLeaseOfTheSweepIsLost(t *testing.T) {
	t.Parallel()
	onFuncsim.runWithLostLease(t, "sweep", "inbound-faults.txtar")
}

func TestInboundUnderFuncWhenTheLeaseOfTheSweepIsLost(t *testing.T) {
	t.Parallel()
	onFunc(t).runWithLostLease(t, "sweep", "inbound-faults.txtar")
}

func TestCampaignWhenTheLeaseOfItsTimerIsLost(t *testing.T) {
	t.Parallel()
	onFuncsim.runWithLostLease(t, "outbound", "campaign-faults.txtar")
}

func TestCampaignUnderFuncWhenTheLeaseOfItsTimerIsLost(t *testing.T) {
	t.Parallel()
	onFunc(t).runWithLostLease(t, "outbound", "campaign-faults.txtar")
}

// runWithLostLease breaks the host's lease of a timer when a call of the scenario is connected. The
// host stops when it notices, and is started again.
func (h host) runWithLostLease(t *testing.T, timer, file string) {
	env := maps.Clone(shortTimeouts)
	env["FUNCTIONS_CORETOOLS_ENVIRONMENT"] = "true" // makes leases as short as under func
	first := &firstRequest{is: isOperation(":play", ":recognize"), act: func(r *rig.Rig) (drop bool) {
		blobs, err := funcsim.NewStorageBlobs(r.Azurite.ConnectionString())
		lock := fmt.Sprintf("locks/%s/Host.Functions.%s.Listener", r.Azurite.Name, timer) // the rig's host id
		for err == nil && blobs.Break(t.Context(), lock) != nil {                         // there may be no lease yet
			select {
			case <-time.After(50 * time.Millisecond):
			case <-t.Context().Done():
				err = t.Context().Err()
			}
		}
		if err != nil {
			t.Errorf("break the lease of %s: %v", timer, err)
		}
		return false
	}}
	r, log := h.start(t, retryingSim(), &faultproxy.Hook{At: first.hook}, env)
	restarted := keepRunning(t, r)
	first.begin(r)
	runOnRig(t, r, log, file)
	mustHaveRestarted(t, restarted)
}
