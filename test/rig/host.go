package rig

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"switchboard/test/funcsim"
)

// Host is a Functions host with our app on it, real or not.
type Host interface {
	// Name is the host's name in messages.
	Name() string
	// URL is the address of the host's frontend.
	URL() string
	// Start starts the host and returns when it serves. It may be called again
	// after the host has stopped.
	Start(ctx context.Context) error
	// Stop ends the host and the handler with it; the handler gets no notice.
	Stop()
	// Kill ends the handler with SIGKILL and returns when the process has ended. The
	// host starts the handler again, and stops after the third time.
	Kill()
	// PID returns the handler's process id, or 0 if there is none.
	PID() int
	// Stopped is closed when the host has stopped, by itself or by Stop.
	Stopped() <-chan struct{}
}

// funcsimHost is funcsim, the simulator of a Functions host.
type funcsimHost struct {
	host funcsim.Host
	url  string
}

func newFuncsim(app string, port int, env map[string]string, log func(string)) *funcsimHost {
	addr := fmt.Sprintf("127.0.0.1:%d", port)
	h := &funcsimHost{url: "http://" + addr, host: funcsim.Host{Root: app, Addr: addr, Env: env}}
	if log != nil {
		h.host.Log = func(e funcsim.Entry) { log(e.Text) }
	}
	return h
}

func (h *funcsimHost) Name() string             { return "funcsim" }
func (h *funcsimHost) URL() string              { return h.url }
func (h *funcsimHost) Stop()                    { h.host.Stop() }
func (h *funcsimHost) Kill()                    { h.host.Kill() }
func (h *funcsimHost) PID() int                 { return h.host.PID() }
func (h *funcsimHost) Stopped() <-chan struct{} { return h.host.Stopped() }

func (h *funcsimHost) Start(ctx context.Context) error {
	return startUntilServing(ctx, h, func() error { return h.host.Start(context.WithoutCancel(ctx)) })
}

const (
	// startTimeout bounds the start of a host: a few seconds on an idle machine, many
	// times that on a busy one.
	startTimeout = 2 * time.Minute
	// maxStarts is how often a host is started before it has to serve.
	maxStarts = 3
)

// startUntilServing starts a host by start, and waits until it serves. On a busy machine the
// handler may fail because storage takes too long to open, and its third failure stops
// the host: then the host is started again.
func startUntilServing(ctx context.Context, h Host, start func() error) (err error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for range maxStarts {
		if err := start(); err != nil {
			return err
		}
		if err = waitServing(ctx, h); err == nil {
			return nil
		}
		h.Stop()
		if !errors.Is(err, errStopped) {
			return err
		}
	}
	return fmt.Errorf("%w, %d times", err, maxStarts)
}

// errStopped is the error of a host that has stopped before it served.
var errStopped = errors.New("stopped while it was starting")

// waitServing waits until requests reach the handler through the host.
func waitServing(ctx context.Context, h Host) error {
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.URL()+"/api/v1/worklist", nil)
		if err != nil {
			return err
		}
		if res, err := http.DefaultClient.Do(req); err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-h.Stopped():
			return fmt.Errorf("%s %w", h.Name(), errStopped)
		case <-ctx.Done():
			return fmt.Errorf("%s does not serve: %w", h.Name(), ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}
