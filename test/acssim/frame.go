package acssim

import (
	"encoding/binary"
	"strings"
	"time"
)

// frameTime is the length of the sound in one frame.
//
// Source: learn.microsoft.com, "Audio streaming overview" (Call Automation).
const (
	frameTime   = 20 * time.Millisecond
	maxSpeakers = 4 // unmixed streaming has the dominant ones
)

// streamFrame is a message to the WebSocket; it has the member of its kind.
//
// Source: the StreamingData types of @azure/communication-call-automation 1.6.0.
type streamFrame struct {
	Kind                  string                 `json:"kind"`
	AudioMetadata         *audioMetadata         `json:"audioMetadata,omitempty"`
	AudioData             *audioData             `json:"audioData,omitempty"`
	DTMFData              *dtmfData              `json:"dtmfData,omitempty"`
	TranscriptionMetadata *transcriptionMetadata `json:"transcriptionMetadata,omitempty"`
	TranscriptionData     *transcriptionData     `json:"transcriptionData,omitempty"`
}

type audioMetadata struct {
	SubscriptionID string `json:"subscriptionId"`
	Encoding       string `json:"encoding"`
	SampleRate     int    `json:"sampleRate"`
	Channels       int    `json:"channels"`
}

type audioData struct {
	Data             []byte `json:"data"`
	Timestamp        string `json:"timestamp"`
	ParticipantRawID string `json:"participantRawID,omitempty"`
	Silent           bool   `json:"silent"`
}

type dtmfData struct {
	Data string `json:"data"`
}

type transcriptionMetadata struct {
	SubscriptionID                   string `json:"subscriptionId"`
	Locale                           string `json:"locale"`
	CallConnectionID                 string `json:"callConnectionId"`
	CorrelationID                    string `json:"correlationId"`
	SpeechRecognitionModelEndpointID string `json:"speechRecognitionModelEndpointId,omitempty"`
}

type transcriptionData struct {
	Text             string            `json:"text"`
	Format           string            `json:"format"`
	Confidence       float64           `json:"confidence"`
	Offset           int64             `json:"offset"` // from the start of the call, in 100 ns
	Duration         int64             `json:"duration"`
	Words            []transcribedWord `json:"words"`
	ParticipantRawID string            `json:"participantRawID"`
	ResultStatus     string            `json:"resultStatus"`
}

type transcribedWord struct {
	Text     string `json:"text"`
	Offset   int64  `json:"offset"`
	Duration int64  `json:"duration"`
}

// ticks returns d in units of 100 ns, as transcription writes it.
func ticks(d time.Duration) int64 { return int64(d / 100) }

func (st *stream) rate() int {
	if st.audio.AudioFormat == "pcm24KMono" {
		return 24_000
	}
	return 16_000
}

// metadata returns the first frame of a stream.
func (st *stream) metadata() streamFrame {
	if st.audio != nil {
		return streamFrame{Kind: "AudioMetadata", AudioMetadata: &audioMetadata{st.id, "pcm", st.rate(), 1}}
	}
	return streamFrame{Kind: "TranscriptionMetadata", TranscriptionMetadata: &transcriptionMetadata{
		st.id, st.locale, st.call.connectionID, st.call.correlationID, st.words.SpeechModelEndpointID,
	}}
}

// audioFrames returns the sound of people in the next 20 ms: mixed in one frame, or
// in one frame for each participant, four at most, speakers first.
func (st *stream) audioFrames() []any {
	c := st.call
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	now := time.Now()
	by := map[string]sounds{}
	all := sounds{}
	for _, n := range c.sounds {
		if n.who != "" && !n.from.After(now) && (n.to.IsZero() || n.to.After(now)) {
			by[n.who] = append(by[n.who], n)
			all = append(all, n)
		}
	}
	if st.audio.AudioChannelType == "mixed" {
		return []any{st.audioFrame(all, now, "")}
	}
	var frames, silent []any
	for _, p := range c.people {
		if heard := by[p.raw]; heard != nil {
			frames = append(frames, st.audioFrame(heard, now, p.raw))
		} else {
			silent = append(silent, st.audioFrame(nil, now, p.raw))
		}
	}
	frames = append(frames, silent...)
	return frames[:min(len(frames), maxSpeakers)]
}

func (st *stream) audioFrame(heard sounds, now time.Time, raw string) streamFrame {
	rate := st.rate()
	data := make([]byte, 0, rate*sampleBytes/50)
	start := st.call.s.between(st.call.connected, now).Seconds()
	for i := range rate / 50 {
		var level float64
		for _, n := range heard {
			level += n.level(start + float64(i)/float64(rate))
		}
		data = binary.LittleEndian.AppendUint16(data, uint16(pcm(level)))
	}
	return streamFrame{Kind: "AudioData", AudioData: &audioData{
		Data: data, Timestamp: now.UTC().Format(time.RFC3339Nano), ParticipantRawID: raw, Silent: len(heard) == 0,
	}}
}

// tone streams a pressed key.
func (st *stream) tone(name string) {
	if st != nil && st.audio.EnableDTMFTones {
		st.send(streamFrame{Kind: "DtmfData", DTMFData: &dtmfData{name}})
	}
}

// said streams words: the first half while they are spoken, as an intermediate
// result, and all of them afterwards.
func (st *stream) said(p *participant, text string) {
	if st == nil || !st.active || p.muted || p.hold != nil {
		return
	}
	c := st.call
	whole, offset := speechLength(text), c.s.between(c.connected, time.Now())
	words := strings.Fields(text)
	frame := func(status string, words []string, length time.Duration) streamFrame {
		d := &transcriptionData{
			Text: strings.Join(words, " "), Format: "display", Confidence: 0.9, Offset: ticks(offset), Duration: ticks(length),
			ParticipantRawID: p.raw, ResultStatus: status,
		}
		each := whole / time.Duration(max(1, len(strings.Fields(text))))
		for i, word := range words {
			d.Words = append(d.Words, transcribedWord{word, ticks(offset + time.Duration(i)*each), ticks(each)})
		}
		return streamFrame{Kind: "TranscriptionData", TranscriptionData: d}
	}
	if st.words.EnableIntermediateResults && len(words) > 1 {
		half := len(words) / 2
		c.s.after(whole/2, func() { st.send(frame("Intermediate", words[:half], whole/2)) })
	}
	c.s.after(whole, func() { st.send(frame("Final", words, whole)) })
}
