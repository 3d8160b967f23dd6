package acssim

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// document is one chunk of a recording with its metadata, as the service stores it.
type document struct {
	id       string
	index    int
	wave     *wave
	metadata []byte
	filed    time.Time
	reason   string // endReason of the chunk
}

// retention is the time that the service keeps a recording.
//
// Source: learn.microsoft.com, "Call Recording overview".
const retention = 24 * time.Hour

const defaultFileDelay = 3 * time.Second

// recordingFile is the data of a RecordingFileStatusUpdated event.
//
// Source: AcsRecordingFileStatusUpdatedEventData, Azure/azure-rest-api-specs,
// Microsoft.Communication, stable/2018-01-01; storageType and recordingId:
// learn.microsoft.com, "Bring your own storage for recordings".
type recordingFile struct {
	StorageInfo   chunkList `json:"recordingStorageInfo"`
	StartTime     string    `json:"recordingStartTime"`
	DurationMs    int64     `json:"recordingDurationMs"`
	ContentType   string    `json:"recordingContentType"`
	ChannelType   string    `json:"recordingChannelType"`
	FormatType    string    `json:"recordingFormatType"`
	SessionReason string    `json:"sessionEndReason"`
	StorageType   string    `json:"storageType,omitempty"`
	RecordingID   string    `json:"recordingId,omitempty"`
}

type chunkList struct {
	Chunks []chunkInfo `json:"recordingChunks"`
}

type chunkInfo struct {
	DocumentID       string `json:"documentId"`
	Index            int    `json:"index"`
	EndReason        string `json:"endReason"`
	ContentLocation  string `json:"contentLocation"`
	MetadataLocation string `json:"metadataLocation"`
	DeleteLocation   string `json:"deleteLocation"`
}

// recordingMetadata is the sidecar of a chunk.
//
// Source: learn.microsoft.com, "Call Recording overview", metadata.
type recordingMetadata struct {
	ResourceID      string             `json:"resourceId"`
	CallID          string             `json:"callId"`
	ChunkDocumentID string             `json:"chunkDocumentId"`
	ChunkIndex      int                `json:"chunkIndex"`
	ChunkStartTime  string             `json:"chunkStartTime"`
	ChunkDuration   int64              `json:"chunkDuration"`
	Pauses          []pauseInterval    `json:"pauseResumeIntervals"`
	Info            recordingInfo      `json:"recordingInfo"`
	Participants    []recordingSpeaker `json:"participants"`
}

type pauseInterval struct {
	StartTime string `json:"startTime"`
	Duration  int64  `json:"duration"`
}

type recordingInfo struct {
	ContentType string `json:"contentType"`
	ChannelType string `json:"channelType"`
	Format      string `json:"format"`
	Audio       struct {
		SampleRate int `json:"sampleRate"`
		BitRate    int `json:"bitRate"`
		Channels   int `json:"channels"`
	} `json:"audioConfiguration"`
}

type recordingSpeaker struct {
	ParticipantID string `json:"participantId"`
	Channel       *int   `json:"channel,omitempty"`
}

// file makes the documents of an ended recording and announces them after FileDelay.
func (r *recording) file() {
	c := r.call
	s := c.s
	if len(r.spans) == 0 {
		s.note(c, "recording", "nothing was recorded")
		return
	}
	documents := r.chunks()
	reason := "CallEnded"
	if !r.withCall {
		reason = "InitiatorLeft"
	}
	s.after(cmp.Or(s.FileDelay, defaultFileDelay), func() {
		for _, d := range documents {
			s.storeDocument(d)
		}
		if container := r.format.container(); container != "" {
			s.spawn(func() { r.export(documents, container, reason) })
			return
		}
		r.announce(r.fileData(documents, reason), "recordingId/"+r.id)
	})
}

// chunks returns the documents of the recording, each of ChunkLength at most.
func (r *recording) chunks() []*document {
	c := r.call
	var total time.Duration
	for _, span := range r.spans {
		total += c.s.between(span.from, span.to)
	}
	heard := make(sounds, len(c.sounds)) // a copy: later sounds are not in the recording
	for i, n := range c.sounds {
		copied := *n
		heard[i] = &copied
	}
	channels, of := r.format.mix(notes(heard, r.spans, c.s.between))
	whole := &wave{channels: channels, to: samples(total)}
	length := whole.to
	if c.s.ChunkLength > 0 {
		length = samples(c.s.ChunkLength)
	}
	var documents []*document
	for from := int64(0); from == 0 || from < whole.to; from += max(length, 1) {
		part := &wave{channels: channels, from: from, to: min(from+length, whole.to)}
		index := len(documents)
		d := &document{id: r.documentID(index), index: index, wave: part, reason: "ChunkMaximumSizeExceeded"}
		if part.to == whole.to {
			d.reason = "SessionEnded"
		}
		d.metadata = r.metadata(d, of)
		documents = append(documents, d)
	}
	return documents
}

// documentID returns an id in the form of the service's.
func (r *recording) documentID(index int) string {
	sum := sha256.Sum256(fmt.Append(nil, r.id, index))
	return "0-eus-d1-" + hex.EncodeToString(sum[:16])
}

func (r *recording) metadata(d *document, of map[string]int) []byte {
	c := r.call
	m := recordingMetadata{
		ResourceID: c.s.resourceID(), CallID: c.conversation, ChunkDocumentID: d.id, ChunkIndex: d.index,
		ChunkStartTime: r.started.Add(c.s.real(duration(d.wave.from))).UTC().Format(gridTime),
		ChunkDuration:  d.wave.length().Milliseconds(), Pauses: []pauseInterval{}, Participants: []recordingSpeaker{},
		Info: recordingInfo{ContentType: r.format.content, ChannelType: r.format.channel, Format: r.format.format},
	}
	m.Info.Audio.SampleRate, m.Info.Audio.Channels = sampleRate, len(d.wave.channels)
	m.Info.Audio.BitRate = sampleRate * int(d.wave.frame()) * 8
	for i := 1; i < len(r.spans); i++ {
		from, to := r.spans[i-1].to, r.spans[i].from
		m.Pauses = append(m.Pauses, pauseInterval{from.UTC().Format(gridTime), c.s.between(from, to).Milliseconds()})
	}
	if of == nil {
		for _, p := range c.presences {
			m.Participants = append(m.Participants, recordingSpeaker{ParticipantID: p.RawID})
		}
	}
	for _, raw := range slices.Sorted(maps.Keys(of)) {
		channel := of[raw]
		m.Participants = append(m.Participants, recordingSpeaker{raw, &channel})
	}
	content, err := json.Marshal(m)
	if err != nil {
		panic(err) // such data can always be encoded
	}
	return content
}

// storeDocument stores a document and drops those that have expired.
func (s *Server) storeDocument(d *document) {
	d.filed = time.Now()
	s.documents[d.id] = d
	s.filed = append(s.filed, d)
	for len(s.filed) > cmp.Or(s.Keep, defaultKeep) || s.between(s.filed[0].filed, d.filed) > retention {
		delete(s.documents, s.filed[0].id)
		s.filed = s.filed[1:]
	}
}

// fileData returns the event data for documents that the service stores.
func (r *recording) fileData(documents []*document, reason string) recordingFile {
	data := recordingFile{
		StartTime:   r.started.UTC().Format(gridTime),
		ContentType: pascal(r.format.content), ChannelType: pascal(r.format.channel), FormatType: pascal(r.format.format),
		SessionReason: reason,
	}
	medium := "audio"
	if r.format.content == "audioVideo" {
		medium = "video"
	}
	for _, d := range documents {
		data.DurationMs += d.wave.length().Milliseconds()
		at := cmp.Or(r.call.s.ContentURL, r.call.s.endpoint()) + contentPath + d.id + "/content/"
		data.StorageInfo.Chunks = append(data.StorageInfo.Chunks, chunkInfo{
			d.id, d.index, d.reason, at + medium, at + "acsmetadata", at + "deletedata",
		})
	}
	return data
}

// pascal returns name with a capital first letter, as Event Grid writes it.
func pascal(name string) string { return strings.ToUpper(name[:1]) + name[1:] }

// announce publishes a RecordingFileStatusUpdated event; subject ends its subject.
// The caller holds s.mu.
func (r *recording) announce(data recordingFile, subject string) {
	s := r.call.s
	s.publish(r.call, gridEvent{
		ID: s.id("recording file", r.id), Topic: gridTopic, Subject: "/recording/call/" + r.call.conversation + "/" + subject,
		EventType: typePrefix + "RecordingFileStatusUpdated", EventTime: time.Now().UTC().Format(gridTime),
		Data: data, DataVersion: "1.0", MetadataVersion: "1",
	})
}
