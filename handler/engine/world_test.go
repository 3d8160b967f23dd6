package engine

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"switchboard/handler/call"
	"switchboard/handler/flow"
)

// The people of the tests.
const (
	caller = "4:+12065550100"
	anna   = "8:acs:r_t_anna"
	ben    = "8:acs:r_t_ben"
)

const id = call.ID("in-1")

var limits = call.Limits{
	Request: 10 * time.Second, Answer: 25 * time.Second, Connect: 20 * time.Second, Prompt: 2 * time.Minute,
	InviteGrace: 10 * time.Second, RecordingStart: time.Minute, Hangup: 15 * time.Second,
	Look: 5 * time.Minute, Call: time.Hour, Ring: 30 * time.Second, Settle: 10 * time.Minute, Recording: 25 * time.Hour,
}

var reception = must(flow.Parse([]byte(`{"name":"reception","start":"greeting","nodes":{
	"greeting":{"kind":"play","prompt":{"text":"Hello."},"next":"menu"},
	"menu":{"kind":"menu","prompt":{"text":"Press 1."},"keys":{"1":"agent"},"repeats":2,"nothing":"bye"},
	"agent":{"kind":"agent","agents":["` + anna + `","` + ben + `"],"music":{"text":"la la"},"answered":"record","nobody":"bye"},
	"record":{"kind":"record","next":"talk"},
	"talk":{"kind":"talk","next":"bye"},
	"bye":{"kind":"play","prompt":{"text":"Goodbye."},"next":"end"},
	"end":{"kind":"hangup"}}}`)))

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// documents are the Flows of the tests.
var documents = shelf{reference: reception, noticed: notice, recorded: recording}

type shelf map[call.FlowRef]*flow.Flow

var reference = call.FlowRef{Name: "reception", Version: "v1"}

func (s shelf) Flow(_ context.Context, ref call.FlowRef) (*flow.Flow, error) {
	if s[ref] == nil {
		return nil, errors.New("no such flow")
	}
	return s[ref], nil
}

// offer is an inbound call, offered now.
func offer() call.Event {
	return call.Event{
		Key: "offer", At: time.Now(), ServerCallID: "server-1", CorrelationID: "corr-1",
		Body: call.Offered{Line: "28:orgid:line", Caller: caller, Context: "token", Flow: reference, Limits: limits},
	}
}

// world is a house and a telephone network with scripted people: the caller presses
// 1, the agent joins after 4 s, talks for a minute and hangs up.
type world struct {
	*house
	sends map[string]int // requests by operation, send and claim
	refs  map[call.Ref][]call.Action
	rings map[string]int // how often an agent's telephone rang
	keys  int

	connected, gone bool
	people          []string
	sequence        int
	pairs           map[call.Ref]bool
	recording       int // the operation that started one
}

func newWorld(t *testing.T) *world {
	w := &world{
		sends: map[string]int{}, refs: map[call.Ref][]call.Action{}, rings: map[string]int{}, pairs: map[call.Ref]bool{},
	}
	w.house = newHouse(t, func(inst *instance) { inst.Line = &network{w, inst} })
	w.start()
	return w
}

// tell delivers an event after a while: to every process, until one has taken
// it, and then once more. It is called with the lock held.
func (w *world) tell(after time.Duration, ref call.Ref, body call.Body) {
	w.keys++
	ev := call.Event{
		Key: fmt.Sprintf("event-%d", w.keys), Ref: ref, Body: body,
		ConnectionID: "conn-1", ServerCallID: "server-1", CorrelationID: "corr-1",
	}
	w.background.Go(func() {
		time.Sleep(after)
		w.deliver(func(e *instance) error { return e.Apply(w.t.Context(), id, ev) }, time.Second)
		w.deliver(func(e *instance) error { return e.Apply(w.t.Context(), id, ev) }, time.Second)
	})
}

// play runs the whole call: the offer twice, the sweep every 5 s, and a new
// process where one has died; until the call is over and nothing is listed.
func (w *world) play() call.Call {
	w.background.Go(func() {
		ev := offer()
		w.deliver(func(e *instance) error { return e.Open(w.t.Context(), id, ev) }, 10*time.Second)
		w.deliver(func(e *instance) error { return e.Open(w.t.Context(), id, ev) }, 10*time.Second)
	})
	for range 12 * 15 {
		w.tick()
		if c, ok := w.row(id); ok && !c.Owes() && len(w.live.Entities()) == 0 {
			break
		}
	}
	w.background.Wait()
	c, _ := w.row(id)
	if c.State != call.StateEnded || c.Owes() || len(w.live.Entities()) > 0 {
		w.t.Errorf("the call is %s at %s and owes %v; %d listed", c.State, c.Node, c.Pending, len(w.live.Entities()))
	}
	w.replays(c, reception)
	return c
}
