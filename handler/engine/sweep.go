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
	// sweepRows is the number of items that one sweep attends to, so that it ends before the next one
	// begins. The next one begins at another shard.
	sweepRows = 400
	// sweepParallel is the number of items that a sweep attends to at the same time.
	sweepParallel = 16
	// idleAhead is how long a call that only waits for recordings may wait on the worklist: their files are
	// reported by events.
	idleAhead = 10 * time.Minute
	// OrphanAfter is how long a scheduled call may be without its row.
	OrphanAfter = time.Minute
)

// Sweep attends to the items of the worklist that are due: it runs deadlines, performs actions whose leases
// have expired, and removes what has no outstanding work. Several instances may sweep at the same time,
// because each change is committed as an event. The error names the items that failed; the next sweep
// attends to them.
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

// attend attends to one item that is due.
func (e *Engine) attend(ctx context.Context, row table.Row[store.WorkItem]) error {
	if row.Value.Kind == store.WorkRecording {
		return e.Recordings.Attend(ctx, row)
	}
	id := call.ID(row.Value.ID)
	t, err := e.Start(ctx, id, call.Event{Body: call.Wake{}})
	switch {
	case errors.Is(err, table.ErrNotFound):
		return e.handleOrphan(ctx, row)
	case errors.Is(err, table.ErrNewer):
		zerolog.Ctx(ctx).Debug().Str("call", row.Value.ID).Msg("call of a later version left alone")
		return nil
	case err != nil:
		return err
	}
	t.Wait(ctx, ReplyWait)
	c := t.Call()
	if !c.HasWork() {
		if c.Scheduled {
			return nil // Start has removed the item
		}
		return e.unscheduleEnded(ctx, row, c)
	}
	return e.Calls.Postpone(ctx, row, attendBy(c, time.Now()))
}

// unscheduleEnded removes the item of an ended call. If a dialler scheduled the call again without knowing
// that it had ended, its reservations are rolled back first, once that dialler cannot reserve any more.
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

// handleOrphan ends a scheduled call whose row was not written within OrphanAfter: the process that opened
// the call has crashed.
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

// Tombstone writes an ended call in the place of one that was scheduled and never written. Its reservations
// are released, and a late attempt to open the call finds it ended.
func (e *Engine) Tombstone(ctx context.Context, id call.ID, dial call.Dial) error {
	t, err := e.Start(ctx, id, call.Event{Key: "tombstone", Body: call.Tombstone{Dial: dial}})
	if err != nil {
		return fmt.Errorf("write tombstone of call %s: %w", id, err)
	}
	t.Wait(ctx, ReplyWait)
	return nil
}
