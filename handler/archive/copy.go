package archive

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// The reasons for which a copy fails, for errors.Is. The error of the source, or of
// the Files, is wrapped as well.
var (
	// ErrSource: the source failed. The progress stays valid.
	ErrSource = errors.New("source")
	// ErrFiles: the archive failed. The progress stays valid, unless blocks are missing.
	ErrFiles = errors.New("archive")
	// ErrLength: the source returned more or fewer bytes than it had named. Nothing
	// was committed, and the copy begins again. It comes together with ErrSource.
	ErrLength = errors.New("not of the length that was named")
	// ErrDiffers: there is a file of that name with other content. It is not replaced.
	ErrDiffers = errors.New("there is another file of that name")
	// ErrTooLarge: the file has more than MaxBlocks blocks. It cannot be copied.
	ErrTooLarge = fmt.Errorf("file of more than %d blocks of %d bytes", MaxBlocks, BlockSize)
)

// ErrRange is what a Source returns if the file has no byte at the offset.
var ErrRange = errors.New("the file ends before the offset")

// Source opens a file at an offset. At offset 0 it opens an empty file as well; at
// a later offset it fails with ErrRange if the file has become too short. The
// context bounds the reading of the body. Copy closes the body.
type Source func(ctx context.Context, offset int64) (Content, error)

// Content is a file from some offset to its end.
type Content struct {
	Body        io.ReadCloser
	Size        int64  // of the whole file, in bytes; -1 if the source does not name it
	ETag        string // differs between versions of the file; may be empty
	ContentType string // such as "audio/wav"; may be empty
}

// Copy resumes the copy of a file at p. It ends when the file is committed (done);
// when until has passed, which is checked after each block; or at an error.
//
// In each case it returns the progress to save and to resume from: the zero value
// if the copy has to begin again. Each run without an error adds at least one block.
// Runs from an older progress, and several runs at once, make the same file. When
// all blocks are staged, the source is not needed any more.
//
// The length is checked before the commit. If the source has another file than
// before, the copy begins again. A file of that name with the same size and hash
// counts as the copy, made by an earlier run; any other is ErrDiffers.
func Copy(
	ctx context.Context, from Source, to Files, name string, p Progress, until time.Time,
) (_ Progress, done bool, err error) {
	c := copying{from: from, to: to, name: name, blockSize: BlockSize}
	return c.run(ctx, p, until)
}

// copying is a run of Copy.
type copying struct {
	from      Source
	to        Files
	name      string
	blockSize int64 // BlockSize except in tests
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
	body := bufio.NewReader(content.Body) // to peek; whole blocks bypass its buffer
	block := make([]byte, c.blockSize)
	for {
		n, more, err := readBlock(body, block)
		if err != nil {
			return p, false, fmt.Errorf("%w: %w", ErrSource, err)
		}
		offset := p.Offset + int64(n)
		checkLength := p.checkEnd
		if more {
			checkLength = p.checkMore
		}
		if err := checkLength(offset); err != nil {
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

// open opens the source at p. If the source has another file than before, it opens
// it at the start and returns a new progress.
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

// readBlock fills block from body. It returns the number of bytes read, and whether
// the body has more.
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

// checkMore compares an offset, after which the file has more bytes, with the size
// that the source named.
func (p Progress) checkMore(offset int64) error {
	if p.Size >= 0 && offset >= p.Size {
		return fmt.Errorf("%w: more than %d bytes", ErrLength, p.Size)
	}
	return nil
}

// checkEnd compares the offset at which the file ended with the size that the source
// named.
func (p Progress) checkEnd(offset int64) error {
	switch {
	case p.Size >= 0 && offset != p.Size:
		return fmt.Errorf("%w: %d bytes instead of %d", ErrLength, offset, p.Size)
	case p.Offset > 0 && offset == p.Offset:
		return fmt.Errorf("%w: no more than %d bytes", ErrLength, offset) // an earlier run saw more
	}
	return nil
}

// commit makes the file from its blocks, all of which are staged.
func (c copying) commit(ctx context.Context, p Progress) (Progress, bool, error) {
	info := Info{Size: p.Size, SHA256: p.SHA256(), ContentType: p.ContentType}
	err := c.to.Commit(ctx, c.name, blockIDs(p.ETag, c.blockSize, p.Size), info)
	if errors.Is(err, ErrExists) {
		var there Info
		if there, err = c.to.Stat(ctx, c.name); err == nil && (there.Size != info.Size || there.SHA256 != info.SHA256) {
			return p, false, ErrDiffers
		}
	}
	if errors.Is(err, ErrNoBlock) {
		p = Progress{} // the staged blocks have expired
	}
	if err != nil {
		return p, false, fmt.Errorf("%w: %w", ErrFiles, err)
	}
	return p, true, nil
}
