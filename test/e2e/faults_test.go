package e2e

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"switchboard/test/acssim"
)

// seeds can be raised for a long hunt; a day that went wrong is named in the
// failure and comes back with -run.
var seeds = flag.Uint64("seeds", 20, "how many bad days each test of bad days has")

// badDay is a service that misbehaves more than it does on an ordinary bad day.
var highFaultRates = acssim.Faults{
	Duplicate: 0.15, Swap: 0.15, Delay: 0.15, Early: 0.15,
	Throttle: 0.05, LoseAnswer: 0.05, ServerError: 0.05,
}

func TestInboundWhenACSHasABadDay(t *testing.T) {
	for seed := range *seeds {
		t.Run(fmt.Sprintf("seed %d", seed+1), func(t *testing.T) {
			t.Parallel()
			runInProcess(t, readScenario(t, "inbound.txt"), &acssim.Server{Seed: seed + 1, Faults: &highFaultRates}, options{})
		})
	}
}

func TestInboundWhenStorageHasABadDay(t *testing.T) {
	for seed := range *seeds {
		t.Run(fmt.Sprintf("seed %d", seed+1), func(t *testing.T) {
			t.Parallel()
			runInProcess(t, readScenario(t, "inbound.txt"), &acssim.Server{Strict: true, Seed: seed + 1},
				options{fault: storageFaults(seed+1, 0.2), retries: 4})
		})
	}
}

// TestInboundWhenEverythingHasABadDay is both, and the handler dies twice. There
// are no errors of the service here: an agent who was called in vain by a handler
// that died, and then by one whom the service fails, is rightly given up.
func TestInboundWhenEverythingHasABadDay(t *testing.T) {
	faults := highFaultRates
	faults.ServerError = 0
	for seed := range *seeds {
		t.Run(fmt.Sprintf("seed %d", seed+1), func(t *testing.T) {
			t.Parallel()
			dice := rand.New(rand.NewPCG(seed+1, 1))
			first, second := 1+dice.IntN(60), 61+dice.IntN(60)
			storage := storageFaults(seed+1, 0.1)
			runInProcess(t, readScenario(t, "inbound.txt"), &acssim.Server{Seed: seed + 1, Faults: &faults, CallbackAttempts: 8},
				options{retries: 4, fault: func(r request) fault {
					switch r.n {
					case first:
						return crashBefore
					case second:
						return crashAfter
					}
					return storage(r)
				}})
		})
	}
}

// storageFaults lets tries of requests to storage fail at a rate, half of them
// after they were applied.
func storageFaults(seed uint64, rate float64) func(request) fault {
	var mu sync.Mutex
	dice := rand.New(rand.NewPCG(seed, 0))
	return func(r request) fault {
		mu.Lock()
		defer mu.Unlock()
		switch fails, applied := dice.Float64() < rate, dice.IntN(2) == 0; {
		case r.to == toACS || !fails:
			return noFault
		case applied:
			return failAfter
		default:
			return failBefore
		}
	}
}
