package storetest

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"switchboard/handler/store"
)

func testInvalid(t *testing.T, newRows func(*testing.T) store.Rows) {
	rows := newRows(t)
	etag := apply(t, rows, insert(entity("p", "here", `1`)))[0]
	before := all(t, rows, store.Query{Partition: "p"})
	column := func(name string, v any) []store.Write {
		e := entity("p", "r", `1`)
		e.Columns = map[string]any{name: v}
		return []store.Write{insert(e)}
	}
	here := before[0].Key
	one := func(w store.Write) []store.Write { return []store.Write{w} }
	where := func(column string, op store.Op, v any) store.Query {
		return store.Query{Partition: "p", Where: []store.Condition{{Column: column, Op: op, Value: v}}}
	}
	var many, big []store.Write
	for i := range store.MaxWrites + 1 {
		many = append(many, insert(entity("p", strconv.Itoa(i), `1`)))
	}
	for i := range 11 {
		big = append(big, insert(entity("p", strconv.Itoa(i), `"`+strings.Repeat("x", 400_000)+`"`)))
	}
	for _, tt := range []struct {
		name   string
		want   error
		writes []store.Write
	}{
		{"a replacement without an ETag", store.ErrInvalid, one(replace(entity("p", "here", `2`), ""))},
		{"a replacement of any version", store.ErrInvalid, one(replace(entity("p", "here", `2`), "*"))},
		{"a deletion without an ETag", store.ErrInvalid, one(remove(here, ""))},
		{"a deletion of any version", store.ErrInvalid, one(remove(here, "*"))},
		{"a put with an ETag", store.ErrInvalid, one(store.Write{Kind: store.Put, Entity: before[0]})},
		{"a write of no kind", store.ErrInvalid, one(store.Write{Entity: entity("p", "r", `1`)})},
		{"two partitions in a transaction", store.ErrInvalid,
			[]store.Write{insert(entity("p", "r", `1`)), insert(entity("q", "s", `1`))}},
		{"a row twice in a transaction", store.ErrInvalid,
			[]store.Write{replace(entity("p", "here", `2`), etag), put(entity("p", "here", `3`))}},
		{"too many writes", store.ErrInvalid, many},
		{"too large a transaction", store.ErrTooLarge, big},
		{"no document", store.ErrInvalid, one(insert(entity("p", "r", ``)))},
		{"a document that is not JSON", store.ErrInvalid, one(insert(entity("p", "r", `{"a":`)))},
		{"a document that is not UTF-8", store.ErrInvalid, one(insert(entity("p", "r", "\"\xff\"")))},
		{"a column of another type", store.ErrInvalid, column("N", 1)},
		{"a column without a value", store.ErrInvalid, column("N", nil)},
		{"a column named as a key", store.ErrInvalid, column("RowKey", "x")},
		{"a column named as a part of the document", store.ErrInvalid, column("Doc1", "x")},
		{"a column whose name is no identifier", store.ErrInvalid, column("a b", "x")},
		{"a time before the year 1601", store.ErrInvalid, column("Due", time.Time{})},
		{"too long a text in a column", store.ErrTooLarge, column("Text", strings.Repeat("x", 40_000))},
	} {
		t.Run(tt.name+" is refused", func(t *testing.T) {
			refused(t, rows, tt.want, tt.writes...)
			diff(t, "rows", before, all(t, rows, store.Query{Partition: "p"}))
		})
	}
	for _, tt := range []struct {
		name string
		q    store.Query
	}{
		{"a list without a partition", store.Query{}},
		{"too large a page", store.Query{Partition: "p", Limit: store.MaxPage + 1}},
		{"a negative page", store.Query{Partition: "p", Limit: -1}},
		{"an unknown comparison", where("N", "ne", int64(1))},
		{"a column's name that is an expression", where("N eq 1 or N", store.Eq, int64(1))},
		{"a bool that is to be greater", where("B", store.Gt, false)},
		{"a value of another type", where("N", store.Eq, 1.5)},
		{"a continuation token that no list gave", store.Query{Partition: "p", After: "?"}},
	} {
		t.Run(tt.name+" is refused", func(t *testing.T) {
			if _, err := rows.List(t.Context(), tt.q); !errors.Is(err, store.ErrInvalid) {
				t.Errorf("List: %v, want %v", err, store.ErrInvalid)
			}
		})
	}
}
