package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

const (
	maxTries = 16 // of one Update; eight writers of one row need about half of them
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
	var zero T
	for try := range maxTries {
		row, err := t.Get(ctx, k)
		if err != nil {
			return zero, err
		}
		before, err := json.Marshal(row.Value)
		if err != nil {
			return zero, fmt.Errorf("%w: %T as JSON: %w", ErrInvalid, row.Value, err)
		}
		next, err := edit(row.Value)
		if err != nil {
			return zero, err
		}
		w, err := encode(Replace, k, row.ETag, next)
		if err != nil {
			return zero, err
		}
		if bytes.Equal(before, w.Entity.Doc) {
			return next, nil
		}
		_, err = t.rows.Apply(ctx, w)
		if err == nil {
			return next, nil
		}
		if !errors.Is(err, ErrConflict) {
			return zero, err
		}
		if err := pause(ctx, try); err != nil {
			return zero, err
		}
	}
	return zero, fmt.Errorf("update: %w, %d times", ErrConflict, maxTries)
}

// pause waits a random time, longer after more tries, so that writers who met
// once do not meet again.
func pause(ctx context.Context, try int) error {
	timer := time.NewTimer(rand.N(min(minPause<<try, maxPause)))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
