package engine_test

import (
	"fmt"
	"testing"
	"time"

	"switchboard/handler/call"
	"switchboard/handler/call/outbox"
	"switchboard/test/cluster"
)

// world is a house and a telephone network with scripted people: the caller presses
// 1, the agent joins after 4 s, talks for a minute and hangs up.
type inboundSim struct {
	*cluster.Cluster
	sends map[string]int // requests by operation, send and claim
	refs  map[outbox.Ref][]outbox.Action
	rings map[string]int // how often an agent's telephone rang
	keys  int

	connected, gone bool
	participants    []string
	sequence        int
	pairs           map[outbox.Ref]bool
	recording       int // the operation that started one
}

func newInboundSim(t *testing.T) *inboundSim {
	w := &inboundSim{
		sends: map[string]int{}, refs: map[outbox.Ref][]outbox.Action{}, rings: map[string]int{}, pairs: map[outbox.Ref]bool{},
	}
	w.Cluster = cluster.New(t, func(inst *cluster.Instance) cluster.Config { return cluster.Config{Sender: &simSender{w, inst}} })
	w.Start()
	return w
}

// tell delivers an event after a while: to every process, until one has taken
// it, and then once more. It is called with the lock held.
func (w *inboundSim) report(after time.Duration, ref outbox.Ref, body call.Body) {
	w.keys++
	ev := call.Event{
		Key: fmt.Sprintf("event-%d", w.keys), Ref: ref, Body: body,
		ConnectionID: "conn-1", ServerCallID: "server-1", CorrelationID: "corr-1",
	}
	w.Background.Go(func() {
		time.Sleep(after)
		w.Deliver(func(e *cluster.Instance) error { return e.Apply(w.T.Context(), cluster.InboundID, ev) }, time.Second)
		w.Deliver(func(e *cluster.Instance) error { return e.Apply(w.T.Context(), cluster.InboundID, ev) }, time.Second)
	})
}

// play runs the whole call: the offer twice, the sweep every 5 s, and a new
// process where one has died; until the call is over and nothing is listed.
func (w *inboundSim) play() call.Call {
	w.Background.Go(func() {
		ev := cluster.Offer()
		w.Deliver(func(e *cluster.Instance) error { return e.Open(w.T.Context(), cluster.InboundID, ev) }, 10*time.Second)
		w.Deliver(func(e *cluster.Instance) error { return e.Open(w.T.Context(), cluster.InboundID, ev) }, 10*time.Second)
	})
	for range 12 * 15 {
		w.Tick()
		if c, ok := w.Row(cluster.InboundID); ok && !c.HasWork() && len(w.WorklistRows.Entities()) == 0 {
			break
		}
	}
	w.Background.Wait()
	c, _ := w.Row(cluster.InboundID)
	if c.State != call.StateEnded || c.HasWork() || len(w.WorklistRows.Entities()) > 0 {
		w.T.Errorf("the call is %s at %s and owes %v; %d listed", c.State, c.Node, c.Pending, len(w.WorklistRows.Entities()))
	}
	w.WantReplay(c, cluster.Reception)
	return c
}
