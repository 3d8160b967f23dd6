package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"switchboard/handler/store"
	"switchboard/test/acssim"
)

// crowdScenario has a campaign with more contacts than its line may hold calls.
const crowdScenario = "crowd.txtar"

// TestCampaignOnTwoInstances checks that each contact of a campaign is dialled once, although
// both instances look for contacts at the same time.
func TestCampaignOnTwoInstances(t *testing.T) {
	app := runOnTwoInstances(t, options{})
	var rounds [2]int
	dialled := 0
	for _, r := range app.requests {
		switch {
		case r.what == "list "+store.TableCampaigns:
			rounds[r.from]++
		case r.to == toACS && r.what == "POST /calling/callConnections":
			dialled++
		}
	}
	if rounds[0] == 0 || rounds[1] == 0 || dialled != 12 {
		t.Errorf("%d and %d rounds, %d numbers dialled, want rounds of both and 12 numbers", rounds[0], rounds[1], dialled)
	}
}

func TestCampaignOnTwoInstancesWithRandomFaultsOfStorage(t *testing.T) {
	for seed := range *seeds {
		t.Run(fmt.Sprintf("seed %d", seed+1), func(t *testing.T) {
			t.Parallel()
			runOnTwoInstances(t, options{fault: storageFaults(seed+1, 0.1), retries: 4})
		})
	}
}

func TestCampaignOnTwoInstancesWithTwoCrashes(t *testing.T) {
	for seed := range *seeds {
		t.Run(fmt.Sprintf("seed %d", seed+1), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(seed+1, 2))
			first, second := 1+rng.IntN(200), 201+rng.IntN(200)
			runOnTwoInstances(t, options{fault: func(r request) fault {
				switch r.n {
				case first:
					return faultCrashBefore
				case second:
					return faultCrashAfter
				}
				return faultNone
			}})
		})
	}
}

// runOnTwoInstances runs the campaign on two instances. Callbacks go to both in turn, and
// the timer that dials runs on both at the same time, as after a lost lease.
func runOnTwoInstances(t *testing.T, o options) (app *inProcess) {
	t.Helper()
	o.instanceCount, o.settings = 2, map[string]string{"LINE_CALLS": "4", "CONFIRM_TIMEOUT": "1m"}
	s := readScenario(t, crowdScenario)
	if o.fault != nil {
		s = readScenario(t, "crowd-faults.txtar")
	}
	synctest.Test(t, func(t *testing.T) {
		app = startInProcess(t, &acssim.Server{Strict: true, Seed: 1, CallsPerNumber: 4}, o)
		defer app.close()
		ctx, cancel := context.WithCancel(t.Context())
		var timers sync.WaitGroup
		defer timers.Wait()
		defer cancel()
		for _, in := range app.instances {
			timers.Go(func() {
				for sleep(ctx, 5*time.Second) {
					_ = in.host.Invoke(ctx, "outbound", "") // the next run does the work of one that fails
				}
			})
		}
		app.run(t, s)
	})
	return app
}

// sleep waits for d, and reports false if ctx was done before.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}
