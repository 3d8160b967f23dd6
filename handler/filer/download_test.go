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

// storedFile is a file as ACS keeps it.
type storedFile struct {
	body  []byte
	etag  string
	fails func(opened int) error // nil: never
	hangs func(opened int) bool  // nil: never
	takes time.Duration          // until the first byte comes

	opened []int64 // the offsets from which it was asked for
}

// download is ACS's store as one process sees it.
type download struct {
	v    *filingSim
	inst *cluster.Instance
}

func (d *download) DownloadRecording(
	ctx context.Context, location string, o *acs.DownloadRecordingOptions,
) (res acs.DownloadRecordingResponse, err error) {
	down := d.v.Perform(d.inst, false, func() { res, err = d.v.open(ctx, location, o) })
	if down != nil {
		return acs.DownloadRecordingResponse{}, down
	}
	return res, err
}

// gone is what ACS answers when it has deleted a file.
var gone = errors.Join(&acs.Error{Op: "DownloadRecording", Status: 404}, acs.ErrGone)

func (v *filingSim) open(
	ctx context.Context, location string, o *acs.DownloadRecordingOptions,
) (acs.DownloadRecordingResponse, error) {
	v.Mu.Lock()
	defer v.Mu.Unlock()
	f := v.stored[location]
	if f == nil {
		return acs.DownloadRecordingResponse{}, gone
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
	var body io.Reader = &late{Reader: bytes.NewReader(f.body[offset:]), after: f.takes}
	if f.hangs != nil && f.hangs(len(f.opened)) {
		body = hanging{ctx}
	}
	return acs.DownloadRecordingResponse{
		Body: io.NopCloser(body), ContentLength: int64(len(f.body)) - offset, ContentType: "audio/wav", ETag: f.etag,
	}, nil
}

// late is a connection on which nothing comes for a while.
type late struct {
	io.Reader
	after time.Duration
}

func (l *late) Read(p []byte) (int, error) {
	time.Sleep(l.after)
	l.after = 0
	return l.Reader.Read(p)
}

// hanging is a connection on which nothing comes any more.
type hanging struct{ ctx context.Context }

func (h hanging) Read([]byte) (int, error) {
	<-h.ctx.Done()
	return 0, h.ctx.Err()
}
