package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"switchboard/handler/store"
)

func testConditions(t *testing.T, newRows func(*testing.T) store.Rows) {
	at := func(ms int) time.Time { return time.Date(2026, 3, 29, 1, 0, 0, ms*1_000_000, time.UTC) }
	rows := newRows(t)
	for row, columns := range map[string]map[string]any{
		"1": {"Due": at(-1), "N": int64(-5), "S": "a", "B": true},
		"2": {"Due": at(0), "N": int64(9), "S": "it's", "B": false},
		"3": {"Due": at(1), "N": int64(10), "S": "B", "B": true},
		"4": {"Due": at(86_400_000), "N": int64(1) << 60, "S": "", "B": true},
		"5": {}, // a row without columns
	} {
		e := entity("p", row, `1`)
		e.Columns = columns
		apply(t, rows, insert(e))
	}
	where := func(column string, op store.Op, v any) []store.Condition {
		return []store.Condition{{Column: column, Op: op, Value: v}}
	}
	elsewhere := time.FixedZone("", 2*3600)
	for _, tt := range []struct {
		name  string
		where []store.Condition
		want  []string
	}{
		{"a time not after", where("Due", store.Le, at(0)), []string{"1", "2"}},
		{"a time before", where("Due", store.Lt, at(0)), []string{"1"}},
		{"a time after", where("Due", store.Gt, at(0)), []string{"3", "4"}},
		{"a time not before", where("Due", store.Ge, at(0)), []string{"2", "3", "4"}},
		{"the same time", where("Due", store.Eq, at(0)), []string{"2"}},
		{"the same time in another zone", where("Due", store.Eq, at(0).In(elsewhere)), []string{"2"}},
		{"a number", where("N", store.Eq, int64(9)), []string{"2"}},
		{"a negative number", where("N", store.Eq, int64(-5)), []string{"1"}},
		{"a number beyond 2^53", where("N", store.Eq, int64(1)<<60), []string{"4"}},
		{"numbers by value, not by digits", where("N", store.Gt, int64(9)), []string{"3", "4"}},
		{"numbers below zero", where("N", store.Lt, int64(0)), []string{"1"}},
		{"a text with an apostrophe", where("S", store.Eq, "it's"), []string{"2"}},
		{"an empty text", where("S", store.Eq, ""), []string{"4"}},
		{"texts by their characters", where("S", store.Ge, "a"), []string{"1", "2"}},
		{"a text that would be an expression", where("S", store.Eq, "x' or 'a' eq 'a"), []string{}},
		{"a text that ends in an apostrophe", where("S", store.Eq, "it'"), []string{}},
		{"a yes", where("B", store.Eq, true), []string{"1", "3", "4"}},
		{"a no", where("B", store.Eq, false), []string{"2"}},
		{"a column that no row has", where("None", store.Lt, at(0)), []string{}},
		{"all of several", slices.Concat(
			where("Due", store.Ge, at(0)), where("Due", store.Lt, at(2)), where("B", store.Eq, true)), []string{"3"}},
	} {
		for _, limit := range []int{0, 1} {
			t.Run(fmt.Sprintf("%s, in pages of %d", tt.name, limit), func(t *testing.T) {
				q := store.Query{Partition: "p", Where: tt.where, Limit: limit}
				diff(t, "rows", tt.want, rowKeys(all(t, rows, q)))
			})
		}
	}
}
