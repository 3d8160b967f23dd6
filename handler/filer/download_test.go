package filer_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"time"

	"switchboard/handler/acs"
	"switchboard/test/cluster"
)

// storedFile is a file that ACS stores.
type storedFile struct {
	body  []byte
	etag  string
	fails func(opened int) error // the error of a download; nil: none fails
	hangs func(opened int) bool  // whether a download stops sending; nil: none does
	takes time.Duration          // until the first byte arrives

	opened []int64 // the offset of each download
}

// faultyContent is ACS's recording storage as one instance sees it.
type faultyContent struct {
	sim  *filingSim
	inst *cluster.Instance
}

func (f *faultyContent) DownloadRecording(
	ctx context.Context, location string, o *acs.DownloadRecordingOptions,
) (res acs.DownloadRecordingResponse, err error) {
	down := f.sim.Perform(f.inst, false, func() { res, err = f.sim.open(ctx, location, o) })
	if down != nil {
		return acs.DownloadRecordingResponse{}, down
	}
	return res, err
}

// errGone is ACS's answer for a file that it has deleted.
var errGone = errors.Join(&acs.Error{Op: "DownloadRecording", Status: 404}, acs.ErrGone)

// open handles a download as ACS does.
func (s *filingSim) open(
	ctx context.Context, location string, o *acs.DownloadRecordingOptions,
) (acs.DownloadRecordingResponse, error) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	f := s.stored[location]
	if f == nil {
		return acs.DownloadRecordingResponse{}, errGone
	}
	offset := int64(0)
	if o != nil && o.Range != nil {
		offset = o.Range.Offset
	}
	f.opened = append(f.opened, offset)
	if f.fails != nil {
		if err := f.fails(len(f.opened)); err != nil {
			return acs.DownloadRecordingResponse{}, err
		}
	}
	if offset > 0 && offset >= int64(len(f.body)) {
		return acs.DownloadRecordingResponse{}, &acs.Error{Op: "DownloadRecording", Status: 416}
	}
	var body io.Reader = &delayedReader{Reader: bytes.NewReader(f.body[offset:]), delay: f.takes}
	if f.hangs != nil && f.hangs(len(f.opened)) {
		body = hangingReader{ctx}
	}
	return acs.DownloadRecordingResponse{
		Body: io.NopCloser(body), ContentLength: int64(len(f.body)) - offset, ContentType: "audio/wav", ETag: f.etag,
	}, nil
}

// delayedReader waits before its first byte.
type delayedReader struct {
	io.Reader
	delay time.Duration
}

func (r *delayedReader) Read(p []byte) (int, error) {
	time.Sleep(r.delay)
	r.delay = 0
	return r.Reader.Read(p)
}

// hangingReader returns no byte before its context ends.
type hangingReader struct{ ctx context.Context }

func (h hangingReader) Read([]byte) (int, error) {
	<-h.ctx.Done()
	return 0, h.ctx.Err()
}
