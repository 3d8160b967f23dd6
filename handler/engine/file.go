package engine

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"switchboard/handler/acs"
	"switchboard/handler/archive"
	"switchboard/handler/backoff"
	"switchboard/handler/call"
	"switchboard/handler/call/outbox"
	"switchboard/handler/filing"
	"switchboard/handler/store"
	"switchboard/handler/table"
)

// Queue brings a message back to the function that files recordings, after a delay.
// The message is a GoOn in JSON.
type Queue interface {
	Send(ctx context.Context, text string, delay time.Duration) error
}

// GoOn is the message that lets another run go on with a recording.
type ResumeMessage struct {
	Recording string `json:"recording"` // its key
}

const (
	// runGrace is how long beyond its time a run that copies a recording may be at
	// its last block before it is taken for dead.
	copyGrace = time.Minute
	// firstRetry and lastRetry bound the wait after a run that failed, which doubles
	// from one to the next.
	firstRetry = 5 * time.Second
	lastRetry  = time.Hour
)

// TakeRecording takes in that files of a recording wait to be fetched, and files
// them. It may be repeated. When it returns nil, the message stands in the
// recording's row, and the row sees to the rest.
func (e *Engine) ReceiveRecording(ctx context.Context, id string, m filing.Message) error {
	if _, err := e.Recordings.AddMessage(ctx, id, m, time.Now().UTC()); err != nil {
		return err
	}
	return e.FileRecording(ctx, filing.Key(id))
}

// FileRecording goes on with filing a recording, for as long as a run may, and sees
// to it that another run goes on where it ends. It may be repeated, also at the same
// time. The error is for a recording that cannot be read, or does not exist: whatever
// else goes wrong, the recording is on the list, and the sweep has another run go on.
func (e *Engine) FileRecording(ctx context.Context, key string) error {
	row, err := e.Recordings.Load(ctx, key)
	if err != nil {
		return err
	}
	if err := e.fileRecording(ctx, key, row.Value); err != nil {
		zerolog.Ctx(ctx).Warn().Err(err).Str("recording", key).Msg("recording left to the sweep")
	}
	return nil
}

func (e *Engine) fileRecording(ctx context.Context, key string, r filing.Recording) error {
	if !r.HasWork() {
		return e.reportToCall(ctx, r)
	}
	now := time.Now()
	until := now.Add(e.CopyTimeout)
	run := rand.Text()
	r, err := e.Recordings.Lease(ctx, key, run, now, until.Add(copyGrace))
	if err != nil || r.Owner != run { // another run is at it, or it is not time yet: there will be a next one
		return err
	}
	if err := e.Recordings.Schedule(ctx, key, until.Add(copyGrace), now); err != nil {
		return err
	}
	// A source that sends nothing any more must not keep the run for ever.
	copying, cancel := context.WithDeadline(ctx, until.Add(copyGrace))
	defer cancel()
	// After a run that failed it is another file's turn to be the first: one that takes
	// all of the time must not be in the way of the others.
	for i, first := 0, r.Tries; i < len(r.Chunks); i++ {
		chunk := r.Chunks[(first+i)%len(r.Chunks)]
		if chunk.State != filing.ChunkWaiting {
			continue
		}
		next, failed := e.fileChunk(copying, r, chunk, until)
		r, err = e.Recordings.SaveCopy(ctx, key, filing.CopyResult{
			Chunk: next, Failed: failed, GiveUpAfter: e.Limits.Recording, At: time.Now().UTC(),
			NotBefore: time.Now().Add(retryAfter(r.Tries + 1)),
		})
		if err != nil {
			return err
		}
		if failed != nil { // the other files may be had all the same
			zerolog.Ctx(ctx).Warn().Err(failed).Str("recording", key).Int("tries", r.Tries).Msg("recording not copied yet")
		}
		if !time.Now().Before(until) {
			break
		}
	}
	if !r.HasWork() {
		return e.reportToCall(ctx, r)
	}
	if err := e.Recordings.Unlease(ctx, key, run); err != nil {
		return err
	}
	return e.resumeLater(ctx, key, max(time.Until(r.NotBefore), 0))
}

// retryAfter is how long to wait after so many runs that failed.
func retryAfter(tries int) time.Duration { return backoff.After(tries, firstRetry, lastRetry) }

// comeBackTo lets another run go on after a while. The sweep sees to it if the queue
// does not take the message.
func (e *Engine) resumeLater(ctx context.Context, key string, after time.Duration) error {
	now := time.Now()
	if err := e.Recordings.Schedule(ctx, key, now.Add(after+copyGrace), now); err != nil {
		return err
	}
	message, err := json.Marshal(ResumeMessage{Recording: key})
	if err != nil {
		return err
	}
	if err := e.Queue.Send(ctx, string(message), after); err != nil {
		zerolog.Ctx(ctx).Warn().Err(err).Str("recording", key).Msg("no message for the next run, recording left to the sweep")
	}
	return nil
}

// tell tells the call what came of its recording, and takes the recording off the
// list. One that no call has asked for, as far as is known, stays unlinked; the call
// learns of it when it is linked.
func (e *Engine) reportToCall(ctx context.Context, r filing.Recording) error {
	key, files := filing.Key(r.ID), len(r.Chunks)
	ev := call.Event{Key: fmt.Sprintf("recording %s %s %d", r.State, key, files)}
	line := zerolog.Ctx(ctx).Info()
	switch r.State {
	case filing.StateFiled:
		ev.Body = call.FilesFiled{RecordingID: r.ID, Op: r.Op, Files: files}
	case filing.StateLost:
		ev.Body = call.FilesLost{RecordingID: r.ID, Op: r.Op, Files: files, Reason: r.Reason}
		line = zerolog.Ctx(ctx).Warn().Str("reason", r.Reason)
	default: // its message is still in the queue
		return e.Recordings.Unschedule(ctx, key)
	}
	if r.Call != "" {
		if err := e.Apply(ctx, call.ID(r.Call), ev); err != nil {
			return err
		}
	}
	line.Str("recording", key).Str("call", r.Call).Str("state", string(r.State)).Int("files", files).Msg("recording over")
	return e.Recordings.Unschedule(ctx, key)
}

// lookRecording attends to a recording that is due: nobody is at it, or whoever was
// has died.
func (e *Engine) AttendRecording(ctx context.Context, row table.Row[store.WorkItem]) error {
	key := row.Value.ID
	r, err := e.Recordings.Load(ctx, key)
	switch {
	case errors.Is(err, table.ErrNotFound): // listed, and never written: the queue has its message
		if time.Since(row.Value.Written) < OrphanAfter {
			return nil
		}
		return e.Recordings.Unschedule(ctx, key)
	case errors.Is(err, table.ErrNewer):
		return nil
	case err != nil:
		return err
	case r.Value.HasWork():
		return e.resumeLater(ctx, key, max(time.Until(r.Value.NotBefore), 0))
	default:
		return e.reportToCall(ctx, r.Value)
	}
}

// link joins a recording to the call that asked for it. The answer says where the
// recording is already.
func (e *Engine) link(ctx context.Context, c call.Call, a outbox.Action) (call.Replied, error) {
	done := call.Replied{Verdict: call.VerdictOK}
	for _, asked := range c.Recordings {
		if asked.Op != a.Recording || asked.ID == "" {
			continue
		}
		r, err := e.Recordings.Link(ctx, asked.ID, c.ID, asked.Op)
		if err != nil {
			return call.Replied{}, err
		}
		switch r.State {
		case filing.StateFiled:
			done.Recording, done.Files = call.RecordingFiled, len(r.Chunks)
		case filing.StateLost:
			done.Recording, done.Files, done.Reason = call.RecordingLost, len(r.Chunks), r.Reason
		}
	}
	return done, nil
}

// fileChunk copies one file and writes its sidecar. It returns the chunk as far as
// it has come, also with an error.
func (e *Engine) fileChunk(ctx context.Context, r filing.Recording, c filing.Chunk, until time.Time) (filing.Chunk, error) {
	if c.File == "" {
		c.File = fileName(r, c)
	}
	var p archive.Progress
	if len(c.Progress) > 0 {
		if err := json.Unmarshal(c.Progress, &p); err != nil {
			p = archive.Progress{} // of another version: begin again
		}
	}
	p, done, err := archive.Copy(ctx, openAt(e.Content, c.ContentLocation), e.Files, c.File, p, until)
	filed := archive.Info{Size: p.Size, SHA256: p.SHA256()}
	if errors.Is(err, acs.ErrGone) { // a run before may have filed it, and died before it said so
		if there, missing := e.Files.Stat(ctx, c.File); missing == nil {
			filed, done, err = there, true, nil
		}
		if _, missing := e.Files.Stat(ctx, c.File+sidecarSuffix); missing == nil && done {
			c.State, c.Size, c.SHA256, c.Progress = filing.ChunkFiled, filed.Size, filed.SHA256, nil
			return c, nil // with its sidecar, for which ACS's metadata would be gone now
		}
	}
	if c.Progress, _ = json.Marshal(p); err != nil || !done { // numbers, texts and bytes do not fail
		return c, err
	}
	c.Size, c.SHA256 = filed.Size, filed.SHA256
	if err := e.sidecar(ctx, r, c); err != nil {
		return c, err
	}
	c.State, c.Progress = filing.ChunkFiled, nil
	return c, nil
}
