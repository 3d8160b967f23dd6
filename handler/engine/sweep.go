package engine

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"switchboard/handler/store"
)

const (
	// overdueAfter is how long an item may be overdue before the sweep attends to it. Before that, the message
	// that announced it is under way.
	overdueAfter = 10 * time.Second
	// sweepTime is how long one sweep attends to items. What is left then is announced to all instances.
	sweepTime = 15 * time.Second
)

// Sweep finds what no message has announced: it attends to the items of the worklist that are overdue, and
// announces those that come due before the next sweep. Several instances may sweep at the same time. The
// error names what failed; the next sweep tries again.
func (e *Engine) Sweep(ctx context.Context) error {
	until := time.Now().Add(sweepTime)
	first := rand.IntN(store.Shards)
	var failed []error
	for n := range store.Shards {
		if err := e.sweepShard(ctx, store.Shard(first+n), until); err != nil {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

// sweepShard attends to the overdue items of a shard until a time, and announces the others.
func (e *Engine) sweepShard(ctx context.Context, shard string, until time.Time) error {
	now := time.Now()
	upcoming, _, err := e.Calls.Due(ctx, shard, now.Add(AnnounceAhead))
	if err != nil {
		return fmt.Errorf("list shard %s: %w", shard, err)
	}
	overdue := false
	for _, item := range upcoming {
		if due := item.Value.Due; due.Before(now.Add(-overdueAfter)) {
			overdue = true
		} else {
			e.Announce(ctx, item.Value.ID, due)
		}
	}
	if !overdue {
		return nil
	}
	err = e.attendDue(ctx, shard, now.Add(-overdueAfter), until, ReplyWait)
	if errors.Is(err, errMoreDue) { // more than one instance can do
		e.sendDeadline(ctx, DeadlineMessage{Shard: shard, Slot: slotOf(now)}, 0)
	}
	return err
}
