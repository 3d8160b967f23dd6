package engine_test

import (
	"fmt"
	"testing"
	"time"

	"switchboard/handler/call"
	"switchboard/handler/call/outbox"
	"switchboard/test/cluster"
)

// inboundSim simulates ACS and the people of one inbound call around a cluster: the caller presses 1, the
// agent joins after 4 s, talks for a minute and hangs up. It stands where package gateway does, and not behind
// it as acssim does, because what the engine promises about owners, leases and sends is seen only there; the
// hundreds of runs with faults take half as long, too.
type inboundSim struct {
	*cluster.Cluster
	sends map[string]int // number of requests, by verb, operation, send and lease
	refs  map[outbox.Ref][]outbox.Action
	rings map[string]int // how often an agent's telephone rang
	keys  int            // number of event keys given out

	connected, gone bool
	participants    []string
	sequence        int                 // of the latest list of participants
	pairs           map[outbox.Ref]bool // Repeatability pairs that were accepted
	recording       int                 // the operation that started a recording; 0: none did
}

// newInboundSim returns a simulation with one instance.
func newInboundSim(t *testing.T) *inboundSim {
	s := &inboundSim{
		sends: map[string]int{}, refs: map[outbox.Ref][]outbox.Action{}, rings: map[string]int{},
		pairs: map[outbox.Ref]bool{},
	}
	s.Cluster = cluster.New(t, func(inst *cluster.Instance) cluster.Config {
		return cluster.Config{Sender: &simSender{s, inst}}
	})
	s.Start()
	return s
}

// report delivers an event after a while: to every instance, until one of them acknowledges it, and then
// once more. It is called with the lock held.
func (s *inboundSim) report(after time.Duration, ref outbox.Ref, body call.Body) {
	s.keys++
	ev := call.Event{
		Key: fmt.Sprintf("event-%d", s.keys), Ref: ref, Body: body,
		ConnectionID: "conn-1", ServerCallID: "server-1", CorrelationID: "corr-1",
	}
	s.Background.Go(func() {
		time.Sleep(after)
		deliver := func(inst *cluster.Instance) error { return inst.Apply(s.T.Context(), cluster.InboundID, ev) }
		s.Deliver(deliver, time.Second)
		s.Deliver(deliver, time.Second)
	})
}

// tickUntilDone lets time pass, 15 minutes at most, until the call has no outstanding work and the worklist is
// empty.
func (s *inboundSim) tickUntilDone() {
	for range 12 * 15 {
		s.Tick()
		if c, ok := s.Row(cluster.InboundID); ok && !c.HasWork() && len(s.WorklistRows.Entities()) == 0 {
			return
		}
	}
}

// run runs the whole call: the offer twice, deadlines and sweep, and a new instance when all have crashed;
// until the call has ended and the worklist is empty. An item that a crash has left there is removed when it is
// due, at the longest wait of its call.
func (s *inboundSim) run() call.Call {
	s.Background.Go(func() {
		ev := cluster.Offer()
		deliver := func(inst *cluster.Instance) error { return inst.Open(s.T.Context(), cluster.InboundID, ev) }
		s.Deliver(deliver, 10*time.Second)
		s.Deliver(deliver, 10*time.Second)
	})
	s.tickUntilDone()
	if left := s.WorklistRows.Entities(); len(left) > 0 {
		time.Sleep(time.Until(left[0].Columns["Due"].(time.Time)))
		s.tickUntilDone()
	}
	s.Background.Wait()
	c, _ := s.Row(cluster.InboundID)
	if c.State != call.StateEnded || c.HasWork() || len(s.WorklistRows.Entities()) > 0 {
		s.T.Errorf("the call is %s at %s with pending %v and %d items on the worklist, want it ended without either",
			c.State, c.Node, c.Pending, len(s.WorklistRows.Entities()))
	}
	s.WantReplay(c, cluster.Reception)
	return c
}
