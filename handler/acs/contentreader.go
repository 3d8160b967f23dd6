package acs

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"
)

// contentReader reads a file, asking for the rest of it when a connection breaks.
type contentReader struct {
	fetch  func(ByteRange) (*http.Response, error)
	ctx    context.Context // of the download; it bounds the reading
	op     operation
	breaks breaks

	body   io.ReadCloser
	etag   string // of the first answer; another one is another file
	next   int64  // the offset in the file of the byte to be read next
	left   int64  // how many bytes are still to come; -1 if unknown
	broken int    // connections in a row that brought nothing
	err    error  // what ended it
}

// breaks says how a reader bears up against connections that break.
type breaks struct {
	most  int // in a row, without a byte read in between
	pause time.Duration
}

// breaks are the client's retry options, for reading.
func (c *Client) breaks() breaks {
	b := breaks{most: 3, pause: 800 * time.Millisecond} // azcore's defaults
	if c.retry.MaxRetries != 0 {
		b.most = int(max(c.retry.MaxRetries, 0))
	}
	if c.retry.RetryDelay != 0 {
		b.pause = max(c.retry.RetryDelay, 0)
	}
	return b
}

func (r *contentReader) Read(p []byte) (int, error) {
	for r.err == nil {
		n, err := r.read(p)
		if n > 0 || err == nil {
			return n, nil
		}
		switch {
		case err == io.EOF && r.left <= 0: // all of it, or as much as there is when nobody said how much
			r.err = io.EOF
		case r.ctx.Err() != nil:
			r.err = unanswered(r.op, r.ctx.Err())
		case err == io.EOF:
			r.resume(io.ErrUnexpectedEOF)
		default:
			r.resume(err)
		}
	}
	return 0, r.err
}

// read reads what the present connection gives, and no more than is to come.
func (r *contentReader) read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	if r.left > 0 && int64(len(p)) > r.left {
		p = p[:r.left]
	}
	n, err := r.body.Read(p)
	r.next += int64(n)
	if r.left > 0 {
		r.left -= int64(n)
	}
	if n > 0 {
		r.broken = 0
	}
	return n, err
}

// resume replaces a connection that broke because of cause.
func (r *contentReader) resume(cause error) {
	_ = r.body.Close() // it is broken
	if r.broken++; r.broken > r.breaks.most {
		r.err = unanswered(r.op, cause)
		return
	}
	if r.broken > 1 { // the first time at once: the connection brought something before
		select {
		case <-time.After(r.breaks.pause):
		case <-r.ctx.Done():
			r.err = unanswered(r.op, r.ctx.Err())
			return
		}
	}
	resp, err := r.fetch(ByteRange{Offset: r.next, Count: max(r.left, 0)})
	if err != nil {
		r.err = err
		return
	}
	r.body = resp.Body
	if etag := resp.Header.Get("Etag"); etag != r.etag {
		r.err = r.unexpected(resp, "the file has changed")
		return
	}
	r.err = r.position(resp)
}

// position makes resp's body begin at r.next. A host that knows no ranges sends
// the file from its start.
func (r *contentReader) position(resp *http.Response) error {
	if resp.StatusCode == http.StatusPartialContent {
		if at, ok := contentRange(resp.Header); ok && at != r.next {
			return r.unexpected(resp, "another part of the file than was asked for")
		}
		return nil
	}
	if _, err := io.CopyN(io.Discard, resp.Body, r.next); err != nil {
		if errors.Is(err, io.EOF) {
			return r.unexpected(resp, "the file is shorter than the range")
		}
		return unanswered(r.op, err)
	}
	return nil
}

func (r *contentReader) unexpected(resp *http.Response, why string) error {
	return &Error{Op: r.op.name, Status: resp.StatusCode, Message: why, Err: errors.New(why)}
}

// Close ends the download.
func (r *contentReader) Close() error {
	if r.err == nil {
		r.err = errors.New("acs: the download was closed")
	}
	return r.body.Close()
}
