package acssim

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// Faults are rates of misbehaviour, from 0 to 1. The service's documentation warns
// of each of them. Each decision is drawn from the seed and from its own name, so
// that a seed replays a run.
type Faults struct {
	Duplicate   float64 `json:"duplicate"`   // of events: delivered once more, at once or within 3 s
	Swap        float64 `json:"swap"`        // of callbacks: delivered after the next one
	Delay       float64 `json:"delay"`       // of events: delivered up to 2 s late, after later ones
	Early       float64 `json:"early"`       // of requests: answered after the events that they caused
	Throttle    float64 `json:"throttle"`    // of requests: refused with 429 and Retry-After, nothing done
	LoseAnswer  float64 `json:"loseAnswer"`  // of requests: done, but the connection is cut or the answer is a 500
	ServerError float64 `json:"serverError"` // of requests: answered 503, nothing done
	Slow        float64 `json:"slow"`        // of requests: answered 2 s late
	Loss        float64 `json:"loss"`        // of events: never delivered
	Batch       float64 `json:"batch"`       // of events: delivered together with the next
	Skew        float64 `json:"skew"`        // of callbacks: their token is from a clock up to a minute off
	Media       float64 `json:"media"`       // of media operations, streams and recordings: the media service fails them
}

// DefaultFaults returns low rates of all faults except Loss and Media.
func DefaultFaults() Faults {
	return Faults{
		Duplicate: 0.05, Swap: 0.05, Delay: 0.05, Early: 0.05,
		Throttle: 0.02, LoseAnswer: 0.02, ServerError: 0.02,
		Slow: 0.02, Batch: 0.02, Skew: 0.05,
	}
}

func (f Faults) validate() error {
	for _, rate := range []float64{
		f.Duplicate, f.Swap, f.Delay, f.Early, f.Throttle, f.LoseAnswer, f.ServerError, f.Slow, f.Loss, f.Batch, f.Skew, f.Media,
	} {
		if !(rate >= 0 && rate <= 1) {
			return fmt.Errorf("a rate of %v is not between 0 and 1", rate)
		}
	}
	return nil
}

// SetFaults replaces the rates from now on, also on a Strict server. An error names
// an invalid rate; then nothing changes.
func (s *Server) SetFaults(f Faults) error {
	if err := f.validate(); err != nil {
		return err
	}
	s.Start()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = f
	s.note(nil, "faults", "%+v", f)
	return nil
}

func (s *Server) faultsNow() Faults {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.faults
}

const (
	maxDuplicateLag = 3 * time.Second
	maxDelay        = 2 * time.Second
	maxSkewed       = time.Minute
	slowHold        = 2 * time.Second
	// earlyHold is the delay of an answer that comes after its events: longer than
	// a call takes to connect, shorter than any client waits.
	earlyHold = 500 * time.Millisecond
	// swapWait is how long a callback waits for the next one, to be swapped with it.
	swapWait = 500 * time.Millisecond
	// retryAfter is the Retry-After of a 429.
	retryAfter = time.Second
)

// eventFaults are the faults of one event.
type eventFaults struct {
	swap      bool
	duplicate bool
	lag       time.Duration // between an event and its duplicate
	delay     time.Duration
	loss      bool
	batch     bool
	skew      time.Duration
}

// eventFaults draws the faults of the event that decision names. The caller holds s.mu.
func (s *Server) eventFaults(decision ...any) eventFaults {
	d, f := s.rng("event", fmt.Sprint(decision...)), s.faults
	var e eventFaults
	// Every draw is made, needed or not, so that changing one rate does not change
	// the other faults of a seed.
	duplicate, swap, delay := d.Float64() < f.Duplicate, d.Float64() < f.Swap, d.Float64() < f.Delay
	atOnce, lag, late := d.IntN(2) == 0, upTo(d, maxDuplicateLag), upTo(d, maxDelay)
	loss, batch, skew, off := d.Float64() < f.Loss, d.Float64() < f.Batch, d.Float64() < f.Skew, upTo(d, 2*maxSkewed)-maxSkewed
	e.loss, e.batch = loss, batch
	if skew {
		e.skew = off
	}
	e.duplicate = duplicate || s.DuplicateAll
	if duplicate && !atOnce {
		e.lag = lag
	}
	e.swap = swap || s.SwapNeighbours
	if delay {
		e.delay = late
	}
	return e
}

// requestFault is the fault of one request.
type requestFault string

const (
	faultNone        requestFault = ""
	faultThrottle    requestFault = "throttle"
	faultServerError requestFault = "server error"
	faultAnswerCut   requestFault = "answer cut"
	faultAnswerLost  requestFault = "answer replaced by a 500"
	faultEarlyEvents requestFault = "events first"
	faultSlowAnswer  requestFault = "slow answer"
)

// requestFault draws the fault of the next request for an operation on a call; c is
// nil for requests without a call. The caller holds s.mu.
func (s *Server) requestFault(c *call, operation string) requestFault {
	seen, on := s.requests, 0
	if c != nil {
		seen, on = c.requests, c.n
	}
	seen[operation]++
	d, f := s.rng("request", operation, on, seen[operation]), s.faults
	throttled, failed, lost, early := d.Float64() < f.Throttle, d.Float64() < f.ServerError,
		d.Float64() < f.LoseAnswer, d.Float64() < f.Early
	cut := d.IntN(2) == 0
	slow := d.Float64() < f.Slow
	switch {
	case throttled:
		return faultThrottle
	case failed:
		return faultServerError
	case lost && cut:
		return faultAnswerCut
	case lost:
		return faultAnswerLost
	case early:
		return faultEarlyEvents
	case slow:
		return faultSlowAnswer
	}
	return faultNone
}

// mediaFault draws whether the media service fails an operation. The caller holds
// s.mu.
func (c *call) mediaFault(operation string) bool {
	c.requests["media "+operation]++
	failed := c.s.rng("media", operation, c.n, c.requests["media "+operation]).Float64() < c.s.faults.Media
	if failed {
		c.s.note(c, "fault", "the media service fails %s", operation)
	}
	return failed
}

// upTo draws a duration from 0 to max.
func upTo(d *rand.Rand, max time.Duration) time.Duration {
	return time.Duration(d.Int64N(int64(max)))
}
