package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"switchboard/test/acssim"
)

// network is a simulator of ACS and of the telephone network, and what happens in it.
type network struct {
	sim  *acssim.Server
	acks *acknowledgements

	mu       sync.Mutex
	ended    map[string]chan struct{} // by the simulator's id of the call; closed at its end
	requests map[string]int           // of the application, by operation, that were done
	refused  int                      // requests that were not
	last     time.Time                // of the latest request, callback or event
}

// newNetwork returns a network without misbehaviour, whose people are so many times as
// fast, and which remembers so many calls.
func newNetwork(speed float64, calls int) *network {
	n := &network{acks: newAcknowledgements(), ended: map[string]chan struct{}{}, requests: map[string]int{}}
	n.sim = &acssim.Server{
		Strict: true, Speed: speed, Keep: calls, CallsPerNumber: -1, Transport: n.acks, OnEvent: n.event,
	}
	return n
}

// event reads an entry of the simulator's timeline.
func (n *network) event(e acssim.Entry) {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch e.Kind {
	case "ended":
		close(n.end(e.Call))
	case "request":
		operation, status, _ := strings.Cut(e.Text, ": ")
		if strings.HasPrefix(status, "2") {
			n.requests[operation]++
		} else {
			n.refused++
		}
		n.last = e.Time
	case "callback", "eventgrid", "content":
		n.last = e.Time
	}
}

// end returns the channel that is closed at the end of a call. The caller holds n.mu.
func (n *network) end(id string) chan struct{} {
	if n.ended[id] == nil {
		n.ended[id] = make(chan struct{})
	}
	return n.ended[id]
}

// callTime is the longest time from the first ring of a call to its end, in real time.
const callTime = 2 * time.Minute

// ring places a call and waits for its end. It returns the simulator's id of the call.
func (n *network) ring(ctx context.Context, caller acssim.Caller) (string, error) {
	id, err := n.sim.Ring(caller)
	if err != nil {
		return "", err
	}
	n.mu.Lock()
	ended := n.end(id)
	n.mu.Unlock()
	select {
	case <-ended:
		return id, nil
	case <-ctx.Done():
		return id, ctx.Err()
	case <-time.After(callTime):
		return id, fmt.Errorf("call %s has not ended within %v", id, callTime)
	}
}

// done returns how many requests there were so far, by operation, and how many were refused.
func (n *network) done() (requests map[string]int, refused int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	requests = map[string]int{}
	for operation, count := range n.requests {
		requests[operation] = count
	}
	return requests, n.refused
}

const (
	quiet     = 500 * time.Millisecond // without a request or an event, after which the network is at rest
	quietTime = time.Minute            // until which it has to be
)

// rest waits until nothing has happened in the network for a while, so that what an application does after it has
// acknowledged an event is over.
func (n *network) rest(ctx context.Context) error {
	for began := time.Now(); ; {
		n.mu.Lock()
		since := time.Since(n.last)
		n.mu.Unlock()
		if since >= quiet {
			return nil
		}
		if time.Since(began) > quietTime {
			return errors.New("the telephone network does not come to rest")
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(quiet - since):
		}
	}
}
