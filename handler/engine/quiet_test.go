package engine

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"switchboard/handler/call"
	"switchboard/handler/campaign"
	"switchboard/handler/store"
	"switchboard/handler/store/storetest"
)

// quiet is a world in which ACS takes everything and reports nothing, and in
// which only the test delivers events. Its line can be made to answer otherwise.
type quiet struct {
	*Engine
	calls, live *storetest.Memory
	others      *storetest.Memory // rows of all other tables
	background  sync.WaitGroup
	mu          sync.Mutex
	asked       []call.Action
	answer      func(call.Action) call.Replied
	result      call.Result // ACS's word in every answer
}

// inQuiet runs a test in a bubble with a quiet world of its own.
func inQuiet(t *testing.T, name string, test func(t *testing.T, q *quiet)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { synctest.Test(t, func(t *testing.T) { test(t, newQuiet()) }) })
}

func newQuiet() *quiet {
	q := &quiet{calls: storetest.NewMemory(), live: storetest.NewMemory(), others: storetest.NewMemory()}
	q.answer = func(call.Action) call.Replied { return call.Replied{Verdict: call.Done} }
	q.Engine = q.process()
	return q
}

// process is another process on the same storage.
func (q *quiet) process() *Engine {
	return &Engine{
		Calls:      store.NewCalls(q.calls, q.live),
		Ledger:     store.NewLedger(q.others, q.others, q.others, q.others),
		Recordings: store.NewRecordings(q.others, q.live),
		Line:       q, Flows: documents, Limits: limits, LineCalls: 2,
		Go: func(ctx context.Context, f func(context.Context)) {
			q.background.Go(func() { f(context.WithoutCancel(ctx)) })
		},
	}
}

// mortal is a process that dies before it can act.
func (q *quiet) mortal() *Engine {
	e := q.process()
	e.Go = func(context.Context, func(context.Context)) {}
	return e
}

func (q *quiet) Do(_ context.Context, _ call.Call, a call.Action) call.Event {
	q.mu.Lock()
	q.asked = append(q.asked, a)
	q.mu.Unlock()
	answer := q.answer(a)
	reply := call.Event{Key: replyKey(a), Ref: a.Ref, Body: answer, Result: q.result}
	if answer.Verdict == call.Done && (a.Verb == call.Answer || a.Verb == call.Create) {
		reply.ConnectionID = "conn-1"
	}
	return reply
}

// verbs are what ACS was asked since the last time, and forgets it.
func (q *quiet) verbs() []call.Verb {
	q.background.Wait()
	var verbs []call.Verb
	for _, a := range q.asked {
		verbs = append(verbs, a.Verb)
	}
	q.asked = nil
	slices.Sort(verbs) // the lanes go side by side
	return verbs
}

func (q *quiet) load(t *testing.T) call.Call {
	t.Helper()
	return q.loadCall(t, id)
}

func (q *quiet) loadCall(t *testing.T, id call.ID) call.Call {
	t.Helper()
	q.background.Wait()
	row, err := q.Calls.Load(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return row.Value
}

// happens delivers an event; without a key of its own it gets its kind.
func (q *quiet) happens(t *testing.T, ref call.Ref, body call.Body) {
	t.Helper()
	q.happensTo(t, id, call.Event{Ref: ref, Body: body})
}

func (q *quiet) happensTo(t *testing.T, id call.ID, ev call.Event) {
	t.Helper()
	ev.Key, ev.ConnectionID = ev.Kind()+ev.Ref.String(), "conn-1"
	if err := q.Apply(t.Context(), id, ev); err != nil {
		t.Fatal(err)
	}
	q.background.Wait()
}

// order starts a campaign.
func (q *quiet) order(t *testing.T, id campaign.ID, attempts int, numbers ...string) campaign.Campaign {
	t.Helper()
	return begin(t, q.Ledger, campaign.Campaign{ID: id, Lines: []string{desk}, Attempts: attempts, Shards: 1}, numbers...)
}
