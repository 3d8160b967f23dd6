// Package recording is the function that a queue message triggers when the files of
// a recording are there, or when the filing of one is to go on.
package recording

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"switchboard/handler/engine"
	"switchboard/handler/event"
	"switchboard/handler/filing"
)

// Handler files recordings.
type Handler struct{ Recordings Recordings }

// Recordings are what is filed.
type Recordings interface {
	ReceiveRecording(ctx context.Context, id string, m filing.Message) error
	FileRecording(ctx context.Context, key string) error
}

// Handle takes one message: an event of Event Grid, in base64 or plain, or an
// engine.GoOn. It is acknowledged once what it says is written down. One that fails,
// or cannot be understood, is tried five times within seconds and then kept by the
// host, in the queue recordings-poison: nothing is thrown away.
func (h *Handler) Handle(ctx context.Context, data json.RawMessage) error {
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return fmt.Errorf("queue message: %w", err)
	}
	doc, err := event.Message(text)
	if err != nil {
		return err
	}
	var goOn engine.ResumeMessage
	if json.Unmarshal(doc, &goOn) == nil && goOn.Recording != "" {
		return h.Recordings.FileRecording(ctx, goOn.Recording)
	}
	f, err := event.ParseFinishedRecording(doc)
	if errors.Is(err, event.ErrNotOurs) {
		return fmt.Errorf("queue message: %w", err)
	}
	if err != nil {
		return err
	}
	return h.Recordings.ReceiveRecording(ctx, f.RecordingID, message(f))
}

// message is what the recording's row keeps of the event.
func message(f event.FinishedRecording) filing.Message {
	m := filing.Message{
		Key: f.Key, ACSCallID: f.CallID, ServerCallID: f.ServerCallID, Start: f.StartTime, Duration: f.Duration,
		ContentType: f.ContentType, ChannelType: f.ChannelType, Format: f.Format, EndReason: f.EndReason,
	}
	for _, c := range f.Chunks {
		m.Chunks = append(m.Chunks, filing.Chunk{
			DocumentID: c.DocumentID, Index: c.Index, EndReason: c.EndReason, ContentLocation: c.ContentLocation,
			MetadataLocation: c.MetadataLocation, DeleteLocation: c.DeleteLocation,
		})
	}
	return m
}
