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
	"io"
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
	// EventGridURL is the webhook that incoming calls are announced to, with the
	// attempts and life that are recommended for them. Empty: there is no such
	// subscription.
	EventGridURL string
	// Subscriptions are further Event Grid subscriptions.
	Subscriptions []Subscription
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
	// RefuseTeamsUsers refuses Teams users as targets of Teams Phone calls, as one
	// of two contradicting pages has it; by default they can be called.
	RefuseTeamsUsers bool
	// CallsPerNumber is how many calls of one line may ring or talk to telephone
	// numbers at a time. Default 2, the service's own default; negative: no limit.
	CallsPerNumber int
	// LimitDeclines shows a call too many as declined with 603/560603, which the
	// documentation has as well, instead of refusing it with 429.
	LimitDeclines bool
	// Lines are raw ids, or numbers in E.164, that belong to the application apart
	// from every resource account: whoever calls them raises an IncomingCall.
	Lines []string
	// AcceptBearer says whether an Entra token may be used instead of the access
	// key. Nil: none may.
	AcceptBearer func(token string) bool

	// Speed is how many times faster than real time people talk, telephones ring
	// and time-outs run out. Timestamps, tokens and signatures keep real time.
	// Default 1.
	Speed float64
	// Keep is how many ended calls, and how many counts of Rings, are remembered.
	// Default 10,000.
	Keep int

	// ContentURL is where recordings are said to be: another name for Endpoint,
	// such as https://us-storage.asm.skype.com, where a client insists on one of
	// the service's own. Default: Endpoint.
	ContentURL string
	// ChunkLength is how long a chunk of a recording is at most. Default: any length.
	ChunkLength time.Duration
	// FileDelay is what it takes from the end of a recording to its file; with the
	// service it is minutes. Default 3 s.
	FileDelay time.Duration
	// Export writes files to storage of the application's own, as the service
	// does with its managed identity. Nil: it fails, as without the role. See
	// SharedKeyExport.
	Export func(ctx context.Context, url string, content io.ReadSeeker) error

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
	grid     []*subscriber
	token    latestToken

	mu          sync.Mutex // guards everything below, and every call with what belongs to it
	closed      bool
	timers      map[*time.Timer]struct{}
	faults      Faults
	ongoing     map[*call]struct{} // those that have not ended
	begun       int                // calls
	calls       []*call            // in the order they began, without those that are forgotten
	ended       []*call            // in the order they ended, likewise
	connections map[string]*call   // those that the application knows and that are up
	recordings  map[string]*recording
	documents   map[string]*document
	filed       []*document // the oldest first
	phones      map[string]Script
	rings       map[ringKey]int
	rang        []ringKey      // the keys of rings, the oldest first
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
	s.ongoing = map[*call]struct{}{}
	s.connections = map[string]*call{}
	s.recordings = map[string]*recording{}
	s.documents = map[string]*document{}
	s.phones = map[string]Script{}
	s.rings = map[ringKey]int{}
	s.requests = map[string]int{}
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
	s.mu.Lock()
	defer s.mu.Unlock()
	s.grid = s.subscribers()
	for _, g := range s.grid {
		if g.Queue == nil {
			s.spawn(g.subscribe)
		}
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
	case strings.HasPrefix(path, contentPath):
		s.serveContent(w, r)
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

// real is how long d of simulated time takes.
func (s *Server) real(d time.Duration) time.Duration {
	if s.Speed <= 0 || s.Speed == 1 {
		return d
	}
	return time.Duration(float64(d) / s.Speed)
}

// between is how much simulated time passed from one moment to another.
func (s *Server) between(from, to time.Time) time.Duration {
	d := to.Sub(from)
	if s.Speed <= 0 || s.Speed == 1 {
		return d
	}
	return time.Duration(float64(d) * s.Speed)
}

// after runs f, with s.mu held, when d has passed, unless the timer is stopped
// or the server closed before. The caller holds s.mu.
func (s *Server) after(d time.Duration, f func()) *time.Timer {
	var t *time.Timer
	if s.closed {
		return t
	}
	s.wg.Add(1)
	t = time.AfterFunc(s.real(d), func() {
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
func (s *Server) sleep(d time.Duration) bool { return sleep(s.ctx, s.real(d)) }

// sleep takes real time. It reports false if ctx was done before d had passed.

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
func (s *Server) rng(decision ...any) *rand.Rand {
	h := fnv.New64a()
	fmt.Fprintln(h, decision...)
	return rand.New(rand.NewPCG(s.seed, h.Sum64()))
}
