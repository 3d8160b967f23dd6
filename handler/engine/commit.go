package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"switchboard/handler/call"
	"switchboard/handler/flow"
	"switchboard/handler/store"
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
	t, err := e.apply(ctx, row.Value, ev, owner)
	if err != nil || !t.Changed() {
		return t.After, err
	}
	if err := e.schedule(ctx, t); err != nil {
		return call.Call{}, err
	}
	commitErr := e.Calls.Commit(ctx, row, t)
	if commitErr == nil {
		logTransition(ctx, t)
		return t.After, nil
	}
	committed, err := e.Calls.Committed(ctx, id, t.Entry)
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
			loops, err := e.Calls.IsLoop(ctx, store.Offer{
				Line: b.Line, CorrelationID: ev.CorrelationID, Call: id, At: time.Now(),
			}, maxOffers)
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

// apply applies the event to the call, with the call's flow and, where it is needed, the gate's verdict.
func (e *Engine) apply(ctx context.Context, c call.Call, ev call.Event, owner string) (call.Transition, error) {
	f, err := e.flowOf(ctx, c, ev)
	if err != nil {
		return call.Transition{}, err
	}
	in := call.Input{Now: time.Now(), Flow: f, Owner: owner}
	if c.NeedsGate(in.Now) {
		in.GateVerdict = e.Gate.Ask(ctx, c)
	}
	return call.Apply(c, ev, in), nil
}

// flowOf returns the flow of the call, or of the call that the event opens. A tombstone has none.
func (e *Engine) flowOf(ctx context.Context, c call.Call, ev call.Event) (*flow.Flow, error) {
	ref := c.Flow
	switch b := ev.Body.(type) {
	case call.Offered:
		ref = cmp.Or(ref, b.Flow)
	case call.Dialled:
		ref = cmp.Or(ref, b.Flow)
	}
	if ref == (flow.Ref{}) {
		return nil, nil
	}
	f, err := e.Flows.Flow(ctx, ref)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errFlow, err)
	}
	return f, nil
}

// schedule writes the call's work item, before the call's row is written, if the item is missing or due too
// late for what the transition leaves to do.
func (e *Engine) schedule(ctx context.Context, t call.Transition) error {
	if !t.After.HasWork() || t.Before.Scheduled && !dueSooner(t) {
		return nil
	}
	return e.Calls.Schedule(ctx, t.After.ID, store.WorkItem{
		Due: attendBy(t.After, t.After.Updated), Written: time.Now(), Dial: dialOf(t.After),
	})
}

// dueSooner reports whether the work item of the call before the transition may be due too late for the call
// after it.
func dueSooner(t call.Transition) bool {
	if !t.Before.Active() && t.After.Active() { // its item may be due in idleAhead
		return true
	}
	wake, before := t.After.Wake(), t.Before.Wake()
	if wake.IsZero() || !wake.Before(t.After.Updated.Add(ScheduleAhead)) { // its item is due by then anyway
		return false
	}
	return before.IsZero() || wake.Before(before)
}

// attendBy returns when a call with outstanding work must be attended to if no event comes: at its nearest
// deadline, but within ScheduleAhead, or, if it only waits for recordings, within idleAhead.
func attendBy(c call.Call, now time.Time) time.Time {
	due := now.Add(ScheduleAhead)
	if !c.Active() {
		due = now.Add(idleAhead)
	}
	if wake := c.Wake(); !wake.IsZero() && wake.Before(due) {
		return wake
	}
	return due
}

// dialOf returns what is needed to undo a dial whose call row was never written; nil for an inbound call.
func dialOf(c call.Call) *call.Dial {
	if d := c.Dial(); d != (call.Dial{}) {
		return &d
	}
	return nil
}

// logTransition logs a change of the call's state or node, and each recording that is lost now.
func logTransition(ctx context.Context, t call.Transition) {
	from, to := t.Before, t.After
	for i, r := range to.Recordings {
		if r.State == call.RecordingLost && i < len(from.Recordings) && from.Recordings[i].State != r.State {
			zerolog.Ctx(ctx).Warn().Str("call", string(to.ID)).Int("operation", r.Op).Str("reason", r.Reason).
				Msg("recording lost")
		}
	}
	if from.State == to.State && from.Node == to.Node {
		return
	}
	line := zerolog.Ctx(ctx).Info().Str("call", string(to.ID)).Str("event", t.Entry.Event.Kind()).Str("state", string(to.State))
	if to.Node != "" {
		line.Str("node", to.Node)
	}
	if to.Outcome != "" {
		line.Str("outcome", string(to.Outcome))
	}
	line.Msg("call changed")
}
