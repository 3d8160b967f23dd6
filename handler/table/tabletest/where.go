package tabletest

import (
	"cmp"
	"time"

	"switchboard/handler/table"
)

// selects reports whether a row with these columns meets all conditions.
func selects(where []table.Condition, columns map[string]any) bool {
	for _, c := range where {
		order, ok := compare(columns[c.Column], c.Value)
		if !ok || !holds(c.Op, order) {
			return false
		}
	}
	return true
}

func holds(op table.Op, order int) bool {
	switch op {
	case table.OpEq:
		return order == 0
	case table.OpLt:
		return order < 0
	case table.OpLe:
		return order <= 0
	case table.OpGt:
		return order > 0
	default: // Ge: CheckQuery accepts no other comparison
		return order >= 0
	}
}

// compare returns the order of two values of one type; ok is false if their types differ.
func compare(a, b any) (order int, ok bool) {
	switch a := a.(type) {
	case string:
		b, ok := b.(string)
		return cmp.Compare(a, b), ok
	case int64:
		b, ok := b.(int64)
		return cmp.Compare(a, b), ok
	case time.Time:
		b, ok := b.(time.Time)
		return a.Compare(table.ColumnTime(b)), ok
	case bool:
		b, ok := b.(bool)
		if a == b {
			return 0, ok
		}
		return 1, ok // CheckQuery accepts no comparison but Eq
	}
	return 0, false
}
