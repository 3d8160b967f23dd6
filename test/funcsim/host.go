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

// Version is what funcsim claims to be in X-Azure-Functions-HostVersion: the
// host whose recordings it is compared with.
const Version = "4.1045.200.25556"

// Host runs one function app. The zero value runs the app in the working
// directory on a free port; the fields are its knobs, to be set before Start.
// A Host may be started again after it has stopped.
type Host struct {
	// Root is the app's folder, the one with host.json. Default: the working
	// directory.
	Root string

	// Env adds settings for the host and the handler. They win over the
	// environment of this process, which wins over Values of local.settings.json.
	Env map[string]string

	// Handler, if set, is run in place of the executable that host.json names,
	// inside this process: requests reach it through memory, so that all of it
	// can run in a testing/synctest bubble. Killing it cuts its connections and
	// cancels its requests; what it keeps in memory survives, so a test of
	// crashes that wants that lost serves a fresh handler from then on. Stop
	// waits for its requests to return. Storage is not needed; queue triggers
	// without an entry in Queues are off.
	Handler http.Handler

	// Queues replaces queues of the storage account, by name.
	Queues map[string]Queue

	// Blobs replaces the storage account's container for leases and the status of
	// timers. Default: that container; with Handler, a MemoryBlobs of this Host.
	Blobs Blobs

	// Addr is where the front listens. Default: a free port of 127.0.0.1; with
	// Handler, no socket at all (use Client or ServeHTTP).
	Addr string

	// Log receives every line of the handler and of the host, one call at a time.
	Log func(Entry)

	// CoreTools makes the host behave as under func start: JSON-form bodies with
	// Content-Length and a traceparent on what comes by HTTP. Default: as in
	// Azure, chunked and without, unless FUNCTIONS_CORETOOLS_ENVIRONMENT is set.
	CoreTools bool

	// AuthOn makes the front check Keys, as in Azure; func start does not.
	AuthOn bool
	Keys   Keys

	// InitializationTimeout and FunctionTimeout replace the values of host.json
	// (defaults of the host: 30 s and 30 min). A function that outlasts its
	// timeout has TimeoutGrace more, default 2 s, until the handler is killed.
	InitializationTimeout time.Duration
	FunctionTimeout       time.Duration
	TimeoutGrace          time.Duration

	// FrontLimit is after what time without an answer the front gives up on an
	// HTTP function, with 502, while the function goes on. Default: 230 s, as in
	// Azure; with CoreTools never.
	FrontLimit time.Duration

	// Faults, if set, go wrong by themselves. Default: what the setting
	// FUNCSIM_FAULTS says, as a JSON object, such as {"Seed":7,"Kill":0.1}.
	Faults *Faults

	// NewID makes invocation ids and the like. Default: random UUIDs.
	NewID func() string

	mu     sync.Mutex
	in     *instance    // the latest start; nil before the first
	memory *MemoryBlobs // in place of Blobs with a Handler; outlives a stop
}

// Keys open the front when AuthOn is set. An empty key opens nothing.
type Keys struct {
	Master    string // everything
	Function  string // HTTP functions of level function
	EventGrid string // the Event Grid webhook (system key eventgrid_extension)
}

// ErrGaveUp is why a host stops by itself: the handler failed three times within
// half an hour, no handler was ready for an invocation in time, or a timer's lease
// was lost.
var ErrGaveUp = errors.New("funcsim: host gave up")

// Start reads the app and starts front, handler and listeners. All faults of
// the app's files are in the one error. As with the real host the handler may
// not be ready yet when Start returns: invocations wait for it. The host runs
// until ctx ends, Stop is called or it gives up.
func (h *Host) Start(ctx context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.in != nil && !h.in.over() {
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

// Stop ends the host as Azure does: the handler gets SIGKILL and no notice. It
// returns when nothing of the host is left running; before Start it does nothing.
func (h *Host) Stop() {
	if in := h.instance(); in != nil {
		in.stop(nil)
		<-in.stopped
	}
}

// Stopped is closed when the host has stopped, for whatever reason; Err tells
// it. It is nil before Start.
func (h *Host) Stopped() <-chan struct{} {
	if in := h.instance(); in != nil {
		return in.stopped
	}
	return nil
}

// Err is nil while the host runs and after it was stopped from outside. It is an
// ErrGaveUp with the reason after the host stopped by itself.
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

// URL is the front's address, without a slash at the end.
func (h *Host) URL() string {
	if in := h.instance(); in != nil {
		return in.url
	}
	return ""
}

// Client returns a client that reaches the front also where it has no socket.
// Only requests for URL may be sent with it then.
func (h *Host) Client() *http.Client {
	if in := h.instance(); in != nil {
		return in.client
	}
	return http.DefaultClient
}

// Functions lists what was found in the app, in the order of names.
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

// Kill ends the handler with SIGKILL and returns when it is gone; while there is
// none ready it waits for one. To the host it is a crash: requests in flight
// fail, the handler is started again, the third within half an hour stops the
// host.
func (h *Host) Kill() {
	in := h.instance()
	if in == nil {
		return
	}
	if w, err := in.supervisor.await(in.ctx); err == nil {
		in.supervisor.kill(w, crash)
	}
}

// LoseLease takes the lease of a timer's listener from whichever host holds it, as
// trouble with the storage can. Another host may have it from then on, and the
// one that had it runs the timer too until it finds out, half a lease later at the
// most, and stops with ErrGaveUp.
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

// Restarts counts how often the handler was started again since Start.
func (h *Host) Restarts() int {
	if in := h.instance(); in != nil {
		return in.supervisor.restarts()
	}
	return 0
}

// PID is the handler's process id, 0 while there is none or it runs in process.
func (h *Host) PID() int {
	if in := h.instance(); in != nil {
		return in.supervisor.pid()
	}
	return 0
}

// Invoke runs a function that HTTP does not trigger, as POST /admin/functions
// does, but waits for its end. Input is an event, the text of a message, or
// nothing for a timer. A failed run is a *Failure.
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

// ServeHTTP is the front: what a client sends to the function app's address.
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

// environ is the environment that host and handler see, without what
// local.settings.json adds.
func (h *Host) environ() environment {
	env := environmentOf(os.Environ())
	for k, v := range h.Env {
		env[k] = v
	}
	return env
}
