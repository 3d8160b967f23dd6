package filing_test

import (
	"testing"
	"time"

	"switchboard/handler/filing"
)

func TestFileName(t *testing.T) {
	const key = "re-337c96c74faf6f8bea3e10fe913c0414" // of the recording "rec"
	late := time.Date(2026, 3, 4, 23, 30, 0, 0, time.UTC)
	tests := []struct {
		name string
		r    filing.Recording
		c    filing.Chunk
		want string
	}{
		{"the folder is the day of the start",
			filing.Recording{ID: "rec", Since: late.Add(time.Hour), Details: filing.Details{Start: late, Format: "wav"}},
			filing.Chunk{DocumentID: "doc", Index: 0}, "2026/03/04/" + key + "/0000-ec324dc9.wav"},
		{"the day of a start in another time zone is that of UTC",
			filing.Recording{ID: "rec", Details: filing.Details{Start: late.In(time.FixedZone("", 3600)), Format: "wav"}},
			filing.Chunk{DocumentID: "doc", Index: 0}, "2026/03/04/" + key + "/0000-ec324dc9.wav"},
		{"without a start the folder is the day of the first message",
			filing.Recording{ID: "rec", Since: late.Add(time.Hour), Details: filing.Details{Format: "wav"}},
			filing.Chunk{DocumentID: "doc", Index: 0}, "2026/03/05/" + key + "/0000-ec324dc9.wav"},
		{"the extension is the format in lower case",
			filing.Recording{ID: "rec", Details: filing.Details{Start: late, Format: "Mp3"}},
			filing.Chunk{DocumentID: "doc", Index: 12}, "2026/03/04/" + key + "/0012-ec324dc9.mp3"},
		{"the extension of an unknown format is bin",
			filing.Recording{ID: "rec", Details: filing.Details{Start: late, Format: "../x"}},
			filing.Chunk{DocumentID: "doc", Index: 0}, "2026/03/04/" + key + "/0000-ec324dc9.bin"},
		{"the extension of no format is bin",
			filing.Recording{ID: "rec", Details: filing.Details{Start: late}},
			filing.Chunk{DocumentID: "doc", Index: 0}, "2026/03/04/" + key + "/0000-ec324dc9.bin"},
		{"another document with the same index has another name",
			filing.Recording{ID: "rec", Details: filing.Details{Start: late, Format: "mp4"}},
			filing.Chunk{DocumentID: "doc 2", Index: 0}, "2026/03/04/" + key + "/0000-f55bcbe2.mp4"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := filing.FileName(tt.r, tt.c); got != tt.want {
				t.Errorf("FileName\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}

// Every run, also a later one on a recording that has changed meanwhile, derives the same name.
func TestFileNameIsTheSameInEveryRun(t *testing.T) {
	r := filing.Recording{ID: "rec"}.WithMessage(finished("m1", "a", "b"), t0)
	want := filing.FileName(r, r.Chunks[0])
	other := finished("m2", "c")
	other.Start, other.Format = t0.AddDate(0, 0, 3), "mp3"
	run1 := filing.Lease{Owner: "run-1", LeaseUntil: t0.Add(time.Minute)}
	r = r.LinkedTo("in-1", 2).Leased(run1, t0)
	r = r.WithChunk(chunk("b", filing.ChunkFiled, "")).Unleased(run1).WithMessage(other, t0.AddDate(0, 0, 3))
	r.Chunks[0].State, r.Chunks[0].File, r.Chunks[0].Size = filing.ChunkFiled, want, 1
	if got := filing.FileName(r, r.Chunks[0]); got != want {
		t.Errorf("FileName\n got %s\nwant %s", got, want)
	}
	if got := filing.SidecarName(want); got != want+".json" {
		t.Errorf("SidecarName = %s, want %s.json", got, want)
	}
}
