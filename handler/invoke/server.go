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

// readyTimeout bounds how long a request waits for Handle. The host sends requests as soon as GET / is
// answered; Event Grid waits 30 s for its reply, a caller's ringing lasts about as long.
const readyTimeout = 10 * time.Second

// Server answers the Functions host. It may be used without a socket, through ServeHTTP. Its methods may be
// called concurrently.
type Server struct {
	log   zerolog.Logger
	ready chan struct{} // closed by Handle, after which table is only read
	table *table

	closing chan struct{}  // closed when draining begins
	running sync.WaitGroup // what Go started
}

// New returns a Server that answers GET / and lets everything else wait for Handle. Every line it logs, and
// every logger it puts into a context, derives from log.
func New(log zerolog.Logger) *Server {
	return &Server{log: log, ready: make(chan struct{}), closing: make(chan struct{})}
}

// Handle installs the functions, once everything they need is there. It is called once; it panics on a table
// that cannot be right.
func (s *Server) Handle(routes []Route) {
	s.table = newTable(routes)
	close(s.ready)
}

// ServeHTTP serves one request of the host: its readiness probe, an event, or an HTTP request it passes on.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet && r.URL.Path == "/" {
		reply(w, http.StatusOK, struct{}{})
		return
	}
	if !s.wait(r.Context()) {
		s.log.Error().Msg("invocation came before the functions were ready")
		// Understood by both kinds of caller: the host fails an event, a client of ours sees when to come
		// back.
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
	case <-s.closing: // or draining would wait for it
	case <-ctx.Done():
	}
	return false
}

// context returns the request's context with a logger that names the function and the invocation.
func (s *Server) context(r *http.Request, function string) context.Context {
	fields := s.log.With().Str("fn", function)
	// A host that forwards instead of proxying passes a caller's own header on, so only what looks like an id
	// is one.
	id := r.Header.Get("X-Azure-Functions-InvocationId")
	if len(id) == 36 && uuid.Validate(id) == nil {
		fields = fields.Str("invocation", id)
	}
	return fields.Logger().WithContext(r.Context())
}
