package table

import (
	"context"
	"fmt"
)

// Tx collects writes of several views over the same Rows and partition, to apply them together. It must not
// be used concurrently.
type Tx struct {
	rows   Rows
	writes []Write
	err    error // the first write that could not be made
}

// Begin returns an empty transaction on rows.
func Begin(rows Rows) *Tx { return &Tx{rows: rows} }

// InsertIn adds the insertion of a new row to tx.
func (t *Table[T]) InsertIn(tx *Tx, k Key, v T) { addTo(t, tx, WriteInsert, k, "", v) }

// ReplaceIn adds the replacement of the row that was read to tx.
func (t *Table[T]) ReplaceIn(tx *Tx, row Row[T], next T) {
	addTo(t, tx, WriteReplace, row.Key, row.ETag, next)
}

// SaveIn adds the writing of next to tx, where Find has read row or has not found it.
func (t *Table[T]) SaveIn(tx *Tx, row Row[T], next T) {
	addTo(t, tx, row.kind(), row.Key, row.ETag, next)
}

// DeleteIn adds the deletion of the row that was read to tx.
func (t *Table[T]) DeleteIn(tx *Tx, row Row[T]) { tx.add(t.rows, deletion(row.Key, row.ETag), nil) }

// Commit applies the writes, all or none. A transaction that is refused because of one of its rows fails
// with ErrConflict, also if it holds a single write. After any error other than the package's own it is not
// known whether it was applied; if it is committed again, it is applied at most once. An empty transaction
// succeeds at once. Commit returns what each write has left, in the order of the writes.
func (tx *Tx) Commit(ctx context.Context) ([]Written, error) {
	if tx.err != nil || len(tx.writes) == 0 {
		return nil, tx.err
	}
	etags, err := tx.rows.Apply(ctx, tx.writes...)
	if err != nil {
		return nil, conflict(err)
	}
	written := make([]Written, len(etags))
	for i, etag := range etags {
		written[i] = Written{ETag: etag, Size: len(tx.writes[i].Entity.Doc)}
	}
	return written, nil
}

// Written is what a write of a transaction has left: the row's version, and the length of its document in
// bytes. Both are zero for a deletion.
type Written struct {
	ETag string
	Size int
}

func (tx *Tx) add(rows Rows, w Write, err error) {
	if err == nil && rows != tx.rows {
		err = fmt.Errorf("%w: transaction over two tables", ErrInvalid)
	}
	if tx.err == nil {
		tx.err = err
	}
	tx.writes = append(tx.writes, w)
}

func addTo[T any](t *Table[T], tx *Tx, kind WriteKind, k Key, etag string, v T) {
	w, err := encode(kind, k, etag, v)
	tx.add(t.rows, w, err)
}
