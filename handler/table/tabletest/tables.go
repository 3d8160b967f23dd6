package tabletest

import (
	"errors"
	"testing"
	"time"

	"switchboard/handler/table"
)

// counter is one kind of row in a partition.
type counter struct {
	N     int
	Added map[string]int
}

var counterKey = table.Key{Partition: "p", Row: "counter"}

// note is another kind of row in the same partition.
type note struct {
	Text string
	Due  time.Time
}

func (n note) Columns() map[string]any { return map[string]any{"Due": n.Due} }

var noteDue = time.Date(2026, 3, 29, 1, 0, 0, 123_456_789, time.UTC)

// get returns the row at k, which must exist.
func get[T any](t *testing.T, view *table.Table[T], k table.Key) table.Row[T] {
	t.Helper()
	row, err := view.Get(t.Context(), k)
	if err != nil {
		t.Fatalf("Get: %v", err)
	}
	return row
}

// viewRules are the rules of typed views, besides those of Update and Edit.
var viewRules = []rule{
	{"a row of a later version is left alone", testLaterVersion},
	{"a row that was read can be replaced and deleted, once", testReplaceAndDelete},
	{"rows of two kinds are written together, or not at all", testTwoKindsInTransaction},
	{"a single write in a transaction conflicts as several do", testSingleWriteInTransaction},
	{"a list of values fetches every page", testListOfValues},
}

func testLaterVersion(t *testing.T, rows table.Rows) {
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
			t.Errorf("listed: %+v, %v, want old with 2", row, err)
		}
	}
}

func testReplaceAndDelete(t *testing.T, rows table.Rows) {
	k := table.Key{Partition: "p", Row: "note"}
	view := table.NewTable[note](rows)
	if err := view.Put(t.Context(), k, note{"one", noteDue}); err != nil {
		t.Fatal(err)
	}
	row := get(t, view, k)
	diff(t, "row", table.Row[note]{Key: k, Value: note{"one", noteDue}, ETag: row.ETag}, row)
	if err := view.Replace(t.Context(), row, note{"two", noteDue}); err != nil {
		t.Fatal(err)
	}
	if err := view.Replace(t.Context(), row, note{"three", noteDue}); !errors.Is(err, table.ErrConflict) {
		t.Errorf("second Replace: %v, want %v", err, table.ErrConflict)
	}
	if err := view.Delete(t.Context(), row); !errors.Is(err, table.ErrConflict) {
		t.Errorf("Delete: %v, want %v", err, table.ErrConflict)
	}
	row = get(t, view, k)
	diff(t, "value", note{"two", noteDue}, row.Value)
	if err := view.Delete(t.Context(), row); err != nil {
		t.Errorf("Delete: %v", err)
	}
}

func testTwoKindsInTransaction(t *testing.T, rows table.Rows) {
	counters, notes := table.NewTable[counter](rows), table.NewTable[note](rows)
	key := func(row string) table.Key { return table.Key{Partition: "p", Row: row} }
	commit := func(n int) error {
		tx := table.Begin(rows)
		counters.InsertIn(tx, key("counter|"+string(rune('0'+n))), counter{N: n})
		notes.InsertIn(tx, key("note"), note{"first", noteDue})
		_, err := tx.Commit(t.Context())
		return err
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
	old := get(t, notes, key("note"))
	one := get(t, counters, key("counter|1"))
	zero := get(t, counters, key("counter|0"))
	tx := table.Begin(rows)
	notes.ReplaceIn(tx, old, note{"second", noteDue.Add(time.Hour)})
	counters.DeleteIn(tx, one)
	counters.InsertIn(tx, key("counter|3"), counter{N: 3})
	counters.SaveIn(tx, table.Row[counter]{Key: key("counter|4")}, counter{N: 4})
	counters.SaveIn(tx, zero, counter{N: 5})
	written, err := tx.Commit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if read := get(t, notes, key("note")); written[0].ETag != read.ETag || written[0].Size == 0 {
		t.Errorf("Commit wrote %+v, want the ETag %q of the row that is read, and its size", written[0], read.ETag)
	}
	diff(t, "what a deletion has written", table.Written{}, written[1])
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
}

func testSingleWriteInTransaction(t *testing.T, rows table.Rows) {
	view := table.NewTable[counter](rows)
	for _, want := range []error{nil, table.ErrConflict} {
		tx := table.Begin(rows)
		view.InsertIn(tx, counterKey, counter{})
		if _, err := tx.Commit(t.Context()); !errors.Is(err, want) || errors.Is(err, table.ErrExists) {
			t.Errorf("Commit: %v, want %v", err, want)
		}
	}
}

func testListOfValues(t *testing.T, rows table.Rows) {
	view := table.NewTable[note](rows)
	for i := range 7 {
		at := noteDue.Add(time.Duration(i) * time.Minute)
		k := table.Key{Partition: "p", Row: table.TimeKey(at)}
		if err := view.Put(t.Context(), k, note{Due: at}); err != nil {
			t.Fatal(err)
		}
	}
	q := table.Query{Partition: "p", Limit: 2, Where: []table.Condition{
		{Column: "Due", Op: table.OpLe, Value: noteDue.Add(4 * time.Minute)},
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
}
