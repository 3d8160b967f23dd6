package table

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strconv"
)

// ErrNewer means that a row was written by a later version of Switchboard. The row must not be changed; the
// caller must try again later.
var ErrNewer = errors.New("written by a later version")

// ErrUnreadable means that a row's document is not what its kind of row holds. No repeat cures that.
var ErrUnreadable = errors.New("row cannot be read")

// Row is a row that was read: its value, and the ETag that lets it be written.
type Row[T any] struct {
	Key   Key
	Value T
	ETag  string
}

// Table is a view of the rows of one kind, whose documents are values of type T
// in JSON. Views of different kinds may share one Rows; the callers tell the kinds
// apart by their row keys. All methods may be called concurrently.
//
// If T has a method Columns() map[string]any, what it returns is written beside
// the document, for the conditions of a Query.
type Table[T any] struct {
	rows   Rows
	schema int // the latest that is understood; 0: the documents have no schema
}

// NewTable returns a view of rows.
func NewTable[T any](rows Rows) *Table[T] { return &Table[T]{rows: rows} }

// NewVersioned returns a view of rows whose documents have the version that wrote them in a member "schema".
// For a row with a higher version than schema, reading fails with ErrNewer, and lists leave it out.
func NewVersioned[T any](rows Rows, schema int) *Table[T] {
	return &Table[T]{rows: rows, schema: schema}
}

// Get returns the row at k, or ErrNotFound.
func (t *Table[T]) Get(ctx context.Context, k Key) (Row[T], error) {
	e, err := t.rows.Get(ctx, k)
	if err != nil {
		return Row[T]{}, err
	}
	return t.decode(e)
}

// Find returns the row at k or, if there is none, the zero value without an ETag.
func (t *Table[T]) Find(ctx context.Context, k Key) (Row[T], error) {
	row, err := t.Get(ctx, k)
	if errors.Is(err, ErrNotFound) {
		return Row[T]{Key: k}, nil
	}
	return row, err
}

// Replace writes next where row was read. It fails with ErrConflict if the row was
// written since, with ErrNotFound if it is gone.
func (t *Table[T]) Replace(ctx context.Context, row Row[T], next T) error {
	return t.apply(ctx, WriteReplace, row.Key, row.ETag, next)
}

// Save writes next where row was read or, if Find did not find it, inserts it. The insertion fails with
// ErrExists if the row is there.
func (t *Table[T]) Save(ctx context.Context, row Row[T], next T) error {
	return t.apply(ctx, row.kind(), row.Key, row.ETag, next)
}

// Put writes a row without a condition. It may be repeated.
func (t *Table[T]) Put(ctx context.Context, k Key, v T) error {
	return t.apply(ctx, WritePut, k, "", v)
}

// Delete removes the row that was read. It fails with ErrConflict if the row was
// written since, with ErrNotFound if it is gone.
func (t *Table[T]) Delete(ctx context.Context, row Row[T]) error {
	_, err := t.rows.Apply(ctx, deletion(row.Key, row.ETag))
	return err
}

// List returns the rows that q selects, in the order of their keys. It fetches each page when the caller
// reaches it. A row that cannot be read comes with an UnreadableError, and the list goes on behind it; any
// other error ends the list.
func (t *Table[T]) List(ctx context.Context, q Query) iter.Seq2[Row[T], error] {
	return func(yield func(Row[T], error) bool) {
		for {
			page, err := t.rows.List(ctx, q)
			if err != nil {
				yield(Row[T]{}, err)
				return
			}
			for _, e := range page.Entities {
				row, err := t.decode(e)
				if errors.Is(err, ErrNewer) {
					continue
				}
				if err != nil {
					row, err = Row[T]{Key: e.Key, ETag: e.ETag}, &UnreadableError{e, err}
				}
				if !yield(row, err) {
					return
				}
			}
			if page.Next == "" {
				return
			}
			q.After = page.Next
		}
	}
}

// ReplaceColumns writes other columns where an entity was read, whose document stays as it is. It fails with
// ErrConflict if the row was written since, with ErrNotFound if it is gone.
func (t *Table[T]) ReplaceColumns(ctx context.Context, e Entity, columns map[string]any) error {
	e.Columns = columns
	_, err := t.rows.Apply(ctx, Write{Kind: WriteReplace, Entity: e})
	return err
}

func (t *Table[T]) apply(ctx context.Context, kind WriteKind, k Key, etag string, v T) error {
	w, err := encode(kind, k, etag, v)
	if err != nil {
		return err
	}
	_, err = t.rows.Apply(ctx, w)
	return err
}

func encode[T any](kind WriteKind, k Key, etag string, v T) (Write, error) {
	doc, err := json.Marshal(v)
	if err != nil {
		return Write{}, fmt.Errorf("%w: %T as JSON: %w", ErrInvalid, v, err)
	}
	e := Entity{Key: k, ETag: etag, Doc: doc}
	if c, ok := any(v).(interface{ Columns() map[string]any }); ok {
		e.Columns = c.Columns()
	}
	return Write{Kind: kind, Entity: e}, nil
}

func (t *Table[T]) decode(e Entity) (Row[T], error) {
	row := Row[T]{Key: e.Key, ETag: e.ETag}
	if err := t.checkSchema(e.Doc); err != nil {
		return Row[T]{}, err
	}
	if err := json.Unmarshal(e.Doc, &row.Value); err != nil {
		return Row[T]{}, fmt.Errorf("%w: document as %T: %w", ErrUnreadable, row.Value, err)
	}
	return row, nil
}

// checkSchema returns ErrNewer for a document of a later version, which may have changed anything but the
// place of its schema.
func (t *Table[T]) checkSchema(doc []byte) error {
	if t.schema == 0 {
		return nil
	}
	schema, err := schemaOf(doc)
	if err != nil {
		return fmt.Errorf("%w: schema: %w", ErrUnreadable, err)
	}
	if schema > t.schema {
		return fmt.Errorf("schema %d: %w", schema, ErrNewer)
	}
	return nil
}

// schemaOf returns the schema of a document; 0 if it has none. A document that begins with its schema, as ours
// do, need not be decoded for it.
func schemaOf(doc []byte) (int, error) {
	if rest, ok := bytes.CutPrefix(doc, []byte(`{"schema":`)); ok {
		if end := bytes.IndexAny(rest, ",}"); end > 0 {
			if schema, err := strconv.Atoi(string(rest[:end])); err == nil {
				return schema, nil
			}
		}
	}
	var head struct {
		Schema int `json:"schema"`
	}
	err := json.Unmarshal(doc, &head)
	return head.Schema, err
}

// kind returns Replace for a row that was read, and Insert for one that Find did not find.
func (r Row[T]) kind() WriteKind {
	if r.ETag == "" {
		return WriteInsert
	}
	return WriteReplace
}

func deletion(k Key, etag string) Write {
	return Write{Kind: WriteDelete, Entity: Entity{Key: k, ETag: etag}}
}
