package filing

import (
	"strings"
	"time"
)

// CopyResult is the result of one run's copying of one file of a recording.
type CopyResult struct {
	Chunk Chunk // the file with its progress
	// Failed is the error that ended the run. Nil: the file is filed, or the run's time was up.
	Failed error
	// GiveUpAfter is how long after its message a file that cannot be fetched is tried again.
	GiveUpAfter time.Duration
	At          time.Time // when the run ended
	NotBefore   time.Time // when the next run may try again, after a failure
}

// maxReason is the maximum length of Recording.Reason after a failure, in bytes.
const maxReason = 500

// After returns the recording with the result a. A file that is filed or lost stays as it is.
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
