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

// The proxy's retries for a handler that cannot be reached or crashes. The running
// host was seen to send a request without a body 10 times (POST) and 40 times (GET,
// DELETE), within 2 s: in ten rounds, in each of which the .NET client repeats
// idempotent requests.
const (
	proxyRounds  = 10
	clientTries  = 4
	pauseStep    = 50 * time.Millisecond
	longestPause = 250 * time.Millisecond
)

// azureFrontendLimit is the longest time that Azure's front end waits for an answer.
// Source: learn.microsoft.com/azure/azure-functions/functions-scale, time-out duration.
const azureFrontendLimit = 230 * time.Second

var errFrontendLimit = errors.New("no answer within the front end's limit")

// forwarded is a request that the proxy forwards.
type forwarded struct {
	f         *function
	x         *execution
	ctx       context.Context // ends when the forwarding is to end
	cancel    func()
	path      string // as requestPath returns it
	abandoned bool   // the client has its answer while the request goes on
	failed    bool   // there was no answer
}

type forwardedKey struct{}

// forward streams a request to the handler and the answer to the client.
func (in *instance) forward(w http.ResponseWriter, r *http.Request, f *function, path string) {
	fault := in.faults.run(f)
	if !in.delay(fault) {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	worker, err := in.supervisor.await(in.ctx)
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	x := in.begin(f, worker)
	in.killDuring(fault, f, worker)
	// A client that disconnects cancels its request. A request whose client was
	// answered because of functionTimeout or FrontendLimit goes on.
	ctx, cancel := context.WithCancel(in.ctx)
	detach := context.AfterFunc(r.Context(), cancel)
	fw := &forwarded{f: f, x: x, ctx: ctx, cancel: cancel, path: path}
	w.Header()["Content-Type"] = nil // no default if the handler sends none
	in.proxy.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), forwardedKey{}, fw)))
	detach()
	if !fw.abandoned {
		cancel()
		x.end()
		if !fw.failed {
			in.succeeded(f, x)
		}
	}
}

func (in *instance) newProxy() http.Handler {
	return &httputil.ReverseProxy{
		Rewrite:       in.rewrite,
		Transport:     roundTripper(in.roundTrip),
		FlushInterval: -1,
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			if r.Context().Err() == nil && in.ctx.Err() == nil {
				in.log.add(LevelError, FromHost, "Failed to proxy a request: "+err.Error())
			}
			r.Context().Value(forwardedKey{}).(*forwarded).failed = true
			status := http.StatusInternalServerError
			if errors.Is(err, errFrontendLimit) {
				status = http.StatusBadGateway
			}
			w.WriteHeader(status)
		},
	}
}

// rewrite sets up the request that the handler receives.
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

// roundTrip returns the handler's answer, or an error after functionTimeout or
// FrontendLimit; the tries go on after the error.
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
			resp.Body.Close() // there is no client to read it
			in.succeeded(fw.f, fw.x)
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
		return nil, errFrontendLimit
	case <-fw.x.expired:
		fw.abandoned = true
		return nil, errors.New("functionTimeout exceeded")
	case <-fw.ctx.Done():
		return nil, context.Cause(fw.ctx)
	}
}

// try sends r and returns the answer. It repeats a request without a body until
// there is an answer. A request with a body is repeated only while none of the body
// was read.
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
		if body.touched { // no further try is possible; the rounds only pause
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

// halfDuplex sends r and reads the answer only after all of r was sent, as the .NET
// client does over HTTP/1.1. If the handler answers before it has read the whole
// body, the answer is lost together with the connection.
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

// sentOnce is a request's body that records whether it was read. Close does not
// close it, so that an unread body can be used for another try.
type sentOnce struct {
	r       io.Reader
	touched bool
}

func (b *sentOnce) Read(p []byte) (int, error) { b.touched = true; return b.r.Read(p) }
func (b *sentOnce) Close() error               { return nil }

// traceparent returns the client's traceparent, or under Core Tools a new one.
func (in *instance) traceparent(r *http.Request) string {
	if t := r.Header.Get("Traceparent"); t != "" || !in.coreTools {
		return t
	}
	trace, span := uuid.New(), uuid.New()
	return "00-" + hex.EncodeToString(trace[:]) + "-" + hex.EncodeToString(span[:8]) + "-00"
}
