package main

import (
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// acknowledgements carries the simulator's requests to the application, and times those
// that are callbacks: from the request until the status of its answer.
type acknowledgements struct {
	next http.RoundTripper

	mu      sync.Mutex
	took    []time.Duration
	refused int // answered with another status than 2xx, or not at all
}

const (
	// idleConnections is how many idle connections the simulator keeps to the application,
	// as a service does.
	idleConnections = 1000
	// idleTimeout is how long it keeps them. It is shorter than the 5 s after which the
	// sample closes them: a callback on a connection that is being closed would get no answer.
	idleTimeout = time.Second
)

func newAcknowledgements() *acknowledgements {
	return &acknowledgements{next: &http.Transport{MaxIdleConnsPerHost: idleConnections, IdleConnTimeout: idleTimeout}}
}

// callbackPath is where the app and the sample receive callbacks.
const callbackPath = "/api/callbacks/"

func (a *acknowledgements) RoundTrip(r *http.Request) (*http.Response, error) {
	if !strings.HasPrefix(r.URL.Path, callbackPath) {
		return a.next.RoundTrip(r)
	}
	began := time.Now()
	resp, err := a.next.RoundTrip(r)
	took := time.Since(began)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.took = append(a.took, took)
	if err != nil || resp.StatusCode/100 != 2 {
		a.refused++
	}
	return resp, err
}

// counts returns how many callbacks there were so far, and how many of them were not
// acknowledged.
func (a *acknowledgements) counts() (callbacks, refused int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.took), a.refused
}

// since returns the times of all callbacks after the first n.
func (a *acknowledgements) since(n int) []time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.took[n:])
}

// percentile returns the smallest of the values that is not exceeded by p per cent of
// them, and 0 if there are none.
func percentile(values []time.Duration, p float64) time.Duration {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	rank := int(math.Ceil(p / 100 * float64(len(sorted))))
	return sorted[max(rank, 1)-1]
}
