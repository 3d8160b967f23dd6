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

// matrixStep says how much of the crash matrix is played. All of it takes half an
// hour:
//
//	go test -v -timeout 2h ./test/e2e -run CrashMatrix -matrix 1
var matrixStep = flag.Int("matrix", 24, "every so manieth request of each story in the crash matrix is one to die at; 1: every one")

// sideBySide is how many rigs the matrix has at once. They wait more than they work.
const maxRigs = 24

// One run of a story may be shorter than another: an event that comes a little later
// finds its call's turn taken, or does not, and on a busy machine a timer comes by once
// more. Of the moments that are tried, so many in a hundred must be reached.
const mustReach = 75

// matrixStories are the stories of the matrix, those first whose crashes take the
// longest to be made good, each with the simulator that it is played on.
var matrixScenarios = []struct {
	file string
	sim  func() *acssim.Server
}{
	{"campaign-faults.txt", func() *acssim.Server {
		sim := retryingSim()
		sim.Speed = 3 // what a crash leaves behind is given back after a minute, however fast people are
		return sim
	}},
	{"message.txt", func() *acssim.Server {
		sim := retryingSim()
		sim.ChunkLength, sim.FileDelay = 5*time.Second, time.Second // several files: their filing has many moments
		return sim
	}},
	{"inbound.txt", retryingSim},
}

// TestCrashMatrix lets each request of the handler in a story, to storage or to ACS,
// be the last one before the handler is killed: once before it is forwarded, once
// before its answer returns. What must hold after every story holds each time.
func TestCrashMatrix(t *testing.T) {
	t.Parallel()
	m := &crashMatrix{step: max(*matrixStep, 1), free: make(chan struct{}, maxRigs)}
	began := time.Now()
	var stories errgroup.Group
	for i := range matrixScenarios {
		stories.Go(func() error {
			t.Run(matrixScenarios[i].file, func(t *testing.T) { m.scenario(t, i) })
			return nil
		})
	}
	_ = stories.Wait() // the tests say it themselves
	t.Logf("all stories: %d moments, %d tried, %d reached, in %v",
		m.moments.Load(), m.tried.Load(), m.reached.Load(), time.Since(began).Round(time.Second))
}

// crashMatrix is one run of the matrix, or of the part of it that is played.
type crashMatrix struct {
	step int
	free chan struct{} // holds one for each rig

	// There are so many moments; so many were to be died at; the story came to so many.
	moments, tried, reached atomic.Int64
}

// story plays a story undisturbed, which tells how many moments it has, and then
// with a crash at each of them. Every story begins at another request.
func (m *crashMatrix) scenario(t *testing.T, i int) {
	file, sim := matrixScenarios[i].file, matrixScenarios[i].sim
	requests := onFuncsim.countRequests(t, file, sim())
	var tried, reached atomic.Int64
	var crashes errgroup.Group
	for n := 1 + i*m.step/len(matrixScenarios); n <= requests; n += m.step {
		for _, side := range []faultproxy.When{faultproxy.Before, faultproxy.After} {
			m.free <- struct{}{}
			crashes.Go(func() error {
				defer func() { <-m.free }()
				t.Run(fmt.Sprintf("%s request %d", side, n), func(t *testing.T) {
					tried.Add(1)
					if onFuncsim.runWithCrash(t, file, sim(), n, side) {
						reached.Add(1)
					} else {
						t.Logf("the story ended before this request, which was one of %d", requests)
					}
				})
				return nil
			})
		}
	}
	_ = crashes.Wait()
	if reached.Load()*100 < tried.Load()*mustReach {
		t.Errorf("%s came to %d of %d moments only", file, reached.Load(), tried.Load())
	}
	t.Logf("%s: %d requests, %d moments; %d tried, %d reached", file, requests, 2*requests, tried.Load(), reached.Load())
	m.moments.Add(2 * int64(requests))
	m.tried.Add(tried.Load())
	m.reached.Add(reached.Load())
}

// crashed plays a story and kills the handler at one request, and reports whether
// the story came to it.
func (h host) runWithCrash(t *testing.T, file string, sim *acssim.Server, n int, side faultproxy.When) bool {
	k := newCrasher(map[int]faultproxy.When{n: side})
	r, log := h.start(t, sim, &faultproxy.Hook{At: k.hook}, shortTimeouts)
	k.start(r)
	runOnRig(t, r, log, file)
	deaths := k.crashes()
	for _, death := range deaths {
		t.Logf("killed %s", death)
	}
	return len(deaths) > 0
}
