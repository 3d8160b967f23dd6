package faultproxy

import (
	"net/http"
	"slices"
	"sync"
)

// When is one of the two points of a request at which a Hook acts.
type When int

// The points of a request.
const (
	WhenBefore When = iota // it has not been forwarded
	WhenAfter              // the target has answered, and the answer has not been returned
)

// String returns the point's name, for the names of tests.
func (w When) String() string { return [...]string{"before", "after"}[w] }

// Hook numbers the requests of all proxies that share it, in the order of their arrival: 1, 2, …
// It acts at two points of each. The zero value only counts. All methods may be called concurrently.
type Hook struct {
	// At is called before and after each request and holds the request until it
	// returns. If it returns true, the client's connection is dropped: before, so
	// that the request never reaches the target; after, so that the answer is lost.
	// It may be called for several requests at once, and must leave r and its body
	// alone. With nil all requests pass. It is to be set before the first request.
	At func(n int, when When, r *http.Request) (drop bool)

	mu   sync.Mutex
	seen []Request
}

// Request is a request that arrived.
type Request struct {
	N            int    // its number
	Target       string // host and port that it is forwarded to
	Method, Path string // the path is escaped and has no query
	Comp         string // the query's comp, by which storage distinguishes operations on one path
	// Sent and Received are the bytes of its body and of the answer's body. They are 0
	// until the proxy has passed on the whole answer.
	Sent, Received int64
}

// Seen returns all requests so far, by number, including those that were dropped.
func (h *Hook) Seen() []Request {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.seen)
}

// Count returns the number of requests so far that match.
func (h *Hook) Count(match func(Request) bool) int {
	n := 0
	for _, r := range h.Seen() {
		if match(r) {
			n++
		}
	}
	return n
}

// next records r and returns its number.
func (h *Hook) next(target string, r *http.Request) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := len(h.seen) + 1
	h.seen = append(h.seen, Request{
		N: n, Target: target, Method: r.Method, Path: r.URL.EscapedPath(), Comp: r.URL.Query().Get("comp"),
	})
	return n
}

// answered records the bytes of request n.
func (h *Hook) answered(n int, sent, received int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seen[n-1].Sent, h.seen[n-1].Received = sent, received
}

// drop reports whether the connection of r is to be dropped at this point.
func (h *Hook) drop(n int, when When, r *http.Request) bool {
	return h.At != nil && h.At(n, when, r)
}
