package engine

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"switchboard/handler/call"
	"switchboard/handler/call/outbox"
	"switchboard/handler/flow"
)

// The people of the tests.
const (
	Caller = "4:+12065550100"
	Anna   = "8:acs:r_t_anna"
	Ben    = "8:acs:r_t_ben"
)

const InboundID = call.ID("in-1")

var Limits = call.Limits{
	Request: 10 * time.Second, Answer: 25 * time.Second, Connect: 20 * time.Second, Prompt: 2 * time.Minute,
	InviteGrace: 10 * time.Second, RecordingStart: time.Minute, Hangup: 15 * time.Second,
	KeepAlive: 5 * time.Minute, Call: time.Hour, Ring: 30 * time.Second, Confirm: 10 * time.Minute, Recording: 25 * time.Hour,
}

var Reception = Must(flow.Parse([]byte(`{"name":"reception","start":"greeting","nodes":{
	"greeting":{"kind":"play","prompt":{"text":"Hello."},"next":"menu"},
	"menu":{"kind":"menu","prompt":{"text":"Press 1."},"keys":{"1":"agent"},"repeats":2,"nothing":"bye"},
	"agent":{"kind":"agent","agents":["` + Anna + `","` + Ben + `"],"music":{"text":"la la"},"answered":"record","unanswered":"bye"},
	"record":{"kind":"record","next":"talk"},
	"talk":{"kind":"talk","next":"bye"},
	"bye":{"kind":"play","prompt":{"text":"Goodbye."},"next":"end"},
	"end":{"kind":"hangup"}}}`)))

func Must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// documents are the Flows of the tests.
var Flows_ = flowMap{ReceptionRef: Reception, NoticeRef: Notice, RecordRef: Record}

type flowMap map[flow.Ref]*flow.Flow

var ReceptionRef = flow.Ref{Name: "reception", Version: "v1"}

func (s flowMap) Flow(_ context.Context, ref flow.Ref) (*flow.Flow, error) {
	if s[ref] == nil {
		return nil, errors.New("no such flow")
	}
	return s[ref], nil
}

// offer is an inbound call, offered now.
func Offer() call.Event {
	return call.Event{
		Key: "offer", At: time.Now(), ServerCallID: "server-1", CorrelationID: "corr-1",
		Body: call.Offered{Line: "28:orgid:line", Caller: Caller, IncomingCallContext: "token", Flow: ReceptionRef, Limits: Limits},
	}
}

// world is a house and a telephone network with scripted people: the caller presses
// 1, the agent joins after 4 s, talks for a minute and hangs up.
type inboundSim struct {
	*Cluster
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
	w.Cluster = New(t, func(inst *Instance) { inst.Sender = &simSender{w, inst} })
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
		w.Deliver(func(e *Instance) error { return e.Apply(w.T.Context(), InboundID, ev) }, time.Second)
		w.Deliver(func(e *Instance) error { return e.Apply(w.T.Context(), InboundID, ev) }, time.Second)
	})
}

// play runs the whole call: the offer twice, the sweep every 5 s, and a new
// process where one has died; until the call is over and nothing is listed.
func (w *inboundSim) play() call.Call {
	w.Background.Go(func() {
		ev := Offer()
		w.Deliver(func(e *Instance) error { return e.Open(w.T.Context(), InboundID, ev) }, 10*time.Second)
		w.Deliver(func(e *Instance) error { return e.Open(w.T.Context(), InboundID, ev) }, 10*time.Second)
	})
	for range 12 * 15 {
		w.Tick()
		if c, ok := w.Row(InboundID); ok && !c.HasWork() && len(w.WorklistRows.Entities()) == 0 {
			break
		}
	}
	w.Background.Wait()
	c, _ := w.Row(InboundID)
	if c.State != call.StateEnded || c.HasWork() || len(w.WorklistRows.Entities()) > 0 {
		w.T.Errorf("the call is %s at %s and owes %v; %d listed", c.State, c.Node, c.Pending, len(w.WorklistRows.Entities()))
	}
	w.WantReplay(c, Reception)
	return c
}
