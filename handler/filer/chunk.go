package filer

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"switchboard/handler/acs"
	"switchboard/handler/archive"
	"switchboard/handler/filing"
)

// Content downloads the files of recordings from ACS.
type Content interface {
	DownloadRecording(
		ctx context.Context, location string, o *acs.DownloadRecordingOptions,
	) (acs.DownloadRecordingResponse, error)
}

// openAt returns a source that opens a file of a recording at an offset.
func openAt(from Content, location string) archive.Source {
	return func(ctx context.Context, offset int64) (archive.Content, error) {
		var o acs.DownloadRecordingOptions
		if offset > 0 {
			o.Range = &acs.ByteRange{Offset: offset}
		}
		res, err := from.DownloadRecording(ctx, location, &o)
		if refusal, ok := errors.AsType[*acs.Error](err); ok && refusal.Status == http.StatusRequestedRangeNotSatisfiable {
			return archive.Content{}, archive.ErrRange
		}
		if err != nil {
			return archive.Content{}, err
		}
		size := int64(-1)
		if res.ContentLength >= 0 {
			size = offset + res.ContentLength
		}
		return archive.Content{Body: res.Body, Size: size, ETag: res.ETag, ContentType: res.ContentType}, nil
	}
}

// fileChunk copies one file and writes its sidecar. It returns the chunk with its progress, also with an
// error.
func (f *Filer) fileChunk(
	ctx context.Context, r filing.Recording, c filing.Chunk, until time.Time,
) (filing.Chunk, error) {
	if c.File == "" {
		c.File = filing.FileName(r, c)
	}
	var p archive.Progress
	if len(c.Progress) > 0 {
		if err := json.Unmarshal(c.Progress, &p); err != nil {
			p = archive.Progress{} // of another version: start again
		}
	}
	p, done, err := archive.Copy(ctx, openAt(f.Content, c.ContentLocation), f.Files, c.File, p, until)
	filed := archive.Info{Size: p.Size, SHA256: p.SHA256()}
	if errors.Is(err, acs.ErrGone) { // an earlier run may have filed it, and crashed before it saved that
		if info, missing := f.Files.Stat(ctx, c.File); missing == nil {
			filed, done, err = info, true, nil
		}
		if _, missing := f.Files.Stat(ctx, filing.SidecarName(c.File)); missing == nil && done {
			c.State, c.Size, c.SHA256, c.Progress = filing.ChunkFiled, filed.Size, filed.SHA256, nil
			return c, nil // the sidecar stays: ACS's metadata are gone by now
		}
	}
	if c.Progress, _ = json.Marshal(p); err != nil || !done { // Marshal cannot fail for a Progress
		return c, err
	}
	c.Size, c.SHA256 = filed.Size, filed.SHA256
	if err := f.writeSidecar(ctx, r, c); err != nil {
		return c, err
	}
	c.State, c.Progress = filing.ChunkFiled, nil
	return c, nil
}
