package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"switchboard/test/acssim"
)

// twelve is the story of a campaign that is larger than its line.
const crowdScenario = "crowd.txt"

// TestCampaignOnTwoMachines lets two machines dial one campaign.
func TestCampaignOnTwoMachines(t *testing.T) {
	m := runOnTwoInstances(t, options{})
	var dialled [2]int
	for _, r := range m.requests {
		if r.to == toACS && r.what == "POST /calling/callConnections" {
			dialled[r.from]++
		}
	}
	if dialled[0] == 0 || dialled[1] == 0 || dialled[0]+dialled[1] != 12 {
		t.Errorf("the machines have dialled %d numbers: want 12 in all, and some by each", dialled)
	}
}

func TestCampaignOnTwoMachinesWhenStorageHasABadDay(t *testing.T) {
	for seed := range *seeds {
		t.Run(fmt.Sprintf("seed %d", seed+1), func(t *testing.T) {
			t.Parallel()
			runOnTwoInstances(t, options{fault: storageFaults(seed+1, 0.1), retries: 4})
		})
	}
}

func TestCampaignOnTwoMachinesWhenTheHandlersDie(t *testing.T) {
	for seed := range *seeds {
		t.Run(fmt.Sprintf("seed %d", seed+1), func(t *testing.T) {
			t.Parallel()
			dice := rand.New(rand.NewPCG(seed+1, 2))
			first, second := 1+dice.IntN(200), 201+dice.IntN(200)
			runOnTwoInstances(t, options{fault: func(r request) fault {
				switch r.n {
				case first:
					return crashBefore
				case second:
					return crashAfter
				}
				return noFault
			}})
		})
	}
}

// playOnTwo plays the campaign on two machines, which share the callbacks, and on
// both of which the timer that dials runs at the same moments, as it does where a
// lease was lost.
func runOnTwoInstances(t *testing.T, c options) (m *inProcess) {
	t.Helper()
	c.instanceCount, c.settings = 2, map[string]string{"LINE_CALLS": "4", "CONFIRM_TIMEOUT": "1m"}
	story := readScenario(t, crowdScenario)
	if c.fault != nil {
		story = readScenario(t, "crowd-faults.txt")
	}
	synctest.Test(t, func(t *testing.T) {
		m = startInProcess(t, &acssim.Server{Strict: true, Seed: 1, CallsPerNumber: 4}, c)
		defer m.close()
		ctx, cancel := context.WithCancel(t.Context())
		var timers sync.WaitGroup
		defer timers.Wait()
		defer cancel()
		for _, on := range m.instances {
			timers.Go(func() {
				for sleep(ctx, 5*time.Second) {
					_ = on.host.Invoke(ctx, "outbound", "") // the next one makes up for one that fails
				}
			})
		}
		played, err := story.Run(t.Context(), m.env)
		if err == nil {
			err = m.env.Verify(t.Context(), played)
		}
		if err != nil {
			t.Errorf("%v\n\n%s", err, &m.log)
		}
	})
	return m
}

// sleep reports false if ctx was done before d had passed.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}
