package faultproxy

import (
	"net/http"
	"slices"
	"sync"
)

// Side is one of the two moments of a request.
type Side int

// The sides of a request.
const (
	Before Side = iota // it has not been forwarded
	After              // the target has answered, and the answer has not been returned
)

// String is the side's name, for the names of tests.
func (s Side) String() string { return [...]string{"before", "after"}[s] }

// Moments numbers the requests of all proxies that share it, in the order they
// come: 1, 2, … The zero value counts. All methods may be called concurrently.
type Moments struct {
	// At is called on both sides of each request and holds the request until it
	// returns; if it returns true, the request goes no further: the client's
	// connection is cut, Before so that the target never hears of it, After so that
	// its answer is lost. It may be called for several requests at once, and must
	// leave r and its body alone. Nil lets everything pass. It is to be set before the first request.
	At func(n int, side Side, r *http.Request) (cut bool)

	mu   sync.Mutex
	seen []Request
}

// Request is a request that came.
type Request struct {
	N            int    // its number
	Target       string // host and port it was meant for
	Method, Path string // the path as it was escaped, without the query
}

// Seen returns all requests so far, cut ones too, by number.
func (m *Moments) Seen() []Request {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.seen)
}

// Count is how many requests so far match.
func (m *Moments) Count(match func(Request) bool) int {
	n := 0
	for _, r := range m.Seen() {
		if match(r) {
			n++
		}
	}
	return n
}

// next gives r its number.
func (m *Moments) next(target string, r *http.Request) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := len(m.seen) + 1
	m.seen = append(m.seen, Request{N: n, Target: target, Method: r.Method, Path: r.URL.EscapedPath()})
	return n
}

// cut reports whether r is to be cut at this moment.
func (m *Moments) cut(n int, side Side, r *http.Request) bool {
	return m.At != nil && m.At(n, side, r)
}
