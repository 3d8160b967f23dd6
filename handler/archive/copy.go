package archive

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// Why a copy did not come to its end, for errors.Is. The error of the source, or of
// the Files, is within reach of errors.Is and errors.As as well.
var (
	// ErrSource: the source failed. The progress stands.
	ErrSource = errors.New("source")
	// ErrFiles: the archive failed. The progress stands, unless blocks are missing.
	ErrFiles = errors.New("archive")
	// ErrLength: the source, of which it is an error too, gave more bytes than it
	// had named, or fewer. Nothing was committed, and the copy begins again.
	ErrLength = errors.New("not of the length that was named")
	// ErrDiffers: there is a file of that name with another content. It will stay.
	ErrDiffers = errors.New("there is another file of that name")
	// ErrTooLarge: the file has more than MaxBlocks blocks. It cannot be copied.
	ErrTooLarge = fmt.Errorf("file of more than %d blocks of %d bytes", MaxBlocks, BlockSize)
)

// ErrRange is what a Source returns where the file has no byte at the offset.
var ErrRange = errors.New("the file ends before the offset")

// Source opens a file at an offset. From offset 0 it opens an empty file as well;
// at another one, where the file has become too short, it fails with ErrRange.
// The context bounds the reading of the body, which Copy closes.
type Source func(ctx context.Context, offset int64) (Content, error)

// Content is a file from some offset to its end.
type Content struct {
	Body        io.ReadCloser
	Size        int64  // of the whole file, in bytes; -1 if the source does not say
	ETag        string // tells versions of the file apart; may be empty
	ContentType string // such as "audio/wav"; may be empty
}

// Copy goes on with the copy of a file where p says: until it is committed, which
// is done; until a time, looked at after each block; or until something fails.
// Metadata are kept beside the file: see Info.
//
// In each case it returns the progress to save, from which to go on: the zero
// value if the copy has to begin again. Each run that does not fail adds at least one block.
// Repeating a run from an older progress, and several at once, come to the same
// file. When all is staged, the source is not needed any more.
//
// The length is checked before the commit. A source that has another file than
// before is copied from its start. A file of that name that is there with the same
// size and hash is the copy, made by an earlier run; any other is ErrDiffers.
func Copy(
	ctx context.Context, from Source, to Files, name string, p Progress, until time.Time, metadata map[string]string,
) (_ Progress, done bool, err error) {
	c := copying{from: from, to: to, name: name, metadata: metadata, blockSize: BlockSize}
	return c.run(ctx, p, until)
}

// copying is a run of Copy.
type copying struct {
	from      Source
	to        Files
	name      string
	metadata  map[string]string
	blockSize int64 // BlockSize but in tests
}

func (c copying) run(ctx context.Context, p Progress, until time.Time) (Progress, bool, error) {
	p, done, err := c.advance(ctx, p, until)
	if err != nil {
		err = fmt.Errorf("copy %s: %w", c.name, err)
	}
	return p, done, err
}

func (c copying) advance(ctx context.Context, p Progress, until time.Time) (Progress, bool, error) {
	p, sum := p.resume(c.blockSize)
	if p.whole() {
		return c.commit(ctx, p)
	}
	p, content, err := c.open(ctx, p)
	if err != nil {
		return p, false, fmt.Errorf("%w: %w", ErrSource, err)
	}
	defer content.Body.Close() // read only
	if p.Offset == 0 {
		sum.Reset() // it may have begun again
	}
	body := bufio.NewReader(content.Body) // to look ahead; a whole block goes past its buffer
	block := make([]byte, c.blockSize)
	for {
		n, more, err := readBlock(body, block)
		if err != nil {
			return p, false, fmt.Errorf("%w: %w", ErrSource, err)
		}
		offset := p.Offset + int64(n)
		if err := p.checkLength(offset, more); err != nil {
			return Progress{}, false, fmt.Errorf("%w: %w", ErrSource, err)
		}
		if max(offset, p.Size) > MaxBlocks*c.blockSize {
			return p, false, ErrTooLarge
		}
		if n > 0 {
			if err := c.to.Stage(ctx, c.name, blockID(p.ETag, c.blockSize, p.Offset), block[:n]); err != nil {
				return p, false, fmt.Errorf("%w: %w", ErrFiles, err)
			}
		}
		sum.Write(block[:n]) // never fails
		p = p.after(offset, sum)
		if !more {
			p.Size = offset
			return c.commit(ctx, p)
		}
		if !time.Now().Before(until) {
			return p, false, nil
		}
	}
}

// open opens the source where p says, or at its start if it has another file by
// now; then the progress is a new one.
func (c copying) open(ctx context.Context, p Progress) (Progress, Content, error) {
	content, err := c.from(ctx, p.Offset)
	if p.Offset > 0 && (errors.Is(err, ErrRange) || err == nil && !p.of(content)) {
		if err == nil {
			_ = content.Body.Close() // not read
		}
		p = Progress{}
		content, err = c.from(ctx, 0)
	}
	if err == nil && p.Offset == 0 {
		p = Progress{Size: max(content.Size, -1), ETag: content.ETag, ContentType: content.ContentType}
	}
	return p, content, err
}

// readBlock fills block as far as the body goes, and reports whether it goes on.
func readBlock(body *bufio.Reader, block []byte) (n int, more bool, err error) {
	for n < len(block) {
		read, err := body.Read(block[n:])
		n += read
		if err == io.EOF {
			return n, false, nil
		}
		if err != nil {
			return n, false, err
		}
	}
	_, err = body.Peek(1)
	if err == io.EOF {
		return n, false, nil
	}
	return n, true, err
}

// checkLength compares what was read of the file, which goes on or not, to what is known.
func (p Progress) checkLength(offset int64, more bool) error {
	switch {
	case p.Size >= 0 && more && offset >= p.Size:
		return fmt.Errorf("%w: more than %d bytes", ErrLength, p.Size)
	case p.Size >= 0 && !more && offset != p.Size:
		return fmt.Errorf("%w: %d bytes instead of %d", ErrLength, offset, p.Size)
	case p.Offset > 0 && offset == p.Offset:
		return fmt.Errorf("%w: no more than %d bytes", ErrLength, offset) // where it went on before
	}
	return nil
}

// commit makes the file of the blocks, all of which are staged.
func (c copying) commit(ctx context.Context, p Progress) (Progress, bool, error) {
	info := Info{Size: p.Size, SHA256: p.SHA256(), ContentType: p.ContentType, Metadata: c.metadata}
	err := c.to.Commit(ctx, c.name, blockIDs(p.ETag, c.blockSize, p.Size), info)
	if errors.Is(err, ErrExists) {
		var there Info
		if there, err = c.to.Stat(ctx, c.name); err == nil && (there.Size != info.Size || there.SHA256 != info.SHA256) {
			return p, false, ErrDiffers
		}
	}
	if errors.Is(err, ErrNoBlock) {
		p = Progress{} // blocks that nobody commits go away
	}
	if err != nil {
		return p, false, fmt.Errorf("%w: %w", ErrFiles, err)
	}
	return p, true, nil
}
