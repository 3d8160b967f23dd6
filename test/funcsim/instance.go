package funcsim

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"maps"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/google/uuid"
)

// instance is one run of a Host, from Start until it has stopped.
type instance struct {
	host       *Host // the configuration; not changed while this runs
	app        *app
	log        *journal
	supervisor *supervisor
	proxy      http.Handler
	queues     map[string]Queue
	blobs      Blobs
	faults     *rng
	newID      func() string
	grace      time.Duration
	limit      time.Duration // the FrontendLimit; 0: none
	coreTools  bool

	listener net.Listener
	frontend *http.Server
	url      string
	client   *http.Client

	ctx     context.Context
	stop    context.CancelCauseFunc
	stopped chan struct{} // closed when everything has ended

	mu   sync.Mutex
	done bool           // no more work is accepted
	work sync.WaitGroup // requests, invocations and listeners
}

func newUUID() string { return uuid.NewString() }

// newInstance reads the app and opens the front end, but starts nothing.
func newInstance(ctx context.Context, h *Host) (*instance, error) {
	inProcess := h.Handler != nil
	a, err := loadApp(cmp.Or(h.Root, "."), h.environ(), !inProcess)
	if err != nil {
		return nil, err
	}
	a.initTimeout = cmp.Or(h.InitializationTimeout, a.initTimeout)
	a.functionTimeout = cmp.Or(h.FunctionTimeout, a.functionTimeout)

	in := &instance{
		host: h, app: a, log: &journal{sink: h.Log}, newID: h.NewID,
		grace:   cmp.Or(h.TimeoutGrace, 2*time.Second), // measured on the running host
		limit:   h.FrontendLimit,
		stopped: make(chan struct{}),
	}
	in.coreTools = a.coreTools()
	if in.limit == 0 && !in.coreTools {
		in.limit = azureFrontendLimit
	}
	if in.newID == nil {
		in.newID = newUUID
	}
	if in.queues, err = openQueues(a, h.Queues, !inProcess); err != nil {
		return nil, err
	}
	if in.blobs, err = openBlobs(h, a); err != nil {
		return nil, err
	}
	faults := h.Faults
	if text := a.env[faultsSetting]; faults == nil && text != "" {
		if err := json.Unmarshal([]byte(text), &faults); err != nil {
			return nil, fmt.Errorf("%s: %w", faultsSetting, err)
		}
	}
	if in.faults, err = newRNG(faults); err != nil {
		return nil, err
	}
	if err := in.listen(); err != nil {
		return nil, err
	}
	in.ctx, in.stop = context.WithCancelCause(ctx)
	in.proxy = in.newProxy()
	in.supervisor = &supervisor{
		program: a.executable, initTimeout: a.initTimeout, log: in.log, giveUp: in.giveUp,
		changed: make(chan struct{}),
		start: func() (*worker, error) {
			if inProcess {
				return startInProcess(in.tracked(h.Handler), in.log), nil
			}
			return startProcess(a, in.handlerSettings(), in.log)
		},
	}
	return in, nil
}

// listen opens the front end: in memory if the handler is in process and there is no
// Addr, else a socket.
func (in *instance) listen() error {
	in.frontend = &http.Server{Handler: in, ErrorLog: log.New(&lineWriter{
		line: func(s string) { in.log.add(LevelWarning, FromHost, s) },
	}, "", 0)}
	if in.host.Handler != nil && in.host.Addr == "" {
		l := newMemoryListener("127.0.0.1:7071")
		in.listener, in.url = l, "http://localhost:7071"
		in.client = &http.Client{Transport: &http.Transport{DialContext: l.dial}}
		return nil
	}
	l, err := net.Listen("tcp", cmp.Or(in.host.Addr, "127.0.0.1:0"))
	if err != nil {
		return err
	}
	in.listener, in.url = l, "http://"+l.Addr().String()
	in.client = &http.Client{Transport: &http.Transport{}}
	return nil
}

// handlerSettings returns the app's settings and those that the host adds.
func (in *instance) handlerSettings() environment {
	env := maps.Clone(in.app.env)
	_, port, err := net.SplitHostPort(in.listener.Addr().String())
	if err == nil && env["WEBSITE_HOSTNAME"] == "" {
		env["WEBSITE_HOSTNAME"] = net.JoinHostPort("localhost", port)
	}
	if in.coreTools {
		env["AZURE_FUNCTIONS_ENVIRONMENT"] = "Development"
		env[coreToolsSetting] = "true"
	}
	return env
}

// run starts everything and returns. When the context ends, everything ends, the
// handler first.
func (in *instance) run() {
	supervised := make(chan struct{})
	if len(in.app.functions) == 0 { // the host starts no handler then
		in.log.add(LevelWarning, FromHost, "No functions were found.")
		close(supervised)
	} else {
		go func() {
			defer close(supervised)
			in.supervisor.run(in.ctx)
		}()
	}
	for _, f := range in.app.functions {
		switch f.trigger {
		case timerTrigger:
			in.spawn(newTimer(in, f).listen)
		case queueTrigger:
			if q := in.queues[f.queue]; q != nil {
				l := &queueListener{in: in, f: f, queue: q, opts: in.app.queues}
				in.spawn(l.listen)
			}
		}
	}
	if in.faults != nil {
		in.log.add(LevelInformation, FromHost, fmt.Sprintf("funcsim: faults of seed %d", in.faults.seed))
		in.spawn(in.pingAtRandom)
	}
	go func() { _ = in.frontend.Serve(in.listener) }() // ErrServerClosed
	go func() {
		<-in.ctx.Done()
		in.mu.Lock()
		in.done = true
		in.mu.Unlock()
		<-supervised
		_ = in.frontend.Close()
		in.client.CloseIdleConnections()
		in.work.Wait()
		close(in.stopped)
	}()
}

// enter adds to work, unless the host is ending. If it returns true, the caller must
// call work.Done.
func (in *instance) enter() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.done {
		return false
	}
	in.work.Add(1)
	return true
}

// tracked returns handler with its requests counted in work, so that the host waits
// for them at its end.
func (in *instance) tracked(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if in.enter() {
			defer in.work.Done()
			handler.ServeHTTP(w, r)
		}
	})
}

// spawn runs f in a goroutine, for which the host waits at its end.
func (in *instance) spawn(f func()) {
	if !in.enter() {
		return
	}
	go func() {
		defer in.work.Done()
		f()
	}()
}

func (in *instance) giveUp(reason string) {
	in.log.add(LevelError, FromHost, reason)
	in.stop(fmt.Errorf("%w: %s", ErrGaveUp, reason))
}

func (in *instance) hasStopped() bool {
	select {
	case <-in.stopped:
		return true
	default:
		return false
	}
}

// openBlobs returns the store of leases and status records.
func openBlobs(h *Host, a *app) (Blobs, error) {
	switch connection := a.env["AzureWebJobsStorage"]; {
	case h.Blobs != nil:
		return h.Blobs, nil
	case h.Handler != nil || connection == "": // without storage loadApp refuses timers
		if h.memory == nil {
			h.memory = &MemoryBlobs{}
		}
		return h.memory, nil
	default:
		return NewStorageBlobs(connection)
	}
}

// openQueues returns the queue of every queue trigger: the given one, else, with
// storage, that of the storage account.
func openQueues(a *app, given map[string]Queue, storage bool) (map[string]Queue, error) {
	queues := map[string]Queue{}
	for _, f := range a.functions {
		if f.trigger != queueTrigger {
			continue
		}
		if q := given[f.queue]; q != nil {
			queues[f.queue] = q
			continue
		}
		if !storage {
			continue
		}
		q, err := NewStorageQueue(a.env["AzureWebJobsStorage"], f.queue)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.name, err)
		}
		queues[f.queue] = q
	}
	return queues, nil
}
