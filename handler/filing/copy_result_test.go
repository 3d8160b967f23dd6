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

func TestARecordingIsLeasedToOneRunAtATime(t *testing.T) {
	const until = time.Minute
	pending := filing.Recording{}.WithMessage(finished("m1", "a"), t0)
	waiting := pending
	waiting.NotBefore = t0.Add(time.Second)
	filed := pending.WithChunk(chunk("a", filing.ChunkFiled, ""))
	run1, run2 := filing.Lease{Owner: "r1", LeaseUntil: t0.Add(until)}, filing.Lease{Owner: "r2", LeaseUntil: t0.Add(2 * until)}
	leased := pending.Leased(run1, t0)
	tests := []struct {
		name  string
		r     filing.Recording
		owner string
	}{
		{"a recording without an owner is leased", leased, "r1"},
		{"a recording is not leased while another run has it", leased.Leased(run2, t0.Add(until-1)), "r1"},
		{"a recording whose lease has expired is leased", leased.Leased(run2, t0.Add(until)), "r2"},
		{"a recording whose lease was ended is leased", leased.Unleased(run1).Leased(run2, t0), "r2"},
		{"another run does not end the lease", leased.Unleased(run2), "r1"},
		{"a recording is not leased before its next try", waiting.Leased(run1, t0), ""},
		{"a filed recording is not leased", filed.Leased(run1, t0), ""},
		{"the lease ends when the last chunk is filed", leased.WithChunk(chunk("a", filing.ChunkFiled, "")), ""},
	}
	for _, tt := range tests {
		if tt.r.Owner != tt.owner || tt.owner == "" && !tt.r.LeaseUntil.IsZero() {
			t.Errorf("%s: leased to %q until %v, want %q", tt.name, tt.r.Owner, tt.r.LeaseUntil, tt.owner)
		}
	}
}

func TestRecordingAfterACopyResult(t *testing.T) {
	const giveUpAfter = time.Hour
	failed := errors.New("no answer")
	began := filing.Recording{}.WithMessage(finished("m1", "a", "b"), t0)
	half := chunk("a", filing.ChunkWaiting, "")
	half.Progress = json.RawMessage(`{"offset":1}`)
	filed := chunk("a", filing.ChunkFiled, "")
	advance := func(r filing.Recording, c filing.Chunk, err error, after time.Duration) filing.Recording {
		a := filing.CopyResult{Chunk: c, Failed: err, GiveUpAfter: giveUpAfter, At: t0.Add(after)}
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
		{"a run whose time was up keeps its progress", advance(began, half, nil, 0), half, 0},
		{"a failed run keeps its progress and is counted", advance(began, half, failed, 0), half, 1},
		{"a second failure is counted", advance(once, half, failed, 0), half, 2},
		{"a run that does not fail resets the count", advance(once, half, nil, 0), half, 0},
		{"a chunk is tried again until the time to give up", advance(began, half, failed, giveUpAfter), half, 1},
		{"after that time the chunk is lost", advance(began, half, failed, giveUpAfter+1),
			chunk("a", filing.ChunkLost, "no answer"), 0},
		{"a chunk is filed after any time", advance(began, filed, nil, 2*giveUpAfter), filed, 0},
		{"a slower run that fails does not undo it",
			advance(advance(began, filed, nil, 0), half, failed, 2*giveUpAfter), filed, 0},
		{"a chunk of another recording changes nothing", advance(began, chunk("x", filing.ChunkFiled, ""), nil, 0),
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
				t.Errorf("state %s, want %s", tt.r.State, filing.StateFiling)
			}
		})
	}
}

func TestReasonOfAFailureIsBounded(t *testing.T) {
	r := filing.Recording{}.WithMessage(finished("m1", "a"), t0)
	failed := errors.New("x" + strings.Repeat("é", 400)) // the bound lies within a character
	r = r.After(filing.CopyResult{
		Chunk: chunk("a", filing.ChunkWaiting, ""), Failed: failed, GiveUpAfter: time.Hour, At: t0,
	})
	if got := len(r.Reason); got == 0 || got > 500 || !strings.HasPrefix(failed.Error(), r.Reason) {
		t.Errorf("reason of %d bytes, want the first of %q, 500 at most", got, failed)
	}
}
