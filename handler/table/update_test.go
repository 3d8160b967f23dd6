package table_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"switchboard/handler/faulttest"
	"switchboard/handler/table"
	"switchboard/handler/table/tabletest"
)

var key = table.Key{Partition: "p", Row: "r"}

// guests is a row with idempotent edits: a name is added if it is not on the list.
type guests struct{ Names []string }

func add(name string) func(guests) (guests, error) {
	return func(g guests) (guests, error) {
		if slices.Contains(g.Names, name) {
			return g, nil
		}
		return guests{append(slices.Clone(g.Names), name)}, nil
	}
}

func TestAnUpdateIsAppliedOnceUnderEveryFault(t *testing.T) {
	const none, notApplied, lost = faulttest.FaultNone, faulttest.FaultNotApplied, faulttest.FaultLost
	for _, faults := range [][]faulttest.Fault{ // get, apply, get, apply …
		{}, {notApplied}, {none, notApplied}, {none, lost}, {none, lost, lost},
		{none, notApplied, none, lost}, {none, lost, none, lost},
	} {
		t.Run(fmt.Sprint(faults), func(t *testing.T) {
			rows := tabletest.NewMemory()
			view := table.NewTable[guests](rows)
			if err := view.Put(t.Context(), key, guests{[]string{"a"}}); err != nil {
				t.Fatal(err)
			}
			rows.Fail = func(op tabletest.Op) faulttest.Fault {
				if i := op.N - 2; i < len(faults) { // the put was the first
					return faults[i]
				}
				return none
			}
			var err error
			for range len(faults) + 1 { // as at-least-once delivery does
				if _, err = view.Update(t.Context(), key, add("b")); err == nil {
					break
				}
				if !errors.Is(err, faulttest.ErrNoAnswer) {
					t.Errorf("Update: %v, want %v", err, faulttest.ErrNoAnswer)
				}
			}
			rows.Fail = nil
			row, getErr := view.Get(t.Context(), key)
			if err != nil || getErr != nil {
				t.Fatal(err, getErr)
			}
			if d := cmp.Diff([]string{"a", "b"}, row.Value.Names); d != "" {
				t.Errorf("names (-want +got):\n%s", d)
			}
		})
	}
}

// race returns a table in which another process writes the row before each of the first n replacements.
func race(t *testing.T, n int) (*tabletest.Memory, *table.Table[guests]) {
	rows := tabletest.NewMemory()
	view := table.NewTable[guests](rows)
	if err := view.Put(t.Context(), key, guests{}); err != nil {
		t.Fatal(err)
	}
	others := 0
	rows.Fail = func(op tabletest.Op) faulttest.Fault {
		if op.Kind == tabletest.KindApply && op.Writes[0].Kind == table.WriteReplace && others < n {
			others++
			if err := view.Put(t.Context(), key, guests{[]string{fmt.Sprint("other ", others)}}); err != nil {
				t.Error(err)
			}
		}
		return faulttest.FaultNone
	}
	return rows, view
}

func TestAnUpdateThatLostARaceRunsAgainOnTheNewValue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, view := race(t, 3)
		got, err := view.Update(t.Context(), key, add("mine"))
		if d := cmp.Diff(guests{[]string{"other 3", "mine"}}, got); d != "" || err != nil {
			t.Errorf("%v, value (-want +got):\n%s", err, d)
		}
	})
}

func TestAnUpdateThatLosesEveryRaceFailsWithErrConflict(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, view := race(t, 1000)
		if _, err := view.Update(t.Context(), key, add("mine")); !errors.Is(err, table.ErrConflict) {
			t.Errorf("Update: %v, want %v", err, table.ErrConflict)
		}
	})
}

func TestAnUpdateEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, view := race(t, 1000)
		ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
		defer cancel()
		if _, err := view.Update(ctx, key, add("mine")); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Update: %v, want %v", err, context.DeadlineExceeded)
		}
	})
}

func TestAnUpdateThatChangesNothingIsOneRead(t *testing.T) {
	rows, view := race(t, 0)
	reads, writes := rows.Reads(), rows.Writes()
	if _, err := view.Update(t.Context(), key, func(g guests) (guests, error) { return g, nil }); err != nil {
		t.Fatal(err)
	}
	if r, w := rows.Reads()-reads, rows.Writes()-writes; r != 1 || w != 0 {
		t.Errorf("%d reads and %d writes, want 1 and 0", r, w)
	}
}
