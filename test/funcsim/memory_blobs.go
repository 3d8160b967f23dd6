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
	holder  string        // id that holds the lease; may be expired
	lease   time.Duration // length of the lease
	until   time.Time     // end of the lease
}

// Read implements Blobs.
func (b *MemoryBlobs) Read(_ context.Context, name string) ([]byte, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	m := b.blob(name)
	if !m.written {
		return nil, fs.ErrNotExist
	}
	return bytes.Clone(m.content), nil
}

// Write implements Blobs.
func (b *MemoryBlobs) Write(_ context.Context, name string, content []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	m := b.blob(name)
	m.content, m.written = bytes.Clone(content), true
	return nil
}

// Acquire implements Blobs.
func (b *MemoryBlobs) Acquire(_ context.Context, name, id string, d time.Duration) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	m := b.blob(name)
	if m.holder != id && m.until.After(time.Now()) {
		return ErrLeased
	}
	m.written = true
	m.holder, m.lease, m.until = id, d, time.Now().Add(d)
	return nil
}

// Renew implements Blobs.
func (b *MemoryBlobs) Renew(_ context.Context, name, id string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	m := b.blob(name)
	if m.holder != id {
		return ErrLeased
	}
	m.until = time.Now().Add(m.lease)
	return nil
}

// Release implements Blobs.
func (b *MemoryBlobs) Release(_ context.Context, name, id string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if m := b.blob(name); m.holder == id {
		m.holder, m.until = "", time.Time{}
	}
	return nil
}

// Break implements Blobs.
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
