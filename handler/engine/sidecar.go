package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"switchboard/handler/acs"
	"switchboard/handler/archive"
	"switchboard/handler/call"
	"switchboard/handler/filing"
)

// Content is where ACS keeps the files of recordings.
type Content interface {
	DownloadRecording(
		ctx context.Context, location string, o *acs.DownloadRecordingOptions,
	) (acs.DownloadRecordingResponse, error)
}

// opens opens a file of a recording at an offset.
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

// fileName is where a file of a recording is filed: by the day of the recording and
// its key. It holds nothing that changes, so that every run comes to the same.
func fileName(r filing.Recording, c filing.Chunk) string {
	began := r.Start
	if began.IsZero() {
		began = r.Since
	}
	document := sha256.Sum256([]byte(c.DocumentID))
	return fmt.Sprintf("%s/%s/%04d-%s.%s", began.UTC().Format("2006/01/02"), filing.Key(r.ID), c.Index,
		hex.EncodeToString(document[:4]), extension(r.Format))
}

// extension is that of a format's files.
func extension(format string) string {
	switch f := strings.ToLower(format); f {
	case "wav", "mp3", "mp4":
		return f
	default:
		return "bin"
	}
}

// sidecarSuffix is behind a file's name in that of its sidecar.
const sidecarSuffix = ".json"

// Sidecar is what is filed beside each file of a recording, as JSON, under the
// file's name and sidecarSuffix.
type Sidecar struct {
	File        string    `json:"file"`
	Size        int64     `json:"size"` // bytes
	SHA256      string    `json:"sha256"`
	RecordingID string    `json:"recordingId"`
	Call        call.ID   `json:"call,omitempty"` // empty: it was not known then which call asked for it
	Operation   int       `json:"operation,omitempty"`
	DocumentID  string    `json:"documentId"`
	Index       int64     `json:"index"`
	Start       time.Time `json:"start,omitzero"`
	DurationMS  int64     `json:"durationMs"`
	Content     string    `json:"content,omitempty"`  // Audio, AudioVideo
	Channels    string    `json:"channels,omitempty"` // Mixed, Unmixed
	Format      string    `json:"format,omitempty"`   // Wav, Mp3, Mp4
	EndReason   string    `json:"endReason,omitempty"`
	// Metadata is ACS's own description of the file; null if it has none.
	Metadata json.RawMessage `json:"metadata"`
}

// sidecar writes what is known of a file beside it.
func (e *Engine) sidecar(ctx context.Context, r filing.Recording, c filing.Chunk) error {
	metadata, err := e.metadata(ctx, c.MetadataLocation)
	if err != nil {
		return err
	}
	doc, err := json.Marshal(Sidecar{
		File: c.File, Size: c.Size, SHA256: c.SHA256, RecordingID: r.ID, Call: call.ID(r.Call), Operation: r.Op,
		DocumentID: c.DocumentID, Index: c.Index, Start: r.Start, DurationMS: r.Duration.Milliseconds(),
		Content: r.ContentType, Channels: r.ChannelType, Format: r.Format, EndReason: r.EndReason, Metadata: metadata,
	})
	if err != nil {
		return err
	}
	return e.Files.Put(ctx, c.File+sidecarSuffix, doc)
}

// maxMetadata bounds a metadata file, in bytes: there may be 350 participants.
const maxMetadata = 4 << 20

// metadata is ACS's description of a file, as it is. A recording is not lost for
// want of it: null is none, or one that ACS refuses or that is no JSON.
func (e *Engine) metadata(ctx context.Context, location string) (json.RawMessage, error) {
	none := json.RawMessage("null")
	if location == "" {
		return none, nil
	}
	res, err := e.Content.DownloadRecording(ctx, location, nil)
	if refusal, ok := errors.AsType[*acs.Error](err); ok && refusal.Refused() {
		return none, nil
	}
	if err != nil {
		return nil, err
	}
	defer res.Body.Close() // read only
	doc, err := io.ReadAll(io.LimitReader(res.Body, maxMetadata+1))
	if err != nil {
		return nil, err
	}
	if len(doc) > maxMetadata || !json.Valid(doc) {
		return none, nil
	}
	return doc, nil
}
