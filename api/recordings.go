package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"switchboard/handler/call"
	"switchboard/handler/filing"
	"switchboard/handler/flow"
	"switchboard/handler/table"
)

// Recordings is where recordings are kept.
type Recordings interface {
	// Load returns a recording by its key, or table.ErrNotFound.
	Load(ctx context.Context, key string) (table.Row[filing.Recording], error)
}

// Recording is a recording as the API shows it, without the addresses of its files at ACS.
type Recording struct {
	Key         string        `json:"key"` // its short name
	ID          string        `json:"id"`  // ACS's
	State       filing.State  `json:"state"`
	Reason      string        `json:"reason,omitempty"` // of the latest failure, or of the loss
	Call        call.ID       `json:"call,omitempty"`   // empty: the call that asked for it is not known
	Op          int           `json:"op,omitempty"`     // the call's operation that asked for it
	Start       time.Time     `json:"start,omitzero"`
	Duration    flow.Duration `json:"duration,omitempty"`
	ContentType string        `json:"contentType,omitempty"`
	ChannelType string        `json:"channelType,omitempty"`
	Format      string        `json:"format,omitempty"`
	EndReason   string        `json:"endReason,omitempty"`
	Chunks      []Chunk       `json:"chunks"`
}

// Chunk is one file of a recording as the API shows it.
type Chunk struct {
	Index     int64             `json:"index"`
	State     filing.ChunkState `json:"state"`
	Reason    string            `json:"reason,omitempty"` // why it is lost
	File      string            `json:"file,omitempty"`   // its name in the container of recordings
	Size      int64             `json:"size,omitempty"`   // bytes
	SHA256    string            `json:"sha256,omitempty"` // hexadecimal
	EndReason string            `json:"endReason,omitempty"`
}

// GetRecording answers GET /api/v1/recordings/{id}, where id is ACS's or the short
// name.
func (h *Handler) GetRecording(w http.ResponseWriter, r *http.Request) error {
	key := r.PathValue("id")
	if !strings.HasPrefix(key, filing.KeyPrefix) {
		key = filing.Key(key)
	}
	row, err := h.Recordings.Load(r.Context(), key)
	if err != nil {
		return notFound("recording", err)
	}
	rec := row.Value
	shown := Recording{
		Key: key, ID: rec.ID, State: rec.State, Reason: rec.Reason, Call: call.ID(rec.Call), Op: rec.Op,
		Start: rec.Start, Duration: flow.Duration(rec.Duration),
		ContentType: rec.ContentType, ChannelType: rec.ChannelType, Format: rec.Format, EndReason: rec.EndReason,
		Chunks: make([]Chunk, len(rec.Chunks)),
	}
	for i, c := range rec.Chunks {
		shown.Chunks[i] = Chunk{
			Index: c.Index, State: c.State, Reason: c.Reason, File: c.File, Size: c.Size, SHA256: c.SHA256,
			EndReason: c.EndReason,
		}
	}
	return reply(w, shown)
}
