package event

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"switchboard/handler/acs/events"
	"time"
)

// maxChunks bounds the files of one recording: so many fit into its row. More are an
// error, because leaving some out would lose them.
const maxChunks = 400

// Message reads the text of a queue message: JSON, or base64 of JSON, as Event
// Grid writes it today. It is an error to be neither; no text is both, because no
// JSON that is base64 becomes JSON by it.
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

// Finished is a recording whose files wait to be fetched. The service keeps them
// for 24 h.
type Finished struct {
	// Key is the same in every delivery of the event.
	Key string
	// Time is when the event happened; zero if it does not say.
	Time time.Time

	RecordingID string
	// CallID is what ACS calls the call; not its connection, which the event does
	// not name. ServerCallID comes for files in the customer's own storage. Either
	// may be empty.
	CallID, ServerCallID string

	// Chunks are the files, at least one, each with its document's id and where
	// its content is.
	Chunks []events.RecordingChunk

	StartTime   time.Time     // zero if the event does not say
	Duration    time.Duration // of all chunks; 0 if the event does not say
	ContentType string        // Audio, AudioVideo
	ChannelType string        // Mixed, Unmixed
	Format      string        // Wav, Mp3, Mp4
	EndReason   string        // CallEnded, InitiatorLeft …

	// StorageType is AzureBlob for files in the customer's own storage.
	StorageType string
}

// ParseFinished reads a RecordingFileStatusUpdated event of Event Grid, in Event
// Grid's schema or as a CloudEvent. ErrNotOurs: it is another event. An event that
// names no recording or no files, or of one not its document's id and content, is
// an error: there is nothing to fetch, or something would be lost.
//
// Source: Microsoft.Communication.RecordingFileStatusUpdated,
// Azure/azure-rest-api-specs, eventgrid, Microsoft.Communication, stable/2018-01-01;
// "Bring your own Azure storage", Call Recording documentation.
func ParseFinished(doc json.RawMessage) (Finished, error) {
	e, data, err := finished(doc)
	if err != nil {
		return Finished{}, err
	}
	callID, recordingID, serverCallID := events.RecordingSubject(e.Subject)
	if data.RecordingID != "" {
		recordingID = data.RecordingID
	}
	if err := checkWhole("recording", "recordingId", recordingID, true); err != nil {
		return Finished{}, err
	}
	chunks, err := chunksOf(data)
	if err != nil {
		return Finished{}, err
	}
	return Finished{
		Key:          "recording " + key(e, ""),
		Time:         e.Time,
		RecordingID:  recordingID,
		CallID:       bound(callID),
		ServerCallID: bound(serverCallID),
		Chunks:       chunks,
		StartTime:    data.RecordingStartTime.UTC(),
		Duration:     milliseconds(data.RecordingDurationMs),
		ContentType:  bound(data.RecordingContentType),
		ChannelType:  bound(data.RecordingChannelType),
		Format:       bound(data.RecordingFormatType),
		EndReason:    bound(data.SessionEndReason),
		StorageType:  bound(data.StorageType),
	}, nil
}

// finished is the only event of doc and its data. One that is of the right type
// and cannot be read, or is not alone, is an error of its own: as ErrNotOurs it
// would be lost.
func finished(doc json.RawMessage) (events.Event, *events.RecordingFileStatusUpdated, error) {
	all, err := events.Parse(doc)
	if err != nil {
		if json.Valid(doc) && !strings.Contains(string(doc), "RecordingFileStatusUpdated") {
			return events.Event{}, nil, ErrNotOurs // some other JSON than an event
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

// chunksOf are the files that the event names, bounded.
func chunksOf(data *events.RecordingFileStatusUpdated) ([]events.RecordingChunk, error) {
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
			checkWhole(which, "documentId", c.DocumentID, true),
			checkWhole(which, "contentLocation", c.ContentLocation, true),
			checkWhole(which, "metadataLocation", c.MetadataLocation, false),
			checkWhole(which, "deleteLocation", c.DeleteLocation, false),
		); err != nil {
			return nil, err
		}
		c.EndReason = bound(c.EndReason)
		chunks[i] = c
	}
	return chunks, nil
}

// checkWhole refuses a text that is needed as it is: cut, it would be of something
// else.
func checkWhole(of, name, text string, required bool) error {
	switch {
	case required && text == "":
		return fmt.Errorf("%s without %s", of, name)
	case len(text) > maxText:
		return fmt.Errorf("%s with a %s of more than %d bytes", of, name, maxText)
	}
	return nil
}

// milliseconds is a duration as the event has it; 0 for what cannot be one.
func milliseconds(ms int64) time.Duration {
	if ms < 0 || ms > math.MaxInt64/int64(time.Millisecond) {
		return 0
	}
	return time.Duration(ms) * time.Millisecond
}
