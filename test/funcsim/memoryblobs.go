package funcsim

import (
	"bytes"
	"context"
	"io/fs"
	"sync"
	"time"
)

// MemoryBlobs is a Blobs without storage, for tests in process and in virtual
// time. The zero value is empty.
type MemoryBlobs struct {
	mu    sync.Mutex
	blobs map[string]*memoryBlob
}

type memoryBlob struct {
	content []byte
	written bool
	holder  string // of the lease
	lasts   time.Duration
	until   time.Time
}

// Read is part of Blobs.
func (b *MemoryBlobs) Read(_ context.Context, name string) ([]byte, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	m := b.blob(name)
	if !m.written {
		return nil, fs.ErrNotExist
	}
	return bytes.Clone(m.content), nil
}

// Write is part of Blobs.
func (b *MemoryBlobs) Write(_ context.Context, name string, content []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	m := b.blob(name)
	m.content, m.written = bytes.Clone(content), true
	return nil
}

// Acquire is part of Blobs.
func (b *MemoryBlobs) Acquire(_ context.Context, name, id string, d time.Duration) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	m := b.blob(name)
	if m.holder != id && m.until.After(time.Now()) {
		return ErrLeased
	}
	m.written = true
	m.holder, m.lasts, m.until = id, d, time.Now().Add(d)
	return nil
}

// Renew is part of Blobs.
func (b *MemoryBlobs) Renew(_ context.Context, name, id string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	m := b.blob(name)
	if m.holder != id {
		return ErrLeased
	}
	m.until = time.Now().Add(m.lasts)
	return nil
}

// Release is part of Blobs.
func (b *MemoryBlobs) Release(_ context.Context, name, id string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if m := b.blob(name); m.holder == id {
		m.holder, m.until = "", time.Time{}
	}
	return nil
}

// Break is part of Blobs.
func (b *MemoryBlobs) Break(_ context.Context, name string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	m := b.blob(name)
	m.holder, m.until = "", time.Time{}
	return nil
}

func (b *MemoryBlobs) blob(name string) *memoryBlob {
	if b.blobs == nil {
		b.blobs = map[string]*memoryBlob{}
	}
	if b.blobs[name] == nil {
		b.blobs[name] = &memoryBlob{}
	}
	return b.blobs[name]
}
