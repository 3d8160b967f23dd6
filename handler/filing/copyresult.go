package filing

import (
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
