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
type killer struct {
	at map[int]faultproxy.When // by the request's number, from 1

	mu   sync.Mutex
	rig  *rig.Rig // nil before the story begins
	seen int
	here map[*http.Request]int
	died []string
	gone chan struct{} // gets one for each death
}

func newKiller(at map[int]faultproxy.When) *killer {
	return &killer{at: at, here: map[*http.Request]int{}, gone: make(chan struct{}, len(at))}
}

// begin is the beginning of the story.
func (k *killer) begin(r *rig.Rig) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.rig = r
}

// moment is a faultproxy.Hook.At.
func (k *killer) moment(_ int, side faultproxy.When, r *http.Request) (cut bool) {
	on := k.strikes(side, r)
	if on == nil {
		return false
	}
	on.Host.Kill()
	k.gone <- struct{}{}
	return true
}

// strikes returns the rig whose handler is to die now, or nil.
func (k *killer) strikes(side faultproxy.When, r *http.Request) *rig.Rig {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.rig == nil || !counts(r.Method, r.URL.EscapedPath()) {
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

// requests is how many requests have counted so far.
func (k *killer) requests() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.seen
}

// deaths are the moments at which the handler was killed.
func (k *killer) deaths() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Sorted(slices.Values(k.died))
}

func (k *killer) mustHaveKilled(t *testing.T) {
	t.Helper()
	for _, death := range k.deaths() {
		t.Logf("killed %s", death)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.at) > 0 {
		t.Errorf("the story ended before %d of the moments", len(k.at))
	}
}

// patient is a simulator that tries each callback for minutes: how often the
// service does is not published, and a host that starts takes its time.
func patient() *acssim.Server { return &acssim.Server{Strict: true, CallbackAttempts: 8} }
