package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"switchboard/handler/call"
	"switchboard/handler/flow"
	"switchboard/handler/table"
)

// ScheduleAhead is how long a call with outstanding work may wait on the worklist before it is attended to.
// A nearer deadline is written to the worklist before the call's row.
const ScheduleAhead = 30 * time.Second

// commitTimeout bounds the commit of one event, against other writers of the call and storage that does not
// answer. The event's sender waits about as long before it delivers the event again.
const commitTimeout = 5 * time.Second

// commit writes an event to the call's row and history exactly once, also when it is repeated, and returns
// the call after it. The write leases actions to owner; an event that was committed before leases none.
func (e *Engine) commit(ctx context.Context, id call.ID, ev call.Event, owner string) (call.Call, error) {
	ctx, cancel := context.WithTimeout(ctx, commitTimeout)
	defer cancel()
	unlock, err := e.locks.lock(ctx, id)
	if err != nil {
		return call.Call{}, fmt.Errorf("lock call: %w", err)
	}
	defer unlock()
	for try := 1; ; try++ {
		c, err := e.try(ctx, id, ev, owner)
		if err == nil || permanent(err) {
			return c, err
		}
		if table.Pause(ctx, try) != nil {
			return call.Call{}, fmt.Errorf("%w, after %d tries", err, try)
		}
	}
}

// try tries once to commit an event. After an error the event may have been committed all the same: the next
// try with the same owner finds it, with the actions that it has leased.
func (e *Engine) try(ctx context.Context, id call.ID, ev call.Event, owner string) (call.Call, error) {
	row, err := e.load(ctx, id, ev)
	if err != nil {
		return call.Call{}, err
	}
	if row.Value.HasEvent(ev.Key) {
		return row.Value, nil
	}
	next, entry, changed, err := e.apply(ctx, row.Value, ev, owner)
	if err != nil || !changed {
		return next, err
	}
	if next, err = e.schedule(ctx, row.Value, next); err != nil {
		return call.Call{}, err
	}
	commitErr := e.Calls.Commit(ctx, row, next, entry)
	if commitErr == nil {
		logTransition(ctx, row.Value, next, ev)
		return next, nil
	}
	committed, err := e.Calls.Committed(ctx, id, entry)
	if err != nil || !committed {
		return call.Call{}, errors.Join(commitErr, err)
	}
	row, err = e.Calls.Load(ctx, id)
	return row.Value, err
}

// permanent reports whether an error cannot be cured by retrying at once.
func permanent(err error) bool {
	return errors.Is(err, table.ErrNotFound) || errors.Is(err, table.ErrNewer) ||
		errors.Is(err, table.ErrTooLarge) || errors.Is(err, table.ErrInvalid) ||
		errors.Is(err, errFlow) || errors.Is(err, ErrLoop)
}

// load reads the call's row. For an event that opens a call, a row that does not exist yet is an empty one.
func (e *Engine) load(ctx context.Context, id call.ID, ev call.Event) (table.Row[call.Call], error) {
	row, err := e.Calls.Load(ctx, id)
	if errors.Is(err, table.ErrNotFound) {
		switch b := ev.Body.(type) {
		case call.Offered:
			loops, err := e.Calls.IsLoop(ctx, b.Line, ev.CorrelationID, id, time.Now(), maxOffers)
			if err == nil && loops {
				err = ErrLoop
			}
			return table.Row[call.Call]{Value: call.Call{ID: id}}, err
		case call.Dialled: // the dialler has scheduled it
			return table.Row[call.Call]{Value: call.Call{ID: id, Scheduled: true}}, nil
		case call.Tombstone:
			return table.Row[call.Call]{Value: call.Call{ID: id}}, nil
		}
	}
	return row, err
}

// errFlow means that a call's flow could not be loaded.
var errFlow = errors.New("no flow")

// apply applies the event to the call, and returns the call after it with its history entry. It reports
// whether there is something to write.
func (e *Engine) apply(
	ctx context.Context, c call.Call, ev call.Event, owner string,
) (next call.Call, entry call.Entry, changed bool, err error) {
	ref := c.Flow
	if ref == (flow.Ref{}) { // the call is not open yet
		switch b := ev.Body.(type) {
		case call.Offered:
			ref = b.Flow
		case call.Dialled:
			ref = b.Flow
		}
	}
	var f *flow.Flow
	if ref != (flow.Ref{}) { // a tombstone has none
		if f, err = e.Flows.Flow(ctx, ref); err != nil {
			return call.Call{}, call.Entry{}, false, fmt.Errorf("%w: %w", errFlow, err)
		}
	}
	in := call.Input{Now: time.Now(), Flow: f, Owner: owner}
	if c.NeedsGate(in.Now) {
		in.GateVerdict = e.Gate.Ask(ctx, c)
	}
	if next, changed = call.Apply(c, ev, in); !changed {
		return c, call.Entry{}, false, nil
	}
	return next, call.NewEntry(c, next, ev, in), true, nil
}

// schedule writes next to the worklist, before the call's row is written, if its work item is missing or due
// too late. It returns next marked as scheduled. Before is the call as it is stored.
func (e *Engine) schedule(ctx context.Context, before, next call.Call) (call.Call, error) {
	if !next.HasWork() {
		return next, nil
	}
	next.Scheduled = true
	due := next.Updated.Add(ScheduleAhead)
	wake, wakeBefore := next.Wake(), before.Wake()
	early := !wake.IsZero() && wake.Before(due)
	earlyBefore := !wakeBefore.IsZero() && !wake.Before(wakeBefore) // then the item is due by wake already
	becomesActive := !before.Active() && next.Active()              // then the item may be due much later
	if before.Scheduled && !becomesActive && (!early || earlyBefore) {
		return next, nil
	}
	if early {
		due = wake
	}
	return next, e.Calls.Schedule(ctx, next.ID, due, time.Now(), dialOf(next))
}

// dialOf returns what is needed to undo a dial whose call row was never written; nil for an inbound call.
func dialOf(c call.Call) *call.Dial {
	if d := c.Dial(); d != (call.Dial{}) {
		return &d
	}
	return nil
}

// logTransition logs a change of the call's state or node, and each recording that is lost now.
func logTransition(ctx context.Context, from, to call.Call, ev call.Event) {
	for i, r := range to.Recordings {
		if r.State == call.RecordingLost && i < len(from.Recordings) && from.Recordings[i].State != r.State {
			zerolog.Ctx(ctx).Warn().Str("call", string(to.ID)).Int("operation", r.Op).Str("reason", r.Reason).
				Msg("recording lost")
		}
	}
	if from.State == to.State && from.Node == to.Node {
		return
	}
	entry := zerolog.Ctx(ctx).Info().Str("call", string(to.ID)).Str("event", ev.Kind()).Str("state", string(to.State))
	if to.Node != "" {
		entry.Str("node", to.Node)
	}
	if to.Outcome != "" {
		entry.Str("outcome", string(to.Outcome))
	}
	entry.Msg("call changed")
}
