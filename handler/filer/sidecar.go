package filer

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"time"

	"switchboard/handler/acs"
	"switchboard/handler/filing"
)

// Sidecar is what is filed beside each file of a recording, as JSON, under filing.SidecarName.
type Sidecar struct {
	File        string    `json:"file"`
	Size        int64     `json:"size"` // bytes
	SHA256      string    `json:"sha256"`
	RecordingID string    `json:"recordingId"`
	Call        string    `json:"call,omitempty"` // empty: the call that asked for it was not known then
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

// writeSidecar writes what is known of a file beside it.
func (f *Filer) writeSidecar(ctx context.Context, r filing.Recording, c filing.Chunk) error {
	metadata, err := f.metadata(ctx, c.MetadataLocation)
	if err != nil {
		return err
	}
	doc, err := json.Marshal(Sidecar{
		File: c.File, Size: c.Size, SHA256: c.SHA256, RecordingID: r.ID, Call: r.Call, Operation: r.Op,
		DocumentID: c.DocumentID, Index: c.Index, Start: r.Start, DurationMS: r.Duration.Milliseconds(),
		Content: r.ContentType, Channels: r.ChannelType, Format: r.Format, EndReason: r.EndReason, Metadata: metadata,
	})
	if err != nil {
		return err
	}
	return f.Files.Put(ctx, filing.SidecarName(c.File), doc)
}

// metadata returns ACS's description of a file as it is. It returns null for none, for one that ACS refuses, and for
// one that is not JSON: a recording is not lost for want of it.
func (f *Filer) metadata(ctx context.Context, location string) (json.RawMessage, error) {
	none := json.RawMessage("null")
	if location == "" {
		return none, nil
	}
	res, err := f.Content.DownloadRecording(ctx, location, nil)
	if refusal, ok := errors.AsType[*acs.Error](err); ok && refusal.Refused() {
		return none, nil
	}
	if err != nil {
		return nil, err
	}
	defer res.Body.Close() // read only
	doc, err := io.ReadAll(io.LimitReader(res.Body, acs.MaxMetadata+1))
	if err != nil {
		return nil, err
	}
	if len(doc) > acs.MaxMetadata || !json.Valid(doc) {
		return none, nil
	}
	return doc, nil
}
