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

// faultyQueue is the storage queue as one instance sees it.
type faultyQueue struct {
	sim  *filingSim
	inst *cluster.Instance
}

func (f *faultyQueue) Send(_ context.Context, text string, delay time.Duration) (err error) {
	var m filer.ResumeMessage
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		return err
	}
	down := f.sim.Perform(f.inst, true, func() {
		f.sim.Mu.Lock()
		defer f.sim.Mu.Unlock()
		if f.sim.sends++; f.sim.queueFails != nil && f.sim.queueFails(f.sim.sends) {
			err = errors.New("queue does not answer")
			return
		}
		f.sim.put(delay, func(e *cluster.Instance) error { return e.File(f.sim.T.Context(), m.Recording) })
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
		s.T.Errorf("a message failed %d times and went to the poison queue, want it handled", deliveries)
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
