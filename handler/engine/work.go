package engine

import (
	"context"
	"sync"
	"time"

	"switchboard/handler/call"
)

// work is what one event has set going: its actions, their answers, and what
// those set going in turn.
type work struct {
	mu      sync.Mutex
	latest  call.Call
	running int
	idle    chan struct{} // closed when nothing runs any more; nil until something has
}

func newWork(c call.Call) *work { return &work{latest: c} }

// begin counts n more things under way, before any of them is. After the first
// time it may only be called by something that is under way itself.
func (w *work) begin(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if n == 0 {
		return
	}
	if w.idle == nil {
		w.idle = make(chan struct{})
	}
	w.running += n
}

func (w *work) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.running--; w.running == 0 {
		close(w.idle)
	}
}

// empty reports that nothing was set going.
func (w *work) empty() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.idle == nil
}

// saw takes note of a later state of the call.
func (w *work) saw(c call.Call) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if c.Seq > w.latest.Seq {
		w.latest = c
	}
}

// call returns the latest state of the call that was seen.
func (w *work) call() call.Call {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.latest
}

// wait waits until nothing is under way, for so long at most.
func (w *work) wait(ctx context.Context, most time.Duration) {
	w.mu.Lock()
	idle := w.idle
	w.mu.Unlock()
	if idle == nil {
		return
	}
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-idle:
	case <-timer.C:
	case <-ctx.Done():
	}
}
