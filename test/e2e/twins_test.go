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
const twelve = "crowd.txt"

// TestCampaignOnTwoMachines lets two machines dial one campaign.
func TestCampaignOnTwoMachines(t *testing.T) {
	m := playOnTwo(t, conditions{})
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
			playOnTwo(t, conditions{fate: storageFaults(seed+1, 0.1), repeats: 4})
		})
	}
}

func TestCampaignOnTwoMachinesWhenTheHandlersDie(t *testing.T) {
	for seed := range *seeds {
		t.Run(fmt.Sprintf("seed %d", seed+1), func(t *testing.T) {
			t.Parallel()
			dice := rand.New(rand.NewPCG(seed+1, 2))
			first, second := 1+dice.IntN(200), 201+dice.IntN(200)
			playOnTwo(t, conditions{fate: func(r request) fate {
				switch r.n {
				case first:
					return dieBefore
				case second:
					return dieAfter
				}
				return goesThrough
			}})
		})
	}
}

// playOnTwo plays the campaign on two machines, which share the callbacks, and on
// both of which the timer that dials runs at the same moments, as it does where a
// lease was lost.
func playOnTwo(t *testing.T, c conditions) (m *memory) {
	t.Helper()
	c.machines, c.settings = 2, map[string]string{"LINE_CALLS": "4", "CONFIRM_TIMEOUT": "1m"}
	story := read(t, twelve)
	if c.fate != nil {
		story = read(t, "crowd-whatever.txt")
	}
	synctest.Test(t, func(t *testing.T) {
		m = startMemory(t, &acssim.Server{Strict: true, Seed: 1, CallsPerNumber: 4}, c)
		defer m.close()
		ctx, cancel := context.WithCancel(t.Context())
		var timers sync.WaitGroup
		defer timers.Wait()
		defer cancel()
		for _, on := range m.machines {
			timers.Go(func() {
				for sleep(ctx, 5*time.Second) {
					_ = on.host.Invoke(ctx, "outbound", "") // the next one makes up for one that fails
				}
			})
		}
		played, err := story.Run(t.Context(), m.world)
		if err == nil {
			err = m.world.Verify(t.Context(), played)
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
