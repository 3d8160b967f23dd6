package engine

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"switchboard/handler/call"
	"switchboard/handler/call/outbox"
	"switchboard/handler/campaign"
	"switchboard/handler/store"
	"switchboard/handler/table/tabletest"
)

// quiet is a world in which ACS takes everything and reports nothing, and in
// which only the test delivers events. Its line can be made to answer otherwise.
type Harness struct {
	*Engine
	CallRows, WorklistRows *tabletest.Memory
	OtherRows              *tabletest.Memory // rows of all other tables
	Background             sync.WaitGroup
	mu                     sync.Mutex
	sent                   []outbox.Action
	Answer                 func(outbox.Action) call.Replied
	Result                 call.Result // ACS's word in every answer
}

// inQuiet runs a test in a bubble with a quiet world of its own.
func Run(t *testing.T, name string, test func(t *testing.T, q *Harness)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { synctest.Test(t, func(t *testing.T) { test(t, NewHarness()) }) })
}

func NewHarness() *Harness {
	q := &Harness{CallRows: tabletest.NewMemory(), WorklistRows: tabletest.NewMemory(), OtherRows: tabletest.NewMemory()}
	q.Answer = func(outbox.Action) call.Replied { return call.Replied{Verdict: call.VerdictOK} }
	q.Engine = q.Instance()
	return q
}

// process is another process on the same storage.
func (q *Harness) Instance() *Engine {
	return &Engine{
		Calls:      store.NewCalls(q.CallRows, q.WorklistRows),
		Ledger:     store.NewLedger(q.OtherRows, q.OtherRows, q.OtherRows, q.OtherRows),
		Recordings: store.NewRecordings(q.OtherRows, q.WorklistRows),
		Sender:     q, Flows: Flows_, Limits: Limits, LineCalls: 2,
		Go: func(ctx context.Context, f func(context.Context)) {
			q.Background.Go(func() { f(context.WithoutCancel(ctx)) })
		},
	}
}

// mortal is a process that dies before it can act.
func (q *Harness) CrashBeforeSending() *Engine {
	e := q.Instance()
	e.Go = func(context.Context, func(context.Context)) {}
	return e
}

func (q *Harness) Send(_ context.Context, _ call.Call, a outbox.Action) call.Event {
	q.mu.Lock()
	q.sent = append(q.sent, a)
	q.mu.Unlock()
	answer := q.Answer(a)
	reply := call.Event{Key: ReplyKey(a), Ref: a.Ref, Body: answer, Result: q.Result}
	if answer.Verdict == call.VerdictOK && (a.Verb == outbox.VerbAnswer || a.Verb == outbox.VerbCreate) {
		reply.ConnectionID = "conn-1"
	}
	return reply
}

// verbs are what ACS was asked since the last time, and forgets it.
func (q *Harness) SentVerbs() []outbox.Verb {
	q.Background.Wait()
	var verbs []outbox.Verb
	for _, a := range q.sent {
		verbs = append(verbs, a.Verb)
	}
	q.sent = nil
	slices.Sort(verbs) // the lanes go side by side
	return verbs
}

func (q *Harness) LoadInbound(t *testing.T) call.Call {
	t.Helper()
	return q.LoadCall(t, InboundID)
}

func (q *Harness) LoadCall(t *testing.T, id call.ID) call.Call {
	t.Helper()
	q.Background.Wait()
	row, err := q.Calls.Load(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return row.Value
}

// happens delivers an event; without a key of its own it gets its kind.
func (q *Harness) ApplyInbound(t *testing.T, ref outbox.Ref, body call.Body) {
	t.Helper()
	q.ApplyTo(t, InboundID, call.Event{Ref: ref, Body: body})
}

func (q *Harness) ApplyTo(t *testing.T, id call.ID, ev call.Event) {
	t.Helper()
	ev.Key, ev.ConnectionID = ev.Kind()+ev.Ref.String(), "conn-1"
	if err := q.Apply(t.Context(), id, ev); err != nil {
		t.Fatal(err)
	}
	q.Background.Wait()
}

// order starts a campaign.
func (q *Harness) StartCampaign(t *testing.T, id campaign.ID, attempts int, numbers ...string) campaign.Campaign {
	t.Helper()
	return StartCampaign(t, q.Ledger, campaign.Campaign{ID: id, Lines: []string{TestLine}, Attempts: attempts, Shards: 1}, numbers...)
}
