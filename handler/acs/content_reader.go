package acs

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"
)

// contentReader reads a file. When a connection breaks, it requests the rest.
type contentReader struct {
	fetch  func(ByteRange) (*http.Response, error)
	ctx    context.Context // the download's context, which bounds the reading
	op     operation
	limits readLimits

	body   io.ReadCloser
	etag   string // ETag of the first answer; a different one means that the file has changed
	next   int64  // offset in the file of the next byte to read
	left   int64  // number of bytes still to read; -1 if unknown
	broken int    // number of broken connections since the last byte
	err    error  // what every further Read returns; nil while reading goes on
}

// readLimits bound the requests for the rest of a file.
type readLimits struct {
	broken int // broken connections in a row, without a byte read in between
	pause  time.Duration
}

// readLimits returns the client's retry options as limits for reading.
func (c *Client) readLimits() readLimits {
	l := readLimits{broken: 3, pause: 800 * time.Millisecond} // azcore's defaults
	if c.retry.MaxRetries != 0 {
		l.broken = int(max(c.retry.MaxRetries, 0))
	}
	if c.retry.RetryDelay != 0 {
		l.pause = max(c.retry.RetryDelay, 0)
	}
	return l
}

func (r *contentReader) Read(p []byte) (int, error) {
	for r.err == nil {
		n, err := r.read(p)
		if n > 0 || err == nil {
			return n, nil
		}
		switch {
		case err == io.EOF && r.left <= 0: // complete, or of unknown length and at its end
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

// read reads from the current connection, at most the bytes that are left.
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

// resume replaces a connection that broke with the error cause.
func (r *contentReader) resume(cause error) {
	_ = r.body.Close() // broken already
	if r.broken++; r.broken > r.limits.broken {
		r.err = unanswered(r.op, cause)
		return
	}
	if r.broken > 1 { // no pause the first time: the connection delivered something before
		select {
		case <-time.After(r.limits.pause):
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

// position makes resp's body begin at r.next. It skips bytes for that if the host
// does not support ranges and sends the file from its start.
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
