package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"switchboard/handler/call"
	"switchboard/handler/store"
	"switchboard/handler/table"
)

const (
	// attendParallel is the number of items of a shard that are attended to at the same time, and
	// attendLimit that of all shards in one process.
	attendParallel = 16
	attendLimit    = 64
	// attendTime is how long one message may be worked on. What is left then is announced again.
	attendTime = 15 * time.Second
	// resendAfter is the wait before a message that met an error is worked on again.
	resendAfter = 5 * time.Second
	// OrphanAfter is how long a scheduled call may be without its row.
	OrphanAfter = time.Minute
)

// How long an item that could not be attended to is put off, so that it does not use up the time of the others.
const (
	putOffFailed     = 5 * time.Second // another try may succeed
	putOffPermanent  = time.Minute     // no try will, until a later version runs or the call's flow is there
	putOffUnreadable = time.Hour
)

// AttendShard attends to the due items of a shard of the worklist, the earliest first: it runs the deadlines
// of calls, performs actions whose leases have expired, and removes what has no outstanding work. Several
// processes may attend to one shard at the same time, because each change is committed as an event.
// AttendShard does not fail: what it could not do is announced again.
func (e *Engine) AttendShard(ctx context.Context, shard string) {
	now := time.Now()
	if err := e.attendDue(ctx, shard, now, now.Add(attendTime), attendTime); err != nil {
		zerolog.Ctx(ctx).Warn().Err(err).Str("shard", shard).Msg("deadlines not attended to yet")
		ctx := context.WithoutCancel(ctx)
		e.sendDeadline(ctx, DeadlineMessage{Shard: shard, Slot: slotOf(time.Now())}, resendAfter)
	}
}

// errMoreDue means that items were due when the time to attend to them was up.
var errMoreDue = errors.New("more items are due")

// attendDue attends to the items of a shard that were due at the given time, and starts none after until. It
// announces those that are due a little later: this clock may be behind the one by which the message was sent.
// It waits for the actions that it starts, for the given time at most, and not after until. The error has those
// of the items that failed; they are put off.
func (e *Engine) attendDue(ctx context.Context, shard string, dueAt, until time.Time, wait time.Duration) error {
	due, unreadable, err := e.Calls.Due(ctx, shard, dueAt.Add(call.ClockDifference))
	if err != nil {
		return fmt.Errorf("list shard %s: %w", shard, err)
	}
	var round attendRound
	for _, item := range unreadable {
		round.add(nil, e.Calls.PutOff(ctx, item, time.Now().Add(putOffUnreadable)))
	}
	for len(due) > 0 && due[len(due)-1].Value.Due.After(dueAt) {
		last := due[len(due)-1].Value
		e.Announce(ctx, last.ID, last.Due)
		due = due[:len(due)-1]
	}
	var group errgroup.Group
	group.SetLimit(attendParallel)
	for i, item := range due {
		if !time.Now().Before(until) {
			round.add(nil, fmt.Errorf("%w: %d", errMoreDue, len(due)-i))
			break
		}
		group.Go(func() error {
			round.add(e.attendLimited(ctx, item))
			return nil
		})
	}
	_ = group.Wait() // its functions return no error
	until = earlier(until, time.Now().Add(wait))
	for _, t := range round.trackers {
		t.Wait(ctx, time.Until(until))
	}
	return errors.Join(round.failed...)
}

// attendRound collects what came of the items of a shard.
type attendRound struct {
	mu       sync.Mutex
	trackers []*Tracker
	failed   []error
}

// add adds what came of one item: the tracker of what it started, if it started anything, and its error.
func (r *attendRound) add(t *Tracker, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if t != nil {
		r.trackers = append(r.trackers, t)
	}
	if err != nil {
		r.failed = append(r.failed, err)
	}
}

// attendLimited attends to one item, attendLimit at the same time in this process, and puts it off if that
// fails.
func (e *Engine) attendLimited(ctx context.Context, item table.Row[store.WorkItem]) (*Tracker, error) {
	if err := e.attending.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	defer e.attending.Release(1)
	t, err := e.attend(ctx, item)
	if err == nil {
		return t, nil
	}
	wait := putOffFailed
	if permanent(err) {
		wait = putOffPermanent
	}
	return t, errors.Join(err, e.postpone(ctx, item, time.Now().Add(wait)))
}

// attend attends to one item that is due, and returns what follows the actions that this starts; nil if it
// starts none.
func (e *Engine) attend(ctx context.Context, item table.Row[store.WorkItem]) (*Tracker, error) {
	if item.Value.Kind == store.WorkRecording {
		again, err := e.Recordings.Attend(ctx, item)
		if err != nil || again.IsZero() {
			return nil, err
		}
		return nil, e.postpone(ctx, item, again)
	}
	id := call.ID(item.Value.ID)
	t, err := e.Start(ctx, id, call.Event{Body: call.Wake{}})
	switch {
	case errors.Is(err, table.ErrNotFound):
		return nil, e.handleOrphan(ctx, item)
	case errors.Is(err, table.ErrNewer):
		zerolog.Ctx(ctx).Debug().Str("call", item.Value.ID).Msg("call of a later version left alone")
		return nil, e.Calls.Postpone(ctx, item, time.Now().Add(putOffPermanent))
	case err != nil:
		return nil, fmt.Errorf("call %s: %w", id, err)
	}
	c := t.Call()
	if c.HasWork() {
		return t, e.postpone(ctx, item, postponedTo(c, item.Value, time.Now()))
	}
	if !c.WorkDue.IsZero() {
		return t, nil // Start removes the item
	}
	return t, e.unscheduleEnded(ctx, item, c)
}

// postponedTo returns when a call that was attended to must be attended to again. If the process that wrote its
// work item may still be committing the call's row, that is within raceTime of the item.
func postponedTo(c call.Call, item store.WorkItem, now time.Time) time.Time {
	due := c.AttendBy(now)
	if !due.After(now) { // it waits for the gate, which could not be asked
		due = now.Add(putOffFailed)
	}
	if committed := item.Written.Add(raceTime); committed.After(now) {
		due = earlier(due, committed)
	}
	return due
}

// postpone changes when an item is due, and announces it.
func (e *Engine) postpone(ctx context.Context, item table.Row[store.WorkItem], due time.Time) error {
	err := e.Calls.Postpone(ctx, item, due)
	e.Announce(ctx, item.Value.ID, due)
	return err
}

// unscheduleEnded removes the item of an ended call. If a dialler scheduled the call again without knowing
// that it had ended, its reservations are rolled back first, once that dialler cannot reserve any more.
func (e *Engine) unscheduleEnded(ctx context.Context, item table.Row[store.WorkItem], c call.Call) error {
	if item.Value.Dial != nil {
		if wait := OrphanAfter - time.Since(item.Value.Written); wait > 0 {
			return e.postpone(ctx, item, time.Now().Add(wait))
		}
		if err := e.Reservations.RollBack(ctx, c, item.Value.Dial.Line); err != nil {
			return err
		}
	}
	return e.Calls.Unschedule(ctx, c.ID)
}

// handleOrphan ends a scheduled call whose row was not written within OrphanAfter: the process that opened
// the call has crashed.
func (e *Engine) handleOrphan(ctx context.Context, item table.Row[store.WorkItem]) error {
	if wait := OrphanAfter - time.Since(item.Value.Written); wait > 0 {
		return e.postpone(ctx, item, time.Now().Add(wait))
	}
	id := call.ID(item.Value.ID)
	var dial call.Dial
	if item.Value.Dial != nil {
		dial = *item.Value.Dial
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
