// Package faultproxy stands between the handler and what it talks to, storage and
// ACS, so that a test can act at an exact moment: the n-th request of the handler,
// before it is forwarded or after it was answered. There the test kills the
// handler, or cuts the connection, and sees what the rest of the system makes of it.
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
)

// Proxy forwards to one target. It listens on a free port of the loopback.
type Proxy struct {
	// URL takes the place of the target's: same path, the proxy's host and port.
	URL string

	server    *http.Server
	transport *http.Transport
}

var errCut = errors.New("cut")

// Start returns a running proxy to target, which must be reached by plain http.
// Only the target's host and port are used to forward; its path is the client's business.
func Start(target *url.URL, moments *Moments) (*Proxy, error) {
	if target.Scheme != "http" || target.Host == "" {
		return nil, fmt.Errorf("proxy to %s: want http://host:port", target)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("proxy to %s: %w", target, err)
	}
	p := &Proxy{
		URL:       "http://" + listener.Addr().String() + target.EscapedPath(),
		transport: &http.Transport{DisableCompression: true}, // bodies as they are; no other proxy
	}
	p.server = &http.Server{
		Handler:  p.handler(target.Host, moments),
		ErrorLog: log.New(io.Discard, "", 0), // cut connections are what it is for
	}
	go p.server.Serve(listener)
	return p, nil
}

// Close ends the proxy and cuts what is under way.
func (p *Proxy) Close() {
	p.server.Close()
	p.transport.CloseIdleConnections()
}

func (p *Proxy) handler(host string, moments *Moments) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := moments.next(host, r)
		if moments.cut(n, Before, r) {
			panic(http.ErrAbortHandler) // net/http closes the connection
		}
		forward := httputil.ReverseProxy{
			Transport:     p.transport,
			FlushInterval: -1, // as it comes
			ErrorLog:      p.server.ErrorLog,
			Rewrite: func(pr *httputil.ProxyRequest) {
				pr.Out.URL.Scheme, pr.Out.URL.Host = "http", host
				pr.Out.URL.RawQuery = pr.In.URL.RawQuery // ReverseProxy drops what it cannot parse
				pr.Out.Host = pr.In.Host
			},
			ModifyResponse: func(*http.Response) error {
				if moments.cut(n, After, r) {
					return errCut
				}
				return nil
			},
			// No answer of our own: without the target's there is none.
			ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
		}
		forward.ServeHTTP(w, r)
	})
}
