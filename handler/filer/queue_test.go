package filer_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"switchboard/handler/filer"
	"switchboard/test/cluster"
)

// queue is the storage queue as one instance sees it.
type queue struct {
	sim  *filingSim
	inst *cluster.Instance
}

func (q *queue) Send(_ context.Context, text string, delay time.Duration) (err error) {
	var m filer.ResumeMessage
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		return err
	}
	down := q.sim.Perform(q.inst, true, func() {
		q.sim.Mu.Lock()
		defer q.sim.Mu.Unlock()
		if q.sim.sends++; q.sim.queueFails != nil && q.sim.queueFails(q.sim.sends) {
			err = errors.New("queue does not answer")
			return
		}
		q.sim.put(delay, func(e *cluster.Instance) error { return e.File(q.sim.T.Context(), m.Recording) })
	})
	if down != nil {
		return down
	}
	return err
}

// The Functions host delivers a message again that failed, five times in all. A message whose handler
// crashed is delivered again after its visibility timeout.
//
// Source: "Azure Queue storage trigger for Azure Functions", Microsoft Learn.
const (
	deliveries        = 5
	visibilityTimeout = 10 * time.Minute
)

// put puts a message into the queue, to be delivered after a delay.
func (s *filingSim) put(delay time.Duration, handle func(*cluster.Instance) error) {
	s.Background.Go(func() {
		time.Sleep(delay)
		for range deliveries {
			running := s.Running()
			for len(running) == 0 {
				time.Sleep(time.Second)
				running = s.Running()
			}
			inst := running[s.pick(len(running))]
			err := handle(inst)
			switch {
			case s.crashed(inst):
				time.Sleep(visibilityTimeout)
			case err == nil:
				return
			default:
				time.Sleep(time.Second)
			}
		}
		s.T.Errorf("a message failed %d times and went to the poison queue", deliveries)
	})
}

// pick returns which of n instances gets the next message: each in turn.
func (s *filingSim) pick(n int) int {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	s.picks++
	return s.picks % n
}

// crashed reports whether an instance has crashed.
func (s *filingSim) crashed(inst *cluster.Instance) bool { return !slices.Contains(s.Running(), inst) }
