// Package tabletest holds the contract of table.Rows as a suite, Run, and a table in memory, Memory, that
// keeps the contract and can fail as a table on a network does.
//
// Its one rule: the suite tests only what the contract promises, so that it runs over every table.
package tabletest

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

	"switchboard/handler/faulttest"
	"switchboard/handler/table"
)

// Memory is a table in memory. It keeps ETags, pages its lists, and refuses
// everything that Azure refuses. It starts no goroutine and never sleeps, so it
// may be used in a testing/synctest bubble. All methods may be called concurrently.
//
// The exported fields are knobs, to be set before the first use.
type Memory struct {
	// Fail is called before each operation whose arguments were accepted, and returns the operation's fault.
	// It may use the table itself, so a test can make another process write between a read and a write. Nil:
	// no operation fails.
	Fail func(Op) faulttest.Fault

	// PageSize is the number of rows that List examines for one page, whether they are selected or not. So
	// pages can be short, or empty without being the last, as on Azure. 0: no limit.
	PageSize int

	mu            sync.Mutex
	rows          map[table.Key]table.Entity
	order         map[string][]string // the row keys of each partition, sorted
	versions      int                 // number of ETags so far
	ops           int
	reads, writes int
}

// NewMemory returns an empty table.
func NewMemory() *Memory {
	return &Memory{rows: map[table.Key]table.Entity{}, order: map[string][]string{}}
}

// Reads returns the number of Get and List operations so far, failed ones included.
func (m *Memory) Reads() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.reads
}

// Writes returns the number of Apply operations so far, failed ones included; a transaction is one.
func (m *Memory) Writes() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.writes
}

// Entities returns a copy of all rows, ordered by partition and row key. It is not an operation: it is not
// counted and cannot fail.
func (m *Memory) Entities() []table.Entity {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := make([]table.Entity, 0, len(m.rows))
	for _, e := range m.rows {
		all = append(all, clone(e))
	}
	slices.SortFunc(all, func(a, b table.Entity) int {
		return compareKeys(a.Key, b.Key)
	})
	return all
}

// Get implements table.Rows.
func (m *Memory) Get(ctx context.Context, k table.Key) (table.Entity, error) {
	if err := cmp.Or(ctx.Err(), k.Check()); err != nil {
		return table.Entity{}, err
	}
	if fault := m.begin(Op{Kind: KindGet, Key: k}); fault != faulttest.FaultNone {
		return table.Entity{}, faulttest.ErrNoAnswer
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	e, ok := m.rows[k]
	if !ok {
		return table.Entity{}, table.ErrNotFound
	}
	return clone(e), nil
}

// List implements table.Rows.
func (m *Memory) List(ctx context.Context, q table.Query) (table.Page, error) {
	if err := cmp.Or(ctx.Err(), table.CheckQuery(q)); err != nil {
		return table.Page{}, err
	}
	from, err := base64.RawURLEncoding.DecodeString(q.After)
	if err != nil {
		return table.Page{}, fmt.Errorf("%w: continuation token", table.ErrInvalid)
	}
	if fault := m.begin(Op{Kind: KindList, Query: q}); fault != faulttest.FaultNone {
		return table.Page{}, faulttest.ErrNoAnswer
	}
	limit := q.Limit
	if limit == 0 {
		limit = table.MaxPage
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var page table.Page
	keys := m.order[q.Partition]
	first, _ := slices.BinarySearch(keys, max(q.From, string(from)))
	for examined, row := range keys[first:] {
		if q.Before != "" && row >= q.Before {
			break
		}
		if len(page.Entities) == limit || m.PageSize > 0 && examined == m.PageSize {
			page.Next = base64.RawURLEncoding.EncodeToString([]byte(row))
			break
		}
		if e := m.rows[table.Key{Partition: q.Partition, Row: row}]; selects(q.Where, e.Columns) {
			page.Entities = append(page.Entities, clone(e))
		}
	}
	return page, nil
}

// Apply implements table.Rows.
func (m *Memory) Apply(ctx context.Context, writes ...table.Write) ([]string, error) {
	if err := cmp.Or(ctx.Err(), table.CheckWrites(writes...)); err != nil || len(writes) == 0 {
		return nil, err
	}
	var etags []string
	err := m.begin(Op{Kind: KindApply, Writes: slices.Clone(writes)}).Apply(func() (err error) {
		m.mu.Lock()
		defer m.mu.Unlock()
		etags, err = m.apply(writes)
		return err
	})
	if err != nil {
		return nil, err
	}
	return etags, nil
}

func (m *Memory) apply(writes []table.Write) ([]string, error) {
	for _, w := range writes {
		err := m.refusal(w)
		if err != nil && len(writes) > 1 {
			return nil, table.ErrConflict // of a transaction the table does not report which row
		}
		if err != nil {
			return nil, err
		}
	}
	etags := make([]string, len(writes))
	for i, w := range writes {
		if w.Kind == table.WriteDelete {
			m.remove(w.Entity.Key)
			continue
		}
		m.versions++
		e := clone(w.Entity)
		e.ETag = fmt.Sprintf(`W/"%d"`, m.versions)
		for name, v := range e.Columns {
			if t, ok := v.(time.Time); ok {
				e.Columns[name] = table.ColumnTime(t)
			}
		}
		m.put(e)
		etags[i] = e.ETag
	}
	return etags, nil
}

// put stores a row.
func (m *Memory) put(e table.Entity) {
	if _, ok := m.rows[e.Key]; !ok {
		keys := m.order[e.Key.Partition]
		i, _ := slices.BinarySearch(keys, e.Key.Row)
		m.order[e.Key.Partition] = slices.Insert(keys, i, e.Key.Row)
	}
	m.rows[e.Key] = e
}

// remove removes a row that is there.
func (m *Memory) remove(k table.Key) {
	delete(m.rows, k)
	keys := m.order[k.Partition]
	i, _ := slices.BinarySearch(keys, k.Row)
	if keys = slices.Delete(keys, i, i+1); len(keys) == 0 {
		delete(m.order, k.Partition)
	} else {
		m.order[k.Partition] = keys
	}
}

// refusal returns the error with which the table refuses w, or nil.
func (m *Memory) refusal(w table.Write) error {
	e, ok := m.rows[w.Entity.Key]
	switch w.Kind {
	case table.WriteInsert:
		if ok {
			return table.ErrExists
		}
	case table.WriteReplace, table.WriteDelete:
		if !ok {
			return table.ErrNotFound
		}
		if e.ETag != w.Entity.ETag {
			return table.ErrConflict
		}
	}
	return nil
}

// begin counts op and returns its fault.
func (m *Memory) begin(op Op) faulttest.Fault {
	m.mu.Lock()
	m.ops++
	op.N = m.ops
	if op.Kind == KindApply {
		m.writes++
	} else {
		m.reads++
	}
	m.mu.Unlock()
	if m.Fail == nil {
		return faulttest.FaultNone
	}
	return m.Fail(op)
}

func clone(e table.Entity) table.Entity {
	e.Doc = bytes.Clone(e.Doc)
	e.Columns = maps.Clone(e.Columns) // their values cannot be changed
	return e
}

func compareKeys(a, b table.Key) int {
	return cmp.Or(strings.Compare(a.Partition, b.Partition), strings.Compare(a.Row, b.Row))
}
