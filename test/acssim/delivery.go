package acssim

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"
)

const (
	// orderTimeout is how long a callback waits for the previous one to be
	// acknowledged. The service promises no order at all.
	orderTimeout = 100 * time.Millisecond
	// answerTime is the longest time that the receiver of an event may take to answer.
	answerTime = 10 * time.Second

	defaultCallbackAttempts = 4
	firstBackoff            = time.Second // doubled each time
)

// post sends a callback. It returns when the callback is acknowledged, or after
// orderTimeout.
func (c *call) post(cb *callback) {
	acknowledged := make(chan struct{})
	c.s.mu.Lock()
	c.s.spawn(func() { cb.deliver(acknowledged) })
	c.s.mu.Unlock()
	if cb.faults.delay > 0 {
		return
	}
	enough := time.NewTimer(orderTimeout)
	defer enough.Stop()
	select {
	case <-acknowledged:
	case <-enough.C:
	case <-c.s.ctx.Done():
	}
}

// deliver sends a callback until it is accepted or CallbackAttempts are used up, and
// then its duplicate. It closes acknowledged after the first attempt and after a
// duplicate without lag.
func (cb *callback) deliver(acknowledged chan<- struct{}) {
	s, f := cb.call.s, cb.faults
	if f.delay > 0 {
		s.note(cb.call, "fault", "%s is %v late", cb.name(), f.delay.Round(time.Millisecond))
		if !s.sleep(f.delay) {
			return
		}
	}
	accepted := cb.attempt()
	if f.duplicate && f.lag == 0 {
		s.note(cb.call, "fault", "%s comes twice", cb.name())
		cb.attempt()
	}
	close(acknowledged)
	backoff := firstBackoff
	for n := 1; !accepted && n < cmp.Or(s.CallbackAttempts, defaultCallbackAttempts); n++ {
		if !s.sleep(backoff) {
			return
		}
		backoff *= 2
		accepted = cb.attempt()
	}
	if f.duplicate && f.lag > 0 && s.sleep(f.lag) {
		s.note(cb.call, "fault", "%s comes again after %v", cb.name(), f.lag.Round(time.Millisecond))
		cb.attempt()
	}
}

// attempt sends a callback once and reports whether it was accepted.
func (cb *callback) attempt() bool {
	s := cb.call.s
	token, err := s.callbackToken(cb.faults.skew)
	if err != nil {
		s.note(cb.call, "callback", "%s cannot be signed: %v", cb.name(), err)
		return false
	}
	status, _, err := s.postJSON(cb.url, cb.events, http.Header{"Authorization": {"Bearer " + token}})
	if s.ctx.Err() != nil {
		return false
	}
	if err != nil {
		s.note(cb.call, "callback", "%s was not accepted: %v", cb.name(), err)
		return false
	}
	accepted := status >= 200 && status <= 299
	if accepted {
		s.note(cb.call, "callback", "%s", cb.name())
	} else {
		s.note(cb.call, "callback", "%s was not accepted: %d", cb.name(), status)
	}
	return accepted
}

func (s *Server) newClient() *http.Client {
	transport := s.Transport
	if transport == nil {
		transport = http.DefaultTransport.(*http.Transport).Clone()
	}
	return &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse // neither service follows redirects
	}}
}

// postJSON sends body to target and returns the status and the first 64 KiB of
// the answer. Its errors do not name the URL, which may hold a secret.
func (s *Server) postJSON(target string, body any, header http.Header) (status int, answer []byte, err error) {
	content, err := json.Marshal(body)
	if err != nil {
		return 0, nil, err
	}
	status, _, answer, err = s.roundTrip(http.MethodPost, target, content, header)
	return status, answer, err
}

// roundTrip sends a request like postJSON, and also returns the header of the answer.
func (s *Server) roundTrip(method, target string, content []byte, header http.Header) (status int, got http.Header, answer []byte, err error) {
	ctx, cancel := context.WithTimeout(s.ctx, answerTime)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(content))
	if err != nil {
		return 0, nil, nil, errors.New("the URL is none")
	}
	r.Header.Set("Content-Type", "application/json")
	for name, values := range header {
		r.Header[name] = values
	}
	response, err := s.client.Do(r)
	if err != nil {
		if u, ok := errors.AsType[*url.Error](err); ok {
			err = u.Err
		}
		return 0, nil, nil, err
	}
	defer response.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(response.Body, 64<<10))
	return response.StatusCode, response.Header, answer, err
}
