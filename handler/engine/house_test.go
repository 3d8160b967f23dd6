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
	"switchboard/handler/table"
	"switchboard/handler/table/tabletest"
)

// house is one storage and the processes on it, one after another or side by side.
// It counts the moments at which something could go wrong, and lets it go wrong at
// one of them. It lives in a synctest bubble.
type Cluster struct {
	T                      *testing.T
	CallRows, WorklistRows *tabletest.Memory
	OtherRows              *tabletest.Memory // rows of all other tables: their partitions differ
	Background             sync.WaitGroup    // what the engines do, and deliveries

	configure func(*Instance)   // gives a new process what it works with
	Watch     func(table.Write) // sees every write that was done; nil: nobody looks

	Mu        sync.Mutex
	engines   []*Instance
	Points    FaultPoints
	Fault     Fault
	crashedAt time.Time // see death
}

// moments count what happened so far: operations on single rows or files, and requests.
type FaultPoints struct {
	All    int
	Writes int // those that change something
}

// fault is what goes wrong, and when.
type Fault struct {
	Kind  FaultKind
	Point int // which of the moments that the kind counts, from 1; 0: nothing goes wrong
}

// kind is how something goes wrong.
type FaultKind string

const (
	FailBefore  FaultKind = "it is not done, and no answer comes"
	FailAfter   FaultKind = "it is done, and no answer comes"
	CrashBefore FaultKind = "the process dies before it"
	CrashAfter  FaultKind = "the process dies after it"
)

var AllFaults = []FaultKind{FailBefore, FailAfter, CrashBefore, CrashAfter}

// of is how many moments the kind makes a difference at. What changes nothing is
// done or not, all the same.
func (k FaultKind) count(m FaultPoints) int {
	if k == FailAfter || k == CrashAfter {
		return m.Writes
	}
	return m.All
}

// everyMoment plays a story with nothing going wrong, and then with each of its
// moments going wrong in each of the ways; each time in a bubble of its own. Play
// returns how many moments there were; fewer than the least are not the story.
func ForEachFaultPoint(t *testing.T, least int, kinds []FaultKind, play func(t *testing.T, wrong Fault) FaultPoints) {
	t.Helper()
	var all FaultPoints
	synctest.Test(t, func(t *testing.T) { all = play(t, Fault{}) })
	if all.All < least {
		t.Fatalf("only %+v moments", all)
	}
	for _, kind := range kinds {
		for moment := 1; moment <= kind.count(all); moment++ {
			t.Run(fmt.Sprintf("%s, at moment %d", kind, moment), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) { play(t, Fault{kind, moment}) })
			})
		}
	}
}

// instance is one process with an engine.
type Instance struct {
	*Engine
	crashed bool // guarded by house.mu
}

var errNoAnswer = errors.New("no answer")

// newHouse is a house without a process. Furnish gives each one what it works with.
func New(t *testing.T, furnish func(*Instance)) *Cluster {
	return &Cluster{
		T: t, CallRows: tabletest.NewMemory(), WorklistRows: tabletest.NewMemory(), OtherRows: tabletest.NewMemory(), configure: furnish,
	}
}

// start adds a process.
func (h *Cluster) Start() *Instance {
	inst := &Instance{}
	calls, live, others := &faulty{h, inst, h.CallRows}, &faulty{h, inst, h.WorklistRows}, &faulty{h, inst, h.OtherRows}
	inst.Engine = &Engine{
		Calls:      store.NewCalls(calls, live),
		Ledger:     store.NewLedger(others, others, others, others),
		Recordings: store.NewRecordings(others, live),
		Flows:      Flows_,
		Limits:     Limits,
		LineCalls:  2,
		Go: func(ctx context.Context, f func(context.Context)) {
			h.Background.Go(func() { f(context.WithoutCancel(ctx)) })
		},
	}
	h.configure(inst)
	h.Mu.Lock()
	defer h.Mu.Unlock()
	h.engines = append(h.engines, inst)
	return inst
}

// processes are those that are alive.
func (h *Cluster) Running() []*Instance {
	h.Mu.Lock()
	defer h.Mu.Unlock()
	return slices.DeleteFunc(slices.Clone(h.engines), func(i *Instance) bool { return i.crashed })
}

// everybody lets each living process do something, and waits for all of them. It
// reports whether one of them succeeded.
func (h *Cluster) ForEach(do func(*Instance) error) bool {
	var wg sync.WaitGroup
	var mu sync.Mutex
	done := false
	for _, inst := range h.Running() {
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
func (h *Cluster) Perform(inst *Instance, effect bool, do func()) error {
	h.Mu.Lock()
	before := h.Fault.Kind.count(h.Points)
	h.Points.All++
	if effect {
		h.Points.Writes++
	}
	wrong := FaultKind("")
	if now := h.Fault.Kind.count(h.Points); now > before && now == h.Fault.Point {
		wrong = h.Fault.Kind
	}
	if inst.crashed || wrong == FailBefore || wrong == CrashBefore {
		h.crash(inst, wrong == CrashBefore)
		h.Mu.Unlock()
		return errNoAnswer
	}
	h.Mu.Unlock()
	time.Sleep(time.Millisecond)
	do()
	h.Mu.Lock()
	defer h.Mu.Unlock()
	h.crash(inst, wrong == CrashAfter)
	if inst.crashed || wrong == FailAfter {
		return errNoAnswer
	}
	return nil
}

// kill ends a process.
func (h *Cluster) Crash(inst *Instance) {
	h.Mu.Lock()
	defer h.Mu.Unlock()
	h.crash(inst, true)
}

// die is called with the lock held.
func (h *Cluster) crash(inst *Instance, now bool) {
	if now {
		inst.crashed, h.crashedAt = true, time.Now()
	}
}

// death is when a process died; zero: none has.
func (h *Cluster) CrashedAt() time.Time {
	h.Mu.Lock()
	defer h.Mu.Unlock()
	return h.crashedAt
}

// faulty is a table as one process sees it.
type faulty struct {
	h    *Cluster
	inst *Instance
	rows table.Rows
}

func (f *faulty) Get(ctx context.Context, k table.Key) (e table.Entity, err error) {
	if down := f.h.Perform(f.inst, false, func() { e, err = f.rows.Get(ctx, k) }); down != nil {
		return table.Entity{}, down
	}
	return e, err
}

// List is no moment: it changes nothing, and the next sweep lists again.
func (f *faulty) List(ctx context.Context, q table.Query) (table.Page, error) {
	return f.rows.List(ctx, q)
}

func (f *faulty) Apply(ctx context.Context, writes ...table.Write) (etags []string, err error) {
	down := f.h.Perform(f.inst, true, func() {
		if etags, err = f.rows.Apply(ctx, writes...); err == nil && f.h.Watch != nil {
			for _, w := range writes {
				f.h.Watch(w)
			}
		}
	})
	if down != nil {
		return nil, down
	}
	return etags, err
}

// deliver delivers to all processes at once, until one of them takes it.
func (h *Cluster) Deliver(to func(*Instance) error, again time.Duration) {
	for range 100 {
		if h.ForEach(to) {
			return
		}
		time.Sleep(again)
	}
	h.T.Error("an event was never taken")
}

// tick lets 5 s pass: a new process starts where the last one has died, and the
// sweep runs if it finds anything.
func (h *Cluster) Tick() {
	time.Sleep(5 * time.Second)
	if len(h.Running()) == 0 {
		h.Start()
	}
	if h.due() {
		h.ForEach(func(e *Instance) error { return e.Sweep(h.T.Context()) }) // what it leaves, the next one does
	}
}

// due reports whether a listed row is due.
func (h *Cluster) due() bool {
	return slices.ContainsFunc(h.WorklistRows.Entities(), func(e table.Entity) bool {
		return !e.Columns["Due"].(time.Time).After(time.Now())
	})
}

// row is a call as it is stored.
func (h *Cluster) Row(id call.ID) (call.Call, bool) {
	e, err := h.CallRows.Get(h.T.Context(), table.Key{Partition: string(id), Row: "call"})
	if errors.Is(err, table.ErrNotFound) {
		return call.Call{}, false
	}
	if err != nil {
		h.T.Fatal(err)
	}
	var c call.Call
	if err := json.Unmarshal(e.Doc, &c); err != nil {
		h.T.Fatal(err)
	}
	return c, true
}

// replays checks that the call's history leads to its row.
func (h *Cluster) WantReplay(c call.Call, f *flow.Flow) {
	h.T.Helper()
	history, err := store.NewCalls(h.CallRows, h.WorklistRows).History(h.T.Context(), c.ID)
	if err != nil {
		h.T.Fatal(err)
	}
	replayed := call.Replay(c.ID, history, f)
	replayed.Scheduled = c.Scheduled
	if got, want := string(Must(json.Marshal(replayed))), string(Must(json.Marshal(c))); got != want {
		h.T.Errorf("history does not replay to the row (-row +replayed):\n%s", cmp.Diff(want, got))
	}
}
