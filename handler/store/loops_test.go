package store_test

import (
	"fmt"
	"testing"
	"time"

	"switchboard/handler/call"
	"switchboard/handler/faulttest"
	"switchboard/handler/store"
	"switchboard/handler/table/tabletest"
)

func TestLoops(t *testing.T) {
	const limit = 3
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	calls := store.NewCalls(tabletest.NewMemory(), tabletest.NewMemory())
	isLoop := func(line, correlationID string, n int, at time.Time) bool {
		t.Helper()
		loops, err := calls.IsLoop(t.Context(), store.Offer{
			Line: line, CorrelationID: correlationID, Call: call.ID(fmt.Sprint("in-", n)), At: at,
		}, limit)
		if err != nil {
			t.Fatal(err)
		}
		return loops
	}
	for n := range limit {
		if isLoop("line", "corr", n, now) || isLoop("line", "corr", n, now.Add(time.Second)) {
			t.Errorf("offer %d, or its second delivery, is a loop", n+1)
		}
	}
	if !isLoop("line", "corr", limit, now.Add(2*time.Second)) {
		t.Error("one more offer is not a loop")
	}
	if isLoop("line", "corr", 0, now.Add(3*time.Second)) {
		t.Error("a late delivery of the first offer is a loop")
	}
	if isLoop("line", "another", limit, now) || isLoop("another", "corr", limit, now) {
		t.Error("offers of another line or correlation id are counted")
	}
	if isLoop("line", "corr", limit, now.Add(time.Minute)) {
		t.Error("an offer a minute later is a loop")
	}
}

func TestLoopsUnderFaults(t *testing.T) {
	offer := store.Offer{Line: "line", CorrelationID: "corr", Call: "in-1", At: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)}
	for _, fault := range []faulttest.Fault{faulttest.FaultNotApplied, faulttest.FaultLost} {
		for n := 1; n <= 2; n++ {
			table := tabletest.NewMemory()
			failed := false
			table.Fail = func(op tabletest.Op) faulttest.Fault {
				if op.N == n && !failed {
					failed = true
					return fault
				}
				return faulttest.FaultNone
			}
			calls := store.NewCalls(table, tabletest.NewMemory())
			var loops bool
			var err error
			for range 2 { // the offer is delivered again
				if loops, err = calls.IsLoop(t.Context(), offer, 1); err == nil {
					break
				}
			}
			if loops || err != nil {
				t.Errorf("%v at operation %d: loops %t, %v, want false", fault, n, loops, err)
			}
		}
	}
}
