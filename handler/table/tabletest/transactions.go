package tabletest

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"switchboard/handler/table"
)

func testTransactions(t *testing.T, newRows func(*testing.T) table.Rows) {
	t.Run("all kinds of write are applied together and their ETags returned", func(t *testing.T) {
		testAllKindsOfWrite(t, newRows(t))
	})
	t.Run("a hundred writes are one transaction", func(t *testing.T) { testHundredWrites(t, newRows(t)) })
	testBadTransactions(t, newRows)
}

func testAllKindsOfWrite(t *testing.T, rows table.Rows) {
	key := func(row string) table.Key { return table.Key{Partition: "p", Row: row} }
	replaced := apply(t, rows, insert(entity("p", "replaced", `1`)))[0]
	deleted := apply(t, rows, insert(entity("p", "deleted", `1`)))[0]
	apply(t, rows, insert(entity("p", "put over", `1`)))

	etags := apply(t, rows,
		insert(entity("p", "inserted", `2`)),
		replace(entity("p", "replaced", `2`), replaced),
		remove(key("deleted"), deleted),
		put(entity("p", "put over", `2`)),
		put(entity("p", "put new", `2`)),
	)
	got := map[string]string{}
	for _, e := range all(t, rows, table.Query{Partition: "p"}) {
		got[e.Key.Row] = string(e.Doc) + " " + e.ETag
	}
	diff(t, "rows", map[string]string{
		"inserted": "2 " + etags[0],
		"replaced": "2 " + etags[1],
		"put over": "2 " + etags[3],
		"put new":  "2 " + etags[4],
	}, got)
	diff(t, "ETag of the deletion", "", etags[2])

	apply(t, rows, // the ETags are valid in the next transaction
		replace(entity("p", "inserted", `3`), etags[0]),
		replace(entity("p", "replaced", `3`), etags[1]),
		remove(key("put new"), etags[4]))
}

func testHundredWrites(t *testing.T, rows table.Rows) {
	var writes []table.Write
	for i := range table.MaxWrites {
		writes = append(writes, insert(entity("p", fmt.Sprintf("%03d", i), `"GET http://x/y HTTP/1.1"`)))
	}
	apply(t, rows, writes...)
	if got := len(all(t, rows, table.Query{Partition: "p"})); got != len(writes) {
		t.Errorf("%d rows, want %d", got, len(writes))
	}
}

// testBadTransactions applies one bad write among good ones, at every place.
func testBadTransactions(t *testing.T, newRows func(*testing.T) table.Rows) {
	key := func(row string) table.Key { return table.Key{Partition: "p", Row: row} }
	good := []table.Write{
		insert(entity("p", "new", `2`)), put(entity("p", "there", `2`)), put(entity("p", "new too", `2`)),
	}
	for _, tt := range []struct {
		name string
		bad  func(old string) table.Write
	}{
		{"the inserted row is there", func(string) table.Write { return insert(entity("p", "bad", `2`)) }},
		{"the replaced row was written since",
			func(old string) table.Write { return replace(entity("p", "bad", `2`), old) }},
		{"the replaced row is missing",
			func(old string) table.Write { return replace(entity("p", "missing", `2`), old) }},
		{"the deleted row was written since", func(old string) table.Write { return remove(key("bad"), old) }},
		{"the deleted row is missing", func(old string) table.Write { return remove(key("missing"), old) }},
	} {
		for at := range len(good) + 1 {
			t.Run(fmt.Sprintf("nothing is applied when %s, at place %d", tt.name, at), func(t *testing.T) {
				rows := newRows(t)
				apply(t, rows, insert(entity("p", "there", `1`)))
				old := apply(t, rows, insert(entity("p", "bad", `0`)))[0]
				apply(t, rows, put(entity("p", "bad", `1`)))
				before := all(t, rows, table.Query{Partition: "p"})

				writes := slices.Insert(slices.Clone(good), at, tt.bad(old))
				_, err := rows.Apply(t.Context(), writes...)
				exact := errors.Is(err, table.ErrExists) || errors.Is(err, table.ErrNotFound)
				if !errors.Is(err, table.ErrConflict) || exact {
					t.Errorf("Apply: %v, want %v and nothing more", err, table.ErrConflict)
				}
				diff(t, "rows", before, all(t, rows, table.Query{Partition: "p"}))
			})
		}
	}
}
