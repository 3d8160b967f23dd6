package table

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Limits of a request.
// Source: https://learn.microsoft.com/rest/api/storageservices/performing-entity-group-transactions
// and https://learn.microsoft.com/rest/api/storageservices/querying-tables-and-entities
const (
	MaxWrites = 100  // writes in one transaction
	MaxPage   = 1000 // rows in one page

	maxTransaction = 4 << 20 // bytes in one transaction
	maxColumns     = 200     // well under the 252 properties that a row may have
	maxConditions  = 12      // a filter may hold 15 comparisons, and three are on keys
)

// CheckWrites returns an error for writes that every table refuses, whatever rows it holds: ErrInvalid for a
// forbidden key, a missing ETag, a document that is not JSON, an unknown type of column, two partitions, a
// row twice or too many writes; ErrTooLarge for a document or a transaction that is too large. Every
// implementation of Rows calls it before it does anything, so that all of them refuse the same.
func CheckWrites(writes ...Write) error {
	if len(writes) > MaxWrites {
		return fmt.Errorf("%w: %d writes in a transaction, at most %d", ErrInvalid, len(writes), MaxWrites)
	}
	size := 0
	rows := make(map[string]bool, len(writes))
	for i, w := range writes {
		if err := checkWrite(w); err != nil {
			return fmt.Errorf("write %d: %w", i, err)
		}
		k := w.Entity.Key
		if k.Partition != writes[0].Entity.Key.Partition {
			return fmt.Errorf("write %d: %w: another partition in the transaction", i, ErrInvalid)
		}
		if rows[k.Row] {
			return fmt.Errorf("write %d: %w: row is in the transaction already", i, ErrInvalid)
		}
		rows[k.Row] = true
		size += len(w.Entity.Doc)
	}
	if size > maxTransaction {
		return fmt.Errorf("%w: transaction of %d bytes", ErrTooLarge, size)
	}
	return nil
}

func checkWrite(w Write) error {
	e := w.Entity
	if err := e.Key.Check(); err != nil {
		return err
	}
	switch w.Kind {
	case WriteInsert, WritePut:
		if e.ETag != "" {
			return fmt.Errorf("%w: ETag on a write without a condition", ErrInvalid)
		}
	case WriteReplace, WriteDelete:
		if e.ETag == "" || e.ETag == "*" { // the star would match any version
			return fmt.Errorf("%w: no ETag", ErrInvalid)
		}
	default:
		return fmt.Errorf("%w: kind of write %d", ErrInvalid, w.Kind)
	}
	if w.Kind == WriteDelete {
		return nil
	}
	if _, err := splitDoc(e.Doc); err != nil {
		return err
	}
	return checkColumns(e.Columns)
}

// columnName matches names that are valid in OData, in C# and in filters.
var columnName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]{0,63}$`)

func checkColumns(columns map[string]any) error {
	if len(columns) > maxColumns {
		return fmt.Errorf("%w: %d columns", ErrInvalid, len(columns))
	}
	for name, v := range columns {
		if err := checkColumn(name, v); err != nil {
			return err
		}
	}
	return nil
}

func checkColumn(name string, v any) error {
	if !columnName.MatchString(name) || strings.HasPrefix(name, "Doc") ||
		name == "PartitionKey" || name == "RowKey" || name == "Timestamp" {
		return fmt.Errorf("%w: column name %q", ErrInvalid, name)
	}
	switch v := v.(type) {
	case string:
		if utf16Len(v) > maxPart {
			return fmt.Errorf("%w: column %s", ErrTooLarge, name)
		}
	case time.Time:
		if y := v.UTC().Year(); y < 1601 || y > 9999 { // what Edm.DateTime can hold
			return fmt.Errorf("%w: column %s: year %d", ErrInvalid, name, y)
		}
	case bool, int64:
	default:
		return fmt.Errorf("%w: column %s is a %T", ErrInvalid, name, v)
	}
	return nil
}

// CheckQuery returns ErrInvalid for a query that no table answers: a forbidden partition key, an unknown
// comparison or type of value, a page size out of range.
func CheckQuery(q Query) error {
	if err := checkKey("partition key", q.Partition); err != nil {
		return err
	}
	if q.Limit < 0 || q.Limit > MaxPage {
		return fmt.Errorf("%w: page of %d rows, at most %d", ErrInvalid, q.Limit, MaxPage)
	}
	if len(q.Where) > maxConditions {
		return fmt.Errorf("%w: %d conditions, at most %d", ErrInvalid, len(q.Where), maxConditions)
	}
	for _, c := range q.Where {
		switch c.Op {
		case OpEq, OpLt, OpLe, OpGt, OpGe:
		default:
			return fmt.Errorf("%w: comparison %q", ErrInvalid, c.Op)
		}
		if _, ok := c.Value.(bool); ok && c.Op != OpEq {
			return fmt.Errorf("%w: comparison %q of a bool", ErrInvalid, c.Op)
		}
		if err := checkColumn(c.Column, c.Value); err != nil {
			return err
		}
	}
	return nil
}

// ColumnTime returns t as a column keeps it: in UTC, to the millisecond, the precision to which Azurite
// compares times (Azure keeps 100 ns).
func ColumnTime(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }
