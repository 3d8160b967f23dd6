// Package recording is the function that a queue message triggers when the files of a recording are ready,
// or when a run is to resume the filing of one.
package recording

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"switchboard/handler/event"
	"switchboard/handler/filer"
	"switchboard/handler/filing"
	"switchboard/handler/invoke"
)

// Handler files recordings.
type Handler struct{ Filer Filer }

// Filer files recordings: package filer does.
type Filer interface {
	Receive(ctx context.Context, id string, m filing.Message) error
	File(ctx context.Context, key string) error
}

// Routes returns the route of the function.
func (h *Handler) Routes() []invoke.Route {
	return []invoke.Route{{Function: "recording", Binding: "msg", Event: h.Handle}}
}

// Handle handles one message: an event of Event Grid, in base64 or plain, or a filer.ResumeMessage. It
// returns nil once the message's content is stored. The host delivers a message that fails or cannot be
// parsed once a minute for an hour, and then keeps it in the queue recordings-poison.
func (h *Handler) Handle(ctx context.Context, data json.RawMessage) error {
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return fmt.Errorf("queue message: %w", err)
	}
	doc, err := event.Message(text)
	if err != nil {
		return err
	}
	var resume filer.ResumeMessage
	if json.Unmarshal(doc, &resume) == nil && resume.Recording != "" {
		return h.Filer.File(ctx, resume.Recording)
	}
	f, err := event.ParseFinishedRecording(doc)
	if errors.Is(err, event.ErrNotOurs) {
		return fmt.Errorf("queue message: %w", err)
	}
	if err != nil {
		return err
	}
	return h.Filer.Receive(ctx, f.RecordingID, message(f))
}

// message returns the part of the event that is stored with the recording.
func message(f event.FinishedRecording) filing.Message {
	m := filing.Message{Key: f.Key, Details: filing.Details{
		ACSCallID: f.CallID, ServerCallID: f.ServerCallID, Start: f.StartTime, Duration: f.Duration,
		ContentType: f.ContentType, ChannelType: f.ChannelType, Format: f.Format, EndReason: f.EndReason,
	}}
	for _, c := range f.Chunks {
		m.Chunks = append(m.Chunks, filing.Chunk{
			DocumentID: c.DocumentID, Index: c.Index, EndReason: c.EndReason, ContentLocation: c.ContentLocation,
			MetadataLocation: c.MetadataLocation, DeleteLocation: c.DeleteLocation,
		})
	}
	return m
}
