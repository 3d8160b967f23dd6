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
	failureWindow  = 30 * time.Minute // a failure that much later restarts the count
	initWaits      = maxFailures + 1  // number of initialisation timeouts that an invocation waits
)

// exitReason is the reason for the end of a worker.
type exitReason int

const (
	exitByItself exitReason = iota
	exitCrash               // Host.Kill: counts as a failure
	exitRestart             // function timeout: does not count
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
	ready    bool          // whether current has answered its first request
	changed  chan struct{} // closed and replaced when ready becomes true
	why      exitReason    // why current was ended
	starts   int           // workers started
	failures int
	last     time.Time // of the latest failure
}

// run starts workers, one after the other, until ctx ends or a worker is not
// replaced. The last worker has ended when run returns.
func (s *supervisor) run(ctx context.Context) {
	for ctx.Err() == nil {
		w, err := s.start()
		if err != nil {
			// The real host does nothing more, and ends after the timeout of
			// the first invocation.
			s.log.add(LevelError, FromHost, fmt.Sprintf("Failed to start Worker Channel. Process fileName: %s: %v", s.program, err))
			return
		}
		s.mu.Lock()
		s.current, s.ready, s.why = w, false, exitByItself
		s.starts++
		s.mu.Unlock()

		answered := s.supervise(ctx, w)
		if ctx.Err() != nil || !s.replace(w, answered) {
			return
		}
	}
}

// supervise waits until w answers, makes it available, and waits for its end. It
// returns false if w did not answer in time. It ends w when ctx ends.
func (s *supervisor) supervise(ctx context.Context, w *worker) bool {
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
		if s.why == exitByItself {
			s.ready = true
			close(s.changed)
			s.changed = make(chan struct{})
			s.log.add(LevelInformation, FromHost, "Worker process started and initialized.")
		}
		s.mu.Unlock()
	}
	select {
	case <-ctx.Done():
	case <-w.exited:
	}
	return true
}

// awaitAnswer sends GET / to w until there is an answer of any status. It returns
// false after the timeout. As in the host, only the pauses count as time.
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

// replace reports whether a new worker follows w, which has ended. Exit code 0 leaves
// the host without a handler. Exit code 200 and a function timeout do not count as
// failures; every other end does.
func (s *supervisor) replace(w *worker, answered bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if answered && s.why == exitByItself && w.code == 0 {
		s.log.add(LevelWarning, FromHost, "The handler ended with exit code 0: the host does not start it again, "+
			"and every invocation fails from here on.")
		return false
	}
	s.ready = false
	if answered && (s.why == exitRestart || s.why == exitByItself && w.code == restartCode) {
		s.log.add(LevelInformation, FromHost, "Restarting the handler.")
		return true
	}
	reason := fmt.Sprintf("The handler ended with exit code %d.", w.code)
	if !answered {
		reason = "Initializing HttpWorker timed out."
	}
	s.log.add(LevelError, FromHost, reason)
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

// waitExitSeen waits for the exit of a worker whose connection broke, or for a moment
// if it has not exited. So after an invocation that failed by a crash, the next one
// waits for a new worker.
func (s *supervisor) waitExitSeen(w *worker) {
	select {
	case <-w.exited:
	case <-time.After(100 * time.Millisecond):
	}
}

// await returns a worker that is, or was, ready. While there is none it waits. After
// a timeout it stops the host, as the real one does.
func (s *supervisor) await(ctx context.Context) (*worker, error) {
	timeout := time.NewTimer(initWaits * s.initTimeout)
	defer timeout.Stop()
	for {
		s.mu.Lock()
		w, ready, changed := s.current, s.ready, s.changed
		s.mu.Unlock()
		if ready && (w.alive() || w.code == 0) { // the host does not notice exit code 0
			return w, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-timeout.C:
			s.giveUp("Initialization timed out and host is shutting down")
			return nil, errors.New("no handler was ready in time")
		}
	}
}

// kill ends w and waits for its end. Later invocations wait for the next worker. kill
// does nothing if w is no longer the current worker.
func (s *supervisor) kill(w *worker, why exitReason) {
	s.mu.Lock()
	if w != s.current || !w.alive() {
		s.mu.Unlock()
		return
	}
	if s.why == exitByItself {
		s.why = why
	}
	s.ready = false
	s.mu.Unlock()
	w.end()
	<-w.exited
}

// ping sends GET / to the current worker if it is ready, and ignores the answer.
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
	return max(0, s.starts-1)
}

func (s *supervisor) pid() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current == nil || !s.current.alive() {
		return 0
	}
	return s.current.pid
}
