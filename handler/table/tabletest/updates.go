package tabletest

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"switchboard/handler/table"
)

// updateRules are the rules of Update and Edit.
var updateRules = []rule{
	{"eight writers lose none of their updates", testConcurrentUpdates},
	{"an update that changes nothing writes nothing", testUpdateWithoutChange},
	{"an update of a missing row is not found", testUpdateOfMissingRow},
	{"an update ends with the error of its edit", testFailingUpdate},
	{"an edit of a missing row inserts it, and the next one replaces it", testEditOfMissingRow},
	{"an edit that leaves a missing row as it is writes none", testEditWithoutChange},
	{"eight editors of a missing row lose none of their edits", testConcurrentEdits},
}

func testConcurrentUpdates(t *testing.T, rows table.Rows) {
	const writers, updates = 8, 2 // an update loses to 14 others at most, and is tried 16 times
	view := table.NewTable[counter](rows)
	if err := view.Put(t.Context(), counterKey, counter{Added: map[string]int{}}); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for range updates {
				_, err := view.Update(t.Context(), counterKey, func(c counter) (counter, error) {
					c.N++
					c.Added[string(rune('a'+w))]++
					return c, nil
				})
				if err != nil {
					t.Errorf("writer %d: %v", w, err)
				}
			}
		})
	}
	wg.Wait()
	row := get(t, view, counterKey)
	diff(t, "sum", writers*updates, row.Value.N)
	for w, n := range row.Value.Added {
		diff(t, "updates of "+w, updates, n)
	}
}

func testUpdateWithoutChange(t *testing.T, rows table.Rows) {
	view := table.NewTable[counter](rows)
	if err := view.Put(t.Context(), counterKey, counter{N: 1}); err != nil {
		t.Fatal(err)
	}
	before := read(t, rows, counterKey)
	got, err := view.Update(t.Context(), counterKey, func(c counter) (counter, error) { return c, nil })
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "value", counter{N: 1}, got)
	diff(t, "row", before, read(t, rows, counterKey))
}

func testUpdateOfMissingRow(t *testing.T, rows table.Rows) {
	view := table.NewTable[counter](rows)
	_, err := view.Update(t.Context(), counterKey, func(c counter) (counter, error) { c.N++; return c, nil })
	if !errors.Is(err, table.ErrNotFound) {
		t.Errorf("Update: %v, want %v", err, table.ErrNotFound)
	}
}

func testFailingUpdate(t *testing.T, rows table.Rows) {
	view := table.NewTable[counter](rows)
	if err := view.Put(t.Context(), counterKey, counter{}); err != nil {
		t.Fatal(err)
	}
	stop := errors.New("stop")
	_, err := view.Update(t.Context(), counterKey, func(c counter) (counter, error) { return c, stop })
	if err != stop {
		t.Errorf("Update: %v, want %v", err, stop)
	}
}

func testEditOfMissingRow(t *testing.T, rows table.Rows) {
	view := table.NewTable[counter](rows)
	for n := 1; n <= 2; n++ {
		got, err := view.Edit(t.Context(), counterKey, func(c counter) (counter, error) { c.N++; return c, nil })
		if err != nil {
			t.Fatal(err)
		}
		diff(t, "value", counter{N: n}, got)
		diff(t, "row", fmt.Sprintf(`{"N":%d,"Added":null}`, n), string(read(t, rows, counterKey).Doc))
	}
}

func testEditWithoutChange(t *testing.T, rows table.Rows) {
	view := table.NewTable[counter](rows)
	if _, err := view.Edit(t.Context(), counterKey, func(c counter) (counter, error) { return c, nil }); err != nil {
		t.Fatal(err)
	}
	diff(t, "rows", []string{}, rowKeys(all(t, rows, table.Query{Partition: counterKey.Partition})))
}

func testConcurrentEdits(t *testing.T, rows table.Rows) {
	const writers = 8
	view := table.NewTable[counter](rows)
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			_, err := view.Edit(t.Context(), counterKey, func(c counter) (counter, error) { c.N++; return c, nil })
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	row := get(t, view, counterKey)
	diff(t, "sum", writers, row.Value.N)
}
