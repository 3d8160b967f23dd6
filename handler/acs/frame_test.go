package acs

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestFramesAreRead(t *testing.T) {
	tests := []struct {
		name, doc string
		want      Frame
	}{
		{"audio of one speaker", `{"kind":"AudioData","audioData":{"data":"AAEC","timestamp":"2026-11-20T08:15:48.123Z","participantRawID":"4:+14255550123","silent":true}}`,
			Frame{Kind: FrameAudioData, AudioData: &AudioData{[]byte{0, 1, 2}, time.Date(2026, 11, 20, 8, 15, 48, 123e6, time.UTC), phone, true}}},
		{"audio without a speaker", `{"kind":"AudioData","audioData":{"data":"","participantRawID":null}}`,
			Frame{Kind: FrameAudioData, AudioData: &AudioData{Data: []byte{}}}},
		{"audio towards the service", `{"kind":"audioData","audioData":{"data":"AA==","isSilent":true},"stopAudio":{}}`,
			Frame{Kind: FrameOutboundAudio, AudioData: &AudioData{Data: []byte{0}, Silent: true}}},
		{"a key", `{"kind":"DtmfData","dtmfData":{"data":"5"}}`, Frame{Kind: FrameDTMFData, DTMFData: &DTMFData{"5"}}},
		{"words", `{"kind":"TranscriptionData","transcriptionData":{"text":"Hi.","offset":2516998782481234400,"duration":5000000,
			"words":[{"text":"hi","offset":1,"duration":2}],"resultStatus":"Final"}}`,
			Frame{Kind: FrameTranscriptionData, TranscriptionData: &TranscriptionData{
				Text: "Hi.", Offset: 2516998782481234400, Duration: 5000000, Words: []TranscribedWord{{"hi", 1, 2}}, ResultStatus: "Final",
			}}},
		{"an unknown kind", `{"kind":"VideoData","videoData":{}}`, Frame{Kind: "VideoData"}},
		{"a member of another type", `{"kind":"DtmfData","dtmfData":7}`, Frame{Kind: FrameDTMFData, DTMFData: &DTMFData{}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseFrame([]byte(tt.doc))
			if err != nil {
				t.Fatal(err)
			}
			again, err := json.Marshal(got)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(decode(t, tt.doc), decode(t, string(again))); d != "" {
				t.Errorf("written again (-want +got):\n%s", d)
			}
			got.Raw = nil
			if tt.want.DTMFData != nil && *tt.want.DTMFData == (DTMFData{}) {
				got.DTMFData = tt.want.DTMFData // nil or empty: no difference
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
	for _, doc := range []string{``, `null`, `7`, `[]`, `{"kind":"AudioData","audioData":{"data":"?"}}`, `{}{}`} {
		if f, err := ParseFrame([]byte(doc)); err == nil {
			t.Errorf("%s: %+v, want an error", doc, f)
		}
	}
	if got := (Ticks(5000000)).Duration(); got != 500*time.Millisecond {
		t.Errorf("duration = %v, want 500 ms", got)
	}
}

func TestAChangedFrameIsWrittenFromItsFields(t *testing.T) {
	f, err := ParseFrame([]byte(`{"kind":"DtmfData","dtmfData":{"data":"5"},"new":1}`))
	if err != nil {
		t.Fatal(err)
	}
	f.DTMFData = &DTMFData{"6"}
	got, err := json.Marshal(f)
	if err != nil || string(got) != `{"kind":"DtmfData","dtmfData":{"data":"6"}}` {
		t.Errorf("%s, %v, want the frame of key 6", got, err)
	}
}

func FuzzFrame(f *testing.F) {
	type corpus struct {
		Inbound []struct{ Packet json.RawMessage }
	}
	for _, v := range readTestdata[corpus](f, "streaming.json").Inbound {
		f.Add([]byte(v.Packet))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		frame, err := ParseFrame(doc)
		if err != nil {
			return
		}
		frame.Raw = nil
		again, err := json.Marshal(frame)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseFrame(again); err != nil {
			t.Errorf("%s: %v", again, err)
		}
	})
}

func BenchmarkParseFrame(b *testing.B) {
	doc, err := json.Marshal(Frame{Kind: FrameAudioData, AudioData: &AudioData{
		Data: make([]byte, 640), Timestamp: time.Unix(0, 0), Participant: CommunicationUser(acsUser),
	}})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseFrame(doc); err != nil {
			b.Fatal(err)
		}
	}
}
