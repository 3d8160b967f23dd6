package funcsim

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/http/httputil"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"
)

// The proxy's patience with a handler that cannot be reached or dies. The
// running host was seen to send a request without a body 10 times (POST) and 40
// times (GET, DELETE), within 2 s: ten rounds, in each of which the .NET client
// repeats by itself what HTTP calls idempotent.
const (
	proxyRounds  = 10
	clientTries  = 4
	pauseStep    = 50 * time.Millisecond
	longestPause = 250 * time.Millisecond
)

// azureFrontLimit is how long Azure's front end waits for an answer.
// Source: learn.microsoft.com/azure/azure-functions/functions-scale, time-out duration.
const azureFrontLimit = 230 * time.Second

var errFrontLimit = errors.New("the front end has waited long enough")

// forwarded is what the proxy must know of a request that it forwards.
type forwarded struct {
	x         *execution
	ctx       context.Context // ends when the forwarding is to be given up
	cancel    func()
	path      string // as the host sees it
	abandoned bool   // the client was answered, the request goes on
}

type forwardedKey struct{}

// forward passes a request on to the handler and its answer back, both streamed.
func (in *instance) forward(w http.ResponseWriter, r *http.Request, f *function, path string) {
	fault := in.faults.run(f)
	if !in.late(fault) {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	worker, err := in.supervisor.await(in.ctx)
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	x := in.begin(f, worker)
	in.strike(fault, f, worker)
	// A client that leaves takes its request along. One that was answered because
	// of functionTimeout or by the front end does not: the request goes on.
	ctx, cancel := context.WithCancel(in.ctx)
	leave := context.AfterFunc(r.Context(), cancel)
	fw := &forwarded{x: x, ctx: ctx, cancel: cancel, path: path}
	w.Header()["Content-Type"] = nil // none of our own if the handler gives none
	in.proxy.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), forwardedKey{}, fw)))
	leave()
	if !fw.abandoned {
		cancel()
		x.end()
	}
}

func (in *instance) newProxy() http.Handler {
	return &httputil.ReverseProxy{
		Rewrite:       in.rewrite,
		Transport:     roundTripper(in.roundTrip),
		FlushInterval: -1,
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			if r.Context().Err() == nil && in.ctx.Err() == nil {
				in.log.add(Error, FromHost, "Failed to proxy a request: "+err.Error())
			}
			status := http.StatusInternalServerError
			if errors.Is(err, errFrontLimit) {
				status = http.StatusBadGateway
			}
			w.WriteHeader(status)
		},
	}
}

// rewrite makes the request that the handler receives.
func (in *instance) rewrite(p *httputil.ProxyRequest) {
	fw := p.In.Context().Value(forwardedKey{}).(*forwarded)
	p.SetXForwarded()
	p.Out.Host = ""
	encoded := encodePath(fw.path)
	plain, err := url.PathUnescape(encoded)
	if err != nil {
		panic(err) // encodePath escapes every percent sign
	}
	p.Out.URL.Path, p.Out.URL.RawPath = plain, encoded
	p.Out.URL.RawQuery, p.Out.URL.ForceQuery = p.In.URL.RawQuery, p.In.URL.ForceQuery
	for name, values := range p.Out.Header {
		if len(values) > 1 {
			p.Out.Header[name] = []string{strings.Join(values, ", ")}
		}
	}
	p.Out.Header.Set("X-Azure-Functions-HostVersion", Version)
	p.Out.Header.Set("X-Azure-Functions-InvocationId", fw.x.id)
	p.Out.Header.Set("X-Ms-Invocation-Id", fw.x.id)
	if t := in.traceparent(p.In); t != "" {
		p.Out.Header.Set("Traceparent", t)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// roundTrip ends with the handler's answer, or when the function's or the front
// end's time is over; the tries then go on without it.
func (in *instance) roundTrip(r *http.Request) (*http.Response, error) {
	fw := r.Context().Value(forwardedKey{}).(*forwarded)
	type outcome struct {
		resp *http.Response
		err  error
	}
	answered, left := make(chan outcome), make(chan struct{})
	defer close(left)
	in.spawn(func() {
		resp, err := in.try(r.WithContext(fw.ctx))
		select {
		case answered <- outcome{resp, err}:
			return
		case <-left:
		case <-fw.ctx.Done():
		}
		if err == nil {
			resp.Body.Close() // nobody is there to read it
		}
		fw.cancel()
		fw.x.end()
	})
	var limit <-chan time.Time // never
	if in.limit > 0 {
		t := time.NewTimer(in.limit)
		defer t.Stop()
		limit = t.C
	}
	select {
	case o := <-answered:
		return o.resp, o.err
	case <-limit:
		fw.abandoned = true
		return nil, errFrontLimit
	case <-fw.x.expired:
		fw.abandoned = true
		return nil, errors.New("functionTimeout exceeded")
	case <-fw.ctx.Done():
		return nil, context.Cause(fw.ctx)
	}
}

// try sends r, again and again if it has no body, until there is an answer.
// With a body it is sent once; what could not be sent at all is tried again.
func (in *instance) try(r *http.Request) (*http.Response, error) {
	tries := clientTries
	if r.Method == http.MethodPost || r.Method == http.MethodPatch || r.Body != nil {
		tries = 1
	}
	body := &sentOnce{r: r.Body}
	var failure error
	for round := range proxyRounds {
		if round > 0 {
			select {
			case <-time.After(min(time.Duration(round)*pauseStep, longestPause)):
			case <-r.Context().Done():
				return nil, context.Cause(r.Context())
			}
		}
		if body.touched { // it is gone: further rounds fail, but take their time
			continue
		}
		w, err := in.supervisor.await(r.Context())
		if err != nil {
			return nil, err
		}
		for range tries {
			out := r.Clone(r.Context())
			if r.Body != nil {
				out.Body = body
			}
			resp, err := halfDuplex(w, out)
			if err == nil {
				return resp, nil
			}
			failure = err
			if r.Context().Err() != nil {
				return nil, failure
			}
		}
	}
	return nil, failure
}

// halfDuplex sends r and looks at the answer only when all of r was sent, as the
// .NET client does over HTTP/1.1. So an answer to a body that was not read to its
// end is lost, together with the connection.
func halfDuplex(w *worker, r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		return w.request(r)
	}
	sent := make(chan error, 1)
	trace := &httptrace.ClientTrace{WroteRequest: func(info httptrace.WroteRequestInfo) { sent <- info.Err }}
	resp, err := w.request(r.WithContext(httptrace.WithClientTrace(r.Context(), trace)))
	if err != nil {
		return nil, err
	}
	select {
	case err = <-sent:
	case <-r.Context().Done():
		err = context.Cause(r.Context())
	}
	if err != nil {
		resp.Body.Close()
		return nil, fmt.Errorf("the handler answered before it had read the body: %w", err)
	}
	return resp, nil
}

// sentOnce is a request's body that remembers whether any of it was asked for,
// and stays open for a further try if not.
type sentOnce struct {
	r       io.Reader
	touched bool
}

func (b *sentOnce) Read(p []byte) (int, error) { b.touched = true; return b.r.Read(p) }
func (b *sentOnce) Close() error               { return nil }

// traceparent is the client's, or under Core Tools a new one.
func (in *instance) traceparent(r *http.Request) string {
	if t := r.Header.Get("Traceparent"); t != "" || !in.coreTools {
		return t
	}
	trace, span := uuid.New(), uuid.New()
	return "00-" + hex.EncodeToString(trace[:]) + "-" + hex.EncodeToString(span[:8]) + "-00"
}
