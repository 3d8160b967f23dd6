// Package acssim simulates Azure Communication Services Call Automation and the
// telephone network behind it: REST API, signed callbacks, Event Grid, and people
// with telephones who ring, answer, press keys and hang up.
//
// A [Server] is an http.Handler and uses nothing but std time, so that it runs
// in real time over sockets as well as inside a testing/synctest bubble with
// [InProcess] transports. It refuses what the service refuses. By default it also
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

// Defaults of a Server and of cmd/acssim.
const (
	DevelopmentKey        = "c3dpdGNoYm9hcmQtZGV2ZWxvcG1lbnQtb25seS1rZXk=" // "switchboard-development-only-key"
	DevelopmentResourceID = "5a1e0ad2-0000-4000-8000-0000000000ac"
	DevelopmentEndpoint   = "http://127.0.0.1:8080"
)

// Server is one ACS resource with the people who can be reached by telephone.
// The zero value works. Its exported fields are the knobs. They are read when
// the server starts, which is at its first use, and must not be changed later.
// All methods may be called concurrently.
type Server struct {
	// AccessKey is the base64 key that requests are signed with. Default: DevelopmentKey.
	AccessKey string
	// ResourceID is the immutable id of the resource, the audience of callback
	// tokens. Default: DevelopmentResourceID.
	ResourceID string
	// Endpoint is the URL of this server, without a trailing slash, and the issuer
	// of callback tokens. Default: DevelopmentEndpoint.
	Endpoint string
	// EventGridURL is the webhook that receives IncomingCall events, with the
	// attempts and life that are recommended for them. Empty: no such subscription.
	EventGridURL string
	// Subscriptions are further Event Grid subscriptions.
	Subscriptions []Subscription
	// Transport carries all requests of the server: callbacks and Event Grid.
	// Nil: sockets.
	Transport http.RoundTripper

	// Logf receives messages for the person who runs the server: the seed, a
	// subscription that cannot be made. Nil: no messages.
	Logf func(format string, args ...any)
	// OnEvent is called with every entry of the timeline, one at a time and in
	// order. It must return soon and must not call the Server. Nil: not called.
	OnEvent func(Entry)

	// Seed decides the misbehaviour and all ids, so that the same seed replays a
	// run. 0: a random one, which is logged.
	Seed uint64
	// Faults are the rates of misbehaviour. Nil: DefaultFaults.
	Faults *Faults
	// Strict turns all misbehaviour off, until SetFaults turns some on.
	Strict bool
	// DuplicateAll delivers every event twice, also when Strict.
	DuplicateAll bool
	// SwapNeighbours delivers every second callback of a call before the
	// preceding one, also when Strict.
	SwapNeighbours bool

	// PageSize is the number of participants on a page. Default 2, so that every
	// client has to follow a nextLink.
	PageSize int
	// FileLengths has the lengths of prompts by URL. A negative length is a file
	// that cannot be downloaded. Default 3 s.
	FileLengths map[string]time.Duration
	// ListApplication shows the application itself among the participants.
	// Whether the service does so is not documented.
	ListApplication bool
	// IgnoreRepeatability executes a repeated request again, as if the service
	// did not honour the Repeatability headers.
	IgnoreRepeatability bool
	// RecordingNoContent answers the start of a recording by connection id with
	// 204 instead of 202 and a body; the documentation has both.
	RecordingNoContent bool
	// InterToneCompletes lets a pause between tones complete a recognition with
	// the tones so far instead of failing it; the documentation has both.
	InterToneCompletes bool
	// RefuseTeamsUsers refuses Teams users as targets of Teams Phone calls. The
	// documentation contradicts itself on this. Default: they can be called.
	RefuseTeamsUsers bool
	// CallsPerNumber is the limit of one line's concurrent calls to telephone
	// numbers. Default 2, the service's own default; negative: no limit.
	CallsPerNumber int
	// LimitDeclines lets a call above the limit be declined with 603/560603, which
	// the documentation has as well, instead of refusing it with 429.
	LimitDeclines bool
	// Lines are raw ids, or numbers in E.164, that belong to the application in
	// addition to every resource account. A call to one raises an IncomingCall.
	Lines []string
	// AcceptBearer reports whether an Entra token is accepted instead of the access
	// key. Nil: none is.
	AcceptBearer func(token string) bool

	// Speed is the factor by which people, telephones and time-outs are faster than
	// real time. Timestamps, tokens and signatures keep real time. Default 1.
	Speed float64
	// Keep is the number of ended calls, and of counts of Rings, that are
	// remembered. Default 10,000.
	Keep int

	// ContentURL is the host in the URLs of recordings. It is another name for
	// Endpoint, such as https://us-storage.asm.skype.com, for clients that accept
	// only the service's own hosts. Default: Endpoint.
	ContentURL string
	// ChunkLength is the longest chunk of a recording. Default: no limit.
	ChunkLength time.Duration
	// FileDelay is the time from the end of a recording to its file. The service
	// needs minutes. Default 3 s.
	FileDelay time.Duration
	// Export writes files to the application's own storage, as the service does
	// with its managed identity. Nil: every export fails, as without the role. See
	// SharedKeyExport.
	Export func(ctx context.Context, url string, content io.ReadSeeker) error

	// CallbackAttempts is the most attempts to deliver a callback. Default 4. The
	// service's own number is not published.
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

	mu          sync.Mutex // guards the fields below, and every call with what belongs to it
	closed      bool
	timers      map[*time.Timer]struct{}
	faults      Faults
	ongoing     map[*call]struct{} // calls that have not ended
	begun       int                // number of calls since the start
	calls       []*call            // in the order they began, without forgotten ones
	ended       []*call            // in the order they ended, without forgotten ones
	connections map[string]*call   // calls that the application is connected to, by connection id
	recordings  map[string]*recording
	documents   map[string]*document
	filed       []*document // documents, the oldest first
	phones      map[string]Script
	rings       map[ringKey]int
	rang        []ringKey      // the keys of rings, the oldest first
	requests    map[string]int // requests seen that belong to no call yet, by operation
	repeats     repeats
}

// Start starts the server: it subscribes the Event Grid webhooks. Every other
// method starts a server that was not started yet.
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

// Close ends every call without an event and returns when all goroutines of the
// server have ended. It may be repeated.
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

// real returns the real time that d of simulated time takes.
func (s *Server) real(d time.Duration) time.Duration {
	if s.Speed <= 0 || s.Speed == 1 {
		return d
	}
	return time.Duration(float64(d) / s.Speed)
}

// between returns the simulated time from one moment to another.
func (s *Server) between(from, to time.Time) time.Duration {
	d := to.Sub(from)
	if s.Speed <= 0 || s.Speed == 1 {
		return d
	}
	return time.Duration(float64(d) * s.Speed)
}

// after runs f after d, with s.mu held, unless the timer is stopped or the server
// is closed before. The caller holds s.mu.
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

// stop disarms a timer that after returned; it may be nil or have fired. The
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

// sleep waits for d of simulated time. It returns false if the server was closed before.
func (s *Server) sleep(d time.Duration) bool { return sleep(s.ctx, s.real(d)) }

// sleep waits for d of real time. It returns false if ctx was done before.
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

// id derives a UUID from the seed and name, so that runs with the same seed have
// the same ids.
func (s *Server) id(name ...any) string {
	return uuid.NewHash(sha256.New(), uuid.Nil, fmt.Appendln(nil, s.seed, name), 4).String()
}

// rng returns the random numbers for one decision. They depend on the seed and on
// decision, never on the order in which goroutines run.
func (s *Server) rng(decision ...any) *rand.Rand {
	h := fnv.New64a()
	fmt.Fprintln(h, decision...)
	return rand.New(rand.NewPCG(s.seed, h.Sum64()))
}
