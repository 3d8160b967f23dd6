// Package storetest holds the contract of store.Rows as a suite, Run, and a table
// in memory, Memory, that keeps it and can fail as a table on a network does.
package storetest

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"switchboard/handler/store"
)

// Memory is a table in memory. It keeps ETags, pages its lists, and refuses
// everything that Azure refuses. It starts no goroutine and never sleeps, so it
// may be used in a testing/synctest bubble. All methods may be called concurrently.
//
// The exported fields are knobs, to be set before the first use.
type Memory struct {
	// Fail is asked before each operation whose arguments were accepted, and may
	// make it fail. It may use the table itself, outside the table's lock: that is
	// how a test puts somebody else's write between a read and a write. Nil:
	// nothing fails.
	Fail func(Op) Fault

	// PageSize is how many rows of the partition List looks at for one page,
	// whether they are selected or not; so pages can be short, or empty with a
	// successor, as on Azure. 0: as many as the page holds.
	PageSize int

	mu            sync.Mutex
	rows          map[store.Key]store.Entity
	versions      int // ETags given
	ops           int
	reads, writes int
}

// NewMemory returns an empty table.
func NewMemory() *Memory { return &Memory{rows: make(map[store.Key]store.Entity)} }

// Reads is how many Get and List operations there were, failed ones too.
func (m *Memory) Reads() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.reads
}

// Writes is how many Apply operations there were, failed ones too; a transaction
// is one.
func (m *Memory) Writes() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.writes
}

// Entities is a copy of all rows, by partition and row key. It is not an operation:
// it is not counted and cannot fail.
func (m *Memory) Entities() []store.Entity {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := make([]store.Entity, 0, len(m.rows))
	for _, e := range m.rows {
		all = append(all, clone(e))
	}
	slices.SortFunc(all, func(a, b store.Entity) int {
		return compareKeys(a.Key, b.Key)
	})
	return all
}

// Get implements store.Rows.
func (m *Memory) Get(ctx context.Context, k store.Key) (store.Entity, error) {
	if err := cmp.Or(ctx.Err(), k.Check()); err != nil {
		return store.Entity{}, err
	}
	if fault := m.begin(Op{Kind: Get, Key: k}); fault != None {
		return store.Entity{}, ErrNoAnswer
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	e, ok := m.rows[k]
	if !ok {
		return store.Entity{}, store.ErrNotFound
	}
	return clone(e), nil
}

// List implements store.Rows.
func (m *Memory) List(ctx context.Context, q store.Query) (store.Page, error) {
	if err := cmp.Or(ctx.Err(), store.CheckQuery(q)); err != nil {
		return store.Page{}, err
	}
	from, err := base64.RawURLEncoding.DecodeString(q.After)
	if err != nil {
		return store.Page{}, fmt.Errorf("%w: continuation token", store.ErrInvalid)
	}
	if fault := m.begin(Op{Kind: List, Query: q}); fault != None {
		return store.Page{}, ErrNoAnswer
	}
	limit := q.Limit
	if limit == 0 {
		limit = store.MaxPage
	}
	var page store.Page
	looked := 0
	for _, e := range m.Entities() {
		k := e.Key
		if k.Partition != q.Partition ||
			k.Row < max(q.From, string(from)) || q.Before != "" && k.Row >= q.Before {
			continue
		}
		if len(page.Entities) == limit || m.PageSize > 0 && looked == m.PageSize {
			page.Next = base64.RawURLEncoding.EncodeToString([]byte(k.Row))
			break
		}
		looked++
		if selects(q.Where, e.Columns) {
			page.Entities = append(page.Entities, e)
		}
	}
	return page, nil
}

// Apply implements store.Rows.
func (m *Memory) Apply(ctx context.Context, writes ...store.Write) ([]string, error) {
	if err := cmp.Or(ctx.Err(), store.CheckWrites(writes...)); err != nil || len(writes) == 0 {
		return nil, err
	}
	fault := m.begin(Op{Kind: Apply, Writes: slices.Clone(writes)})
	if fault == NotApplied {
		return nil, ErrNoAnswer
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	etags, err := m.apply(writes)
	if fault == Lost {
		return nil, ErrNoAnswer
	}
	return etags, err
}

func (m *Memory) apply(writes []store.Write) ([]string, error) {
	for _, w := range writes {
		err := m.refusal(w)
		if err != nil && len(writes) > 1 {
			return nil, store.ErrConflict // a transaction does not tell which
		}
		if err != nil {
			return nil, err
		}
	}
	etags := make([]string, len(writes))
	for i, w := range writes {
		if w.Kind == store.Delete {
			delete(m.rows, w.Entity.Key)
			continue
		}
		m.versions++
		e := clone(w.Entity)
		e.ETag = fmt.Sprintf(`W/"%d"`, m.versions)
		for name, v := range e.Columns {
			if t, ok := v.(time.Time); ok {
				e.Columns[name] = store.ColumnTime(t)
			}
		}
		m.rows[e.Key], etags[i] = e, e.ETag
	}
	return etags, nil
}

// refusal is why the table as it is refuses w, or nil.
func (m *Memory) refusal(w store.Write) error {
	e, ok := m.rows[w.Entity.Key]
	switch w.Kind {
	case store.Insert:
		if ok {
			return store.ErrExists
		}
	case store.Replace, store.Delete:
		if !ok {
			return store.ErrNotFound
		}
		if e.ETag != w.Entity.ETag {
			return store.ErrConflict
		}
	}
	return nil
}

// begin counts op and asks whether it is to fail.
func (m *Memory) begin(op Op) Fault {
	m.mu.Lock()
	m.ops++
	op.N = m.ops
	if op.Kind == Apply {
		m.writes++
	} else {
		m.reads++
	}
	m.mu.Unlock()
	if m.Fail == nil {
		return None
	}
	return m.Fail(op)
}

func clone(e store.Entity) store.Entity {
	e.Doc = bytes.Clone(e.Doc)
	e.Columns = maps.Clone(e.Columns) // their values cannot be changed
	return e
}

func compareKeys(a, b store.Key) int {
	return cmp.Or(strings.Compare(a.Partition, b.Partition), strings.Compare(a.Row, b.Row))
}
