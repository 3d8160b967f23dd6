package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"switchboard/handler/call"
	"switchboard/handler/filing"
	"switchboard/handler/table"
)

// Recordings keeps what is known of recordings, a row each by ACS's id, and those
// whose files are to be fetched on the list of what owes something. All methods may
// be called concurrently, by any number of processes.
type Recordings struct {
	recordings *table.Table[filing.Recording]
	worklist   *table.Table[WorkItem]
}

// NewRecordings keeps recordings in the given tables; live is the one of NewCalls.
func NewRecordings(recordings, live table.Rows) *Recordings {
	return &Recordings{
		recordings: table.NewVersioned[filing.Recording](recordings, filing.Schema),
		worklist:   table.NewTable[WorkItem](live),
	}
}

const (
	recordingRow = "recording"
	// lookAfter is when a recording is looked at after a message. Whoever took the
	// message has begun by then.
	checkMessageAfter = time.Minute
)

func recordingKey(key string) table.Key { return table.Key{Partition: key, Row: recordingRow} }

// Load returns a recording by its key. Errors: ErrNotFound, also for a row of which
// nothing is known; ErrNewer.
func (s *Recordings) Load(ctx context.Context, key string) (table.Row[filing.Recording], error) {
	row, err := s.recordings.Get(ctx, recordingKey(key))
	if err == nil && row.Value.ID == "" { // Unlist has left it
		err = table.ErrNotFound
	}
	if err != nil {
		return table.Row[filing.Recording]{}, fmt.Errorf("recording %s: %w", key, err)
	}
	return row, nil
}

// Inform writes a message down in the row of the recording with ACS's id, which it
// makes if there is none, and returns it. If files are to be fetched then, the
// recording is on the list first, and looked at within a minute. It may be repeated,
// and has to be after an error.
func (s *Recordings) AddMessage(ctx context.Context, id string, m filing.Message, now time.Time) (filing.Recording, error) {
	key := filing.Key(id)
	var informed filing.Recording
	err := table.RetryOnConflict(ctx, func() (lost bool, err error) {
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
		return errors.Is(err, table.ErrConflict) || errors.Is(err, table.ErrExists), err
	})
	if err != nil {
		return filing.Recording{}, fmt.Errorf("message on recording %s: %w", key, err)
	}
	return informed, nil
}

// Link writes down which operation of which call asked for the recording with ACS's
// id, in its row, which it makes if there is none, and returns it. It may be repeated.
func (s *Recordings) Link(ctx context.Context, id string, to call.ID, op int) (filing.Recording, error) {
	key := filing.Key(id)
	linked, err := s.recordings.Edit(ctx, recordingKey(key), func(r filing.Recording) (filing.Recording, error) {
		r.ID = id
		return r.LinkedTo(string(to), op), nil
	})
	if err != nil {
		return filing.Recording{}, fmt.Errorf("link recording %s: %w", key, err)
	}
	return linked, nil
}

// List makes sure that the recording with the key is looked at by due. It may be
// repeated.
func (s *Recordings) Schedule(ctx context.Context, key string, due, now time.Time) error {
	return s.worklist.Put(ctx, workKey(key), WorkItem{Kind: WorkRecording, ID: key, Due: due.UTC(), Written: now.UTC()})
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
		next.Schema = filing.Schema
		err = s.recordings.Save(ctx, row, next)
		return err != nil, IgnoreConflict(err)
	})
}

// Advance writes down what a run has made of one file, and returns the recording. It
// may be repeated: of two runs at once the later one's word stands, and both have
// copied the same.
func (s *Recordings) SaveCopy(ctx context.Context, key string, a filing.CopyResult) (filing.Recording, error) {
	r, err := s.recordings.Update(ctx, recordingKey(key), func(r filing.Recording) (filing.Recording, error) {
		return r.After(a), nil
	})
	if err != nil {
		return filing.Recording{}, fmt.Errorf("recording %s: %w", key, err)
	}
	return r, nil
}

// Take gives the run the recording until a time, if files of it are to be fetched and
// no other run is at it; whether it has it, the returned recording says.
func (s *Recordings) Lease(ctx context.Context, key, run string, now, until time.Time) (filing.Recording, error) {
	return s.recordings.Update(ctx, recordingKey(key), func(r filing.Recording) (filing.Recording, error) {
		return r.LeasedBy(run, now.UTC(), until.UTC()), nil
	})
}

// Leave takes the recording from the run, if it has it still.
func (s *Recordings) Unlease(ctx context.Context, key, run string) error {
	_, err := s.recordings.Update(ctx, recordingKey(key), func(r filing.Recording) (filing.Recording, error) {
		return r.Unleased(run), nil
	})
	return err
}
