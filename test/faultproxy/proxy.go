// Package faultproxy stands between the handler and its services, storage and ACS,
// so that a test can act at an exact point: the n-th request of the handler, before
// it is forwarded or after it was answered. There the test kills the handler, or
// drops the connection, and checks how the rest of the system copes.
//
// Everything else passes unchanged, the Host header too: signatures cover it.
package faultproxy

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
)

// Proxy forwards to one target. It listens on a free port of the loopback.
type Proxy struct {
	// URL replaces the target's: same path, the proxy's host and port.
	URL string

	server    *http.Server
	transport *http.Transport
}

// idleConnections is how many idle connections to the target are kept. With fewer than a load has, thousands of them
// would be opened and closed, until there is no free port.
const idleConnections = 1000

var errDropped = errors.New("dropped")

// Start returns a running proxy to target, which must have a plain http URL. It
// forwards to the target's host and port; the client sends the whole path itself.
func Start(target *url.URL, hook *Hook) (*Proxy, error) {
	if target.Scheme != "http" || target.Host == "" {
		return nil, fmt.Errorf("proxy to %s: want http://host:port", target)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("proxy to %s: %w", target, err)
	}
	p := &Proxy{
		URL: "http://" + listener.Addr().String() + target.EscapedPath(),
		transport: &http.Transport{ // no other proxy
			DisableCompression:  true, // bodies as they are
			MaxIdleConnsPerHost: idleConnections,
		},
	}
	p.server = &http.Server{
		Handler:  p.handler(target.Host, hook),
		ErrorLog: log.New(io.Discard, "", 0), // dropped connections are intended
	}
	go p.server.Serve(listener)
	return p, nil
}

// Close ends the proxy and drops the requests in flight.
func (p *Proxy) Close() {
	p.server.Close()
	p.transport.CloseIdleConnections()
}

func (p *Proxy) handler(host string, hook *Hook) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := hook.next(host, r)
		if hook.drop(n, WhenBefore, r) {
			panic(http.ErrAbortHandler) // net/http closes the connection
		}
		body, answer := &countedBody{ReadCloser: r.Body}, &countedAnswer{ResponseWriter: w}
		if r.Body != http.NoBody { // which the transport recognizes
			r.Body = body
		}
		forward := httputil.ReverseProxy{
			Transport:     p.transport,
			FlushInterval: -1, // flush at once
			ErrorLog:      p.server.ErrorLog,
			Rewrite: func(pr *httputil.ProxyRequest) {
				pr.Out.URL.Scheme, pr.Out.URL.Host = "http", host
				pr.Out.URL.RawQuery = pr.In.URL.RawQuery // ReverseProxy drops what it cannot parse
				pr.Out.Host = pr.In.Host
			},
			ModifyResponse: func(*http.Response) error {
				if hook.drop(n, WhenAfter, r) {
					return errDropped
				}
				return nil
			},
			// The client gets the target's answer or none, never one of the proxy.
			ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
		}
		forward.ServeHTTP(answer, r)
		hook.answered(n, body.n.Load(), answer.n)
	})
}

// countedBody counts the bytes that are read from a request's body. The transport may read on after the answer.
type countedBody struct {
	io.ReadCloser
	n atomic.Int64
}

func (b *countedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.n.Add(int64(n))
	return n, err
}

// countedAnswer counts the bytes that are written to an answer's body.
type countedAnswer struct {
	http.ResponseWriter
	n int64
}

func (a *countedAnswer) Write(p []byte) (int, error) {
	n, err := a.ResponseWriter.Write(p)
	a.n += int64(n)
	return n, err
}

// Unwrap lets the reverse proxy flush.
func (a *countedAnswer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
