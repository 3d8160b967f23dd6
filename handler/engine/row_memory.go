package engine

import (
	"container/list"
	"sync"
	"time"

	"switchboard/handler/call"
	"switchboard/handler/store"
	"switchboard/handler/table"
)

const (
	// memorySize is the total length of the documents that a process remembers, in bytes.
	memorySize = 32 << 20
	// memoryAge is how long after its own write a process uses a remembered row for an event that comes from
	// outside. ACS sends several events of one moment to any of the instances, and a row that another one has
	// written since costs more than a read.
	memoryAge = 2 * time.Second
)

// rowMemory remembers the rows of calls that this process wrote last, so that what ACS answers to its own
// requests is committed without a read. A remembered row may be stale: its ETag decides when it is written.
// The zero value is empty and ready for use; it may be used concurrently.
type rowMemory struct {
	mu     sync.Mutex
	rows   map[call.ID]*list.Element
	latest list.List // of rememberedRow, the one written last at the front
	size   int
}

// rememberedRow is a row as this process has written it.
type rememberedRow struct {
	store.Written
	at time.Time
}

// get returns the row of a call, and when this process wrote it.
func (m *rowMemory) get(id call.ID) (row table.Row[call.Call], at time.Time, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, ok := m.rows[id]
	if !ok {
		return table.Row[call.Call]{}, time.Time{}, false
	}
	r := e.Value.(rememberedRow)
	return r.Row, r.at, true
}

// put remembers a row that was written now, and forgets the rows written longest ago that have no room beside
// it. The row of a call without outstanding work is forgotten: no answer will come.
func (m *rowMemory) put(w store.Written, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	id := w.Row.Value.ID
	m.remove(id)
	if !w.Row.Value.HasWork() {
		return
	}
	if m.rows == nil {
		m.rows = map[call.ID]*list.Element{}
	}
	m.rows[id] = m.latest.PushFront(rememberedRow{w, now})
	m.size += w.Size
	for m.size > memorySize {
		m.remove(m.latest.Back().Value.(rememberedRow).Row.Value.ID)
	}
}

// forget forgets the row of a call.
func (m *rowMemory) forget(id call.ID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.remove(id)
}

// remove forgets the row of a call. It is called with the lock held.
func (m *rowMemory) remove(id call.ID) {
	if e, ok := m.rows[id]; ok {
		m.size -= m.latest.Remove(e).(rememberedRow).Size
		delete(m.rows, id)
	}
}
