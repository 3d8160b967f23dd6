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

// Sidecar describes one file of a recording. It is filed beside it, as JSON, under filing.SidecarName.
type Sidecar struct {
	File        string    `json:"file"`
	Size        int64     `json:"size"` // bytes
	SHA256      string    `json:"sha256"`
	RecordingID string    `json:"recordingId"`
	Call        string    `json:"call,omitempty"` // empty: the recording was not linked to its call yet
	Operation   int       `json:"operation,omitempty"`
	DocumentID  string    `json:"documentId"`
	Index       int64     `json:"index"`
	Start       time.Time `json:"start,omitzero"`
	DurationMS  int64     `json:"durationMs"`
	Content     string    `json:"content,omitempty"`  // Audio, AudioVideo
	Channels    string    `json:"channels,omitempty"` // Mixed, Unmixed
	Format      string    `json:"format,omitempty"`   // Wav, Mp3, Mp4
	EndReason   string    `json:"endReason,omitempty"`
	// Metadata are ACS's metadata of the file; null if there are none.
	Metadata json.RawMessage `json:"metadata"`
}

// writeSidecar writes a file's sidecar.
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

// metadata returns ACS's metadata of a file unchanged. It returns null if there are none, if ACS refuses
// them, and if they are not JSON: the recording is filed without them.
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
