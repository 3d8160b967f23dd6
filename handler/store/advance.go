package store

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// Advance is what a run has made of one file of a recording.
type CopyResult struct {
	Chunk Chunk // as far as it has come
	// Failed says why the run came no further; nil: its time was up, or it is filed.
	Failed error
	// Patience is for how long after its message a file that cannot be had is tried
	// again.
	GiveUpAfter time.Duration
	At          time.Time
	NotBefore   time.Time // when to try again after a failure
}

// maxReason bounds the reason of a failure, in bytes.
const maxReason = 500

// Advanced is the recording after a. A file that is over stays as it is.
func (r Recording) After(a CopyResult) Recording {
	i := r.chunk(a.Chunk.DocumentID)
	if i < 0 || r.Chunks[i].State != ChunkWaiting {
		return r
	}
	a.Chunk.Since = r.Chunks[i].Since
	if a.Failed == nil {
		r.Tries, r.NotBefore, r.Reason = 0, time.Time{}, ""
		return r.WithChunk(a.Chunk)
	}
	reason := a.Failed.Error()
	reason = strings.ToValidUTF8(reason[:min(len(reason), maxReason)], "")
	if a.At.Sub(a.Chunk.Since) > a.GiveUpAfter {
		a.Chunk.State, a.Chunk.Reason, a.Chunk.Progress = ChunkLost, reason, nil
		return r.WithChunk(a.Chunk)
	}
	r.Tries, r.NotBefore, r.Reason = r.Tries+1, a.NotBefore.UTC(), reason
	return r.WithChunk(a.Chunk)
}

// Advance writes down what a run has made of one file, and returns the recording. It
// may be repeated: of two runs at once the later one's word stands, and both have
// copied the same.
func (s *Recordings) SaveCopy(ctx context.Context, key string, a CopyResult) (Recording, error) {
	r, err := s.recordings.Update(ctx, recordingKey(key), func(r Recording) (Recording, error) {
		return r.After(a), nil
	})
	if err != nil {
		return Recording{}, fmt.Errorf("recording %s: %w", key, err)
	}
	return r, nil
}

// Take gives the run the recording until a time, if files of it are to be fetched and
// no other run is at it; whether it has it, the returned recording says.
func (s *Recordings) Lease(ctx context.Context, key, run string, now, until time.Time) (Recording, error) {
	return s.recordings.Update(ctx, recordingKey(key), func(r Recording) (Recording, error) {
		return r.LeasedBy(run, now.UTC(), until.UTC()), nil
	})
}

// Leave takes the recording from the run, if it has it still.
func (s *Recordings) Unlease(ctx context.Context, key, run string) error {
	_, err := s.recordings.Update(ctx, recordingKey(key), func(r Recording) (Recording, error) {
		return r.Unleased(run), nil
	})
	return err
}
