package acs

import (
	"encoding/json"
	"errors"
	"strconv"
	"time"
)

// RecordingMetadata describes a file of a recording, as the service stores it
// beside the file. Every field may be zero.
//
// Source: "Call recording", Azure Communication Services documentation.
type RecordingMetadata struct {
	ResourceID      string
	CallID          string
	ChunkDocumentID string
	ChunkIndex      int
	ChunkStartTime  time.Time
	ChunkDuration   time.Duration

	// PauseResumeIntervals are the pauses of the recording.
	PauseResumeIntervals []RecordingInterval

	ContentType string // audio, audioVideo, as the service spells it
	ChannelType string // mixed, unmixed
	Format      string // wav, mp3, mp4

	SampleRate int // sampling rate of the audio, in Hz
	BitRate    int // bit rate of the audio
	Channels   int // number of audio channels

	Video *RecordingVideo // nil if there is none

	// Participants are those who were recorded. In an unmixed recording, Channel is
	// the audio channel of each, from 0.
	Participants []RecordingParticipant
}

// RecordingInterval is a part of a recording's time.
type RecordingInterval struct {
	StartTime time.Time
	Duration  time.Duration
}

// RecordingVideo is how a video is encoded; lengths are in pixels.
type RecordingVideo struct {
	LongerSideLength, ShorterSideLength, Framerate, BitRate int
}

// RecordingParticipant is a participant of a recorded call.
type RecordingParticipant struct {
	Identifier Identifier
	Channel    *int // nil in a mixed recording
}

// UnmarshalJSON reads a metadata file. Numbers may be strings or have a fraction;
// a member of another type counts as missing.
func (m *RecordingMetadata) UnmarshalJSON(doc []byte) error {
	var w struct {
		ResourceID           string `json:"resourceId"`
		CallID               string `json:"callId"`
		ChunkDocumentID      string `json:"chunkDocumentId"`
		ChunkIndex           number `json:"chunkIndex"`
		ChunkStartTime       string `json:"chunkStartTime"`
		ChunkDuration        number `json:"chunkDuration"`
		PauseResumeIntervals []struct {
			StartTime string `json:"startTime"`
			Duration  number `json:"duration"`
		} `json:"pauseResumeIntervals"`
		RecordingInfo struct {
			ContentType        string `json:"contentType"`
			ChannelType        string `json:"channelType"`
			Format             string `json:"format"`
			AudioConfiguration struct {
				SampleRate number `json:"sampleRate"`
				BitRate    number `json:"bitRate"`
				Channels   number `json:"channels"`
			} `json:"audioConfiguration"`
			VideoConfiguration *struct {
				LongerSideLength  number `json:"longerSideLength"`
				ShorterSideLength number `json:"shorterSideLength"`
				Framerate         number `json:"framerate"`
				BitRate           number `json:"bitRate"`
			} `json:"videoConfiguration"`
		} `json:"recordingInfo"`
		Participants []struct {
			ParticipantID string  `json:"participantId"`
			Channel       *number `json:"channel"`
		} `json:"participants"`
	}
	if err := json.Unmarshal(doc, &w); err != nil {
		if _, ok := errors.AsType[*json.UnmarshalTypeError](err); !ok {
			return err
		}
	}
	info := w.RecordingInfo
	*m = RecordingMetadata{
		ResourceID:      w.ResourceID,
		CallID:          w.CallID,
		ChunkDocumentID: w.ChunkDocumentID,
		ChunkIndex:      w.ChunkIndex.int(),
		ChunkStartTime:  parseTime(w.ChunkStartTime),
		ChunkDuration:   w.ChunkDuration.milliseconds(),
		ContentType:     info.ContentType,
		ChannelType:     info.ChannelType,
		Format:          info.Format,
		SampleRate:      info.AudioConfiguration.SampleRate.int(),
		BitRate:         info.AudioConfiguration.BitRate.int(),
		Channels:        info.AudioConfiguration.Channels.int(),
	}
	for _, i := range w.PauseResumeIntervals {
		m.PauseResumeIntervals = append(m.PauseResumeIntervals, RecordingInterval{parseTime(i.StartTime), i.Duration.milliseconds()})
	}
	if v := info.VideoConfiguration; v != nil {
		m.Video = &RecordingVideo{v.LongerSideLength.int(), v.ShorterSideLength.int(), v.Framerate.int(), v.BitRate.int()}
	}
	for _, p := range w.Participants {
		one := RecordingParticipant{Identifier: ParseRawID(p.ParticipantID)}
		if p.Channel != nil {
			one.Channel = new(p.Channel.int())
		}
		m.Participants = append(m.Participants, one)
	}
	return nil
}

// number is a number that may come as a string.
type number float64

func (n *number) UnmarshalJSON(doc []byte) error {
	var t text
	if err := t.UnmarshalJSON(doc); err != nil {
		return err
	}
	v, err := strconv.ParseFloat(string(t), 64)
	if err == nil && v >= -1e15 && v <= 1e15 { // exact in a float64; milliseconds clamps it to a Duration
		*n = number(v)
	}
	return nil
}

func (n number) int() int { return int(n) }

func (n number) milliseconds() time.Duration {
	const longest = float64(1<<63-1) / float64(time.Millisecond)
	return time.Duration(min(max(float64(n), -longest/2), longest/2) * float64(time.Millisecond))
}

// parseTime returns the time that s writes in RFC 3339; zero if it writes none.
func parseTime(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}
