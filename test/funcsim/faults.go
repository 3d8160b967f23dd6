package funcsim

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"sync"
	"time"
)

// Faults are the rates, from 0 to 1, of faults that are rare on a real host. Each
// decision is drawn from the seed and from its subject, so a seed repeats a run.
// With Faults the handler also gets GET / now and then, as from the platform's
// scale monitor.
type Faults struct {
	// Seed is the seed; 0 means a random one. The log's first line names it.
	Seed uint64

	Kill      float64 // rate of invocations and requests during which the handler is killed
	Delay     float64 // rate of invocations and requests that are up to 2 s late, after later ones
	Duplicate float64 // rate of Event Grid deliveries that are handled once more, within 3 s
	Swap      float64 // rate of Event Grid deliveries that are handled after the next one
	LoseLease float64 // rate of timer runs during which the listener's lease is lost

	// Kills is the limit of kills after a start of the host. Default: 2, because
	// the third crash stops the host.
	Kills int
}

// faultsSetting sets Faults where the fields of the Host cannot be set.
const faultsSetting = "FUNCSIM_FAULTS"

const (
	maxDelay        = 2 * time.Second
	maxDuplicateLag = 3 * time.Second
	// swapWait is how long a delivery waits for the next one.
	swapWait = 500 * time.Millisecond
	// maxKillDelay is the longest time from a request to the kill of its handler.
	maxKillDelay = 50 * time.Millisecond
	// maxPingPause is the longest time between two requests for /.
	maxPingPause = 10 * time.Second
)

// rng draws the faults. A nil rng draws none.
type rng struct {
	faults Faults
	seed   uint64

	mu     sync.Mutex
	drawn  map[string]int // number of draws by subject
	kills  int            // number of kills that remain
	passed chan struct{}  // closed and replaced when a delivery was handled
}

func newRNG(f *Faults) (*rng, error) {
	if f == nil {
		return nil, nil
	}
	for _, rate := range []float64{f.Kill, f.Delay, f.Duplicate, f.Swap, f.LoseLease} {
		if !(rate >= 0 && rate <= 1) {
			return nil, fmt.Errorf("a rate of %v is not between 0 and 1", rate)
		}
	}
	g := &rng{faults: *f, seed: f.Seed, drawn: map[string]int{}, kills: f.Kills, passed: make(chan struct{})}
	if g.seed == 0 {
		g.seed = rand.Uint64()
	}
	if g.kills == 0 {
		g.kills = maxFailures - 1
	}
	return g, nil
}

// draw returns the random source of the next decision about a subject.
func (g *rng) draw(about string) *rand.Rand {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.drawn[about]++
	h := fnv.New64a()
	fmt.Fprintf(h, "%s %d", about, g.drawn[about])
	return rand.New(rand.NewPCG(g.seed, h.Sum64()))
}

// runFault is the fault of one invocation or request.
type runFault struct {
	delay     time.Duration
	kill      bool
	killAfter time.Duration // from the request to the kill
}

func (g *rng) run(f *function) (fault runFault) {
	if g == nil {
		return runFault{}
	}
	// All values are drawn, needed or not, so that a change of one rate does not
	// move the other faults of a seed.
	r := g.draw("run " + f.name)
	kill, late := r.Float64() < g.faults.Kill, r.Float64() < g.faults.Delay
	killAfter, delay := upTo(r, maxKillDelay), upTo(r, maxDelay)
	if late {
		fault.delay = delay
	}
	if kill {
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.kills > 0 {
			g.kills--
			fault.kill, fault.killAfter = true, killAfter
		}
	}
	return fault
}

// deliveryFault is the fault of one delivery of Event Grid.
type deliveryFault struct {
	duplicate, swap bool
	lag             time.Duration // between a delivery and its duplicate
}

func (g *rng) delivery(f *function) deliveryFault {
	if g == nil {
		return deliveryFault{}
	}
	r := g.draw("delivery " + f.name)
	return deliveryFault{
		duplicate: r.Float64() < g.faults.Duplicate, swap: r.Float64() < g.faults.Swap, lag: upTo(r, maxDuplicateLag),
	}
}

func (g *rng) losesLease(f *function) bool {
	return g != nil && g.draw("lease "+f.name).Float64() < g.faults.LoseLease
}

// delivered records that a delivery was handled.
func (g *rng) delivered() {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	close(g.passed)
	g.passed = make(chan struct{})
}

// nextDelivery returns a channel that is closed when the next delivery was handled.
func (g *rng) nextDelivery() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.passed
}

// upTo returns a random duration below limit.
func upTo(r *rand.Rand, limit time.Duration) time.Duration {
	return time.Duration(r.Int64N(int64(limit)))
}

// delay waits for the fault's delay. It returns false if the host ends meanwhile.
func (in *instance) delay(fault runFault) bool {
	if fault.delay == 0 {
		return true
	}
	select {
	case <-time.After(fault.delay):
		return true
	case <-in.ctx.Done():
		return false
	}
}

// killDuring kills w during the invocation or request of f, if that is the fault.
func (in *instance) killDuring(fault runFault, f *function, w *worker) {
	if !fault.kill {
		return
	}
	in.spawn(func() {
		select {
		case <-time.After(fault.killAfter):
		case <-in.ctx.Done():
			return
		}
		in.log.add(LevelInformation, FromHost, "funcsim: the handler is killed at Functions."+f.name)
		in.supervisor.kill(w, exitCrash)
	})
}

// pingAtRandom sends GET / to the handler at random times until the host ends.
func (in *instance) pingAtRandom() {
	for {
		select {
		case <-time.After(upTo(in.faults.draw("ping"), maxPingPause)):
			in.supervisor.ping(in.ctx)
		case <-in.ctx.Done():
			return
		}
	}
}
