package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"switchboard/handler/call"
)

// Recordings keeps what is known of recordings, a row each by ACS's id, and those
// whose files are to be fetched on the list of what owes something. All methods may
// be called concurrently, by any number of processes.
type Recordings struct {
	recordings *Table[Recording]
	worklist   *Table[WorkItem]
}

// NewRecordings keeps recordings in the given tables; live is the one of NewCalls.
func NewRecordings(recordings, live Rows) *Recordings {
	return &Recordings{
		recordings: NewVersioned[Recording](recordings, Schema),
		worklist:   NewTable[WorkItem](live),
	}
}

const (
	// RecordingPrefix begins the key of a recording, and neither the id of a call nor
	// ACS's id of a recording, which is JSON in base64.
	RecordingPrefix = "re-"
	recordingRow    = "recording"
	// lookAfter is when a recording is looked at after a message. Whoever took the
	// message has begun by then.
	checkMessageAfter = time.Minute
)

// RecordingKey is the short name of a recording by ACS's id, which may be long and
// hold any character: the name of its rows, and for messages of our own.
func RecordingKey(id string) string { return RecordingPrefix + HashKey(id)[:32] }

func recordingKey(key string) Key { return Key{key, recordingRow} }

// Load returns a recording by its key. Errors: ErrNotFound, also for a row of which
// nothing is known; ErrNewer.
func (s *Recordings) Load(ctx context.Context, key string) (Row[Recording], error) {
	row, err := s.recordings.Get(ctx, recordingKey(key))
	if err == nil && row.Value.ID == "" { // Unlist has left it
		err = ErrNotFound
	}
	if err != nil {
		return Row[Recording]{}, fmt.Errorf("recording %s: %w", key, err)
	}
	return row, nil
}

// Inform writes a message down in the row of the recording with ACS's id, which it
// makes if there is none, and returns it. If files are to be fetched then, the
// recording is on the list first, and looked at within a minute. It may be repeated,
// and has to be after an error.
func (s *Recordings) AddMessage(ctx context.Context, id string, m Message, now time.Time) (Recording, error) {
	key := RecordingKey(id)
	var informed Recording
	err := RetryOnConflict(ctx, func() (lost bool, err error) {
		row, err := s.recordings.Find(ctx, recordingKey(key))
		if err != nil {
			return false, err
		}
		if row.Value.Knows(m) {
			informed = row.Value
			return false, nil
		}
		informed = row.Value.WithMessage(m, now.UTC())
		informed.ID = id
		if informed.HasWork() { // before each try: Unlist makes us lose the race, see there
			if err := s.Schedule(ctx, key, now.Add(checkMessageAfter), now); err != nil {
				return false, err
			}
		}
		err = s.recordings.Save(ctx, row, informed)
		return errors.Is(err, ErrConflict) || errors.Is(err, ErrExists), err
	})
	if err != nil {
		return Recording{}, fmt.Errorf("message on recording %s: %w", key, err)
	}
	return informed, nil
}

// Link writes down which operation of which call asked for the recording with ACS's
// id, in its row, which it makes if there is none, and returns it. It may be repeated.
func (s *Recordings) Link(ctx context.Context, id string, to call.ID, op int) (Recording, error) {
	key := RecordingKey(id)
	linked, err := s.recordings.Edit(ctx, recordingKey(key), func(r Recording) (Recording, error) {
		r.ID = id
		return r.LinkedTo(to, op), nil
	})
	if err != nil {
		return Recording{}, fmt.Errorf("link recording %s: %w", key, err)
	}
	return linked, nil
}

// List makes sure that the recording with the key is looked at by due. It may be
// repeated.
func (s *Recordings) Schedule(ctx context.Context, key string, due, now time.Time) error {
	return s.worklist.Put(ctx, workKey(key), WorkItem{ID: key, Due: due.UTC(), Written: now.UTC()})
}

// Unlist takes a recording whose files are not to be fetched off the list, also one
// that never got a row: then it gets one that knows nothing, so that a message that
// is being written down is not lost. One that somebody has touched meanwhile stays
// listed, without an error.
func (s *Recordings) Unschedule(ctx context.Context, key string) error {
	return unschedule(ctx, s.worklist, key, func() (owes bool, err error) {
		row, err := s.recordings.Find(ctx, recordingKey(key))
		if err != nil || row.Value.HasWork() {
			return true, err
		}
		next := row.Value
		next.Schema = Schema
		err = s.recordings.Save(ctx, row, next)
		return err != nil, IgnoreConflict(err)
	})
}
