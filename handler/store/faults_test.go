package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"switchboard/handler/faulttest"
	"switchboard/handler/table/tabletest"
)

// faultModes are the ways in which an operation can fail.
var faultModes = []struct {
	name string
	fail func(rows *tabletest.Memory, op tabletest.Op) faulttest.Fault
}{
	{"not applied", func(*tabletest.Memory, tabletest.Op) faulttest.Fault { return faulttest.FaultNotApplied }},
	{"lost", func(*tabletest.Memory, tabletest.Op) faulttest.Fault { return faulttest.FaultLost }},
	// The client repeats a write whose answer was lost, and the repeated write is refused.
	{"refused on repetition", func(rows *tabletest.Memory, op tabletest.Op) faulttest.Fault {
		if op.Kind == tabletest.KindApply {
			_, _ = rows.Apply(context.Background(), op.Writes...) // if this write is refused, so is the repeated one
		}
		return faulttest.FaultNone
	}},
}

// eachFault runs a test many times. In each run one operation fails in one way; only the operations in the
// function that the test passes to faulty can fail.
func eachFault(t *testing.T, test func(t *testing.T, rows *tabletest.Memory, faulty func(func()))) {
	t.Helper()
	for _, mode := range faultModes {
		for faultPoint := 1; ; faultPoint++ {
			reached := false
			t.Run(fmt.Sprintf("%s, operation %d", mode.name, faultPoint), func(t *testing.T) {
				rows := tabletest.NewMemory()
				var n atomic.Int64 // an operation may read two rows at the same time
				test(t, rows, func(do func()) {
					rows.Fail = func(op tabletest.Op) faulttest.Fault {
						if n.Add(1) != int64(faultPoint) {
							return faulttest.FaultNone
						}
						reached = true
						return mode.fail(rows, op)
					}
					do()
					rows.Fail = nil
				})
			})
			if !reached {
				break // every fault point was tried
			}
		}
	}
}

// retry calls do until it returns another error than ErrNoAnswer, at most three times. It must succeed then.
func retry(t *testing.T, do func() error) {
	t.Helper()
	var err error
	for range 3 {
		if err = do(); !errors.Is(err, faulttest.ErrNoAnswer) {
			break
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}
