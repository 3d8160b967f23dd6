package funcsim

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A timer runs on the one host that holds the lease of its listener; the others
// ask for it once a minute.
// Source: azure-webjobs-sdk, SingletonOptions.cs, WebJobsServiceCollectionExtensions.cs.
const (
	listenerLease    = time.Minute
	developmentLease = 15 * time.Second
	leaseRecovery    = time.Minute
)

// releaseTime bounds how long a host that ends spends on giving a lease up.
const releaseTime = 5 * time.Second

// listenerLock is the lease of one timer's listener.
type listenerLock struct {
	in       *instance
	function string
	blob, id string
	lasts    time.Duration
}

func newListenerLock(in *instance, f *function) *listenerLock {
	l := &listenerLock{
		in: in, function: f.name, id: in.newID(), lasts: listenerLease,
		blob: fmt.Sprintf("locks/%s/Host.Functions.%s.Listener", in.app.hostID, f.name),
	}
	if in.coreTools || in.app.env["AZURE_FUNCTIONS_ENVIRONMENT"] == "Development" {
		l.lasts = developmentLease
	}
	return l
}

// acquire waits for the lease. It reports false when the host ends before.
func (l *listenerLock) acquire() bool {
	for l.in.ctx.Err() == nil {
		err := l.in.blobs.Acquire(l.in.ctx, l.blob, l.id, l.lasts)
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

// keep renews the lease until the host ends, and then gives it up. What runs
// under a lost lease goes on until the renewal finds that out, and then the
// running host was seen to shut down.
func (l *listenerLock) keep() {
	renew := time.NewTicker(l.lasts / 2)
	defer renew.Stop()
	for {
		select {
		case <-l.in.ctx.Done():
			ctx, cancel := context.WithTimeout(context.WithoutCancel(l.in.ctx), releaseTime)
			defer cancel()
			_ = l.in.blobs.Release(ctx, l.blob, l.id) // it runs out by itself
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

// lose lets another host have the lease.
func (l *listenerLock) lose(ctx context.Context) error { return l.in.blobs.Break(ctx, l.blob) }

func (l *listenerLock) fault(what string, err error) {
	if l.in.ctx.Err() == nil {
		l.in.log.add(Error, FromHost, fmt.Sprintf("Functions.%s: %s: %v", l.function, what, err))
	}
}
