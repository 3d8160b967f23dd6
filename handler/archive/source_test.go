package archive_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync/atomic"
	"testing"

	"switchboard/handler/archive"
)

// errSource is the error of a source that is made to fail.
type errSource struct{ offset int64 }

func (e *errSource) Error() string { return "the host has gone" }

// recording is a file that open serves.
type recording struct {
	content     string
	etag        string
	contentType string

	size   int64                     // the size that open names; 0: the true one
	breaks int64                     // the offset at which connections break; 0: they do not
	reader func(io.Reader) io.Reader // wraps a connection, if not nil

	opened, closed atomic.Int64
}

// open implements archive.Source.
func (r *recording) open(ctx context.Context, offset int64) (archive.Content, error) {
	r.opened.Add(1)
	if err := ctx.Err(); err != nil {
		r.closed.Add(1)
		return archive.Content{}, err
	}
	if length := int64(len(r.content)); offset > 0 && offset >= length {
		r.closed.Add(1)
		return archive.Content{}, archive.ErrRange
	}
	size := r.size
	if size == 0 {
		size = int64(len(r.content))
	}
	var body io.Reader = bytes.NewReader([]byte(r.content)[offset:])
	if r.breaks > 0 {
		body = io.MultiReader(io.LimitReader(body, r.breaks-offset), brokenReader{&errSource{r.breaks}})
	}
	if r.reader != nil {
		body = r.reader(body)
	}
	return archive.Content{
		Body: countedBody{body, &r.closed}, Size: size, ETag: r.etag, ContentType: r.contentType,
	}, nil
}

// checkClosed fails unless all bodies that were opened are closed.
func (r *recording) checkClosed(t *testing.T) {
	t.Helper()
	if o, c := r.opened.Load(), r.closed.Load(); o != c {
		t.Errorf("%d of %d bodies were closed, want all", c, o)
	}
}

type countedBody struct {
	io.Reader
	closed *atomic.Int64
}

func (c countedBody) Close() error {
	c.closed.Add(1)
	return errors.New("to be ignored")
}

// brokenReader is a connection that breaks.
type brokenReader struct{ err error }

func (b brokenReader) Read([]byte) (int, error) { return 0, b.err }
