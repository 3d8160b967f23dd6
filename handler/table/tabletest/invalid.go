package tabletest

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"switchboard/handler/table"
)

func testInvalid(t *testing.T, newRows func(*testing.T) table.Rows) {
	rows := newRows(t)
	etag := apply(t, rows, insert(entity("p", "here", `1`)))[0]
	before := all(t, rows, table.Query{Partition: "p"})
	column := func(name string, v any) []table.Write {
		e := entity("p", "r", `1`)
		e.Columns = map[string]any{name: v}
		return []table.Write{insert(e)}
	}
	here := before[0].Key
	one := func(w table.Write) []table.Write { return []table.Write{w} }
	where := func(column string, op table.Op, v any) table.Query {
		return table.Query{Partition: "p", Where: []table.Condition{{Column: column, Op: op, Value: v}}}
	}
	var many, big []table.Write
	for i := range table.MaxWrites + 1 {
		many = append(many, insert(entity("p", strconv.Itoa(i), `1`)))
	}
	for i := range 11 {
		big = append(big, insert(entity("p", strconv.Itoa(i), `"`+strings.Repeat("x", 400_000)+`"`)))
	}
	for _, tt := range []struct {
		name   string
		want   error
		writes []table.Write
	}{
		{"a replacement without an ETag", table.ErrInvalid, one(replace(entity("p", "here", `2`), ""))},
		{"a replacement of any version", table.ErrInvalid, one(replace(entity("p", "here", `2`), "*"))},
		{"a deletion without an ETag", table.ErrInvalid, one(remove(here, ""))},
		{"a deletion of any version", table.ErrInvalid, one(remove(here, "*"))},
		{"a put with an ETag", table.ErrInvalid, one(table.Write{Kind: table.WritePut, Entity: before[0]})},
		{"a write of no kind", table.ErrInvalid, one(table.Write{Entity: entity("p", "r", `1`)})},
		{"two partitions in a transaction", table.ErrInvalid,
			[]table.Write{insert(entity("p", "r", `1`)), insert(entity("q", "s", `1`))}},
		{"a row twice in a transaction", table.ErrInvalid,
			[]table.Write{replace(entity("p", "here", `2`), etag), put(entity("p", "here", `3`))}},
		{"too many writes", table.ErrInvalid, many},
		{"a transaction that is too large", table.ErrTooLarge, big},
		{"no document", table.ErrInvalid, one(insert(entity("p", "r", ``)))},
		{"a document that is not JSON", table.ErrInvalid, one(insert(entity("p", "r", `{"a":`)))},
		{"a document that is not UTF-8", table.ErrInvalid, one(insert(entity("p", "r", "\"\xff\"")))},
		{"a column of another type", table.ErrInvalid, column("N", 1)},
		{"a column without a value", table.ErrInvalid, column("N", nil)},
		{"a column named as a key", table.ErrInvalid, column("RowKey", "x")},
		{"a column named as a part of the document", table.ErrInvalid, column("Doc1", "x")},
		{"a column whose name is not an identifier", table.ErrInvalid, column("a b", "x")},
		{"a time before the year 1601", table.ErrInvalid, column("Due", time.Time{})},
		{"a text that is too long for a column", table.ErrTooLarge, column("Text", strings.Repeat("x", 40_000))},
	} {
		t.Run(tt.name+" is refused", func(t *testing.T) {
			applyRefused(t, rows, tt.want, tt.writes...)
			diff(t, "rows", before, all(t, rows, table.Query{Partition: "p"}))
		})
	}
	for _, tt := range []struct {
		name string
		q    table.Query
	}{
		{"a list without a partition", table.Query{}},
		{"a page that is too large", table.Query{Partition: "p", Limit: table.MaxPage + 1}},
		{"a negative page", table.Query{Partition: "p", Limit: -1}},
		{"an unknown comparison", where("N", "ne", int64(1))},
		{"a column's name that is an expression", where("N eq 1 or N", table.OpEq, int64(1))},
		{"a comparison of a bool by order", where("B", table.OpGt, false)},
		{"a value of another type", where("N", table.OpEq, 1.5)},
		{"a continuation token that no list returned", table.Query{Partition: "p", After: "?"}},
	} {
		t.Run(tt.name+" is refused", func(t *testing.T) {
			if _, err := rows.List(t.Context(), tt.q); !errors.Is(err, table.ErrInvalid) {
				t.Errorf("List: %v, want %v", err, table.ErrInvalid)
			}
		})
	}
}
