package e2e

import (
	"flag"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"switchboard/test/acssim"
	"switchboard/test/faultproxy"
)

// matrixStep sets how much of the crash matrix is run. All of it takes half an hour:
//
//	go test -v -timeout 2h ./test/e2e -run CrashMatrix -matrix 1
var matrixStep = flag.Int("matrix", 24, "the crash matrix crashes at every n-th request of each scenario")

// minReached is the least percentage of the crash points that must be reached. The
// number of requests differs between runs of a scenario, because it depends on the order of
// events for one call, and on how often a timer runs; but no run needs twice as many as
// another.
const minReached = 50

// matrixScenarios are the scenarios of the matrix, each with its simulator. Those with
// the longest recovery come first.
var matrixScenarios = []struct {
	file string
	sim  func() *acssim.Server
}{
	{"campaign-faults.txtar", func() *acssim.Server {
		sim := retryingSim()
		sim.Speed = 3 // reservations are released a minute after a crash, at any speed of the callees
		return sim
	}},
	{"message.txtar", func() *acssim.Server {
		sim := retryingSim()
		sim.ChunkLength, sim.FileDelay = 5*time.Second, time.Second // several files, to have more crash points
		return sim
	}},
	{"inbound.txtar", retryingSim},
}

// TestCrashMatrix kills the handler at each of its requests to storage or ACS in a
// scenario: once before the request is forwarded, and once before its answer is
// returned. Each run must pass the scenario and its verification.
func TestCrashMatrix(t *testing.T) {
	t.Parallel()
	m := &crashMatrix{step: max(*matrixStep, 1), free: make(chan struct{}, maxRigs)}
	began := time.Now()
	var scenarios errgroup.Group
	for i := range matrixScenarios {
		scenarios.Go(func() error {
			t.Run(matrixScenarios[i].file, func(t *testing.T) { m.scenario(t, i) })
			return nil
		})
	}
	_ = scenarios.Wait() // failures are reported by the subtests
	t.Logf("all scenarios: %d crash points, %d tried, %d reached, in %v",
		m.points.Load(), m.tried.Load(), m.reached.Load(), time.Since(began).Round(time.Second))
}

// crashMatrix is one run of the matrix.
type crashMatrix struct {
	step int
	free chan struct{} // holds one for each rig

	points  atomic.Int64 // crash points of all scenarios
	tried   atomic.Int64 // crash points for which there was a run
	reached atomic.Int64 // crash points at which the handler was killed
}

// scenario runs a scenario without faults, to count its requests, and then with a crash
// at every step-th request. Every scenario begins at another request.
func (m *crashMatrix) scenario(t *testing.T, i int) {
	file, sim := matrixScenarios[i].file, matrixScenarios[i].sim
	requests := onFuncsim.countRequests(t, file, sim())
	var tried, reached atomic.Int64
	var crashes errgroup.Group
	for n := 1 + i*m.step/len(matrixScenarios); n <= requests; n += m.step {
		for _, side := range []faultproxy.When{faultproxy.WhenBefore, faultproxy.WhenAfter} {
			m.free <- struct{}{}
			crashes.Go(func() error {
				defer func() { <-m.free }()
				t.Run(fmt.Sprintf("%s request %d", side, n), func(t *testing.T) {
					tried.Add(1)
					if onFuncsim.runWithCrash(t, file, sim(), n, side) {
						reached.Add(1)
					} else {
						t.Logf("the scenario ended before this request, which was one of %d", requests)
					}
				})
				return nil
			})
		}
	}
	_ = crashes.Wait()
	if reached.Load()*100 < tried.Load()*minReached {
		t.Errorf("%s reached %d of %d crash points, want at least %d %%", file, reached.Load(), tried.Load(), minReached)
	}
	t.Logf("%s: %d requests, %d crash points; %d tried, %d reached", file, requests, 2*requests, tried.Load(), reached.Load())
	m.points.Add(2 * int64(requests))
	m.tried.Add(tried.Load())
	m.reached.Add(reached.Load())
}

// runWithCrash runs a scenario and kills the handler at one request. It reports whether
// the scenario reached that request.
func (h host) runWithCrash(t *testing.T, file string, sim *acssim.Server, n int, side faultproxy.When) bool {
	c := newCrasher(map[int]faultproxy.When{n: side})
	r, log := h.start(t, sim, &faultproxy.Hook{At: c.hook}, shortTimeouts)
	keepRunning(t, r)
	c.start(r)
	runOnRig(t, r, log, file)
	crashes := c.crashes()
	for _, crash := range crashes {
		t.Logf("killed %s", crash)
	}
	return len(crashes) > 0
}
