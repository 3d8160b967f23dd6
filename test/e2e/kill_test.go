package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"

	"golang.org/x/sync/errgroup"

	"switchboard/test/acssim"
	"switchboard/test/faultproxy"
	"switchboard/test/rig"
)

// kills are how often the built program is killed in the course of the story,
// each time in a run of its own.
const kills = 12

// spare is by how many requests one run of the story may be shorter than another:
// an event that comes a little later finds its call's turn taken, or does not.
const spare = 8

// together is how many rigs run at once. They wait more than they work.
const together = 6

// killer kills the handler of a rig at some of its requests. Requests of the
// sweep are not counted: how many there are depends on the clock.
type killer struct {
	at map[int]faultproxy.Side // number of a request from the beginning of the story to the moment

	mu   sync.Mutex
	rig  *rig.Rig // nil before the story begins
	seen int
	here map[*http.Request]int
	died []string
	gone chan struct{} // gets one for each death
}

func newKiller(at map[int]faultproxy.Side) *killer {
	return &killer{at: at, here: map[*http.Request]int{}, gone: make(chan struct{}, len(at))}
}

// begin is the beginning of the story.
func (k *killer) begin(r *rig.Rig) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.rig = r
}

// moment is a faultproxy.Moments.At.
func (k *killer) moment(_ int, side faultproxy.Side, r *http.Request) (cut bool) {
	on := k.strikes(side, r)
	if on == nil {
		return false
	}
	on.Host.Kill()
	k.gone <- struct{}{}
	return true
}

// strikes returns the rig whose handler is to die now, or nil.
func (k *killer) strikes(side faultproxy.Side, r *http.Request) *rig.Rig {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.rig == nil || !counts(r.Method, r.URL.Path) {
		return nil
	}
	if side == faultproxy.Before {
		k.seen++
		k.here[r] = k.seen
	}
	n := k.here[r]
	if side == faultproxy.After {
		delete(k.here, r)
	}
	when, ok := k.at[n]
	if !ok || when != side {
		return nil
	}
	delete(k.at, n)
	k.died = append(k.died, fmt.Sprintf("%s request %d, %s %s", side, n, r.Method, r.URL.Path))
	return k.rig
}

func TestInboundWhenTheBuiltProgramIsKilled(t *testing.T) {
	t.Parallel()
	t.Logf("%d moments", kills)
	requests := onFuncsim.requests(t)
	last := requests - spare
	var all errgroup.Group
	all.SetLimit(together)
	for i := range kills {
		n := 1 + i*(last-1)/(kills-1)
		side := []faultproxy.Side{faultproxy.Before, faultproxy.After}[i%2]
		all.Go(func() error {
			t.Run(fmt.Sprintf("%s request %d of %d", side, n, requests), func(t *testing.T) {
				onFuncsim.killed(t, map[int]faultproxy.Side{n: side})
			})
			return nil
		})
	}
	_ = all.Wait() // the tests say it themselves
}

func TestInboundWhenTheBuiltProgramIsKilledUntilTheHostGivesUp(t *testing.T) {
	t.Parallel()
	onFuncsim.killedThrice(t)
}

func TestInboundUnderFuncWhenTheProgramIsKilled(t *testing.T) {
	t.Parallel()
	h := onFunc(t)
	requests := onFuncsim.requests(t)
	h.killed(t, map[int]faultproxy.Side{requests / 3: faultproxy.Before, 2 * requests / 3: faultproxy.After})
}

func TestInboundUnderFuncWhenTheProgramIsKilledUntilTheHostGivesUp(t *testing.T) {
	t.Parallel()
	onFunc(t).killedThrice(t)
}

// requests is how many requests the story takes.
func (h host) requests(t *testing.T) int {
	t.Helper()
	k := newKiller(nil)
	r, log := h.start(t, &acssim.Server{Strict: true}, &faultproxy.Moments{At: k.moment}, soon)
	k.begin(r)
	playOn(t, r, log, "inbound.txt")
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.seen
}

// killed plays the story and kills the handler at the given requests.
func (h host) killed(t *testing.T, at map[int]faultproxy.Side) {
	k := newKiller(at)
	r, log := h.start(t, patient(), &faultproxy.Moments{At: k.moment}, soon)
	k.begin(r)
	playOn(t, r, log, "inbound.txt")
	k.mustHaveKilled(t)
}

// killedThrice plays the story, kills the handler until the host gives up, and
// starts the host again.
func (h host) killedThrice(t *testing.T) {
	k := newKiller(map[int]faultproxy.Side{10: faultproxy.Before, 25: faultproxy.After, 50: faultproxy.Before})
	deaths := len(k.at)
	r, log := h.start(t, patient(), &faultproxy.Moments{At: k.moment}, soon)
	k.begin(r)
	again := make(chan error, 1)
	go func() {
		for range deaths {
			select {
			case <-k.gone:
			case <-t.Context().Done():
				again <- t.Context().Err()
				return
			}
		}
		select {
		case <-r.Host.Stopped():
			again <- r.Host.Start(t.Context())
		case <-t.Context().Done():
			again <- t.Context().Err()
		}
	}()
	playOn(t, r, log, "inbound.txt")
	k.mustHaveKilled(t)
	select {
	case err := <-again:
		if err != nil {
			t.Error(err)
		}
	default:
		t.Error("the host did not give up")
	}
}

// patient is a simulator that tries each callback for minutes: how often the
// service does is not published, and a host that starts takes its time.
func patient() *acssim.Server { return &acssim.Server{Strict: true, CallbackAttempts: 8} }

func (k *killer) mustHaveKilled(t *testing.T) {
	t.Helper()
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, death := range slices.Sorted(slices.Values(k.died)) {
		t.Logf("killed %s", death)
	}
	if len(k.at) > 0 {
		t.Errorf("the story ended before %d of the moments", len(k.at))
	}
}
