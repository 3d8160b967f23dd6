package filing_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"switchboard/handler/filing"

	"github.com/google/go-cmp/cmp"
)

func TestARecordingIsOneRunsAtATime(t *testing.T) {
	const until = time.Minute
	began := filing.Recording{}.WithMessage(finished("m1", "a"), t0)
	waiting := began
	waiting.NotBefore = t0.Add(time.Second)
	over := began.WithChunk(chunk("a", filing.ChunkFiled, ""))
	taken := began.LeasedBy("r1", t0, t0.Add(until))
	tests := []struct {
		name string
		r    filing.Recording
		by   string
	}{
		{"one that nobody has is taken", taken, "r1"},
		{"one that another run has is not", taken.LeasedBy("r2", t0.Add(until-1), t0.Add(2*until)), "r1"},
		{"one whose run's time is up is taken", taken.LeasedBy("r2", t0.Add(until), t0.Add(2*until)), "r2"},
		{"one that was left is taken", taken.Unleased("r1").LeasedBy("r2", t0, t0.Add(until)), "r2"},
		{"another run does not leave it", taken.Unleased("r2"), "r1"},
		{"one that has to wait is not taken", waiting.LeasedBy("r1", t0, t0.Add(until)), ""},
		{"one that is over is not taken", over.LeasedBy("r1", t0, t0.Add(until)), ""},
		{"one that comes to its end is left", taken.WithChunk(chunk("a", filing.ChunkFiled, "")), ""},
	}
	for _, tt := range tests {
		if tt.r.Owner != tt.by || tt.by == "" && !tt.r.LeaseUntil.IsZero() {
			t.Errorf("%s: by %q until %v, want %q", tt.name, tt.r.Owner, tt.r.LeaseUntil, tt.by)
		}
	}
}

func TestAdvance(t *testing.T) {
	const patience = time.Hour
	failed := errors.New("no answer")
	began := filing.Recording{}.WithMessage(finished("m1", "a", "b"), t0)
	half := chunk("a", filing.ChunkWaiting, "")
	half.Progress = json.RawMessage(`{"offset":1}`)
	filed := chunk("a", filing.ChunkFiled, "")
	advance := func(r filing.Recording, c filing.Chunk, err error, after time.Duration) filing.Recording {
		a := filing.CopyResult{Chunk: c, Failed: err, GiveUpAfter: patience, At: t0.Add(after)}
		a.NotBefore = a.At.Add(time.Minute)
		return r.After(a)
	}
	once := advance(began, half, failed, 0)
	tests := []struct {
		name  string
		r     filing.Recording
		chunk filing.Chunk // the first one
		tries int
	}{
		{"a run whose time was up leaves its progress", advance(began, half, nil, 0), half, 0},
		{"a run that failed leaves its progress and is counted", advance(began, half, failed, 0), half, 1},
		{"the next one that fails is counted as well", advance(once, half, failed, 0), half, 2},
		{"one that does not fail ends the count", advance(once, half, nil, 0), half, 0},
		{"at the end of the patience it is tried again", advance(began, half, failed, patience), half, 1},
		{"after it the chunk is lost", advance(began, half, failed, patience+1),
			chunk("a", filing.ChunkLost, "no answer"), 0},
		{"a chunk that is filed is filed", advance(began, filed, nil, 2*patience), filed, 0},
		{"a slower run does not undo it", advance(advance(began, filed, nil, 0), half, failed, 2*patience),
			filed, 0},
		{"another's chunk changes nothing", advance(began, chunk("x", filing.ChunkFiled, ""), nil, 0),
			began.Chunks[0], 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.chunk.Since = t0
			if d := cmp.Diff(tt.chunk, tt.r.Chunks[0]); d != "" {
				t.Errorf("chunk (-want +got):\n%s", d)
			}
			if waits := !tt.r.NotBefore.IsZero(); tt.r.Tries != tt.tries || waits != (tt.tries > 0) {
				t.Errorf("%d tries, the next not before %v; want %d tries", tt.r.Tries, tt.r.NotBefore, tt.tries)
			}
			if tt.r.State != filing.StateFiling {
				t.Errorf("state %s", tt.r.State)
			}
		})
	}
}

func TestTheReasonOfAFailureIsBounded(t *testing.T) {
	r := filing.Recording{}.WithMessage(finished("m1", "a"), t0)
	failed := errors.New("x" + strings.Repeat("é", 400)) // the bound lies within a character
	r = r.After(filing.CopyResult{
		Chunk: chunk("a", filing.ChunkWaiting, ""), Failed: failed, GiveUpAfter: time.Hour, At: t0,
	})
	if got := len(r.Reason); got == 0 || got > 500 || !strings.HasPrefix(failed.Error(), r.Reason) {
		t.Errorf("reason of %d bytes", got)
	}
}
