package table

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"switchboard/handler/backoff"
)

const (
	maxTries = 16 // of one write; eight writers of one row need about half of them
	minPause = 5 * time.Millisecond
	maxPause = 320 * time.Millisecond
)

// Update replaces the row at k by edit of its value, on condition that nobody
// wrote it in between; if somebody did, it reads again and runs edit again. So
// edit must be pure, and it must know its own work when it sees it: a write that
// was applied and went unanswered brings the edited value back. A value that edit
// leaves unchanged is not written. An error of edit ends the update and is returned
// as it is.
//
// Update returns the value that the row now has. It fails with ErrNotFound if there
// is no row, and with ErrConflict if others were faster maxTries times.
func (t *Table[T]) Update(ctx context.Context, k Key, edit func(T) (T, error)) (T, error) {
	return t.update(ctx, k, edit, t.Get)
}

// Edit is Update of a row that may be missing: then edit is given the zero value,
// and what it makes of it is inserted.
func (t *Table[T]) Edit(ctx context.Context, k Key, edit func(T) (T, error)) (T, error) {
	return t.update(ctx, k, edit, t.Find)
}

func (t *Table[T]) update(
	ctx context.Context, k Key, edit func(T) (T, error), read func(context.Context, Key) (Row[T], error),
) (T, error) {
	var edited T
	err := RetryOnConflict(ctx, func() (lost bool, err error) {
		row, err := read(ctx, k)
		if err != nil {
			return false, err
		}
		before, err := json.Marshal(row.Value)
		if err != nil {
			return false, fmt.Errorf("%w: %T as JSON: %w", ErrInvalid, row.Value, err)
		}
		if edited, err = edit(row.Value); err != nil {
			return false, err
		}
		w, err := encode(row.kind(), k, row.ETag, edited)
		if err != nil || bytes.Equal(before, w.Entity.Doc) {
			return false, err
		}
		_, err = t.rows.Apply(ctx, w)
		return errors.Is(err, ErrConflict) || errors.Is(err, ErrExists), err
	})
	if err != nil {
		var zero T
		return zero, err
	}
	return edited, nil
}

// contend runs try, which reads and then writes on condition of what it has read,
// until it has not lost a race to somebody else. It fails with try's error or, if
// others were faster maxTries times, with ErrConflict.
func RetryOnConflict(ctx context.Context, try func() (lost bool, err error)) error {
	for n := range maxTries {
		lost, err := try()
		if !lost {
			return err
		}
		if err := Pause(ctx, n); err != nil {
			return err
		}
	}
	return fmt.Errorf("%w, %d times", ErrConflict, maxTries)
}

// Pause waits a random time before the next try, from 0 on; the longest possible wait doubles with each try. So
// writers that met once do not meet again. It fails only if ctx ends first.
func Pause(ctx context.Context, try int) error {
	timer := time.NewTimer(rand.N(backoff.After(try+1, minPause, maxPause)))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
