package engine

import (
	"context"
	"sync"

	"switchboard/handler/call"
)

// keyLock is a mutual exclusion per call, within this process: the events of one call are committed one
// after another, instead of conflicting in storage. Between processes the row's ETag decides. The zero value
// is ready for use.
type keyLock struct {
	mu    sync.Mutex
	locks map[call.ID]*callLock // those that are held or waited for
}

// callLock is the lock of one call.
type callLock struct {
	token chan struct{} // holds one token while the lock is free
	users int           // callers that hold the lock or wait for it
}

// lock locks the call and returns the function that unlocks it. It fails only if ctx ends first.
func (k *keyLock) lock(ctx context.Context, id call.ID) (unlock func(), err error) {
	l := k.join(id)
	select {
	case <-l.token:
		return func() {
			l.token <- struct{}{}
			k.leave(id, l)
		}, nil
	case <-ctx.Done():
		k.leave(id, l)
		return nil, ctx.Err()
	}
}

// join returns the call's lock, with one user more.
func (k *keyLock) join(id call.ID) *callLock {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.locks == nil {
		k.locks = map[call.ID]*callLock{}
	}
	l := k.locks[id]
	if l == nil {
		l = &callLock{token: make(chan struct{}, 1)}
		l.token <- struct{}{}
		k.locks[id] = l
	}
	l.users++
	return l
}

// leave removes one user of the call's lock.
func (k *keyLock) leave(id call.ID, l *callLock) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if l.users--; l.users == 0 {
		delete(k.locks, id)
	}
}
