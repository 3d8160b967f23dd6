package engine

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"switchboard/handler/call"
	"switchboard/handler/store"
	"switchboard/handler/table"
)

const (
	// sweepRows bounds one sweep, so that it ends before the next one begins; the
	// next one goes on, from another shard.
	sweepRows = 400
	// sweepWide is how many calls a sweep looks at side by side.
	sweepParallel = 16
	// idleAhead is how far ahead a call is looked at that only waits for recordings.
	idleAhead = 10 * time.Minute
	// buryAfter is how long a listed call may be without its row.
	OrphanAfter = time.Minute
)

// Sweep looks at everything that owes something and is due: it meets deadlines,
// takes over what a dead run has left, and takes off the list what owes nothing
// any more. It is safe on any number of machines at once, because all it does
// goes the way of an event. The error says what it could not look at; the next
// sweep will.
func (e *Engine) Sweep(ctx context.Context) error {
	var all errgroup.Group
	all.SetLimit(sweepParallel)
	first, left := rand.IntN(store.Shards), sweepRows
	var listErr error
	for n := range store.Shards {
		if left <= 0 {
			break
		}
		due, err := e.Calls.Due(ctx, store.Shard(first+n), time.Now(), left)
		if err != nil {
			listErr = err
			break
		}
		left -= len(due)
		for _, row := range due {
			all.Go(func() error { return e.attend(ctx, row) })
		}
	}
	return errors.Join(listErr, all.Wait())
}

// look attends to one call that is due.
func (e *Engine) attend(ctx context.Context, row table.Row[store.WorkItem]) error {
	if row.Value.Kind == store.WorkRecording {
		return e.Recordings.Attend(ctx, row)
	}
	id := call.ID(row.Value.ID)
	w, err := e.Start(ctx, id, call.Event{Body: call.Wake{}})
	switch {
	case errors.Is(err, table.ErrNotFound):
		return e.handleOrphan(ctx, row)
	case errors.Is(err, table.ErrNewer):
		zerolog.Ctx(ctx).Debug().Str("call", row.Value.ID).Msg("call of a later version left alone")
		return nil
	case err != nil:
		return err
	}
	w.Wait(ctx, ReplyWait)
	c := w.Call()
	if !c.HasWork() {
		if c.Scheduled {
			return nil // apply has seen to it
		}
		return e.unscheduleEnded(ctx, row, c)
	}
	due := time.Now().Add(ScheduleAhead)
	if !c.Active() { // only recordings are owed: their coming is an event
		due = time.Now().Add(idleAhead)
	}
	if wake := c.Wake(); !wake.IsZero() && wake.Before(due) {
		due = wake
	}
	return e.Calls.Postpone(ctx, row, due)
}

// leave takes off the list a call that is over and was listed again. Whoever meant to
// dial it did not know that it was over: what they took for it is given back, when
// they can take no more.
func (e *Engine) unscheduleEnded(ctx context.Context, row table.Row[store.WorkItem], c call.Call) error {
	if row.Value.Dial != nil {
		if time.Since(row.Value.Written) < OrphanAfter {
			return nil
		}
		if err := e.Reservations.RollBack(ctx, c, row.Value.Dial.Line); err != nil {
			return err
		}
	}
	return e.Calls.Unschedule(ctx, c.ID)
}

// orphan deals with a listed call that has no row: its opener is about to write
// it, or has died.
func (e *Engine) handleOrphan(ctx context.Context, row table.Row[store.WorkItem]) error {
	if time.Since(row.Value.Written) < OrphanAfter {
		return nil
	}
	id := call.ID(row.Value.ID)
	var dial call.Dial
	if row.Value.Dial != nil {
		dial = *row.Value.Dial
	}
	if err := e.Tombstone(ctx, id, dial); err != nil {
		return err
	}
	return e.Calls.Unschedule(ctx, id)
}

// bury writes down, as ended, a call that was listed and not written, so that
// whoever comes late to write it finds it over, and what was taken for it is given
// back.
func (e *Engine) Tombstone(ctx context.Context, id call.ID, dial call.Dial) error {
	w, err := e.Start(ctx, id, call.Event{Key: "tombstone", Body: call.Tombstone{Dial: dial}})
	if err != nil {
		return fmt.Errorf("bury call %s: %w", id, err)
	}
	w.Wait(ctx, ReplyWait)
	return nil
}
