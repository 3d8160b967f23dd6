package funcsim

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A timer runs on the host that holds the lease of its listener. The other hosts try
// to acquire it once a minute.
// Source: azure-webjobs-sdk, SingletonOptions.cs, WebJobsServiceCollectionExtensions.cs.
const (
	listenerLease    = time.Minute
	developmentLease = 15 * time.Second
	leaseRecovery    = time.Minute
)

// releaseTimeout bounds the release of a lease when the host ends.
const releaseTimeout = 5 * time.Second

// listenerLock is the lease of one timer's listener.
type listenerLock struct {
	in       *instance
	function string
	blob, id string
	duration time.Duration
}

func newListenerLock(in *instance, f *function) *listenerLock {
	l := &listenerLock{
		in: in, function: f.name, id: in.newID(), duration: listenerLease,
		blob: fmt.Sprintf("locks/%s/Host.Functions.%s.Listener", in.app.hostID, f.name),
	}
	if in.app.inDevelopment() {
		l.duration = developmentLease
	}
	return l
}

// acquire waits for the lease. It returns false if the host ends first.
func (l *listenerLock) acquire() bool {
	for l.in.ctx.Err() == nil {
		err := l.in.blobs.Acquire(l.in.ctx, l.blob, l.id, l.duration)
		if err == nil {
			return true
		}
		if !errors.Is(err, ErrLeased) {
			l.fault("acquire the listener's lease", err)
		}
		select {
		case <-time.After(leaseRecovery):
		case <-l.in.ctx.Done():
		}
	}
	return false
}

// keep renews the lease until the host ends, and then releases it. After a lease is
// lost, its timer goes on until the next renewal fails; then the host shuts down, as
// the running host was seen to do.
func (l *listenerLock) keep() {
	renew := time.NewTicker(l.duration / 2)
	defer renew.Stop()
	for {
		select {
		case <-l.in.ctx.Done():
			ctx, cancel := context.WithTimeout(context.WithoutCancel(l.in.ctx), releaseTimeout)
			defer cancel()
			_ = l.in.blobs.Release(ctx, l.blob, l.id) // after an error the lease expires
			return
		case <-renew.C:
		}
		switch err := l.in.blobs.Renew(l.in.ctx, l.blob, l.id); {
		case errors.Is(err, ErrLeased):
			l.in.giveUp("An unhandled exception has occurred. Host is shutting down. Lease lost: " + l.blob)
		case err != nil:
			l.fault("renew the listener's lease", err)
		}
	}
}

// lose breaks the lease, so that another host can acquire it.
func (l *listenerLock) lose(ctx context.Context) error { return l.in.blobs.Break(ctx, l.blob) }

func (l *listenerLock) fault(what string, err error) {
	if l.in.ctx.Err() == nil {
		l.in.log.add(LevelError, FromHost, fmt.Sprintf("Functions.%s: %s: %v", l.function, what, err))
	}
}
