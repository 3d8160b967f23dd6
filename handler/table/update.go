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

// Update replaces the value of the row at k by edit(value), and returns the value that the row now has. If
// another process wrote the row after it was read, Update reads it and runs edit again. So edit must be
// pure. It must also be idempotent: after a write that was applied without an answer, edit is given the
// edited value. A value that edit leaves unchanged is not written. An error of edit ends the update and is
// returned as it is.
//
// Update fails with ErrNotFound if there is no row, and with ErrConflict if another process was faster
// maxTries times.
func (t *Table[T]) Update(ctx context.Context, k Key, edit func(T) (T, error)) (T, error) {
	return t.update(ctx, k, edit, t.Get)
}

// Edit does what Update does, for a row that may be missing: then edit is given the zero value, and its
// result is inserted.
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

// RetryOnConflict runs try, which reads rows and writes them on condition that they have not changed, until
// it returns lost as false. It returns try's error or, if try lost maxTries times to other processes,
// ErrConflict.
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

// Pause waits a random time after the given try, counted from 0. The maximum wait doubles with each try, so
// that writers that conflicted once do not conflict again. It fails only if ctx ends first.
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
