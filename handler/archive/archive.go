// Package archive files recordings. It copies a file of any length from its source
// into Blob Storage, block by block and within bounded memory. An interrupted copy
// can be resumed, in another process too. The one rule: a file appears whole and
// hashed, once, or not at all.
package archive

import (
	"context"
	"errors"
)

// The ways in which a request about a file can fail, for errors.Is.
var (
	ErrNotFound = errors.New("no such file")
	ErrExists   = errors.New("there is a file of that name")
	ErrNoBlock  = errors.New("a block is not there")
	ErrInvalid  = errors.New("not valid for an archive")
)

// Files is where recordings are filed. All methods may be called concurrently,
// and all may be repeated. None keeps or changes its arguments.
type Files interface {
	// Stage uploads a block of a file that is not committed yet. It replaces an
	// older block with the same id. The block is not empty. Ids are base64 and, in
	// one file, of one length. Blocks that are not committed expire.
	Stage(ctx context.Context, name, block string, body []byte) error

	// Commit makes the file from these blocks, in this order; without blocks it is
	// empty. It fails with ErrExists if there is a file of that name, and with
	// ErrNoBlock if a block is missing; then nothing is changed. A commit removes
	// all staged blocks of the file. A repeat finds the file: ErrExists.
	Commit(ctx context.Context, name string, blocks []string, info Info) error

	// Stat returns the properties of a file, or ErrNotFound.
	Stat(ctx context.Context, name string) (Info, error)

	// Put writes a small JSON document. It overwrites an older one.
	Put(ctx context.Context, name string, doc []byte) error
}

// Info is the properties of a file.
type Info struct {
	// Size is the length in bytes. Commit is given the length of all blocks
	// together; Stat returns that of the file.
	Size int64

	// SHA256 is the hash of the content, in hex; empty if the file was committed
	// without one.
	SHA256 string

	// ContentType is the media type, such as "audio/wav"; empty means
	// DefaultContentType.
	ContentType string
}

// DefaultContentType is the type of a file that was committed without one.
const DefaultContentType = "application/octet-stream"

// metaSHA256 is the name of the blob metadata that holds the hash.
const metaSHA256 = "sha256"
