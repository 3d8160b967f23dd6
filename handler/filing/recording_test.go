package filing_test

import (
	"fmt"
	"testing"
	"time"

	"switchboard/handler/filing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var t0 = time.Date(2026, 3, 4, 9, 0, 0, 0, time.UTC)

// finished returns a message about chunks with these document ids.
func finished(key string, documents ...string) filing.Message {
	m := filing.Message{Key: key, Details: filing.Details{
		Start: t0.Add(-time.Hour), Duration: time.Minute, ContentType: "Audio", ChannelType: "Mixed",
		Format: "Wav", EndReason: "CallEnded", ACSCallID: "acs-1",
	}}
	for i, id := range documents {
		c := filing.Chunk{DocumentID: id, Index: int64(i), ContentLocation: "https://acs/" + id}
		m.Chunks = append(m.Chunks, c)
	}
	return m
}

func chunk(document string, state filing.ChunkState, reason string) filing.Chunk {
	return filing.Chunk{DocumentID: document, State: state, Reason: reason}
}

func TestStatesOfARecording(t *testing.T) {
	const waiting, filed, lost = filing.ChunkWaiting, filing.ChunkFiled, filing.ChunkLost
	add := func(r filing.Recording, key string, documents ...string) filing.Recording {
		return r.WithMessage(finished(key, documents...), t0)
	}
	var none filing.Recording
	linked := none.LinkedTo("in-1", 2)
	tests := []struct {
		name   string
		r      filing.Recording
		state  filing.State
		chunks []filing.ChunkState
		reason string
	}{
		{"a link alone is no outstanding work", linked, filing.StateLinked, nil, ""},
		{"the first message adds chunks that wait", add(none, "m1", "a", "b"),
			filing.StateFiling, []filing.ChunkState{waiting, waiting}, ""},
		{"a message after the link adds chunks that wait", add(linked, "m1", "a"),
			filing.StateFiling, []filing.ChunkState{waiting}, ""},
		{"a message without a chunk adds nothing", add(linked, "m1"), filing.StateLinked, nil, ""},
		{"the same message again changes nothing", add(add(none, "m1", "a"), "m1", "b"),
			filing.StateFiling, []filing.ChunkState{waiting}, ""},
		{"another message adds the chunks that are not known", add(add(none, "m1", "a"), "m2", "a", "b", "b"),
			filing.StateFiling, []filing.ChunkState{waiting, waiting}, ""},
		{"one chunk of two does not make it filed", add(none, "m1", "a", "b").WithChunk(chunk("a", filed, "")),
			filing.StateFiling, []filing.ChunkState{filed, waiting}, ""},
		{"the last chunk makes it filed",
			add(none, "m1", "a", "b").WithChunk(chunk("a", filed, "")).WithChunk(chunk("b", filed, "")),
			filing.StateFiled, []filing.ChunkState{filed, filed}, ""},
		{"a lost chunk makes it lost",
			add(none, "m1", "a", "b").WithChunk(chunk("a", lost, "gone")).WithChunk(chunk("b", filed, "")),
			filing.StateLost, []filing.ChunkState{lost, filed}, "gone"},
		{"a chunk of another recording changes nothing", add(none, "m1", "a").WithChunk(chunk("x", filed, "")),
			filing.StateFiling, []filing.ChunkState{waiting}, ""},
		{"a new chunk makes a filed recording filing again",
			add(add(none, "m1", "a").WithChunk(chunk("a", filed, "")), "m2", "a", "b"),
			filing.StateFiling, []filing.ChunkState{filed, waiting}, ""},
		{"a lost recording is lost after a new chunk is filed",
			add(add(none, "m1", "a").WithChunk(chunk("a", lost, "gone")), "m2", "b").WithChunk(chunk("b", filed, "")),
			filing.StateLost, []filing.ChunkState{lost, filed}, "gone"},
		{"a second message about the same chunk leaves a filed recording filed",
			add(add(none, "m1", "a").WithChunk(chunk("a", filed, "")), "m2", "a"),
			filing.StateFiled, []filing.ChunkState{filed}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var chunks []filing.ChunkState
			for _, c := range tt.r.Chunks {
				chunks = append(chunks, c.State)
			}
			if d := cmp.Diff(tt.chunks, chunks); d != "" {
				t.Errorf("chunks (-want +got):\n%s", d)
			}
			if tt.r.State != tt.state || tt.r.Reason != tt.reason {
				t.Errorf("%s for %q, want %s for %q", tt.r.State, tt.r.Reason, tt.state, tt.reason)
			}
			if tt.r.HasWork() != (tt.state == filing.StateFiling) || tt.r.Schema != filing.Schema {
				t.Errorf("has work: %t, schema %d, want it in state %s, schema %d",
					tt.r.HasWork(), tt.r.Schema, tt.state, filing.Schema)
			}
		})
	}
}

func TestARecordingKeepsItsFirstLinkAndMessage(t *testing.T) {
	r := filing.Recording{}.LinkedTo("in-1", 2).LinkedTo("in-9", 9).WithMessage(finished("m1", "a"), t0)
	other := finished("m2", "b")
	other.Format, other.Start = "Mp3", t0
	r = r.WithMessage(other, t0.Add(time.Hour))
	want := filing.Recording{
		Schema: filing.Schema, State: filing.StateFiling, Call: "in-1", Op: 2, Since: t0, Messages: []string{"m1", "m2"},
		Details: finished("m1").Details,
	}
	if d := cmp.Diff(want, r, cmpopts.IgnoreFields(r, "Chunks")); d != "" {
		t.Errorf("recording (-want +got):\n%s", d)
	}
	for i := range 40 {
		r = r.WithMessage(finished(fmt.Sprint("again ", i), "a"), t0)
	}
	if len(r.Messages) != 16 || r.Messages[15] != "again 39" || len(r.Chunks) != 2 {
		t.Errorf("%d chunks, messages %v, want 2 chunks and the latest 16 messages", len(r.Chunks), r.Messages)
	}
}

// A recording stays as it is when another is derived from it.
func TestARecordingIsAValue(t *testing.T) {
	r := filing.Recording{}.WithMessage(finished("m1", "a", "b"), t0)
	r.Chunks = append(make([]filing.Chunk, 0, 8), r.Chunks...) // spare capacity, which append would use
	r.Messages = append(make([]string, 0, 8), r.Messages...)
	before := fmt.Sprintf("%+v", r)
	r.WithChunk(chunk("a", filing.ChunkFiled, ""))
	one, two := r.WithMessage(finished("m2", "c"), t0), r.WithMessage(finished("m3", "d"), t0)
	if after := fmt.Sprintf("%+v", r); after != before {
		t.Errorf("recording after:\n%s\nwant it as before:\n%s", after, before)
	}
	if one.Chunks[2].DocumentID != "c" || two.Chunks[2].DocumentID != "d" || one.Messages[1] != "m2" {
		t.Errorf("recordings\n%+v\n%+v\nwant chunk c in the one, d in the other", one, two)
	}
}
