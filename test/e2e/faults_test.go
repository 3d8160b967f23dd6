package e2e

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"switchboard/test/acssim"
)

// seeds can be raised for a longer search. A failure names its seed in the test's name,
// so that -run repeats it.
var seeds = flag.Uint64("seeds", 20, "number of seeds of each test with random faults")

// highFaultRates are higher than those of the service.
var highFaultRates = acssim.Faults{
	Duplicate: 0.15, Swap: 0.15, Delay: 0.15, Early: 0.15,
	Throttle: 0.05, LoseAnswer: 0.05, ServerError: 0.05,
}

func TestInboundWithRandomFaultsOfACS(t *testing.T) {
	for seed := range *seeds {
		t.Run(fmt.Sprintf("seed %d", seed+1), func(t *testing.T) {
			t.Parallel()
			runInProcess(t, readScenario(t, "inbound.txtar"), &acssim.Server{Seed: seed + 1, Faults: &highFaultRates}, options{})
		})
	}
}

func TestInboundWithRandomFaultsOfStorage(t *testing.T) {
	for seed := range *seeds {
		t.Run(fmt.Sprintf("seed %d", seed+1), func(t *testing.T) {
			t.Parallel()
			runInProcess(t, readScenario(t, "inbound.txtar"), &acssim.Server{Strict: true, Seed: seed + 1},
				options{fault: storageFaults(seed+1, 0.2), retries: 4})
		})
	}
}

// TestInboundWithRandomFaultsAndTwoCrashes has faults of ACS and of storage, and the
// handler crashes twice. ACS returns no server errors: after a crash and then a server
// error the handler is right to give up an agent.
func TestInboundWithRandomFaultsAndTwoCrashes(t *testing.T) {
	faults := highFaultRates
	faults.ServerError = 0
	for seed := range *seeds {
		t.Run(fmt.Sprintf("seed %d", seed+1), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(seed+1, 1))
			first, second := 1+rng.IntN(60), 61+rng.IntN(60)
			storage := storageFaults(seed+1, 0.1)
			runInProcess(t, readScenario(t, "inbound.txtar"), &acssim.Server{Seed: seed + 1, Faults: &faults, CallbackAttempts: 8},
				options{retries: 4, fault: func(r request) fault {
					switch r.n {
					case first:
						return faultCrashBefore
					case second:
						return faultCrashAfter
					}
					return storage(r)
				}})
		})
	}
}

// storageFaults makes requests to storage fail at the given rate, half of them after
// they were performed.
func storageFaults(seed uint64, rate float64) func(request) fault {
	var mu sync.Mutex
	rng := rand.New(rand.NewPCG(seed, 0))
	return func(r request) fault {
		mu.Lock()
		defer mu.Unlock()
		switch fails, applied := rng.Float64() < rate, rng.IntN(2) == 0; {
		case r.to == toACS || !fails:
			return faultNone
		case applied:
			return faultFailAfter
		default:
			return faultFailBefore
		}
	}
}
