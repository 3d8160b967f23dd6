package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"

	"switchboard/test/acssim"
	"switchboard/test/faultproxy"
	"switchboard/test/rig"
)

// killer kills the handler of a rig at some of its requests: those that count, from
// the beginning of the story on.
type crasher struct {
	points map[int]faultproxy.When // by the request's number, from 1

	mu   sync.Mutex
	rig  *rig.Rig // nil before the story begins
	seen int
	numbers map[*http.Request]int
	crashedAt []string
	crashed chan struct{} // gets one for each death
}

func newCrasher(at map[int]faultproxy.When) *crasher {
	return &crasher{points: at, numbers: map[*http.Request]int{}, crashed: make(chan struct{}, len(at))}
}

// begin is the beginning of the story.
func (k *crasher) start(r *rig.Rig) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.rig = r
}

// moment is a faultproxy.Hook.At.
func (k *crasher) hook(_ int, side faultproxy.When, r *http.Request) (cut bool) {
	on := k.shouldCrash(side, r)
	if on == nil {
		return false
	}
	on.Host.Kill()
	k.crashed <- struct{}{}
	return true
}

// strikes returns the rig whose handler is to die now, or nil.
func (k *crasher) shouldCrash(side faultproxy.When, r *http.Request) *rig.Rig {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.rig == nil || !counts(r.Method, r.URL.EscapedPath()) {
		return nil
	}
	if side == faultproxy.Before {
		k.seen++
		k.numbers[r] = k.seen
	}
	n := k.numbers[r]
	if side == faultproxy.After {
		delete(k.numbers, r)
	}
	when, ok := k.points[n]
	if !ok || when != side {
		return nil
	}
	delete(k.points, n)
	k.crashedAt = append(k.crashedAt, fmt.Sprintf("%s request %d, %s %s", side, n, r.Method, r.URL.Path))
	return k.rig
}

// requests is how many requests have counted so far.
func (k *crasher) requests() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.seen
}

// deaths are the moments at which the handler was killed.
func (k *crasher) crashes() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Sorted(slices.Values(k.crashedAt))
}

func (k *crasher) mustHaveCrashed(t *testing.T) {
	t.Helper()
	for _, death := range k.crashes() {
		t.Logf("killed %s", death)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.points) > 0 {
		t.Errorf("the story ended before %d of the moments", len(k.points))
	}
}

// patient is a simulator that tries each callback for minutes: how often the
// service does is not published, and a host that starts takes its time.
func retryingSim() *acssim.Server { return &acssim.Server{Strict: true, CallbackAttempts: 8} }
