package funcsim

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync"
	"time"
)

// Version is the version that funcsim sends in X-Azure-Functions-HostVersion: that
// of the host whose recordings it is compared with.
const Version = "4.1045.200.25556"

// Host runs one function app. The zero value runs the app in the working
// directory on a free port; the fields are its knobs, to be set before Start.
// A Host may be started again after it has stopped.
type Host struct {
	// Root is the app's folder, the one with host.json. Default: the working
	// directory.
	Root string

	// Env adds settings for the host and the handler. They replace those of this
	// process's environment, which replace Values of local.settings.json.
	Env map[string]string

	// Handler, if set, runs inside this process in place of the executable that
	// host.json names. Requests reach it through memory, so that everything can run
	// in a testing/synctest bubble. A kill closes its connections and cancels its
	// requests, but its memory survives: a test of crashes must then serve a new
	// handler. Stop waits for its requests to return. Storage is not needed; queue
	// triggers without an entry in Queues are off.
	Handler http.Handler

	// Queues replace queues of the storage account, by name.
	Queues map[string]Queue

	// Blobs replace the storage account's container for leases and the status of
	// timers. Default: that container; with Handler, a MemoryBlobs of this Host.
	Blobs Blobs

	// Addr is the address of the front end. Default: a free port of 127.0.0.1; with
	// Handler, no socket at all (use Client or ServeHTTP).
	Addr string

	// Log receives every line of the handler and of the host, one call at a time.
	Log func(Entry)

	// CoreTools makes the host behave as under func start: JSON-form bodies have a
	// Content-Length, requests to the front end get a traceparent, and an idle queue is
	// polled every 2 s, if host.json does not say otherwise. Default, as in Azure: bodies
	// are chunked, there is no traceparent, and an idle queue is polled every minute,
	// unless FUNCTIONS_CORETOOLS_ENVIRONMENT is set.
	CoreTools bool

	// AuthOn makes the front end check Keys, as in Azure; func start does not.
	AuthOn bool
	Keys   Keys

	// InitializationTimeout and FunctionTimeout replace the values of host.json
	// (defaults of the host: 30 s and 30 min). TimeoutGrace is the time from the
	// timeout of a function until the handler is killed, default 2 s.
	InitializationTimeout time.Duration
	FunctionTimeout       time.Duration
	TimeoutGrace          time.Duration

	// FrontendLimit is the longest time that the front end waits for the answer of an
	// HTTP function. Then it answers 502, while the function goes on. Default: 230 s,
	// as in Azure; with CoreTools no limit.
	FrontendLimit time.Duration

	// Faults, if set, are caused at random. Default: those of the setting
	// FUNCSIM_FAULTS, a JSON object such as {"Seed":7,"Kill":0.1}.
	Faults *Faults

	// NewID makes invocation ids and the like. Default: random UUIDs.
	NewID func() string

	mu     sync.Mutex
	in     *instance    // the latest start; nil before the first
	memory *MemoryBlobs // with a Handler, the default of Blobs; survives Stop
}

// Keys are the keys that the front end accepts when AuthOn is set. An empty key is
// never accepted.
type Keys struct {
	Master    string // for everything
	Function  string // for HTTP functions of level function
	EventGrid string // for the Event Grid webhook (system key eventgrid_extension)
}

// ErrGaveUp is the reason of a host that stops by itself: the handler failed three
// times within half an hour, no handler was ready for an invocation in time, a timer's
// lease was lost, or a queue's storage failed.
var ErrGaveUp = errors.New("funcsim: host gave up")

// Start reads the app and starts front end, handler and listeners. Its error has
// all faults of the app's files. As with the real host the handler may not be ready
// yet when Start returns: invocations wait for it. The host runs until ctx ends,
// Stop is called or it gives up.
func (h *Host) Start(ctx context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.in != nil && !h.in.hasStopped() {
		return errors.New("funcsim: the host is running already")
	}
	in, err := newInstance(ctx, h)
	if err != nil {
		return fmt.Errorf("funcsim: start: %w", err)
	}
	h.in = in
	in.run()
	return nil
}

// Stop ends the host as Azure does: it kills the handler without notice. It returns
// when everything of the host has ended; before Start it does nothing.
func (h *Host) Stop() {
	if in := h.instance(); in != nil {
		in.stop(nil)
		<-in.stopped
	}
}

// Stopped returns a channel that is closed when the host has stopped, for any
// reason; Err returns it. The channel is nil before Start.
func (h *Host) Stopped() <-chan struct{} {
	if in := h.instance(); in != nil {
		return in.stopped
	}
	return nil
}

// Err returns ErrGaveUp with the reason if the host has stopped by itself. It
// returns nil while the host runs and after it was stopped from outside.
func (h *Host) Err() error {
	in := h.instance()
	if in == nil {
		return nil
	}
	if cause := context.Cause(in.ctx); errors.Is(cause, ErrGaveUp) {
		return cause
	}
	return nil
}

// URL returns the front end's address, without a slash at the end.
func (h *Host) URL() string {
	if in := h.instance(); in != nil {
		return in.url
	}
	return ""
}

// Client returns a client that reaches the front end, with or without a socket.
// Without one it must send only requests for URL.
func (h *Host) Client() *http.Client {
	if in := h.instance(); in != nil {
		return in.client
	}
	return http.DefaultClient
}

// Functions returns the app's functions, in the order of names.
func (h *Host) Functions() []Function {
	in := h.instance()
	if in == nil {
		return nil
	}
	var out []Function
	for _, f := range in.app.functions {
		out = append(out, f.describe(in.app.routePrefix))
	}
	return out
}

// Kill ends the handler with SIGKILL and waits for its end. If none is ready, it
// waits for one first. The host treats the kill as a crash: requests in flight
// fail, the handler is started again, and the third crash within half an hour stops
// the host.
func (h *Host) Kill() {
	in := h.instance()
	if in == nil {
		return
	}
	if w, err := in.supervisor.await(in.ctx); err == nil {
		in.supervisor.kill(w, exitCrash)
	}
}

// LoseLease breaks the lease of a timer's listener, whichever host holds it, as
// a storage failure can. From then on another host may acquire the lease. The host
// that held it runs the timer too until its next renewal, at most half a lease
// later, and then stops with ErrGaveUp.
func (h *Host) LoseLease(ctx context.Context, function string) error {
	in := h.instance()
	if in == nil {
		return errors.New("funcsim: the host was not started")
	}
	f := in.app.function(function)
	if f == nil || f.trigger != timerTrigger {
		return fmt.Errorf("funcsim: no timer %q", function)
	}
	return newListenerLock(in, f).lose(ctx)
}

// Restarts returns the number of restarts of the handler since Start.
func (h *Host) Restarts() int {
	if in := h.instance(); in != nil {
		return in.supervisor.restarts()
	}
	return 0
}

// PID returns the handler's process id, or 0 if there is none or it runs in process.
func (h *Host) PID() int {
	if in := h.instance(); in != nil {
		return in.supervisor.pid()
	}
	return 0
}

// Invoke runs a function by hand, as POST /admin/functions does, and waits for its
// end. It does not run HTTP functions. Input is an event, the text of a message, or
// empty for a timer. The error of a failed run is a *Failure.
func (h *Host) Invoke(ctx context.Context, function, input string) error {
	in := h.instance()
	if in == nil {
		return errors.New("funcsim: the host was not started")
	}
	c, err := in.manual(function, input)
	if err != nil {
		return err
	}
	return in.invoke(ctx, c)
}

// ServeHTTP serves the front end: a client's requests to the function app.
func (h *Host) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	in := h.instance()
	if in == nil {
		http.Error(w, "Function host is not running.", http.StatusServiceUnavailable)
		return
	}
	in.ServeHTTP(w, r)
}

func (h *Host) instance() *instance {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.in
}

// environ returns the environment of host and handler, without the Values of
// local.settings.json.
func (h *Host) environ() environment {
	env := environmentOf(os.Environ())
	for k, v := range h.Env {
		env[k] = v
	}
	if h.CoreTools {
		env[coreToolsSetting] = "true"
	}
	return env
}
