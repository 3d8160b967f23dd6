package acs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"time"
)

// FrameKind is what a frame carries, spelled as on the wire.
type FrameKind string

// The kinds of frames: those that the service sends, and, in lower case, those
// that it receives.
const (
	FrameAudioMetadata         FrameKind = "AudioMetadata"
	FrameAudioData             FrameKind = "AudioData"
	FrameDTMFData              FrameKind = "DtmfData"
	FrameTranscriptionMetadata FrameKind = "TranscriptionMetadata"
	FrameTranscriptionData     FrameKind = "TranscriptionData"

	FrameOutboundAudio FrameKind = "audioData"
	FrameStopAudio     FrameKind = "stopAudio"
)

// Frame is one text message on the WebSocket of MediaStreamingOptions or
// TranscriptionOptions. Only the pointer that Kind names is set; none for an
// unknown kind.
//
// Source: @azure/communication-call-automation 1.6.0, and "Audio streaming",
// Azure Communication Services documentation.
type Frame struct {
	Kind FrameKind

	AudioMetadata         *AudioMetadata
	AudioData             *AudioData // in both directions
	DTMFData              *DTMFData
	TranscriptionMetadata *TranscriptionMetadata
	TranscriptionData     *TranscriptionData

	// Raw is the frame as it was received; nil for a frame made here.
	Raw json.RawMessage
}

// AudioMetadata opens an audio stream.
type AudioMetadata struct {
	SubscriptionID string `json:"subscriptionId"`
	Encoding       string `json:"encoding"`         // PCM
	SampleRate     int    `json:"sampleRate"`       // Hz
	Channels       int    `json:"channels"`         // 1
	Length         int    `json:"length,omitempty"` // length of a frame's audio in bytes
}

// AudioData is 20 ms of audio: 16 bit PCM, little-endian, one channel.
type AudioData struct {
	Data        []byte
	Timestamp   time.Time  // zero in frames to the service
	Participant Identifier // the speaker; zero in a mixed stream, and in frames to the service
	Silent      bool
}

// DTMFData is a key that was pressed, such as "5".
type DTMFData struct {
	Data string `json:"data"`
}

// TranscriptionMetadata opens a transcription.
type TranscriptionMetadata struct {
	SubscriptionID                   string `json:"subscriptionId"`
	Locale                           string `json:"locale"`
	CallConnectionID                 string `json:"callConnectionId"`
	CorrelationID                    string `json:"correlationId"`
	SpeechRecognitionModelEndpointID string `json:"speechRecognitionModelEndpointId,omitempty"`
}

// Ticks are a time in units of 100 ns.
type Ticks int64

// Duration returns t as a duration.
func (t Ticks) Duration() time.Duration { return time.Duration(t) * 100 }

// TranscriptionData is a recognized utterance.
type TranscriptionData struct {
	Text         string
	Format       string // display
	Confidence   float64
	Offset       Ticks // since the year 1; its Duration would overflow
	Duration     Ticks
	Words        []TranscribedWord
	Participant  Identifier
	ResultStatus string // Final, Intermediate
}

// TranscribedWord is one word of an utterance.
type TranscribedWord struct {
	Text     string `json:"text"`
	Offset   Ticks  `json:"offset"`
	Duration Ticks  `json:"duration"`
}

// OutboundAudio returns a frame to play into the call: 16 bit PCM, in the
// AudioFormat of its MediaStreamingOptions.
func OutboundAudio(pcm []byte) Frame {
	return Frame{Kind: FrameOutboundAudio, AudioData: &AudioData{Data: pcm}}
}

// StopAudio returns a frame that discards audio which was sent and not yet played.
func StopAudio() Frame { return Frame{Kind: FrameStopAudio} }

// frameModel is a Frame on the wire.
type frameModel struct {
	Kind                  FrameKind               `json:"kind"`
	AudioMetadata         *AudioMetadata          `json:"audioMetadata,omitempty"`
	AudioData             *audioModel             `json:"audioData,omitempty"`
	DTMFData              *DTMFData               `json:"dtmfData,omitempty"`
	TranscriptionMetadata *TranscriptionMetadata  `json:"transcriptionMetadata,omitempty"`
	TranscriptionData     *transcriptionDataModel `json:"transcriptionData,omitempty"`
	StopAudio             *struct{}               `json:"stopAudio,omitempty"`
}

// audioModel is AudioData in both directions, which spell silence differently.
type audioModel struct {
	Data             []byte `json:"data"`
	Timestamp        string `json:"timestamp,omitempty"`
	ParticipantRawID string `json:"participantRawID,omitempty"`
	Silent           *bool  `json:"silent,omitempty"`
	IsSilent         *bool  `json:"isSilent,omitempty"`
}

type transcriptionDataModel struct {
	Text             string            `json:"text"`
	Format           string            `json:"format"`
	Confidence       float64           `json:"confidence"`
	Offset           Ticks             `json:"offset"`
	Duration         Ticks             `json:"duration"`
	Words            []TranscribedWord `json:"words"`
	ParticipantRawID string            `json:"participantRawID,omitempty"`
	ResultStatus     string            `json:"resultStatus"`
}

// ParseFrame reads a frame of either direction. It fails if doc is not a JSON
// object; it accepts missing and new members and unknown kinds. The frame refers
// to doc, which must not be changed afterwards.
func ParseFrame(doc []byte) (Frame, error) {
	if trimmed := bytes.TrimLeft(doc, " \t\r\n"); len(trimmed) == 0 || trimmed[0] != '{' {
		return Frame{}, errors.New("frame: no object")
	}
	var m frameModel
	if err := json.Unmarshal(doc, &m); err != nil {
		if _, ok := errors.AsType[*json.UnmarshalTypeError](err); !ok {
			return Frame{}, fmt.Errorf("frame: %w", err)
		}
	}
	f := Frame{
		Kind: m.Kind, AudioMetadata: m.AudioMetadata, DTMFData: m.DTMFData, TranscriptionMetadata: m.TranscriptionMetadata,
		Raw: doc,
	}
	if a := m.AudioData; a != nil {
		f.AudioData = &AudioData{
			Data: a.Data, Timestamp: parseTime(a.Timestamp), Participant: parseOptionalRawID(a.ParticipantRawID),
			Silent: valueOr(a.Silent, valueOr(a.IsSilent, false)),
		}
	}
	if d := m.TranscriptionData; d != nil {
		f.TranscriptionData = &TranscriptionData{
			d.Text, d.Format, d.Confidence, d.Offset, d.Duration, d.Words, parseOptionalRawID(d.ParticipantRawID), d.ResultStatus,
		}
	}
	return f, nil
}

// MarshalJSON writes f from its fields, or Raw while the fields agree with it.
func (f Frame) MarshalJSON() ([]byte, error) {
	if f.Raw != nil {
		if came, err := ParseFrame(f.Raw); err == nil && reflect.DeepEqual(came, f) {
			return f.Raw, nil
		}
	}
	m := frameModel{
		Kind: f.Kind, AudioMetadata: f.AudioMetadata, DTMFData: f.DTMFData, TranscriptionMetadata: f.TranscriptionMetadata,
	}
	if a := f.AudioData; a != nil {
		m.AudioData = &audioModel{Data: a.Data, ParticipantRawID: a.Participant.RawID()}
		if !a.Timestamp.IsZero() {
			m.AudioData.Timestamp = a.Timestamp.UTC().Format(time.RFC3339Nano)
		}
		if f.Kind == FrameOutboundAudio {
			m.AudioData.IsSilent, m.StopAudio = &a.Silent, &struct{}{} // as Microsoft's own client does
		} else {
			m.AudioData.Silent = &a.Silent
		}
	}
	if d := f.TranscriptionData; d != nil {
		m.TranscriptionData = &transcriptionDataModel{
			d.Text, d.Format, d.Confidence, d.Offset, d.Duration, d.Words, d.Participant.RawID(), d.ResultStatus,
		}
	}
	if f.Kind == FrameStopAudio {
		m.StopAudio = &struct{}{}
	}
	return json.Marshal(m)
}

// parseOptionalRawID parses a raw id; an empty one gives the zero Identifier.
func parseOptionalRawID(rawID string) Identifier {
	if rawID == "" {
		return Identifier{}
	}
	return ParseRawID(rawID)
}
