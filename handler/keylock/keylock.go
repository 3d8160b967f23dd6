// Package keylock is mutual exclusion for each of many keys within one process: those who write one row write it
// one after another, instead of conflicting in storage. Between processes the row's ETag decides.
package keylock

import (
	"context"
	"sync"
)

// Locks holds a lock for each key. The zero value is ready for use; it may be used concurrently.
type Locks[K comparable] struct {
	mu    sync.Mutex
	locks map[K]*keyLock // those that are held or waited for
}

// keyLock is the lock of one key.
type keyLock struct {
	token chan struct{} // holds one token while the lock is free
	users int           // callers that hold the lock or wait for it
}

// Lock locks the key and returns the function that unlocks it. It fails only if ctx ends first.
func (l *Locks[K]) Lock(ctx context.Context, key K) (unlock func(), err error) {
	k := l.join(key)
	select {
	case <-k.token:
		return func() {
			k.token <- struct{}{}
			l.leave(key, k)
		}, nil
	case <-ctx.Done():
		l.leave(key, k)
		return nil, ctx.Err()
	}
}

// join returns the lock of a key, with one user more.
func (l *Locks[K]) join(key K) *keyLock {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.locks == nil {
		l.locks = map[K]*keyLock{}
	}
	k := l.locks[key]
	if k == nil {
		k = &keyLock{token: make(chan struct{}, 1)}
		k.token <- struct{}{}
		l.locks[key] = k
	}
	k.users++
	return k
}

// leave removes one user of a key's lock.
func (l *Locks[K]) leave(key K, k *keyLock) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if k.users--; k.users == 0 {
		delete(l.locks, key)
	}
}
