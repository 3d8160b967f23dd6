// Package cluster runs n instances of the handler's engine, dialler and filer on one storage, in memory, and
// lets things go wrong at chosen points. It is for tests, inside a synctest bubble.
package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"switchboard/handler/archive"
	"switchboard/handler/call"
	"switchboard/handler/dialler"
	"switchboard/handler/engine"
	"switchboard/handler/filer"
	"switchboard/handler/flow"
	"switchboard/handler/store"
	"switchboard/handler/table"
	"switchboard/handler/table/tabletest"
)

// Cluster is one storage and the instances on it, one after another or side by side.
type Cluster struct {
	T *testing.T
	// CallRows, WorklistRows and OtherRows are the storage; OtherRows are the rows of all other tables,
	// whose partitions differ.
	CallRows, WorklistRows, OtherRows *tabletest.Memory
	// Background waits for what the instances do outside an invocation, and for deliveries.
	Background sync.WaitGroup
	// Watch is called with every write that was done; it may be nil.
	Watch func(table.Write)

	configure func(*Instance) Config
	deadlines deadlineMessages
	swept     time.Time // when the sweep ran last

	Mu        sync.Mutex
	Instances []*Instance // those that crashed among them
	Points    FaultPoints // passed so far
	Fault     Fault       // what goes wrong
	crashedAt time.Time
}

// Config is what an instance works with.
type Config struct {
	Sender      engine.Sender
	LineCalls   int // 0: 2
	Content     filer.Content
	Files       archive.Files
	Queue       filer.Queue
	CopyTimeout time.Duration
}

// Instance is one process of the handler.
type Instance struct {
	*engine.Engine
	*dialler.Dialler
	*filer.Filer
	Ledger *store.Ledger

	crashed bool // guarded by Cluster.Mu
}

// newInstance fills in an instance on the given rows.
func newInstance(
	inst *Instance, calls, worklist, others table.Rows, deadlines engine.Queue, background *sync.WaitGroup, c Config,
) {
	inst.Engine = engine.New(engine.Options{
		Calls:  store.NewCalls(calls, worklist),
		Flows:  Flows,
		Sender: c.Sender,
		Queue:  deadlines,
		Go: func(ctx context.Context, f func(context.Context)) {
			background.Go(func() { f(context.WithoutCancel(ctx)) })
		},
	})
	if c.LineCalls == 0 {
		c.LineCalls = 2
	}
	inst.Ledger = store.NewLedger(others, others, others, others)
	inst.Dialler = dialler.New(inst.Engine, inst.Ledger, dialler.Options{Limits: Limits, LineCalls: c.LineCalls})
	inst.Filer = filer.New(inst.Engine, store.NewRecordings(others, worklist), filer.Options{
		Content: c.Content, Files: c.Files, Queue: c.Queue, CopyTimeout: c.CopyTimeout, GiveUpAfter: Limits.Recording,
	})
}

// New returns a cluster without an instance. Configure returns what a new instance works with.
func New(t *testing.T, configure func(*Instance) Config) *Cluster {
	return &Cluster{
		T: t, CallRows: tabletest.NewMemory(), WorklistRows: tabletest.NewMemory(), OtherRows: tabletest.NewMemory(),
		configure: configure,
	}
}

// Start adds an instance.
func (c *Cluster) Start() *Instance {
	inst := &Instance{}
	newInstance(inst, &faultyRows{c, inst, c.CallRows}, &faultyRows{c, inst, c.WorklistRows},
		&faultyRows{c, inst, c.OtherRows}, DeadlineQueue{c, inst}, &c.Background, c.configure(inst))
	c.Mu.Lock()
	defer c.Mu.Unlock()
	c.Instances = append(c.Instances, inst)
	return inst
}

// Running returns the instances that have not crashed.
func (c *Cluster) Running() []*Instance {
	c.Mu.Lock()
	defer c.Mu.Unlock()
	return slices.DeleteFunc(slices.Clone(c.Instances), func(i *Instance) bool { return i.crashed })
}

// ForEach lets each running instance do something, and waits for all of them. It reports whether one of them
// succeeded.
func (c *Cluster) ForEach(do func(*Instance) error) bool {
	var wg sync.WaitGroup
	var mu sync.Mutex
	done := false
	for _, inst := range c.Running() {
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

// Deliver delivers to all instances at once, again after a while, until one of them succeeds.
func (c *Cluster) Deliver(to func(*Instance) error, again time.Duration) {
	for range 100 {
		if c.ForEach(to) {
			return
		}
		time.Sleep(again)
	}
	c.T.Error("no instance has acknowledged an event after 100 deliveries, want one to")
}

// sweepInterval is the time between two sweeps.
const sweepInterval = time.Minute

// Tick lets 5 s pass: an instance starts if all have crashed, the messages of the queue of deadlines that are
// visible are delivered to every instance, and the sweep runs once a minute.
func (c *Cluster) Tick() {
	time.Sleep(5 * time.Second)
	if len(c.Running()) == 0 {
		c.Start()
	}
	for _, m := range c.deadlines.receive(time.Now(), math.MaxInt) {
		c.ForEach(func(e *Instance) error {
			e.ReceiveDeadline(c.T.Context(), m)
			return nil
		})
	}
	if time.Since(c.swept) < sweepInterval {
		return
	}
	c.swept = time.Now()
	c.ForEach(func(e *Instance) error { return e.Sweep(c.T.Context()) }) // what it leaves, the next one does
}

// Row returns a call as it is stored, and whether it is.
func (c *Cluster) Row(id call.ID) (call.Call, bool) {
	e, err := c.CallRows.Get(c.T.Context(), table.Key{Partition: string(id), Row: "call"})
	if errors.Is(err, table.ErrNotFound) {
		return call.Call{}, false
	}
	if err != nil {
		c.T.Fatal(err)
	}
	var stored call.Call
	if err := json.Unmarshal(e.Doc, &stored); err != nil {
		c.T.Fatal(err)
	}
	return stored, true
}

// WantReplay checks that the history of a call leads to its row.
func (c *Cluster) WantReplay(stored call.Call, f *flow.Flow) {
	c.T.Helper()
	history, err := store.NewCalls(c.CallRows, c.WorklistRows).History(c.T.Context(), stored.ID)
	if err != nil {
		c.T.Fatal(err)
	}
	replayed := call.Replay(stored.ID, history, f)
	replayed.WorkDue = stored.WorkDue
	if got, want := string(Must(json.Marshal(replayed))), string(Must(json.Marshal(stored))); got != want {
		c.T.Errorf("history does not replay to the row (-row +replayed):\n%s", cmp.Diff(want, got))
	}
}
