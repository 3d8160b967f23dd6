package engine

import (
	"context"
	"sync"
	"time"

	"switchboard/handler/call"
)

// Tracker follows the work that one event has started: its actions, their replies, and the actions that
// follow from those. It may be used concurrently.
type Tracker struct {
	rings bool // whether an action was leased that rings a telephone

	mu      sync.Mutex
	latest  call.Call
	running int           // tasks that have not ended
	done    chan struct{} // closed when no task is running any more; nil until a task begins
}

// newTracker returns the tracker of an event that led to c.
func newTracker(c call.Call) *Tracker { return &Tracker{latest: c} }

// begin counts n tasks that are about to start. After its first use only a running task may call it.
func (t *Tracker) begin(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if n == 0 {
		return
	}
	if t.done == nil {
		t.done = make(chan struct{})
	}
	t.running += n
}

// end counts a task that has ended.
func (t *Tracker) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.running--; t.running == 0 {
		close(t.done)
	}
}

// Idle reports whether the event started no task.
func (t *Tracker) Idle() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.done == nil
}

// update records a later state of the call; an earlier one is ignored.
func (t *Tracker) update(c call.Call) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if c.Seq > t.latest.Seq {
		t.latest = c
	}
}

// Call returns the latest known state of the call.
func (t *Tracker) Call() call.Call {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.latest
}

// Wait waits until no task is running, limit at most.
func (t *Tracker) Wait(ctx context.Context, limit time.Duration) {
	t.mu.Lock()
	done := t.done
	t.mu.Unlock()
	if done == nil {
		return
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	case <-ctx.Done():
	}
}
