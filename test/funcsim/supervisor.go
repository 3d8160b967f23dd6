package funcsim

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// Numbers of the host's dispatcher.
// Source: WebJobs.Script/Workers/Http/HttpFunctionInvocationDispatcher.cs,
// DefaultHttpWorkerService.cs, WorkerFunctionInvoker.cs.
const (
	readinessPause = 25 * time.Millisecond
	maxFailures    = 3                // the third one stops the host
	failureWindow  = 30 * time.Minute // a failure this long after the last one is a first again
	initPatience   = maxFailures + 1  // an invocation waits this many initialisation timeouts
)

// ending is why a worker was made to end.
type ending int

const (
	byItself ending = iota
	crash           // Host.Kill: counts as a failure
	restart         // function timeout: does not count
)

// supervisor keeps one worker running and hands it to invocations.
type supervisor struct {
	start       func() (*worker, error)
	program     string // for the log
	initTimeout time.Duration
	log         *journal
	giveUp      func(reason string) // stops the host

	mu       sync.Mutex
	current  *worker       // the latest started
	ready    bool          // current has answered the first request
	changed  chan struct{} // closed and replaced when ready becomes true
	why      ending        // why current was ended
	lives    int           // workers started
	failures int
	last     time.Time // of the latest failure
}

// run starts workers, one after the other, until ctx ends or a worker is not
// to be replaced. The last one is dead when it returns.
func (s *supervisor) run(ctx context.Context) {
	for ctx.Err() == nil {
		w, err := s.start()
		if err != nil {
			// The real host does nothing more, and ends when the first
			// invocation has waited long enough.
			s.log.add(Error, FromHost, fmt.Sprintf("Failed to start Worker Channel. Process fileName: %s: %v", s.program, err))
			return
		}
		s.mu.Lock()
		s.current, s.ready, s.why = w, false, byItself
		s.lives++
		s.mu.Unlock()

		answered := s.tend(ctx, w)
		if ctx.Err() != nil || !s.replace(w, answered) {
			return
		}
	}
}

// tend waits until w answers, hands it out, and waits for its end. It reports
// false if w did not answer in time. When ctx ends, so does w.
func (s *supervisor) tend(ctx context.Context, w *worker) bool {
	defer func() { w.end(); <-w.exited }()
	ready := make(chan bool, 1)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { ready <- s.awaitAnswer(ctx, w) }()
	select {
	case <-ctx.Done():
		return true
	case <-w.exited:
		return true
	case ok := <-ready:
		if !ok && w.alive() && ctx.Err() == nil {
			return false
		}
	}
	if w.alive() {
		s.mu.Lock()
		if s.why == byItself {
			s.ready = true
			close(s.changed)
			s.changed = make(chan struct{})
			s.log.add(Information, FromHost, "Worker process started and initialized.")
		}
		s.mu.Unlock()
	}
	select {
	case <-ctx.Done():
	case <-w.exited:
	}
	return true
}

// awaitAnswer asks w for / until there is an answer, whatever its status. As in
// the host only the pauses count against the timeout.
func (s *supervisor) awaitAnswer(ctx context.Context, w *worker) bool {
	for waited := time.Duration(0); waited < s.initTimeout; waited += readinessPause {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, w.base.String()+"/", nil)
		if err != nil {
			return false
		}
		r.Close = true // a connection of its own
		if resp, err := w.request(r); err == nil {
			resp.Body.Close()
			return true
		}
		select {
		case <-time.After(readinessPause):
		case <-w.exited:
			return false
		case <-ctx.Done():
			return false
		}
	}
	return false
}

// replace decides what follows the end of w: exit code 0 leaves the host without
// a handler, 200 and a function timeout are not counted, all else is.
func (s *supervisor) replace(w *worker, answered bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if answered && s.why == byItself && w.code == 0 {
		s.log.add(Warning, FromHost, "The handler ended with exit code 0: the host does not start it again, "+
			"and every invocation fails from here on.")
		return false
	}
	s.ready = false
	if answered && (s.why == restart || s.why == byItself && w.code == restartCode) {
		s.log.add(Information, FromHost, "Restarting the handler.")
		return true
	}
	reason := fmt.Sprintf("The handler ended with exit code %d.", w.code)
	if !answered {
		reason = "Initializing HttpWorker timed out."
	}
	s.log.add(Error, FromHost, reason)
	if time.Since(s.last) > failureWindow {
		s.failures = 0
	}
	s.failures++
	s.last = time.Now()
	if s.failures < maxFailures {
		return true
	}
	s.giveUp("Exceeded http worker restart retry count. Shutting down Functions Host")
	return false
}

// noticed returns once the host knows of the end of a worker that has broken a
// connection, or that it goes on. So whoever sees a crash fail an invocation
// finds the next one waiting for a new handler.
func (s *supervisor) noticed(w *worker) {
	select {
	case <-w.exited:
	case <-time.After(100 * time.Millisecond):
	}
}

// await returns a worker that is, or was, ready. While there is none it waits;
// after too long the host stops, because the real one does.
func (s *supervisor) await(ctx context.Context) (*worker, error) {
	patience := time.NewTimer(initPatience * s.initTimeout)
	defer patience.Stop()
	for {
		s.mu.Lock()
		w, ready, changed := s.current, s.ready, s.changed
		s.mu.Unlock()
		if ready && (w.alive() || w.code == 0) { // after exit code 0 the host goes on as if nothing had happened
			return w, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-patience.C:
			s.giveUp("Initialization timed out and host is shutting down")
			return nil, errors.New("no handler was ready in time")
		}
	}
}

// kill ends w and returns when it is gone. Invocations that come after that wait
// for the next one. If w is not the current worker any more, nothing happens.
func (s *supervisor) kill(w *worker, why ending) {
	s.mu.Lock()
	if w != s.current || !w.alive() {
		s.mu.Unlock()
		return
	}
	if s.why == byItself {
		s.why = why
	}
	s.ready = false
	s.mu.Unlock()
	w.end()
	<-w.exited
}

// ping asks the handler for /, if there is one that is ready, and does nothing
// with the answer.
func (s *supervisor) ping(ctx context.Context) {
	s.mu.Lock()
	w, ready := s.current, s.ready
	s.mu.Unlock()
	if !ready || !w.alive() {
		return
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, w.base.String()+"/", nil)
	if err != nil {
		return
	}
	if resp, err := w.request(r); err == nil {
		resp.Body.Close()
	}
}

func (s *supervisor) restarts() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return max(0, s.lives-1)
}

func (s *supervisor) pid() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current == nil || !s.current.alive() {
		return 0
	}
	return s.current.pid
}
