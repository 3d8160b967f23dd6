// Package acssim stands in for Azure Communication Services Call Automation and
// for the telephone network behind it: REST API, signed callbacks, Event Grid,
// and people with telephones who ring, answer, press keys and hang up.
//
// A [Server] is an http.Handler and uses nothing but std time, so that it runs
// in real time over sockets as well as inside a testing/synctest bubble with
// [InProcess] transports. It refuses what the service refuses, and by default it
// misbehaves a little, from a seed: see [Faults].
package acssim

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
)

// What a Server and cmd/acssim use where nothing else is set.
const (
	DevelopmentKey        = "c3dpdGNoYm9hcmQtZGV2ZWxvcG1lbnQtb25seS1rZXk=" // "switchboard-development-only-key"
	DevelopmentResourceID = "5a1e0ad2-0000-4000-8000-0000000000ac"
	DevelopmentEndpoint   = "http://127.0.0.1:8080"
)

// Server is one ACS resource with everybody who can be reached by telephone.
// The zero value works. Its exported fields are the knobs; they are read when
// the server starts, which is at its first use, and must not be changed later.
// All methods may be called concurrently.
type Server struct {
	// AccessKey is the base64 key that requests are signed with. Default: DevelopmentKey.
	AccessKey string
	// ResourceID is the immutable id of the resource, the audience of callback
	// tokens. Default: DevelopmentResourceID.
	ResourceID string
	// Endpoint is the URL under which this server is reached, without a
	// trailing slash; it is the issuer of callback tokens as well. Default:
	// DevelopmentEndpoint.
	Endpoint string
	// EventGridURL is the webhook that incoming calls are announced to. Empty:
	// there is no subscription, and nobody hears of them.
	EventGridURL string
	// Transport carries all that the server sends: callbacks and Event Grid.
	// Nil: sockets.
	Transport http.RoundTripper

	// Logf gets what a person who runs the server should know: the seed, a
	// subscription that cannot be made. Nil: nothing.
	Logf func(format string, args ...any)
	// OnEvent sees every entry of the timeline, one at a time and in order. It
	// must return soon and must not call the Server. Nil: nothing.
	OnEvent func(Entry)

	// Seed decides the misbehaviour and all ids, and so replays a run. 0: a
	// random one, which is logged.
	Seed uint64
	// Faults are the rates of misbehaviour. Nil: DefaultFaults.
	Faults *Faults
	// Strict turns all misbehaviour off, until SetFaults turns some on.
	Strict bool
	// DuplicateAll delivers every event twice, also when Strict.
	DuplicateAll bool
	// SwapNeighbours delivers every second callback of a call before the one
	// that it follows, also when Strict.
	SwapNeighbours bool

	// PageSize is how many participants a page lists. Default 2, so that every
	// client meets a nextLink.
	PageSize int
	// FileLengths says how long the prompt at a URL plays; a negative length is
	// a file that cannot be downloaded. Default 3 s.
	FileLengths map[string]time.Duration
	// ListApplication shows the application itself among the participants.
	// Whether the service does so is not documented.
	ListApplication bool
	// IgnoreRepeatability executes a repeated request again, as a service would
	// that does not honour the Repeatability headers.
	IgnoreRepeatability bool
	// RecordingNoContent answers the start of a recording by connection id with
	// 204 instead of 202 and a body; the documentation has both.
	RecordingNoContent bool
	// InterToneCompletes lets a pause between tones complete a recognition with
	// the tones so far instead of failing it; the documentation has both.
	InterToneCompletes bool
	// CallbackAttempts is how often a callback is sent until it gets a 2xx.
	// Default 4. The service's own number is not published.
	CallbackAttempts int

	once     sync.Once
	ctx      context.Context
	cancel   context.CancelFunc
	wg       sync.WaitGroup
	seed     uint64
	key      []byte
	client   *http.Client
	control  http.Handler
	timeline timeline
	grid     subscription

	mu          sync.Mutex // guards everything below, and every call with what belongs to it
	closed      bool
	timers      map[*time.Timer]struct{}
	faults      Faults
	calls       []*call          // all of them, in the order they began
	connections map[string]*call // those that the application knows and that are up
	recordings  map[string]*recording
	phones      map[string]Script
	rings       map[ringKey]int
	requests    map[string]int // requests seen that belong to no call yet, by operation
	repeats     repeats
}

// Start begins what needs no request to begin: the Event Grid subscription.
// Every other method starts a server that was not started yet.
func (s *Server) Start() { s.once.Do(s.start) }

func (s *Server) start() {
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.seed = s.Seed
	if s.seed == 0 {
		s.seed = rand.Uint64()
	}
	key, err := base64.StdEncoding.DecodeString(cmp.Or(s.AccessKey, DevelopmentKey))
	if err != nil {
		panic("acssim: the access key is not base64")
	}
	s.key = key
	s.client = s.newClient()
	s.control = s.controlAPI()
	s.timers = map[*time.Timer]struct{}{}
	s.connections = map[string]*call{}
	s.recordings = map[string]*recording{}
	s.phones = map[string]Script{}
	s.rings = map[ringKey]int{}
	s.requests = map[string]int{}
	s.grid.validated = make(chan struct{})
	s.faults = DefaultFaults()
	if s.Faults != nil {
		s.faults = *s.Faults
	}
	if err := s.faults.validate(); err != nil {
		panic("acssim: " + err.Error())
	}
	if s.Strict {
		s.faults = Faults{}
	}
	s.logf("acssim: seed %d, faults %+v", s.seed, s.faults)
	if s.EventGridURL != "" {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.spawn(s.subscribe)
	}
}

// Close ends every call without a word to the application and returns when
// nothing that the server started runs any more. It may be repeated.
func (s *Server) Close() {
	s.Start()
	s.mu.Lock()
	s.closed = true
	for t := range s.timers {
		s.stop(t)
	}
	s.mu.Unlock()
	s.cancel()
	s.wg.Wait()
	s.client.CloseIdleConnections()
}

// ServeHTTP serves the REST API, the OIDC metadata and keys with which
// callbacks are verified, and the control API under /sim/.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.Start()
	switch path := r.URL.Path; {
	case path == metadataPath && r.Method == http.MethodGet:
		s.serveMetadata(w)
	case path == keysPath && r.Method == http.MethodGet:
		s.serveKeys(w)
	case strings.HasPrefix(path, "/sim/"):
		s.control.ServeHTTP(w, r)
	default:
		s.serveREST(w, r)
	}
}

func (s *Server) endpoint() string   { return cmp.Or(s.Endpoint, DevelopmentEndpoint) }
func (s *Server) resourceID() string { return cmp.Or(s.ResourceID, DevelopmentResourceID) }

func (s *Server) logf(format string, args ...any) {
	if s.Logf != nil {
		s.Logf(format, args...)
	}
}

// spawn runs f in a goroutine that Close waits for; f must end when s.ctx does.
// The caller holds s.mu.
func (s *Server) spawn(f func()) {
	if !s.closed {
		s.wg.Go(f)
	}
}

// after runs f, with s.mu held, when d has passed, unless the timer is stopped
// or the server closed before. The caller holds s.mu.
func (s *Server) after(d time.Duration, f func()) *time.Timer {
	var t *time.Timer
	if s.closed {
		return t
	}
	s.wg.Add(1)
	t = time.AfterFunc(d, func() {
		defer s.wg.Done()
		s.mu.Lock()
		defer s.mu.Unlock()
		if _, armed := s.timers[t]; armed {
			delete(s.timers, t)
			f()
		}
	})
	s.timers[t] = struct{}{}
	return t
}

// stop disarms a timer of after; nil and timers that have fired are fine. The
// caller holds s.mu.
func (s *Server) stop(t *time.Timer) {
	if _, armed := s.timers[t]; !armed {
		return
	}
	delete(s.timers, t)
	if t.Stop() {
		s.wg.Done()
	}
}

// sleep reports false if the server was closed before d had passed.
func (s *Server) sleep(d time.Duration) bool { return sleep(s.ctx, d) }

func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// id derives a UUID from the seed and what it names, so that a run with the
// same seed has the same ids.
func (s *Server) id(name ...any) string {
	return uuid.NewHash(sha256.New(), uuid.Nil, fmt.Appendln(nil, s.seed, name), 4).String()
}

// dice draws for one decision. What it draws depends on the seed and on what is
// decided, never on the order in which goroutines run.
func (s *Server) dice(decision ...any) *rand.Rand {
	h := fnv.New64a()
	fmt.Fprintln(h, decision...)
	return rand.New(rand.NewPCG(s.seed, h.Sum64()))
}
