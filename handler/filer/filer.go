// Package filer downloads the files of finished recordings from ACS, files them in the archive, and reports
// the result to the call that asked for the recording.
//
// Its one rule: an outstanding recording is on the worklist, so that another run resumes where a run ended
// or crashed. The states of a recording are those of package filing.
package filer

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"switchboard/handler/archive"
	"switchboard/handler/backoff"
	"switchboard/handler/call"
	"switchboard/handler/call/outbox"
	"switchboard/handler/engine"
	"switchboard/handler/filing"
	"switchboard/handler/store"
	"switchboard/handler/table"
)

// Queue delivers a message to the function that files recordings, after a delay. The text is a ResumeMessage
// in JSON.
type Queue interface {
	Send(ctx context.Context, text string, delay time.Duration) error
}

// ResumeMessage asks for another run that resumes the filing of a recording.
type ResumeMessage struct {
	Recording string `json:"recording"` // its key
}

// Filer files recordings. All of its methods may be called concurrently, by any number of processes on one
// storage, and repeated.
type Filer struct {
	engine     *engine.Engine
	recordings *store.Recordings
	Options
}

// Options are what a Filer works with. All must be set.
type Options struct {
	Content Content       // the source of the files
	Files   archive.Files // the archive
	Queue   Queue         // delivers messages to further runs

	CopyTimeout time.Duration // how long one run copies a recording
	GiveUpAfter time.Duration // how long after its message a file that cannot be downloaded is tried again
}

// New returns the Filer of the recordings that the engine's calls ask for. It makes it what attends to
// recordings on the engine's worklist, and what links them to calls.
func New(e *engine.Engine, recordings *store.Recordings, o Options) *Filer {
	f := &Filer{engine: e, recordings: recordings, Options: o}
	e.Recordings = f
	e.SetLocal(outbox.VerbLink, f.link)
	return f
}

const (
	// copyGrace is how long after CopyTimeout a run may still be copying its last block. Then its lease
	// ends.
	copyGrace = time.Minute
	// firstRetry and lastRetry bound the backoff after a run that failed, which doubles with each failure.
	firstRetry = 5 * time.Second
	lastRetry  = time.Hour
	// laterVersionWait is how long a recording is left alone whose row a later version has written.
	laterVersionWait = time.Minute
)

// Receive records ACS's message that files of a recording wait to be downloaded, and files them. When it
// returns nil, the message's content is in the recording's row, and the message is not needed any more.
func (f *Filer) Receive(ctx context.Context, id string, m filing.Message) error {
	if _, err := f.recordings.AddMessage(ctx, id, m, time.Now().UTC()); err != nil {
		return err
	}
	return f.File(ctx, filing.Key(id))
}

// File resumes the filing of a recording, for CopyTimeout at most, and lets another run resume where it
// ends. It returns an error if the recording cannot be read or does not exist. After any other failure the
// recording is on the worklist, and the sweep lets another run resume.
func (f *Filer) File(ctx context.Context, key string) error {
	row, err := f.recordings.Load(ctx, key)
	if err != nil {
		return err
	}
	if err := f.file(ctx, key, row.Value); err != nil {
		zerolog.Ctx(ctx).Warn().Err(err).Str("recording", key).Msg("recording left to the sweep")
	}
	return nil
}

// file leases the recording and copies its files; a recording without work is reported to its call.
func (f *Filer) file(ctx context.Context, key string, r filing.Recording) error {
	if !r.HasWork() {
		return f.reportToCall(ctx, r)
	}
	now := time.Now()
	until := now.Add(f.CopyTimeout)
	lease := filing.Lease{Owner: rand.Text(), LeaseUntil: until.Add(copyGrace)}
	r, err := f.recordings.Lease(ctx, key, lease, now)
	if err != nil || r.Owner != lease.Owner { // another run has the lease, or it is too early: a later run resumes
		return err
	}
	if err := f.schedule(ctx, key, lease.LeaseUntil); err != nil {
		return err
	}
	if r, err = f.copyChunks(ctx, key, r, until); err != nil {
		return err
	}
	if !r.HasWork() {
		return f.reportToCall(ctx, r)
	}
	if err := f.recordings.Unlease(ctx, key, lease); err != nil {
		return err
	}
	return f.resumeLater(ctx, key, max(time.Until(r.NotBefore), 0))
}

// copyChunks copies the waiting files, one after another, until a time, and returns the recording after it.
// Each run after a failure starts with another file, so that no file can use up the time of all the others.
func (f *Filer) copyChunks(
	ctx context.Context, key string, r filing.Recording, until time.Time,
) (filing.Recording, error) {
	copyCtx, cancel := context.WithDeadline(ctx, until.Add(copyGrace)) // a source that stops sending must not hold the run
	defer cancel()
	for i, first := 0, r.Tries; i < len(r.Chunks); i++ {
		chunk := r.Chunks[(first+i)%len(r.Chunks)]
		if chunk.State != filing.ChunkWaiting {
			continue
		}
		next, failed := f.fileChunk(copyCtx, r, chunk, until)
		var err error
		r, err = f.recordings.SaveCopy(ctx, key, filing.CopyResult{
			Chunk: next, Failed: failed, GiveUpAfter: f.GiveUpAfter, At: time.Now().UTC(),
			NotBefore: time.Now().Add(backoff.After(r.Tries+1, firstRetry, lastRetry)),
		})
		if err != nil {
			return r, err
		}
		if failed != nil { // the other files may succeed
			zerolog.Ctx(ctx).Warn().Err(failed).Str("recording", key).Int("tries", r.Tries).Msg("recording not copied yet")
		}
		if !time.Now().Before(until) {
			break
		}
	}
	return r, nil
}

// resumeLater lets another run resume after a while. If the queue does not accept the message, the sweep
// does it.
func (f *Filer) resumeLater(ctx context.Context, key string, after time.Duration) error {
	if err := f.schedule(ctx, key, time.Now().Add(after+copyGrace)); err != nil {
		return err
	}
	message, err := json.Marshal(ResumeMessage{Recording: key})
	if err != nil {
		return err
	}
	if err := f.Queue.Send(ctx, string(message), after); err != nil {
		zerolog.Ctx(ctx).Warn().Err(err).Str("recording", key).
			Msg("no message for the next run, recording left to the sweep")
	}
	return nil
}

// schedule puts a recording on the worklist, due at the given time, and announces it.
func (f *Filer) schedule(ctx context.Context, key string, due time.Time) error {
	f.engine.Announce(ctx, key, due)
	return f.recordings.Schedule(ctx, key, store.WorkItem{Due: due, Written: time.Now()})
}

// reportToCall reports the result of a recording to its call, and removes the recording from the worklist.
// The result of a recording that is not linked to a call yet is reported when it is linked.
func (f *Filer) reportToCall(ctx context.Context, r filing.Recording) error {
	key, files := filing.Key(r.ID), len(r.Chunks)
	ev := call.Event{Key: fmt.Sprintf("recording %s %s %d", r.State, key, files)}
	entry := zerolog.Ctx(ctx).Info()
	switch r.State {
	case filing.StateFiled:
		ev.Body = call.FilesFiled{RecordingID: r.ID, Op: r.Op, Files: files}
	case filing.StateLost:
		ev.Body = call.FilesLost{RecordingID: r.ID, Op: r.Op, Files: files, Reason: r.Reason}
		entry = zerolog.Ctx(ctx).Warn().Str("reason", r.Reason)
	default: // its message is still in the queue
		return f.recordings.Unschedule(ctx, key)
	}
	if r.Call != "" {
		if err := f.engine.Apply(ctx, call.ID(r.Call), ev); err != nil {
			return err
		}
	}
	entry.Str("recording", key).Str("call", r.Call).Str("state", string(r.State)).Int("files", files).Msg("recording ended")
	return f.recordings.Unschedule(ctx, key)
}

// Attend attends to a recording on the worklist that is due: it is not leased, or its lease has ended. See
// engine.RecordingWork.
func (f *Filer) Attend(ctx context.Context, item table.Row[store.WorkItem]) (again time.Time, err error) {
	key := item.Value.ID
	r, err := f.recordings.Load(ctx, key)
	switch {
	case errors.Is(err, table.ErrNotFound): // the row was not written: the queue still has the message
		if again := item.Value.Written.Add(engine.OrphanAfter); time.Now().Before(again) {
			return again, nil
		}
		return time.Time{}, f.recordings.Unschedule(ctx, key)
	case errors.Is(err, table.ErrNewer):
		return time.Now().Add(laterVersionWait), nil
	case err != nil:
		return time.Time{}, err
	case r.Value.HasWork():
		return time.Time{}, f.resumeLater(ctx, key, max(time.Until(r.Value.NotBefore), 0))
	default:
		return time.Time{}, f.reportToCall(ctx, r.Value)
	}
}

// link links a recording to the call that asked for it. The reply has the recording's result, if there is
// one already.
func (f *Filer) link(ctx context.Context, c call.Call, a outbox.Action) (call.Replied, error) {
	var replied call.Replied
	for _, requested := range c.Recordings {
		if requested.Op != a.Recording || requested.ID == "" {
			continue
		}
		r, err := f.recordings.Link(ctx, requested.ID, c.ID, requested.Op)
		if err != nil {
			return call.Replied{}, err
		}
		switch r.State {
		case filing.StateFiled:
			replied.Recording, replied.Files = call.RecordingFiled, len(r.Chunks)
		case filing.StateLost:
			replied.Recording, replied.Files, replied.Reason = call.RecordingLost, len(r.Chunks), r.Reason
		}
	}
	return replied, nil
}
