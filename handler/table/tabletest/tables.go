package tabletest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"switchboard/handler/table"
)

// counter is one kind of row in a partition.
type counter struct {
	N     int
	Added map[string]int
}

// note is another kind of row in the same partition.
type note struct {
	Text string
	Due  time.Time
}

func (n note) Columns() map[string]any { return map[string]any{"Due": n.Due} }

func testTables(t *testing.T, newRows func(*testing.T) table.Rows) {
	k := table.Key{Partition: "p", Row: "counter"}
	due := time.Date(2026, 3, 29, 1, 0, 0, 123_456_789, time.UTC)

	t.Run("eight writers lose none of their updates", func(t *testing.T) {
		const writers, updates = 8, 2 // an update loses to 14 others at most, and is tried 16 times
		rows := newRows(t)
		view := table.NewTable[counter](rows)
		if err := view.Put(t.Context(), k, counter{Added: map[string]int{}}); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				for range updates {
					_, err := view.Update(t.Context(), k, func(c counter) (counter, error) {
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
		row, err := view.Get(t.Context(), k)
		if err != nil {
			t.Fatal(err)
		}
		diff(t, "sum", writers*updates, row.Value.N)
		for w, n := range row.Value.Added {
			diff(t, "updates of "+w, updates, n)
		}
	})
	t.Run("an update that changes nothing writes nothing", func(t *testing.T) {
		rows := newRows(t)
		view := table.NewTable[counter](rows)
		if err := view.Put(t.Context(), k, counter{N: 1}); err != nil {
			t.Fatal(err)
		}
		before := read(t, rows, k)
		got, err := view.Update(t.Context(), k, func(c counter) (counter, error) { return c, nil })
		if err != nil {
			t.Fatal(err)
		}
		diff(t, "value", counter{N: 1}, got)
		diff(t, "row", before, read(t, rows, k))
	})
	t.Run("an update of a missing row is not found", func(t *testing.T) {
		view := table.NewTable[counter](newRows(t))
		_, err := view.Update(t.Context(), k, func(c counter) (counter, error) { c.N++; return c, nil })
		if !errors.Is(err, table.ErrNotFound) {
			t.Errorf("Update: %v, want %v", err, table.ErrNotFound)
		}
	})
	t.Run("an update ends with the error of its edit", func(t *testing.T) {
		view := table.NewTable[counter](newRows(t))
		if err := view.Put(t.Context(), k, counter{}); err != nil {
			t.Fatal(err)
		}
		stop := errors.New("stop")
		_, err := view.Update(t.Context(), k, func(c counter) (counter, error) { return c, stop })
		if err != stop {
			t.Errorf("Update: %v, want %v", err, stop)
		}
	})
	t.Run("an edit of a missing row inserts it, and the next one replaces it", func(t *testing.T) {
		rows := newRows(t)
		view := table.NewTable[counter](rows)
		for n := 1; n <= 2; n++ {
			got, err := view.Edit(t.Context(), k, func(c counter) (counter, error) { c.N++; return c, nil })
			if err != nil {
				t.Fatal(err)
			}
			diff(t, "value", counter{N: n}, got)
			diff(t, "row", fmt.Sprintf(`{"N":%d,"Added":null}`, n), string(read(t, rows, k).Doc))
		}
	})
	t.Run("an edit that leaves a missing row as it is writes none", func(t *testing.T) {
		rows := newRows(t)
		view := table.NewTable[counter](rows)
		if _, err := view.Edit(t.Context(), k, func(c counter) (counter, error) { return c, nil }); err != nil {
			t.Fatal(err)
		}
		diff(t, "rows", []string{}, rowKeys(all(t, rows, table.Query{Partition: k.Partition})))
	})
	t.Run("eight editors of a missing row lose none of their edits", func(t *testing.T) {
		const writers = 8
		view := table.NewTable[counter](newRows(t))
		var wg sync.WaitGroup
		for range writers {
			wg.Go(func() {
				_, err := view.Edit(t.Context(), k, func(c counter) (counter, error) { c.N++; return c, nil })
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		row, err := view.Get(t.Context(), k)
		if err != nil {
			t.Fatal(err)
		}
		diff(t, "sum", writers, row.Value.N)
	})
	t.Run("a row of a later version is left alone", func(t *testing.T) {
		rows := newRows(t)
		apply(t, rows,
			insert(entity("p", "new", `{"schema":3,"N":"in another form"}`)),
			insert(entity("p", "old", `{"schema":2,"N":2}`)))
		view := table.NewVersioned[counter](rows, 2)
		later := table.Key{Partition: "p", Row: "new"}
		change := func(c counter) (counter, error) { c.N++; return c, nil }
		_, got := view.Get(t.Context(), later)
		_, updated := view.Update(t.Context(), later, change)
		_, edited := view.Edit(t.Context(), later, change)
		for name, err := range map[string]error{"Get": got, "Update": updated, "Edit": edited} {
			if !errors.Is(err, table.ErrNewer) {
				t.Errorf("%s: %v, want %v", name, err, table.ErrNewer)
			}
		}
		for row, err := range view.List(t.Context(), table.Query{Partition: "p"}) {
			if err != nil || row.Key.Row != "old" || row.Value.N != 2 {
				t.Errorf("listed: %+v, %v", row, err)
			}
		}
	})
	t.Run("a row that was read can be replaced and deleted, once", func(t *testing.T) {
		view := table.NewTable[note](newRows(t))
		if err := view.Put(t.Context(), k, note{"one", due}); err != nil {
			t.Fatal(err)
		}
		row, err := view.Get(t.Context(), k)
		if err != nil {
			t.Fatal(err)
		}
		diff(t, "row", table.Row[note]{Key: k, Value: note{"one", due}, ETag: row.ETag}, row)
		if err := view.Replace(t.Context(), row, note{"two", due}); err != nil {
			t.Fatal(err)
		}
		if err := view.Replace(t.Context(), row, note{"three", due}); !errors.Is(err, table.ErrConflict) {
			t.Errorf("second Replace: %v, want %v", err, table.ErrConflict)
		}
		if err := view.Delete(t.Context(), row); !errors.Is(err, table.ErrConflict) {
			t.Errorf("Delete: %v, want %v", err, table.ErrConflict)
		}
		if row, err = view.Get(t.Context(), k); err != nil {
			t.Fatal(err)
		}
		diff(t, "value", note{"two", due}, row.Value)
		if err := view.Delete(t.Context(), row); err != nil {
			t.Errorf("Delete: %v", err)
		}
	})
	t.Run("rows of two kinds are written together, or not at all", func(t *testing.T) {
		rows := newRows(t)
		counters, notes := table.NewTable[counter](rows), table.NewTable[note](rows)
		key := func(row string) table.Key { return table.Key{Partition: "p", Row: row} }
		commit := func(n int) error {
			tx := table.Begin(rows)
			counters.InsertIn(tx, key("counter|"+string(rune('0'+n))), counter{N: n})
			notes.InsertIn(tx, key("note"), note{"first", due})
			return tx.Commit(t.Context())
		}
		if err := commit(1); err != nil {
			t.Fatal(err)
		}
		if err := commit(2); !errors.Is(err, table.ErrConflict) {
			t.Errorf("second Commit: %v, want %v", err, table.ErrConflict)
		}
		if err := counters.Put(t.Context(), key("counter|0"), counter{}); err != nil {
			t.Fatal(err)
		}
		old, err := notes.Get(t.Context(), key("note"))
		if err != nil {
			t.Fatal(err)
		}
		one, err := counters.Get(t.Context(), key("counter|1"))
		if err != nil {
			t.Fatal(err)
		}
		zero, err := counters.Get(t.Context(), key("counter|0"))
		if err != nil {
			t.Fatal(err)
		}
		tx := table.Begin(rows)
		notes.ReplaceIn(tx, old, note{"second", due.Add(time.Hour)})
		counters.DeleteIn(tx, one)
		counters.InsertIn(tx, key("counter|3"), counter{N: 3})
		counters.SaveIn(tx, table.Row[counter]{Key: key("counter|4")}, counter{N: 4})
		counters.SaveIn(tx, zero, counter{N: 5})
		if err := tx.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for _, e := range all(t, rows, table.Query{Partition: "p"}) {
			got[e.Key.Row] = string(e.Doc)
		}
		diff(t, "rows", map[string]string{
			"counter|0": `{"N":5,"Added":null}`,
			"counter|3": `{"N":3,"Added":null}`,
			"counter|4": `{"N":4,"Added":null}`,
			"note":      `{"Text":"second","Due":"2026-03-29T02:00:00.123456789Z"}`,
		}, got)
	})
	t.Run("a single write in a transaction conflicts as several do", func(t *testing.T) {
		rows := newRows(t)
		view := table.NewTable[counter](rows)
		for _, want := range []error{nil, table.ErrConflict} {
			tx := table.Begin(rows)
			view.InsertIn(tx, k, counter{})
			if err := tx.Commit(t.Context()); !errors.Is(err, want) || errors.Is(err, table.ErrExists) {
				t.Errorf("Commit: %v, want %v", err, want)
			}
		}
	})
	t.Run("a list of values fetches every page", func(t *testing.T) {
		rows := newRows(t)
		view := table.NewTable[note](rows)
		for i := range 7 {
			at := due.Add(time.Duration(i) * time.Minute)
			k := table.Key{Partition: "p", Row: table.TimeKey(at)}
			if err := view.Put(t.Context(), k, note{Due: at}); err != nil {
				t.Fatal(err)
			}
		}
		q := table.Query{Partition: "p", Limit: 2, Where: []table.Condition{
			{Column: "Due", Op: table.OpLe, Value: due.Add(4 * time.Minute)},
		}}
		var got []string
		for row, err := range view.List(t.Context(), q) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, row.Value.Due.Format("04:05.000"))
		}
		diff(t, "notes", []string{"00:00.123", "01:00.123", "02:00.123", "03:00.123", "04:00.123"}, got)
		for range view.List(t.Context(), q) {
			break // a caller may stop at any row
		}
	})
}
