package cluster

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"switchboard/handler/faulttest"
	"switchboard/handler/table"
)

// FaultPoints counts the operations so far at which something can go wrong: those on single rows or files,
// and requests.
type FaultPoints struct {
	All    int
	Writes int // those that change something
}

// Fault is what goes wrong, and where.
type Fault struct {
	Kind  FaultKind
	Point int // which of the points that the kind counts, from 1; 0: nothing goes wrong
}

// FaultKind is how an operation goes wrong.
type FaultKind string

// The kinds of faults.
const (
	FaultFailBefore  FaultKind = "fail before" // it is not done, and there is no response
	FaultFailAfter   FaultKind = "fail after"  // it is done, and there is no response
	FaultCrashBefore FaultKind = "crash before"
	FaultCrashAfter  FaultKind = "crash after"
)

// AllFaults are all kinds of faults.
var AllFaults = []FaultKind{FaultFailBefore, FaultFailAfter, FaultCrashBefore, FaultCrashAfter}

// count returns how many of the points the kind makes a difference at. To an operation that changes nothing,
// a fault after it is the same as one before it.
func (k FaultKind) count(p FaultPoints) int {
	if k == FaultFailAfter || k == FaultCrashAfter {
		return p.Writes
	}
	return p.All
}

// ForEachFaultPoint runs a simulation without a fault, and then once with each of the kinds at each of its
// points; each time in a bubble of its own. Run returns the points that it passed; fewer than least mean
// that it did not run.
func ForEachFaultPoint(t *testing.T, least int, kinds []FaultKind, run func(t *testing.T, fault Fault) FaultPoints) {
	t.Helper()
	var all FaultPoints
	synctest.Test(t, func(t *testing.T) { all = run(t, Fault{}) })
	if all.All < least {
		t.Fatalf("%+v fault points, want at least %d", all, least)
	}
	for _, kind := range kinds {
		for point := 1; point <= kind.count(all); point++ {
			t.Run(fmt.Sprintf("%s, at point %d", kind, point), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) { run(t, Fault{kind, point}) })
			})
		}
	}
}

// Perform lets inst perform an operation at the next fault point, or fail to. Writes says that it changes
// something.
func (c *Cluster) Perform(inst *Instance, writes bool, operation func()) error {
	c.Mu.Lock()
	before := c.Fault.Kind.count(c.Points)
	c.Points.All++
	if writes {
		c.Points.Writes++
	}
	fault := FaultKind("")
	if now := c.Fault.Kind.count(c.Points); now > before && now == c.Fault.Point {
		fault = c.Fault.Kind
	}
	if inst.crashed || fault == FaultFailBefore || fault == FaultCrashBefore {
		c.crash(inst, fault == FaultCrashBefore)
		c.Mu.Unlock()
		return faulttest.ErrNoAnswer
	}
	c.Mu.Unlock()
	time.Sleep(time.Millisecond)
	operation()
	c.Mu.Lock()
	defer c.Mu.Unlock()
	c.crash(inst, fault == FaultCrashAfter)
	if inst.crashed || fault == FaultFailAfter {
		return faulttest.ErrNoAnswer
	}
	return nil
}

// Crash ends an instance.
func (c *Cluster) Crash(inst *Instance) {
	c.Mu.Lock()
	defer c.Mu.Unlock()
	c.crash(inst, true)
}

// crash ends an instance, if now is true. It is called with the lock held.
func (c *Cluster) crash(inst *Instance, now bool) {
	if now {
		inst.crashed, c.crashedAt = true, time.Now()
	}
}

// CrashedAt returns when an instance last crashed; zero: none has.
func (c *Cluster) CrashedAt() time.Time {
	c.Mu.Lock()
	defer c.Mu.Unlock()
	return c.crashedAt
}

// faultyRows is a table as one instance sees it.
type faultyRows struct {
	c    *Cluster
	inst *Instance
	rows table.Rows
}

func (f *faultyRows) Get(ctx context.Context, k table.Key) (e table.Entity, err error) {
	if down := f.c.Perform(f.inst, false, func() { e, err = f.rows.Get(ctx, k) }); down != nil {
		return table.Entity{}, down
	}
	return e, err
}

// List lists entities. It is no fault point: it changes nothing, and the next sweep lists again.
func (f *faultyRows) List(ctx context.Context, q table.Query) (table.Page, error) {
	return f.rows.List(ctx, q)
}

func (f *faultyRows) Apply(ctx context.Context, writes ...table.Write) (etags []string, err error) {
	down := f.c.Perform(f.inst, true, func() {
		if etags, err = f.rows.Apply(ctx, writes...); err == nil && f.c.Watch != nil {
			for _, w := range writes {
				f.c.Watch(w)
			}
		}
	})
	if down != nil {
		return nil, down
	}
	return etags, err
}
