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
)

const (
	// sweepRows bounds one sweep, so that it ends before the next one begins; the
	// next one goes on, from another shard.
	sweepRows = 400
	// sweepWide is how many calls a sweep looks at side by side.
	sweepWide = 16
	// buryAfter is how long a listed call may be without its row.
	buryAfter = time.Minute
)

// Sweep looks at everything that owes something and is due: it meets deadlines,
// takes over what a dead run has left, and takes off the list what owes nothing
// any more. It is safe on any number of machines at once, because all it does
// goes the way of an event. The error says what it could not look at; the next
// sweep will.
func (e *Engine) Sweep(ctx context.Context) error {
	var all errgroup.Group
	all.SetLimit(sweepWide)
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
			all.Go(func() error { return e.look(ctx, row) })
		}
	}
	return errors.Join(listErr, all.Wait())
}

// look attends to one call that is due.
func (e *Engine) look(ctx context.Context, row store.Row[store.Live]) error {
	id := call.ID(row.Value.ID)
	w, err := e.apply(ctx, id, call.Event{Body: call.Tick{}})
	switch {
	case errors.Is(err, store.ErrNotFound):
		return e.orphan(ctx, row)
	case errors.Is(err, store.ErrNewer):
		zerolog.Ctx(ctx).Debug().Str("call", row.Value.ID).Msg("call of a later version left alone")
		return nil
	case err != nil:
		return err
	}
	w.wait(ctx, replyWait)
	c := w.call()
	if !c.Owes() {
		if c.Listed {
			return nil // apply has seen to it
		}
		return e.Calls.Unlist(ctx, id)
	}
	due := time.Now().Add(listAhead)
	if wake := c.Wake(); !wake.IsZero() && wake.Before(due) {
		due = wake
	}
	return e.Calls.Postpone(ctx, row, due)
}

// orphan deals with a listed call that has no row: its opener is about to write
// it, or has died.
func (e *Engine) orphan(ctx context.Context, row store.Row[store.Live]) error {
	if time.Since(row.Value.Written) < buryAfter {
		return nil
	}
	id := call.ID(row.Value.ID)
	if _, err := e.apply(ctx, id, call.Event{Key: "buried", Body: call.Buried{}}); err != nil {
		return fmt.Errorf("bury call %s: %w", id, err)
	}
	return e.Calls.Unlist(ctx, id)
}
