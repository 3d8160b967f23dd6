package acssim

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
)

// InProcess is a transport that hands requests to h without a socket, which is
// what a testing/synctest bubble needs. A handler that aborts (see
// http.ErrAbortHandler) is a connection that was cut: the request fails with
// io.ErrUnexpectedEOF. Responses are buffered whole, so it does not stream.
func InProcess(h http.Handler) http.RoundTripper { return inProcess{h} }

type inProcess struct{ handler http.Handler }

func (t inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	in := r.Clone(r.Context())
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
		w := httptest.NewRecorder()
		t.handler.ServeHTTP(w, in)
		answered <- w.Result()
	}()
	select {
	case response, ok := <-answered:
		if !ok {
			return nil, io.ErrUnexpectedEOF
		}
		response.Request = r
		return response, nil
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
}
