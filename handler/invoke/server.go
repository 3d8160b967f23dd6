package invoke

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/rs/zerolog"
)

// readyTimeout is the longest time that a request waits for Handle. The host sends requests as soon as GET /
// is answered; Event Grid waits 30 s for a reply, and a call that is offered rings for about as long.
const readyTimeout = 10 * time.Second

// Server answers the Functions host. It may be used without a socket, through ServeHTTP. Its methods may be
// called concurrently.
type Server struct {
	log   zerolog.Logger
	ready chan struct{} // closed by Handle, after which table is only read
	table *table

	closing chan struct{}  // closed when draining begins
	running sync.WaitGroup // goroutines that Go started
}

// New returns a Server that answers GET / and holds all other requests until Handle. Every line it logs, and
// every logger it puts into a context, derives from log.
func New(log zerolog.Logger) *Server {
	return &Server{log: log, ready: make(chan struct{}), closing: make(chan struct{})}
}

// Handle installs the functions, once everything they need exists. It is called once; it panics on impossible
// routes.
func (s *Server) Handle(routes []Route) {
	s.table = newTable(routes)
	close(s.ready)
}

// ServeHTTP serves one request of the host: its readiness probe, an event, or a proxied HTTP request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet && r.URL.Path == "/" {
		reply(w, http.StatusOK, struct{}{})
		return
	}
	if !s.wait(r.Context()) {
		s.log.Error().Msg("invocation came before the functions were ready")
		// For both kinds of caller: the host fails an event, an HTTP client reads when to retry.
		w.Header().Set("Retry-After", "5")
		reply(w, http.StatusServiceUnavailable, failure{"not ready"})
		return
	}
	route, allow, ok := s.table.match(r)
	switch {
	case len(allow) > 0:
		w.Header().Set("Allow", strings.Join(allow, ", "))
		(&Problem{Status: http.StatusMethodNotAllowed}).Write(w)
	case !ok:
		(&Problem{Status: http.StatusNotFound}).Write(w)
	default:
		r = r.WithContext(s.context(r, route.Function))
		if route.Event != nil {
			serveEvent(w, r, route)
		} else {
			serveHTTP(w, r, route.HTTP)
		}
	}
}

// wait reports whether the functions are ready, or became so in time.
func (s *Server) wait(ctx context.Context) bool {
	select {
	case <-s.ready:
		return true
	default:
	}
	timeout := time.NewTimer(readyTimeout)
	defer timeout.Stop()
	select {
	case <-s.ready:
		return true
	case <-timeout.C:
	case <-s.closing: // otherwise drain would wait for this request
	case <-ctx.Done():
	}
	return false
}

// context returns the request's context with a logger that names the function and the invocation.
func (s *Server) context(r *http.Request, function string) context.Context {
	fields := s.log.With().Str("fn", function)
	// A host that forwards instead of proxying passes a client's own header on, so only a UUID counts.
	id := r.Header.Get("X-Azure-Functions-InvocationId")
	if len(id) == 36 && uuid.Validate(id) == nil {
		fields = fields.Str("invocation", id)
	}
	return fields.Logger().WithContext(r.Context())
}
