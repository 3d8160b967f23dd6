// Package archivetest has a test suite for the contract of archive.Files, Run, and an
// archive in memory, Memory, that keeps it and can fail like one on a network.
package archivetest

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

	"switchboard/handler/archive"
	"switchboard/handler/faulttest"
)

// Memory is an archive in memory. The zero value is empty. It checks its arguments
// as Azure does, and also that Info.Size is the length of the blocks. It starts no
// goroutine and never sleeps, so it may be used in a testing/synctest bubble. All
// methods may be called concurrently.
type Memory struct {
	// Fail is called before each operation and returns its fault. It may use the
	// archive itself. With nil no operation fails. It is to be set before the first
	// use.
	Fail func(Op) faulttest.Fault

	mu     sync.Mutex
	ops    int
	files  map[string]File
	staged map[string]map[string][]byte // by name of the file, then by block id
}

var _ Files = (*Memory)(nil)

// File is a file of a Memory.
type File struct {
	Name string
	Info archive.Info
	Body []byte
}

// Files returns a copy of all files, by name: recordings and documents, but not
// staged blocks. It is not counted as an operation and cannot fail.
func (m *Memory) Files() []File {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := make([]File, 0, len(m.files))
	for _, name := range slices.Sorted(maps.Keys(m.files)) {
		f := m.files[name]
		f.Body = bytes.Clone(f.Body)
		all = append(all, f)
	}
	return all
}

// Staged returns the number of blocks that are staged and not committed.
func (m *Memory) Staged() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := 0
	for _, blocks := range m.staged {
		n += len(blocks)
	}
	return n
}

// Forget deletes all staged blocks, as Azure does after a week.
func (m *Memory) Forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.staged = nil
}

// Read implements Files. It is not counted as an operation and cannot fail.
func (m *Memory) Read(_ context.Context, name string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f, ok := m.files[name]
	if !ok {
		return nil, archive.ErrNotFound
	}
	return bytes.Clone(f.Body), nil
}

// Stage implements archive.Files.
func (m *Memory) Stage(ctx context.Context, name, block string, body []byte) error {
	return m.do(ctx, KindStage, name, func() error {
		if err := m.checkBlock(name, block, body); err != nil {
			return err
		}
		if m.staged == nil {
			m.staged = make(map[string]map[string][]byte)
		}
		if m.staged[name] == nil {
			m.staged[name] = make(map[string][]byte)
		}
		m.staged[name][block] = bytes.Clone(body)
		return nil
	})
}

// checkBlock returns an error if Azure would not stage the block.
// Source: https://learn.microsoft.com/rest/api/storageservices/put-block
func (m *Memory) checkBlock(name, block string, body []byte) error {
	id, err := base64.StdEncoding.DecodeString(block)
	if err != nil || len(id) == 0 || len(id) > 64 {
		return fmt.Errorf("%w: block id %q", archive.ErrInvalid, block)
	}
	for other := range m.staged[name] {
		if len(other) != len(block) {
			return fmt.Errorf("%w: block ids %q and %q in one file", archive.ErrInvalid, other, block)
		}
		break // all have the same length
	}
	if len(body) == 0 {
		return fmt.Errorf("%w: a block without content", archive.ErrInvalid)
	}
	return nil
}

// Commit implements archive.Files.
func (m *Memory) Commit(ctx context.Context, name string, blocks []string, info archive.Info) error {
	return m.do(ctx, KindCommit, name, func() error {
		if _, ok := m.files[name]; ok {
			return archive.ErrExists
		}
		var contents [][]byte
		for _, block := range blocks {
			content, ok := m.staged[name][block]
			if !ok {
				return archive.ErrNoBlock
			}
			contents = append(contents, content)
		}
		body := bytes.Join(contents, nil)
		if info.Size != int64(len(body)) {
			return fmt.Errorf("%w: %d bytes committed as %d", archive.ErrInvalid, len(body), info.Size)
		}
		info.ContentType = cmp.Or(info.ContentType, archive.DefaultContentType)
		m.write(File{name, info, body})
		return nil
	})
}

// Stat implements archive.Files.
func (m *Memory) Stat(ctx context.Context, name string) (info archive.Info, err error) {
	err = m.do(ctx, KindStat, name, func() error {
		f, ok := m.files[name]
		if !ok {
			return archive.ErrNotFound
		}
		info = f.Info
		return nil
	})
	if err != nil {
		return archive.Info{}, err
	}
	return info, nil
}

// Put implements archive.Files.
func (m *Memory) Put(ctx context.Context, name string, doc []byte) error {
	return m.do(ctx, KindPut, name, func() error {
		m.write(File{name, archive.Info{Size: int64(len(doc)), ContentType: "application/json"}, bytes.Clone(doc)})
		return nil
	})
}

// write stores a file and deletes the blocks that are staged for it.
func (m *Memory) write(f File) {
	if m.files == nil {
		m.files = make(map[string]File)
	}
	m.files[f.Name] = f
	delete(m.staged, f.Name)
}

// do runs an operation under the lock, with the fault that Fail returns for it.
func (m *Memory) do(ctx context.Context, kind Kind, name string, operation func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if name == "" || len(name) > 1024 || strings.ContainsRune(name, 0) {
		return fmt.Errorf("%w: name of a file", archive.ErrInvalid)
	}
	return m.begin(Op{Kind: kind, Name: name}).Apply(func() error {
		m.mu.Lock()
		defer m.mu.Unlock()
		return operation()
	})
}

// begin counts op and returns its fault.
func (m *Memory) begin(op Op) faulttest.Fault {
	m.mu.Lock()
	m.ops++
	op.N = m.ops
	m.mu.Unlock()
	if m.Fail == nil {
		return faulttest.FaultNone
	}
	return m.Fail(op)
}
