package e2e

import (
	"net/http"
	"slices"
	"strings"
	"sync"

	"switchboard/test/faultproxy"
	"switchboard/test/rig"
)

// isOperation returns a condition that is true for requests to ACS for one of these
// operations.
func isOperation(names ...string) func(*http.Request) bool {
	return func(q *http.Request) bool {
		return slices.ContainsFunc(names, func(name string) bool { return strings.HasSuffix(q.URL.Path, name) })
	}
}

// isBlock reports whether a request stages a block of a recording's file.
func isBlock(q *http.Request) bool {
	return q.Method == http.MethodPut && q.URL.Query().Get("comp") == "block"
}

// firstRequest acts at the first of the handler's requests for which a condition is true.
type firstRequest struct {
	is  func(*http.Request) bool
	act func(*rig.Rig) (drop bool) // before the request is forwarded

	mu  sync.Mutex
	rig *rig.Rig // nil: it is starting, or act was called
}

// begin is called when the rig runs.
func (f *firstRequest) begin(r *rig.Rig) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rig = r
}

// hook calls act if it is the first such request. It is a faultproxy.Hook.At.
func (f *firstRequest) hook(_ int, side faultproxy.When, q *http.Request) (drop bool) {
	f.mu.Lock()
	r := f.rig
	if r == nil || side == faultproxy.WhenAfter || !counts(q.Method, q.URL.EscapedPath()) || !f.is(q) {
		f.mu.Unlock()
		return false
	}
	f.rig = nil
	f.mu.Unlock()
	return f.act(r)
}
