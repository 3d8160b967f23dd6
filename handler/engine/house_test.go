package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"switchboard/handler/call"
	"switchboard/handler/flow"
	"switchboard/handler/store"
	"switchboard/handler/store/storetest"
)

// house is one storage and the processes on it, one after another or side by side.
// It counts the moments at which something could go wrong, and lets it go wrong at
// one of them. It lives in a synctest bubble.
type house struct {
	t           *testing.T
	calls, live *storetest.Memory
	others      *storetest.Memory // rows of all other tables: their partitions differ
	background  sync.WaitGroup    // what the engines do, and deliveries

	furnish func(*instance)   // gives a new process what it works with
	watch   func(store.Write) // sees every write that was done; nil: nobody looks

	mu      sync.Mutex
	engines []*instance
	moments moments
	fault   fault
	died    time.Time // see death
}

// moments count what happened so far: operations on single rows or files, and requests.
type moments struct {
	all     int
	effects int // those that change something
}

// fault is what goes wrong, and when.
type fault struct {
	kind   kind
	moment int // which of the moments that the kind counts, from 1; 0: nothing goes wrong
}

// kind is how something goes wrong.
type kind string

const (
	notDone     kind = "it is not done, and no answer comes"
	lost        kind = "it is done, and no answer comes"
	crashBefore kind = "the process dies before it"
	crashAfter  kind = "the process dies after it"
)

var everyKind = []kind{notDone, lost, crashBefore, crashAfter}

// of is how many moments the kind makes a difference at. What changes nothing is
// done or not, all the same.
func (k kind) of(m moments) int {
	if k == lost || k == crashAfter {
		return m.effects
	}
	return m.all
}

// everyMoment plays a story with nothing going wrong, and then with each of its
// moments going wrong in each of the ways; each time in a bubble of its own. Play
// returns how many moments there were; fewer than the least are not the story.
func everyMoment(t *testing.T, least int, kinds []kind, play func(t *testing.T, wrong fault) moments) {
	t.Helper()
	var all moments
	synctest.Test(t, func(t *testing.T) { all = play(t, fault{}) })
	if all.all < least {
		t.Fatalf("only %+v moments", all)
	}
	for _, kind := range kinds {
		for moment := 1; moment <= kind.of(all); moment++ {
			t.Run(fmt.Sprintf("%s, at moment %d", kind, moment), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) { play(t, fault{kind, moment}) })
			})
		}
	}
}

// instance is one process with an engine.
type instance struct {
	*Engine
	dead bool // guarded by house.mu
}

var errDown = errors.New("no answer")

// newHouse is a house without a process. Furnish gives each one what it works with.
func newHouse(t *testing.T, furnish func(*instance)) *house {
	return &house{
		t: t, calls: storetest.NewMemory(), live: storetest.NewMemory(), others: storetest.NewMemory(), furnish: furnish,
	}
}

// start adds a process.
func (h *house) start() *instance {
	inst := &instance{}
	calls, live, others := &faulty{h, inst, h.calls}, &faulty{h, inst, h.live}, &faulty{h, inst, h.others}
	inst.Engine = &Engine{
		Calls:      store.NewCalls(calls, live),
		Ledger:     store.NewLedger(others, others, others, others),
		Recordings: store.NewRecordings(others, live),
		Flows:      documents,
		Limits:     limits,
		LineCalls:  2,
		Go: func(ctx context.Context, f func(context.Context)) {
			h.background.Go(func() { f(context.WithoutCancel(ctx)) })
		},
	}
	h.furnish(inst)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.engines = append(h.engines, inst)
	return inst
}

// processes are those that are alive.
func (h *house) processes() []*instance {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(h.engines), func(i *instance) bool { return i.dead })
}

// everybody lets each living process do something, and waits for all of them. It
// reports whether one of them succeeded.
func (h *house) everybody(do func(*instance) error) bool {
	var wg sync.WaitGroup
	var mu sync.Mutex
	done := false
	for _, inst := range h.processes() {
		wg.Go(func() {
			err := do(inst)
			mu.Lock()
			defer mu.Unlock()
			done = done || err == nil
		})
	}
	wg.Wait()
	return done
}

// happen lets inst do something at the next moment, or fail to. Effect says that it
// changes something.
func (h *house) happen(inst *instance, effect bool, do func()) error {
	h.mu.Lock()
	before := h.fault.kind.of(h.moments)
	h.moments.all++
	if effect {
		h.moments.effects++
	}
	wrong := kind("")
	if now := h.fault.kind.of(h.moments); now > before && now == h.fault.moment {
		wrong = h.fault.kind
	}
	if inst.dead || wrong == notDone || wrong == crashBefore {
		h.die(inst, wrong == crashBefore)
		h.mu.Unlock()
		return errDown
	}
	h.mu.Unlock()
	time.Sleep(time.Millisecond)
	do()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.die(inst, wrong == crashAfter)
	if inst.dead || wrong == lost {
		return errDown
	}
	return nil
}

// kill ends a process.
func (h *house) kill(inst *instance) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.die(inst, true)
}

// die is called with the lock held.
func (h *house) die(inst *instance, now bool) {
	if now {
		inst.dead, h.died = true, time.Now()
	}
}

// death is when a process died; zero: none has.
func (h *house) death() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.died
}

// faulty is a table as one process sees it.
type faulty struct {
	h    *house
	inst *instance
	rows store.Rows
}

func (f *faulty) Get(ctx context.Context, k store.Key) (e store.Entity, err error) {
	if down := f.h.happen(f.inst, false, func() { e, err = f.rows.Get(ctx, k) }); down != nil {
		return store.Entity{}, down
	}
	return e, err
}

// List is no moment: it changes nothing, and the next sweep lists again.
func (f *faulty) List(ctx context.Context, q store.Query) (store.Page, error) {
	return f.rows.List(ctx, q)
}

func (f *faulty) Apply(ctx context.Context, writes ...store.Write) (etags []string, err error) {
	down := f.h.happen(f.inst, true, func() {
		if etags, err = f.rows.Apply(ctx, writes...); err == nil && f.h.watch != nil {
			for _, w := range writes {
				f.h.watch(w)
			}
		}
	})
	if down != nil {
		return nil, down
	}
	return etags, err
}

// deliver delivers to all processes at once, until one of them takes it.
func (h *house) deliver(to func(*instance) error, again time.Duration) {
	for range 100 {
		if h.everybody(to) {
			return
		}
		time.Sleep(again)
	}
	h.t.Error("an event was never taken")
}

// tick lets 5 s pass: a new process starts where the last one has died, and the
// sweep runs if it finds anything.
func (h *house) tick() {
	time.Sleep(5 * time.Second)
	if len(h.processes()) == 0 {
		h.start()
	}
	if h.due() {
		h.everybody(func(e *instance) error { return e.Sweep(h.t.Context()) }) // what it leaves, the next one does
	}
}

// due reports whether a listed row is due.
func (h *house) due() bool {
	return slices.ContainsFunc(h.live.Entities(), func(e store.Entity) bool {
		return !e.Columns["Due"].(time.Time).After(time.Now())
	})
}

// row is a call as it is stored.
func (h *house) row(id call.ID) (call.Call, bool) {
	e, err := h.calls.Get(h.t.Context(), store.Key{Partition: string(id), Row: "call"})
	if errors.Is(err, store.ErrNotFound) {
		return call.Call{}, false
	}
	if err != nil {
		h.t.Fatal(err)
	}
	var c call.Call
	if err := json.Unmarshal(e.Doc, &c); err != nil {
		h.t.Fatal(err)
	}
	return c, true
}

// replays checks that the call's history leads to its row.
func (h *house) replays(c call.Call, f *flow.Flow) {
	h.t.Helper()
	history, err := store.NewCalls(h.calls, h.live).History(h.t.Context(), c.ID)
	if err != nil {
		h.t.Fatal(err)
	}
	replayed := call.Replay(c.ID, history, f)
	replayed.Listed = c.Listed
	if got, want := string(must(json.Marshal(replayed))), string(must(json.Marshal(c))); got != want {
		h.t.Errorf("history does not replay to the row (-row +replayed):\n%s", cmp.Diff(want, got))
	}
}
