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

// Recordings keeps recordings, each in a row by its key, and schedules those whose files wait to be fetched.
// All methods may be called concurrently, by any number of processes.
type Recordings struct {
	recordings *table.Table[filing.Recording]
	worklist   *table.Table[WorkItem]
}

// NewRecordings returns the Recordings in the given tables. The worklist is the one of NewCalls.
func NewRecordings(recordings, worklist table.Rows) *Recordings {
	return &Recordings{
		recordings: table.NewVersioned[filing.Recording](recordings, filing.Schema),
		worklist:   table.NewTable[WorkItem](worklist),
	}
}

const (
	recordingRow = "recording"
	// checkMessageAfter is how long after a message its recording is due. By then the process that received
	// the message has leased the recording, unless it crashed.
	checkMessageAfter = time.Minute
)

func recordingKey(key string) table.Key { return table.Key{Partition: key, Row: recordingRow} }

// Load returns a recording by its key. Errors: ErrNotFound, also for an empty row; ErrNewer.
func (s *Recordings) Load(ctx context.Context, key string) (table.Row[filing.Recording], error) {
	row, err := s.recordings.Get(ctx, recordingKey(key))
	if err == nil && row.Value.ID == "" { // Unschedule has written an empty row
		err = table.ErrNotFound
	}
	if err != nil {
		return table.Row[filing.Recording]{}, fmt.Errorf("recording %s: %w", key, err)
	}
	return row, nil
}

// AddMessage adds a message to the recording with ACS's id, and returns the recording. If there is no row,
// it inserts one. If files wait to be fetched, the recording is scheduled first, due in checkMessageAfter.
// It may be repeated, and must be after an error.
func (s *Recordings) AddMessage(
	ctx context.Context, id string, m filing.Message, now time.Time,
) (filing.Recording, error) {
	key := filing.Key(id)
	var updated filing.Recording
	err := table.RetryOnConflict(ctx, func() (lost bool, err error) {
		row, err := s.recordings.Find(ctx, recordingKey(key))
		if err != nil {
			return false, err
		}
		if row.Value.Knows(m) {
			updated = row.Value
			return false, nil
		}
		updated = row.Value.WithMessage(m, now.UTC())
		updated.ID = id
		if updated.HasWork() { // before each try, because Unschedule may have made the last one fail
			if err := s.Schedule(ctx, key, WorkItem{Due: now.Add(checkMessageAfter), Written: now}); err != nil {
				return false, err
			}
		}
		err = s.recordings.Save(ctx, row, updated)
		return errors.Is(err, table.ErrConflict) || errors.Is(err, table.ErrExists), err
	})
	if err != nil {
		return filing.Recording{}, fmt.Errorf("message on recording %s: %w", key, err)
	}
	return updated, nil
}

// Link stores which call and operation asked for the recording with ACS's id, and returns the recording. If
// there is no row, it inserts one. It may be repeated.
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

// Schedule puts the recording with the key on the worklist as the item, of which Due and Written must be set.
// It may be repeated.
func (s *Recordings) Schedule(ctx context.Context, key string, item WorkItem) error {
	item.Kind, item.ID = WorkRecording, key
	return schedule(ctx, s.worklist, item)
}

// Unschedule removes the recording from the worklist, unless files of it wait to be fetched. If the
// recording has no row, it inserts an empty one first, so that a concurrent AddMessage loses its race and
// schedules the recording again. If another process writes or schedules the recording at the same time, it
// stays on the worklist, and Unschedule returns no error. It may be repeated.
func (s *Recordings) Unschedule(ctx context.Context, key string) error {
	return unschedule(ctx, s.worklist, key, func() (hasWork bool, err error) {
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

// SaveCopy stores the result of one run's copying of one file, and returns the recording. It may be
// repeated. Two runs at once copy the same content, and the later result stands. A file that is filed or
// lost stays so.
func (s *Recordings) SaveCopy(
	ctx context.Context, key string, result filing.CopyResult,
) (filing.Recording, error) {
	r, err := s.recordings.Update(ctx, recordingKey(key), func(r filing.Recording) (filing.Recording, error) {
		return r.After(result), nil
	})
	if err != nil {
		return filing.Recording{}, fmt.Errorf("recording %s: %w", key, err)
	}
	return r, nil
}

// Lease leases the recording, if it can be leased (see filing.Recording.Leased), and returns it. The caller
// must compare its Owner.
func (s *Recordings) Lease(
	ctx context.Context, key string, l filing.Lease, now time.Time,
) (filing.Recording, error) {
	l.LeaseUntil = l.LeaseUntil.UTC()
	return s.recordings.Update(ctx, recordingKey(key), func(r filing.Recording) (filing.Recording, error) {
		return r.Leased(l, now.UTC()), nil
	})
}

// Unlease ends the lease of the recording, unless another run has leased it since.
func (s *Recordings) Unlease(ctx context.Context, key string, l filing.Lease) error {
	_, err := s.recordings.Update(ctx, recordingKey(key), func(r filing.Recording) (filing.Recording, error) {
		return r.Unleased(l), nil
	})
	return err
}
