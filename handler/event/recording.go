package event

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"switchboard/handler/acs/events"
)

// maxChunks is the largest number of files of one recording that fits into its row. More are an
// error, because files that are left out would be lost.
const maxChunks = 400

// Message returns the JSON of a queue message, which is JSON or base64 of JSON. Event Grid writes
// base64 today. Any other text is an error. No text can be read in both ways: JSON that can be
// decoded as base64 does not decode to JSON.
//
// Source: "Azure Queue storage as an event handler", Event Grid documentation;
// MicrosoftDocs/azure-docs, issue 102923.
func Message(text string) (json.RawMessage, error) {
	text = strings.TrimSpace(text)
	if json.Valid([]byte(text)) {
		return json.RawMessage(text), nil
	}
	if doc, err := base64.StdEncoding.DecodeString(text); err == nil && json.Valid(doc) {
		return doc, nil
	}
	return nil, errors.New("message is neither JSON nor base64 of JSON")
}

// FinishedRecording is a recording whose files can be downloaded. ACS keeps them for 24 h.
type FinishedRecording struct {
	// Key is the same in every delivery of the event.
	Key string
	// Time is when the event happened; zero if the event has no time.
	Time time.Time

	RecordingID string
	// CallID is ACS's id of the call; it may be empty. The event has no call connection id.
	CallID string
	// ServerCallID is the server call id for files in the customer's own storage; otherwise it
	// may be empty.
	ServerCallID string

	// Chunks are the files: at least one, each with a document id and a content location.
	Chunks []events.RecordingChunk

	StartTime   time.Time     // start of the recording; zero if the event has none
	Duration    time.Duration // length of all chunks together; 0 if the event has none
	ContentType string        // Audio, AudioVideo
	ChannelType string        // Mixed, Unmixed
	Format      string        // Wav, Mp3, Mp4
	EndReason   string        // CallEnded, InitiatorLeft …

	// StorageType is AzureBlob for files in the customer's own storage.
	StorageType string
}

// ParseFinishedRecording reads a RecordingFileStatusUpdated event of Event Grid, in Event Grid's
// schema or as a CloudEvent. The error is ErrNotOurs for any other event. An event without
// recording id or files, or with a file that has no document id or content location, is an error
// too: it names nothing to download, or a file would be lost.
//
// Source: Microsoft.Communication.RecordingFileStatusUpdated,
// Azure/azure-rest-api-specs, eventgrid, Microsoft.Communication, stable/2018-01-01;
// "Bring your own Azure storage", Call Recording documentation.
func ParseFinishedRecording(doc json.RawMessage) (FinishedRecording, error) {
	e, data, err := findRecording(doc)
	if err != nil {
		return FinishedRecording{}, err
	}
	callID, recordingID, serverCallID := events.RecordingSubject(e.Subject)
	if data.RecordingID != "" {
		recordingID = data.RecordingID
	}
	if err := checkGiven("recording", "recordingId", recordingID); err != nil {
		return FinishedRecording{}, err
	}
	chunks, err := checkedChunks(data)
	if err != nil {
		return FinishedRecording{}, err
	}
	return FinishedRecording{
		Key:          "recording " + key(e, ""),
		Time:         e.Time,
		RecordingID:  recordingID,
		CallID:       truncate(callID),
		ServerCallID: truncate(serverCallID),
		Chunks:       chunks,
		StartTime:    data.RecordingStartTime.UTC(),
		Duration:     milliseconds(data.RecordingDurationMs),
		ContentType:  truncate(data.RecordingContentType),
		ChannelType:  truncate(data.RecordingChannelType),
		Format:       truncate(data.RecordingFormatType),
		EndReason:    truncate(data.SessionEndReason),
		StorageType:  truncate(data.StorageType),
	}, nil
}

// findRecording returns the only event of doc and its data. The error is ErrNotOurs if doc has no
// event of the right type. An event of the right type that cannot be read, or is one of several,
// is another error, because callers may drop what is not theirs.
func findRecording(doc json.RawMessage) (events.Event, *events.RecordingFileStatusUpdated, error) {
	all, err := events.Parse(doc)
	if err != nil {
		if json.Valid(doc) && !strings.Contains(string(doc), "RecordingFileStatusUpdated") {
			return events.Event{}, nil, ErrNotOurs // JSON, but not an event
		}
		return events.Event{}, nil, fmt.Errorf("recording: %w", err)
	}
	for _, e := range all {
		if data, ok := e.Data.(*events.RecordingFileStatusUpdated); ok {
			if len(all) > 1 {
				return events.Event{}, nil, fmt.Errorf("recording among %d events", len(all))
			}
			return e, data, nil
		}
	}
	return events.Event{}, nil, ErrNotOurs
}

// checkedChunks returns the files that the event names, or an error if one of them is incomplete
// or too large to be stored.
func checkedChunks(data *events.RecordingFileStatusUpdated) ([]events.RecordingChunk, error) {
	named := data.RecordingStorageInfo.RecordingChunks
	switch {
	case len(named) == 0:
		return nil, errors.New("recording without recordingChunks")
	case len(named) > maxChunks:
		return nil, fmt.Errorf("recording with %d chunks, more than %d", len(named), maxChunks)
	}
	chunks := make([]events.RecordingChunk, len(named))
	for i, c := range named {
		which := fmt.Sprintf("recording: chunk %d", i)
		if err := cmp.Or(
			checkGiven(which, "documentId", c.DocumentID),
			checkGiven(which, "contentLocation", c.ContentLocation),
			checkLength(which, "metadataLocation", c.MetadataLocation),
			checkLength(which, "deleteLocation", c.DeleteLocation),
		); err != nil {
			return nil, err
		}
		c.EndReason = truncate(c.EndReason)
		chunks[i] = c
	}
	return chunks, nil
}

// checkGiven returns an error for a text that is empty or too long.
func checkGiven(of, name, text string) error {
	if text == "" {
		return fmt.Errorf("%s without %s", of, name)
	}
	return checkLength(of, name, text)
}

// checkLength returns an error for a text that is too long. Such a text is not truncated, because it
// would then name something else.
func checkLength(of, name, text string) error {
	if len(text) > maxText {
		return fmt.Errorf("%s with a %s of more than %d bytes", of, name, maxText)
	}
	return nil
}

// milliseconds returns ms as a duration; 0 if it is negative or too long.
func milliseconds(ms int64) time.Duration {
	if ms < 0 || ms > math.MaxInt64/int64(time.Millisecond) {
		return 0
	}
	return time.Duration(ms) * time.Millisecond
}
