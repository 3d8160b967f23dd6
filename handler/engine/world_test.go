package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"switchboard/handler/call"
	"switchboard/handler/flow"
	"switchboard/handler/store"
	"switchboard/handler/store/storetest"
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
	Look: 5 * time.Minute, Call: time.Hour,
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

// oneFlow is a Flows with one flow.
type oneFlow struct{}

var reference = call.FlowRef{Name: "reception", Version: "v1"}

func (oneFlow) Flow(_ context.Context, ref call.FlowRef) (*flow.Flow, error) {
	if ref != reference {
		return nil, errors.New("no such flow")
	}
	return reception, nil
}

// offer is an inbound call, offered now.
func offer() call.Event {
	return call.Event{
		Key: "offer", At: time.Now(), ServerCallID: "server-1", CorrelationID: "corr-1",
		Body: call.Offered{Line: "28:orgid:line", Caller: caller, Context: "token", Flow: reference, Limits: limits},
	}
}

// world is one storage, the engines on it one after another or side by side, and
// a telephone network with scripted people: the caller presses 1, the agent joins
// after 4 s, talks for a minute and hangs up. It lives in a synctest bubble.
type world struct {
	t           *testing.T
	calls, live *storetest.Memory
	background  sync.WaitGroup // what the engines do, and deliveries

	mu      sync.Mutex
	engines []*instance
	moment  int // storage operations on single rows, and requests, so far
	fault   fault
	sends   map[string]int // requests by operation, send and claim
	refs    map[call.Ref][]call.Action
	rings   map[string]int // how often an agent's telephone rang
	keys    int

	connected, gone bool
	people          []string
	sequence        int
	pairs           map[call.Ref]bool
}

// fault is what goes wrong, and when.
type fault struct {
	moment int // the operation or request, from 1; 0: nothing goes wrong
	kind   kind
}

// kind is how something goes wrong.
type kind string

const (
	notDone     kind = "it is not done, and no answer comes"
	lost        kind = "it is done, and no answer comes"
	crashBefore kind = "the process dies before it"
	crashAfter  kind = "the process dies after it"
)

// instance is one process with an engine.
type instance struct {
	*Engine
	dead bool // guarded by world.mu
}

var errDown = errors.New("no answer")

func newWorld(t *testing.T) *world {
	w := &world{
		t: t, calls: storetest.NewMemory(), live: storetest.NewMemory(), sends: map[string]int{},
		refs: map[call.Ref][]call.Action{}, rings: map[string]int{}, pairs: map[call.Ref]bool{},
	}
	w.start()
	return w
}

// start adds a process.
func (w *world) start() *instance {
	inst := &instance{}
	inst.Engine = &Engine{
		Calls: store.NewCalls(&faulty{w, inst, w.calls}, &faulty{w, inst, w.live}),
		Line:  &network{w, inst},
		Flows: oneFlow{},
		Go: func(ctx context.Context, f func(context.Context)) {
			w.background.Go(func() { f(context.WithoutCancel(ctx)) })
		},
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.engines = append(w.engines, inst)
	return inst
}

// processes are those that are alive.
func (w *world) processes() []*instance {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(w.engines), func(i *instance) bool { return i.dead })
}

// happen lets inst do something at the next moment, or fail to.
func (w *world) happen(inst *instance, do func()) error {
	w.mu.Lock()
	w.moment++
	wrong := kind("")
	if w.moment == w.fault.moment {
		wrong = w.fault.kind
	}
	if inst.dead || wrong == notDone || wrong == crashBefore {
		inst.dead = inst.dead || wrong == crashBefore
		w.mu.Unlock()
		return errDown
	}
	w.mu.Unlock()
	time.Sleep(time.Millisecond)
	do()
	w.mu.Lock()
	defer w.mu.Unlock()
	inst.dead = inst.dead || wrong == crashAfter
	if inst.dead || wrong == lost {
		return errDown
	}
	return nil
}

// faulty is a table as one process sees it.
type faulty struct {
	w    *world
	inst *instance
	rows store.Rows
}

func (f *faulty) Get(ctx context.Context, k store.Key) (e store.Entity, err error) {
	if down := f.w.happen(f.inst, func() { e, err = f.rows.Get(ctx, k) }); down != nil {
		return store.Entity{}, down
	}
	return e, err
}

// List is no moment: it changes nothing, and the next sweep lists again.
func (f *faulty) List(ctx context.Context, q store.Query) (store.Page, error) {
	return f.rows.List(ctx, q)
}

func (f *faulty) Apply(ctx context.Context, writes ...store.Write) (etags []string, err error) {
	if down := f.w.happen(f.inst, func() { etags, err = f.rows.Apply(ctx, writes...) }); down != nil {
		return nil, down
	}
	return etags, err
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

// deliver delivers to all processes at once, until one of them takes it.
func (w *world) deliver(to func(*instance) error, again time.Duration) {
	for range 100 {
		var wg sync.WaitGroup
		var mu sync.Mutex
		taken := false
		for _, inst := range w.processes() {
			wg.Go(func() {
				err := to(inst)
				mu.Lock()
				defer mu.Unlock()
				taken = taken || err == nil
			})
		}
		wg.Wait()
		if taken {
			return
		}
		time.Sleep(again)
	}
	w.t.Error("an event was never taken")
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
		time.Sleep(5 * time.Second)
		if len(w.processes()) == 0 {
			w.start()
		}
		if w.due() { // a sweep that finds nothing does nothing
			for _, inst := range w.processes() {
				_ = inst.Sweep(w.t.Context()) // what it could not look at, the next one will
			}
		}
		if c, ok := w.row(); ok && !c.Owes() && len(w.live.Entities()) == 0 {
			break
		}
	}
	w.background.Wait()
	c, _ := w.row()
	if c.State != call.StateEnded || c.Owes() || len(w.live.Entities()) > 0 {
		w.t.Errorf("the call is %s at %s and owes %v; %d listed", c.State, c.Node, c.Pending, len(w.live.Entities()))
	}
	w.replays(c)
	return c
}

// due reports whether a listed row is due.
func (w *world) due() bool {
	return slices.ContainsFunc(w.live.Entities(), func(e store.Entity) bool {
		return !e.Columns["Due"].(time.Time).After(time.Now())
	})
}

// row is the call as it is stored.
func (w *world) row() (call.Call, bool) {
	for _, e := range w.calls.Entities() {
		if e.Key == (store.Key{Partition: string(id), Row: "call"}) {
			var c call.Call
			if err := json.Unmarshal(e.Doc, &c); err != nil {
				w.t.Error(err)
			}
			return c, true
		}
	}
	return call.Call{}, false
}

// replays checks that the history leads to the row.
func (w *world) replays(c call.Call) {
	w.t.Helper()
	history, err := store.NewCalls(w.calls, w.live).History(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	replayed := call.Replay(id, history, reception)
	replayed.Listed = c.Listed
	if got, want := string(must(json.Marshal(replayed))), string(must(json.Marshal(c))); got != want {
		w.t.Errorf("history does not replay to the row (-row +replayed):\n%s", cmp.Diff(want, got))
	}
}
