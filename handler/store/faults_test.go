package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"switchboard/handler/faulttest"
	"switchboard/handler/table/tabletest"
)

// fates are the ways in which an operation can fail.
var fates = []struct {
	name string
	fail func(rows *tabletest.Memory, op tabletest.Op) faulttest.Fault
}{
	{"not applied", func(*tabletest.Memory, tabletest.Op) faulttest.Fault { return faulttest.NotApplied }},
	{"lost", func(*tabletest.Memory, tabletest.Op) faulttest.Fault { return faulttest.Lost }},
	// The client repeats a write whose answer was lost, and its own write refuses it.
	{"refused by itself", func(rows *tabletest.Memory, op tabletest.Op) faulttest.Fault {
		if op.Kind == tabletest.Apply {
			_, _ = rows.Apply(context.Background(), op.Writes...) // what refuses it refuses the repeat
		}
		return faulttest.None
	}},
}

// eachFault runs a test with each of its operations failing in each way, one at a
// time: those that it does in the function that it passes to faulty.
func eachFault(t *testing.T, test func(t *testing.T, rows *tabletest.Memory, faulty func(func()))) {
	t.Helper()
	for _, fate := range fates {
		for moment := 1; ; moment++ {
			happened := false
			t.Run(fmt.Sprintf("%s, operation %d", fate.name, moment), func(t *testing.T) {
				rows, operations := tabletest.NewMemory(), 0
				test(t, rows, func(do func()) {
					rows.Fail = func(op tabletest.Op) faulttest.Fault {
						if operations++; operations != moment {
							return faulttest.None
						}
						happened = true
						return fate.fail(rows, op)
					}
					do()
					rows.Fail = nil
				})
			})
			if !happened {
				break // every moment was tried
			}
		}
	}
}

// persist repeats do as long as the table does not answer.
func persist(t *testing.T, do func() error) {
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
