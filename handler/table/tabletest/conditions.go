package tabletest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"switchboard/handler/table"
)

func testConditions(t *testing.T, newRows func(*testing.T) table.Rows) {
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
	where := func(column string, op table.Op, v any) []table.Condition {
		return []table.Condition{{Column: column, Op: op, Value: v}}
	}
	elsewhere := time.FixedZone("", 2*3600)
	for _, tt := range []struct {
		name  string
		where []table.Condition
		want  []string
	}{
		{"a time not after", where("Due", table.OpLe, at(0)), []string{"1", "2"}},
		{"a time before", where("Due", table.OpLt, at(0)), []string{"1"}},
		{"a time after", where("Due", table.OpGt, at(0)), []string{"3", "4"}},
		{"a time not before", where("Due", table.OpGe, at(0)), []string{"2", "3", "4"}},
		{"the same time", where("Due", table.OpEq, at(0)), []string{"2"}},
		{"the same time in another zone", where("Due", table.OpEq, at(0).In(elsewhere)), []string{"2"}},
		{"a number", where("N", table.OpEq, int64(9)), []string{"2"}},
		{"a negative number", where("N", table.OpEq, int64(-5)), []string{"1"}},
		{"a number beyond 2^53", where("N", table.OpEq, int64(1)<<60), []string{"4"}},
		{"numbers by value, not by digits", where("N", table.OpGt, int64(9)), []string{"3", "4"}},
		{"numbers below zero", where("N", table.OpLt, int64(0)), []string{"1"}},
		{"a text with an apostrophe", where("S", table.OpEq, "it's"), []string{"2"}},
		{"an empty text", where("S", table.OpEq, ""), []string{"4"}},
		{"texts by their characters", where("S", table.OpGe, "a"), []string{"1", "2"}},
		{"a text that would be an expression", where("S", table.OpEq, "x' or 'a' eq 'a"), []string{}},
		{"a text that ends in an apostrophe", where("S", table.OpEq, "it'"), []string{}},
		{"true", where("B", table.OpEq, true), []string{"1", "3", "4"}},
		{"false", where("B", table.OpEq, false), []string{"2"}},
		{"a column that no row has", where("None", table.OpLt, at(0)), []string{}},
		{"several conditions", slices.Concat(
			where("Due", table.OpGe, at(0)), where("Due", table.OpLt, at(2)), where("B", table.OpEq, true)), []string{"3"}},
	} {
		for _, limit := range []int{0, 1} {
			t.Run(fmt.Sprintf("%s, in pages of %d", tt.name, limit), func(t *testing.T) {
				q := table.Query{Partition: "p", Where: tt.where, Limit: limit}
				diff(t, "rows", tt.want, rowKeys(all(t, rows, q)))
			})
		}
	}
}
