package tabletest

import (
	"fmt"
	"testing"

	"switchboard/handler/table"
)

func testLists(t *testing.T, newRows func(*testing.T) table.Rows) {
	rows := newRows(t)
	for _, e := range []table.Entity{ // not in the order of their keys
		entity("p", "h|2", `1`), entity("p", "call", `1`), entity("p", "h|10", `1`), entity("p", "H|1", `1`),
		entity("p", "h", `1`), entity("p", "h}", `1`), entity("p", "i", `1`),
		entity("q", "h|3", `1`), entity("p2", "h|4", `1`),
	} {
		apply(t, rows, insert(e))
	}
	for _, tt := range []struct {
		name string
		q    table.Query
		want []string
	}{
		{"a partition is listed by row key", table.Query{Partition: "p"},
			[]string{"H|1", "call", "h", "h|10", "h|2", "h}", "i"}},
		{"the lower bound is listed", table.Query{Partition: "p", From: "h|2"}, []string{"h|2", "h}", "i"}},
		{"the upper bound is not listed", table.Query{Partition: "p", Before: "h|10"}, []string{"H|1", "call", "h"}},
		{"both bounds hold", table.Query{Partition: "p", From: "call", Before: "h|"}, []string{"call", "h"}},
		{"a prefix selects the keys that begin with it", table.WithPrefix("p", "h|"), []string{"h|10", "h|2"}},
		{"an empty prefix selects all", table.WithPrefix("q", ""), []string{"h|3"}},
		{"crossed bounds select nothing", table.Query{Partition: "p", From: "i", Before: "a"}, []string{}},
		{"an unknown partition is empty", table.Query{Partition: "none"}, []string{}},
		{"a bound is not an expression", table.Query{Partition: "p", From: "z' or 'a' eq 'a"}, []string{}},
	} {
		for _, limit := range []int{0, 1, 2, 3, 7, 8} {
			t.Run(fmt.Sprintf("%s, in pages of %d", tt.name, limit), func(t *testing.T) {
				q := tt.q
				q.Limit = limit
				diff(t, "rows", tt.want, rowKeys(all(t, rows, q)))
			})
		}
	}
	t.Run("a list continues at its place after a row was deleted", func(t *testing.T) {
		first, err := rows.List(t.Context(), table.Query{Partition: "p", Limit: 2})
		if err != nil {
			t.Fatal(err)
		}
		k := table.Key{Partition: "p", Row: "h"}
		apply(t, rows, remove(k, read(t, rows, k).ETag))
		rest := all(t, rows, table.Query{Partition: "p", Limit: 2, After: first.Next})
		diff(t, "rows", []string{"h|10", "h|2", "h}", "i"}, rowKeys(rest))
	})
	t.Run("rows beyond the largest page are on the next one", func(t *testing.T) {
		rows := newRows(t)
		const n = table.MaxPage + 50
		for from := 0; from < n; from += table.MaxWrites {
			var writes []table.Write
			for i := from; i < min(from+table.MaxWrites, n); i++ {
				writes = append(writes, insert(entity("p", fmt.Sprintf("%05d", i), `1`)))
			}
			apply(t, rows, writes...)
		}
		diff(t, "rows", n, len(all(t, rows, table.Query{Partition: "p"})))
	})
}
