// Package archive keeps recordings. It copies a file of any length from where it
// was made into Blob Storage, block by block and within bounded memory; a copy
// that was cut off goes on where it was, in another process if need be. The one
// rule: a file appears whole and hashed, once, or not at all.
package archive

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// What a request about a file can come to, for errors.Is.
var (
	ErrNotFound = errors.New("no such file")
	ErrExists   = errors.New("there is a file of that name")
	ErrNoBlock  = errors.New("a block is not there")
	ErrInvalid  = errors.New("not what an archive takes")
)

// Files is where recordings are filed. All methods may be called concurrently,
// and all may be repeated; none keeps or changes what it is given.
type Files interface {
	// Stage keeps a block of a file that is not committed yet, instead of an older
	// one with the same id. The block is not empty. Ids are base64 and, in one
	// file, of one length. What is staged and not committed goes away by itself.
	Stage(ctx context.Context, name, block string, body []byte) error

	// Commit makes the file of these blocks, in this order; without any it is
	// empty. Nothing happens if there is a file of that name, which is ErrExists,
	// or if a block is missing, which is ErrNoBlock. After it the blocks that were
	// staged are gone. A repeat finds the file of the first time: ErrExists.
	Commit(ctx context.Context, name string, blocks []string, info Info) error

	// Stat says what is known of a file, or ErrNotFound.
	Stat(ctx context.Context, name string) (Info, error)

	// Put writes a small JSON document, over an older one.
	Put(ctx context.Context, name string, doc []byte) error
}

// Info is what is known of a file.
type Info struct {
	// Size is the length in bytes: for Commit of all blocks together, by Stat as
	// it is in fact.
	Size int64

	// SHA256 of the content, in hex; empty for a file that was committed without.
	SHA256 string

	// ContentType is such as "audio/wav"; empty is taken as DefaultContentType.
	ContentType string

	// Metadata is what else is to be read beside the file without opening it. See Check.
	Metadata map[string]string
}

// DefaultContentType is the type of a file that was committed without one.
const DefaultContentType = "application/octet-stream"

// maxMetadata bounds all names and values of one file's metadata, in bytes; the
// hash is among them.
// Source: https://learn.microsoft.com/rest/api/storageservices/setting-and-retrieving-properties-and-metadata-for-blob-resources
const maxMetadata = 8<<10 - len(metaSHA256) - 64

// metaSHA256 is the name of the metadata that holds the hash.
const metaSHA256 = "sha256"

// metaName is a name that comes back as it went: they are identifiers of C#, and
// HTTP does not tell their case.
var metaName = regexp.MustCompile(`^[a-z_][a-z0-9_]*$`)

// Check refuses, as ErrInvalid, metadata that would not come back as they went.
// Names are lower-case identifiers other than "sha256"; values are printable ASCII without
// blanks at the ends; together they have about 8 KB.
func (i Info) Check() error {
	size := 0
	for name, value := range i.Metadata {
		size += len(name) + len(value)
		if !metaName.MatchString(name) || name == metaSHA256 {
			return fmt.Errorf("%w: metadata of the name %q", ErrInvalid, name)
		}
		if value == "" || strings.TrimSpace(value) != value || strings.ContainsFunc(value, unprintable) {
			return fmt.Errorf("%w: value of the metadata %q", ErrInvalid, name)
		}
	}
	if size > maxMetadata {
		return fmt.Errorf("%w: metadata of %d bytes", ErrInvalid, size)
	}
	return nil
}

func unprintable(r rune) bool { return r < ' ' || r > '~' }
