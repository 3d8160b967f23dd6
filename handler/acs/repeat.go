package acs

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/google/uuid"
)

// Repeatability identifies a request across its repeats, those of the client
// and those of the caller. A caller that may repeat a request later, perhaps in
// another process, creates the pair, stores it, and passes the same one each time.
//
// Within about five minutes of FirstSent, ACS answers a repeat with its first 2xx
// or 4xx; it carries the request out again only after a 5xx. Later it refuses with
// 412. So a request that was throttled (429) needs a new pair.
//
// Source: "Repeatable requests", Azure Communication Services REST reference,
// written for Email and Rooms; for Call Automation by analogy.
type Repeatability struct {
	// RequestID is a version 4 UUID, sent as Repeatability-Request-ID. If the whole
	// pair is zero, the client creates one for the request.
	RequestID string

	// FirstSent is when the request was first sent, to the second, sent as
	// Repeatability-First-Sent.
	FirstSent time.Time
}

// complete returns r, or a new pair if r is zero.
func (r Repeatability) complete() (Repeatability, error) {
	switch {
	case r == Repeatability{}:
		return Repeatability{RequestID: uuid.NewString(), FirstSent: time.Now()}, nil
	case r.RequestID == "" || r.FirstSent.IsZero():
		return r, errors.New("half a repeatability pair")
	}
	return r, nil
}

func (r Repeatability) set(h http.Header) {
	h.Set("Repeatability-Request-Id", r.RequestID)
	h.Set("Repeatability-First-Sent", r.FirstSent.UTC().Format(http.TimeFormat))
}

// noRepeats are the retry options of operations that must not be sent twice.
var noRepeats = policy.RetryOptions{MaxRetries: -1}

// repeats returns the retry options of operations that may be sent again: after a
// lost answer, a 408 or a temporary 5xx, and if throttled is set, after a 429 with
// a delay. A repeat that ctx would end before is not waited for.
func (c *Client) repeats(ctx context.Context, throttled bool) policy.RetryOptions {
	o := c.retry
	o.ShouldRetry = func(resp *http.Response, err error) bool {
		if err != nil {
			return true
		}
		wait := retryAfter(resp.Header)
		switch code := resp.StatusCode; {
		case code == http.StatusTooManyRequests:
			if !throttled || wait == 0 {
				return false
			}
		case code == http.StatusNotImplemented, code == http.StatusHTTPVersionNotSupported:
			return false
		case code != http.StatusRequestTimeout && code < http.StatusInternalServerError:
			return false
		}
		deadline, ok := ctx.Deadline()
		return !ok || time.Now().Add(wait).Before(deadline)
	}
	return o
}

// retryAfter returns the delay that a response asks for; zero if it asks for none.
func retryAfter(h http.Header) time.Duration {
	for _, name := range []string{"Retry-After-Ms", "X-Ms-Retry-After-Ms"} {
		if ms, err := strconv.Atoi(h.Get(name)); err == nil && ms > 0 {
			return bounded(ms, time.Millisecond)
		}
	}
	v := h.Get("Retry-After")
	if s, err := strconv.Atoi(v); err == nil {
		return bounded(max(s, 0), time.Second)
	}
	if t, err := http.ParseTime(v); err == nil {
		return max(time.Until(t), 0)
	}
	return 0
}

// bounded returns n units, at most a day: n comes from outside.
func bounded(n int, unit time.Duration) time.Duration {
	const day = 24 * time.Hour
	if n > int(day/unit) {
		return day
	}
	return time.Duration(n) * unit
}
