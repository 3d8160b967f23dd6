package funcsim

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"sync"
	"time"
)

// Faults are the rates, from 0 to 1, at which a host does to its handler what a
// host does seldom. Each decision is drawn from the seed and from what it decides
// about, so a seed replays a run. The handler is also asked for / now and then, as
// the platform's scale monitor does.
type Faults struct {
	// Seed is the seed; 0 stands for a random one. The log's first line names it.
	Seed uint64

	Kill      float64 // of invocations and requests: the handler is killed while it is at it
	Delay     float64 // of invocations and requests: up to 2 s late, overtaken by others
	Duplicate float64 // of Event Grid's deliveries: handled once more, within 3 s
	Swap      float64 // of Event Grid's deliveries: handled after the one that follows it
	LoseLease float64 // of timer runs: the listener's lease is lost meanwhile

	// Kills is how often at most the handler is killed after a start of the host.
	// Default: 2, because the third death stops the host.
	Kills int
}

// faultsSetting makes up for a Host whose fields one cannot set.
const faultsSetting = "FUNCSIM_FAULTS"

const (
	maxDelay        = 2 * time.Second
	maxDuplicateLag = 3 * time.Second
	// swapWait is how long a delivery waits for one that may overtake it.
	swapWait = 500 * time.Millisecond
	// killWithin is how long after the sending of a request the handler may live.
	killWithin = 50 * time.Millisecond
	// maxPingPause is the most time between two questions for /.
	maxPingPause = 10 * time.Second
)

// dice decides what goes wrong. Nil dice decide that nothing does.
type dice struct {
	faults Faults
	seed   uint64

	mu     sync.Mutex
	rolled map[string]int // how often something of a kind was decided about
	kills  int            // left
	passed chan struct{}  // closed and replaced when a delivery was handled
}

func newDice(f *Faults) (*dice, error) {
	if f == nil {
		return nil, nil
	}
	for _, rate := range []float64{f.Kill, f.Delay, f.Duplicate, f.Swap, f.LoseLease} {
		if !(rate >= 0 && rate <= 1) {
			return nil, fmt.Errorf("a rate of %v is not between 0 and 1", rate)
		}
	}
	d := &dice{faults: *f, seed: f.Seed, rolled: map[string]int{}, kills: f.Kills, passed: make(chan struct{})}
	if d.seed == 0 {
		d.seed = rand.Uint64()
	}
	if d.kills == 0 {
		d.kills = maxFailures - 1
	}
	return d, nil
}

// roll is the source of the next decision about something.
func (d *dice) roll(about string) *rand.Rand {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.rolled[about]++
	h := fnv.New64a()
	fmt.Fprintf(h, "%s %d", about, d.rolled[about])
	return rand.New(rand.NewPCG(d.seed, h.Sum64()))
}

// runFault is what goes wrong with one invocation or request.
type runFault struct {
	delay  time.Duration
	kill   bool
	killed time.Duration // how long the handler lives on
}

func (d *dice) run(f *function) (fault runFault) {
	if d == nil {
		return runFault{}
	}
	// Every draw is made whether it is needed or not, so that changing one rate
	// leaves the other faults of a seed where they were.
	r := d.roll("run " + f.name)
	kill, delay := r.Float64() < d.faults.Kill, r.Float64() < d.faults.Delay
	killed, late := upTo(r, killWithin), upTo(r, maxDelay)
	if delay {
		fault.delay = late
	}
	if kill {
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.kills > 0 {
			d.kills--
			fault.kill, fault.killed = true, killed
		}
	}
	return fault
}

// deliveryFault is what goes wrong with one delivery of Event Grid.
type deliveryFault struct {
	duplicate, swap bool
	lag             time.Duration // between a delivery and its duplicate
}

func (d *dice) delivery(f *function) deliveryFault {
	if d == nil {
		return deliveryFault{}
	}
	r := d.roll("delivery " + f.name)
	return deliveryFault{
		duplicate: r.Float64() < d.faults.Duplicate, swap: r.Float64() < d.faults.Swap, lag: upTo(r, maxDuplicateLag),
	}
}

func (d *dice) losesLease(f *function) bool {
	return d != nil && d.roll("lease "+f.name).Float64() < d.faults.LoseLease
}

// pass tells that a delivery was handled; passing hears it of the next one.
func (d *dice) pass() {
	if d == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	close(d.passed)
	d.passed = make(chan struct{})
}

func (d *dice) passing() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.passed
}

func upTo(r *rand.Rand, most time.Duration) time.Duration {
	return time.Duration(r.Int64N(int64(most)))
}

// late holds up one invocation or request, if it is to be. It reports false when
// the host ends meanwhile.
func (in *instance) late(fault runFault) bool {
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

// strike kills w while it is at the invocation or request, if it is to be.
func (in *instance) strike(fault runFault, f *function, w *worker) {
	if !fault.kill {
		return
	}
	in.spawn(func() {
		select {
		case <-time.After(fault.killed):
		case <-in.ctx.Done():
			return
		}
		in.log.add(Information, FromHost, "funcsim: the handler is killed at Functions."+f.name)
		in.supervisor.kill(w, crash)
	})
}

// pingAtRandom asks the handler for / at moments that nobody can foresee.
func (in *instance) pingAtRandom() {
	for {
		select {
		case <-time.After(upTo(in.faults.roll("ping"), maxPingPause)):
			in.supervisor.ping(in.ctx)
		case <-in.ctx.Done():
			return
		}
	}
}
