package engine

import (
	"context"
	"sync"

	"switchboard/handler/call"
)

// turns lets the events of one call wait for each other within this process, so
// that they do not spend their time on racing. Between processes the ETag decides.
type keyLock struct {
	mu    sync.Mutex
	calls map[call.ID]*lockWaiters
}

type lockWaiters struct {
	free    chan struct{} // holds one token while nobody has the turn
	waiting int           // how many have it or wait for it
}

// take waits for the call's turn and returns the function that gives it on. It
// fails only when ctx ends before that.
func (t *keyLock) lock(ctx context.Context, id call.ID) (give func(), err error) {
	mine := t.join(id)
	select {
	case <-mine.free:
		return func() {
			mine.free <- struct{}{}
			t.leave(id, mine)
		}, nil
	case <-ctx.Done():
		t.leave(id, mine)
		return nil, ctx.Err()
	}
}

func (t *keyLock) join(id call.ID) *lockWaiters {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.calls == nil {
		t.calls = map[call.ID]*lockWaiters{}
	}
	mine := t.calls[id]
	if mine == nil {
		mine = &lockWaiters{free: make(chan struct{}, 1)}
		mine.free <- struct{}{}
		t.calls[id] = mine
	}
	mine.waiting++
	return mine
}

func (t *keyLock) leave(id call.ID, mine *lockWaiters) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if mine.waiting--; mine.waiting == 0 {
		delete(t.calls, id)
	}
}
