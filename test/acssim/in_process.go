package acssim

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
)

// InProcess returns a transport that passes requests to h without a socket, as a
// testing/synctest bubble needs. If the handler aborts (see http.ErrAbortHandler)
// the request fails with io.ErrUnexpectedEOF, like a cut connection. Responses are
// buffered whole, so it does not stream. A handler may hijack the connection, as for
// a WebSocket (see http.Hijacker).
func InProcess(h http.Handler) http.RoundTripper { return inProcess{h} }

type inProcess struct{ handler http.Handler }

func (t inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx := r.Context()
	if r.Header.Get("Upgrade") != "" { // the connection outlives the request
		ctx = context.WithoutCancel(ctx)
	}
	in := r.Clone(ctx)
	in.RequestURI = r.URL.RequestURI()
	in.RemoteAddr = "127.0.0.1:0"
	if in.Host == "" {
		in.Host = r.URL.Host
	}
	body := []byte{}
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		r.Body.Close()
	}
	in.Body = io.NopCloser(bytes.NewReader(body))

	answered := make(chan *http.Response, 1)
	go func() {
		defer close(answered)
		defer func() {
			if p := recover(); p != nil && p != http.ErrAbortHandler {
				panic(p)
			}
		}()
		w := &recorder{ResponseRecorder: httptest.NewRecorder(), answered: answered}
		t.handler.ServeHTTP(w, in)
		if !w.hijacked {
			answered <- w.Result()
		}
	}()
	select {
	case response, ok := <-answered:
		if !ok {
			return nil, io.ErrUnexpectedEOF
		}
		response.Request = r
		return response, nil
	case <-r.Context().Done():
		go func() { // a late answer may hold a connection
			if response := <-answered; response != nil {
				response.Body.Close()
			}
		}()
		return nil, r.Context().Err()
	}
}

// recorder is a response that can become a connection.
type recorder struct {
	*httptest.ResponseRecorder
	answered chan<- *http.Response
	hijacked bool
}

// WriteHeader makes room for the whole body, if its length is known.
func (w *recorder) WriteHeader(status int) {
	if length, err := strconv.Atoi(w.Header().Get("Content-Length")); err == nil {
		w.Body.Grow(length)
	}
	w.ResponseRecorder.WriteHeader(status)
}

// Hijack implements http.Hijacker. The client receives the response so far, with its
// end of the connection as body.
func (w *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if w.hijacked {
		return nil, nil, errors.New("the connection is taken over already")
	}
	w.hijacked = true
	ours, theirs := net.Pipe()
	response := w.Result()
	response.Body = ours
	w.answered <- response
	return theirs, bufio.NewReadWriter(bufio.NewReader(theirs), bufio.NewWriter(theirs)), nil
}
