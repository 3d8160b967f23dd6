// Package table keeps rows in Azure Table Storage: one JSON document per row, with an ETag on every write
// that depends on what was read.
//
// Rows is one physical table and its whole contract; package tabletest holds that contract as a suite, which
// runs over Azurite and over a table in memory. Table is a typed view of the rows of one kind; several views
// may share one Rows, and a Tx writes through several of them at once.
//
// Its one rule: a row is replaced or deleted only in the version that was read. The only write without a
// condition is called Put.
package table

import (
	"context"
	"errors"
)

// The errors that callers branch on, with errors.Is. After any other error of a write it is not known
// whether the write was applied.
//
// The client repeats a request whose answer was lost. If the first try was applied, the second is refused:
// ErrExists, ErrNotFound and ErrConflict can be the result of the caller's own write. A caller that must
// know reads the row again.
var (
	// ErrNotFound: there is no such row.
	ErrNotFound = errors.New("no such row")
	// ErrExists: there is a row with that key already.
	ErrExists = errors.New("row exists")
	// ErrConflict: the row was written since it was read, or a transaction was
	// refused because of any of its rows (there, missing, or written since).
	ErrConflict = errors.New("row was written by another process")
	// ErrTooLarge: the document or the transaction is larger than a table accepts.
	// Nothing was written, and the same request can never succeed.
	ErrTooLarge = errors.New("too large for a table row")
	// ErrInvalid: no table accepts this request; the caller made a mistake.
	// Nothing was sent.
	ErrInvalid = errors.New("invalid request")
)

// Rows is one physical table. All methods may be called concurrently. Only ctx bounds their duration,
// retries included.
type Rows interface {
	// Get returns the row at k, or ErrNotFound.
	Get(ctx context.Context, k Key) (Entity, error)

	// List returns one page of the rows that q selects, in the order of their row
	// keys. A page may hold fewer rows than q.Limit, even none, and not be the
	// last: only an empty Page.Next is the end. Rows that are written while the
	// pages are read may be in them or not.
	List(ctx context.Context, q Query) (Page, error)

	// Apply performs the writes and returns the new ETags in their order, "" for a
	// deletion.
	//
	// A single write fails with ErrExists (WriteInsert), ErrNotFound (WriteReplace, WriteDelete) or
	// ErrConflict (WriteReplace, WriteDelete). Several writes are a transaction, of one partition, at most
	// MaxWrites, each row once: all are applied or none, and it fails with ErrConflict if any of them alone
	// would be refused. For any other failure see the errors above.
	Apply(ctx context.Context, writes ...Write) (etags []string, err error)
}

// Entity is a row as a table holds it.
type Entity struct {
	Key  Key
	ETag string // the version of the row, from the table; opaque
	Doc  []byte // one JSON document, at most MaxDocument long

	// Columns are copied out of the document so that a Query can compare them.
	// Values are string, bool, int64 or time.Time (kept in UTC, to the millisecond).
	Columns map[string]any
}

// WriteKind is what a Write does to its row.
type WriteKind int

// The kinds of write.
const (
	WriteInsert  WriteKind = iota + 1 // a new row
	WriteReplace                      // the whole row, if its ETag is still Entity.ETag
	WritePut                          // the whole row, whether it is there or not: without any condition
	WriteDelete                       // the row, if its ETag is still Entity.ETag; only key and ETag are used
)

// Write is one change of one row.
type Write struct {
	Kind   WriteKind
	Entity Entity
}

// Query selects rows of one partition.
type Query struct {
	Partition string

	// From and Before bound the row keys: From <= key < Before. Empty: no bound.
	From, Before string

	// Where are conditions on columns, all of which must hold. A row without such
	// a column meets none. A column has one type in all rows: across types, tables
	// compare differently.
	Where []Condition

	Limit int    // rows per page at most; 0 means MaxPage
	After string // Page.Next of the page before, with the same query; empty: the first page
}

// WithPrefix returns the query for the rows of a partition whose keys begin with prefix, which
// must end with an ASCII character.
func WithPrefix(partition, prefix string) Query {
	q := Query{Partition: partition, From: prefix}
	if n := len(prefix); n > 0 {
		q.Before = prefix[:n-1] + string(rune(prefix[n-1])+1)
	}
	return q
}

// Condition compares a column with a value of a column's type.
type Condition struct {
	Column string
	Op     Op
	Value  any
}

// Op is a comparison.
type Op string

// The comparisons, as OData spells them.
const (
	OpEq Op = "eq"
	OpLt Op = "lt"
	OpLe Op = "le"
	OpGt Op = "gt"
	OpGe Op = "ge"
)

// Page is a part of what a Query selects.
type Page struct {
	Entities []Entity
	Next     string // continuation token for Query.After, safe in a URL; empty: the last page
}
