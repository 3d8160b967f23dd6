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
	p, done, err := archive.Copy(ctx, openAt(f.Content, c.ContentLocation), f.Files, c.File, progressOf(c), until)
	c.Progress, _ = json.Marshal(p) // cannot fail for a Progress
	if errors.Is(err, acs.ErrGone) {
		if info, missing := f.Files.Stat(ctx, c.File); missing == nil {
			return f.completeEarlier(ctx, r, c, info)
		}
	}
	if err != nil || !done {
		return c, err
	}
	c.Size, c.SHA256 = p.Size, p.SHA256()
	return f.complete(ctx, r, c)
}

// progressOf returns how far the file is copied. Progress of another version counts as none.
func progressOf(c filing.Chunk) archive.Progress {
	var p archive.Progress
	if len(c.Progress) > 0 && json.Unmarshal(c.Progress, &p) != nil {
		return archive.Progress{}
	}
	return p
}

// complete writes the sidecar of a file in the archive, with which the file is filed.
func (f *Filer) complete(ctx context.Context, r filing.Recording, c filing.Chunk) (filing.Chunk, error) {
	if err := f.writeSidecar(ctx, r, c); err != nil {
		return c, err
	}
	c.State, c.Progress = filing.ChunkFiled, nil
	return c, nil
}

// completeEarlier completes a file in the archive that ACS does not have any more: an earlier run has copied
// it, and crashed before it saved that. A sidecar stays as it is, because ACS's metadata are gone as well.
func (f *Filer) completeEarlier(
	ctx context.Context, r filing.Recording, c filing.Chunk, info archive.Info,
) (filing.Chunk, error) {
	c.Size, c.SHA256 = info.Size, info.SHA256
	if _, missing := f.Files.Stat(ctx, filing.SidecarName(c.File)); missing == nil {
		c.State, c.Progress = filing.ChunkFiled, nil
		return c, nil
	}
	return f.complete(ctx, r, c)
}
