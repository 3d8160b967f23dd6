package engine

import (
	"context"
	"sync"
	"time"

	"switchboard/handler/call"
)

// work is what one event has set going: its actions, their answers, and what
// those set going in turn.
type Tracker struct {
	mu      sync.Mutex
	latest  call.Call
	running int
	done    chan struct{} // closed when nothing runs any more; nil until something has
}

func newTracker(c call.Call) *Tracker { return &Tracker{latest: c} }

// begin counts n more things under way, before any of them is. After the first
// time it may only be called by something that is under way itself.
func (w *Tracker) begin(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if n == 0 {
		return
	}
	if w.done == nil {
		w.done = make(chan struct{})
	}
	w.running += n
}

func (w *Tracker) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.running--; w.running == 0 {
		close(w.done)
	}
}

// empty reports that nothing was set going.
func (w *Tracker) Idle() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.done == nil
}

// saw takes note of a later state of the call.
func (w *Tracker) update(c call.Call) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if c.Seq > w.latest.Seq {
		w.latest = c
	}
}

// call returns the latest state of the call that was seen.
func (w *Tracker) Call() call.Call {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.latest
}

// wait waits until nothing is under way, for so long at most.
func (w *Tracker) Wait(ctx context.Context, most time.Duration) {
	w.mu.Lock()
	idle := w.done
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
