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

// commitTimeout bounds the commit of one event, against other writers of the call and storage that does not
// answer. The event's sender waits about as long before it delivers the event again.
const commitTimeout = 5 * time.Second

// commit writes an event to the call's row and history exactly once, also when it is repeated, and returns
// the call after it. The write leases actions to owner; an event that was committed before leases none.
func (e *Engine) commit(ctx context.Context, id call.ID, ev call.Event, owner string) (call.Call, error) {
	ctx, cancel := context.WithTimeout(ctx, commitTimeout)
	defer cancel()
	unlock, err := e.locks.Lock(ctx, id)
	if err != nil {
		return call.Call{}, fmt.Errorf("lock call: %w", err)
	}
	defer unlock()
	cm := commitment{Engine: e, id: id, event: ev, owner: owner}
	for try := 1; ; try++ {
		c, err := cm.try(ctx)
		if err == nil || permanent(err) {
			return c, err
		}
		if table.Pause(ctx, try) != nil {
			return call.Call{}, fmt.Errorf("%w, after %d tries", err, try)
		}
	}
}

// commitment is the commit of one event, in one or more tries.
type commitment struct {
	*Engine
	id    call.ID
	event call.Event
	owner string

	// scheduled reports that a try has written the call's work item, and then lost its race: the item may be
	// due too late for the row that another process has written, or is about to write.
	scheduled bool
}

// try tries once to commit the event. After an error the event may have been committed all the same: the next
// try finds it, with the actions that it has leased.
func (cm *commitment) try(ctx context.Context) (call.Call, error) {
	if row, ok := cm.assume(cm.id, cm.event); ok {
		c, written, err := cm.commitTo(ctx, row)
		if written || err != nil && !errors.Is(err, table.ErrConflict) {
			return c, err
		}
		// The row is stale, or there is nothing to write, which only the stored row can show.
	}
	row, err := cm.load(ctx, cm.id, cm.event)
	if err != nil {
		return call.Call{}, err
	}
	c, written, err := cm.commitTo(ctx, row)
	if err == nil && !written && cm.scheduled && c.HasWork() {
		err = cm.Schedule(ctx, c, earlier(c.WorkDue, time.Now().Add(raceTime)))
	}
	return c, err
}

// raceTime is how long after a write of a work item the process that wrote it may still be committing the call's
// row: during this time, what another process finds in the row may be out of date.
const raceTime = commitTimeout + call.ClockDifference

// earlier returns the earlier of two times.
func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// assume returns the call's row without a read, for an event that is likely to find it so: a reply to our own
// request, an event within memoryAge of our own write, or the first event of a call that is dialled.
func (e *Engine) assume(id call.ID, ev call.Event) (table.Row[call.Call], bool) {
	row, at, known := e.memory.get(id)
	switch ev.Body.(type) {
	case call.Wake:
		return row, false
	case call.Replied:
		return row, known
	case call.Dialled:
		if !known {
			return dialledRow(id, ev), true
		}
	}
	return row, known && time.Since(at) <= memoryAge
}

// commitTo commits the event to a row, and returns the call after it. It reports whether it has written:
// nothing is written if the event was committed before, or changes nothing.
func (cm *commitment) commitTo(ctx context.Context, row table.Row[call.Call]) (c call.Call, written bool, err error) {
	if row.Value.HasEvent(cm.event.Key) {
		return row.Value, false, nil
	}
	t, err := cm.apply(ctx, row.Value, cm.event, cm.owner)
	if err != nil || !t.Changed() {
		return t.After, false, err
	}
	if err := cm.schedule(ctx, t); err != nil {
		return call.Call{}, false, err
	}
	w, commitErr := cm.Calls.Commit(ctx, row, t)
	if commitErr == nil {
		cm.memory.put(w, time.Now())
		logTransition(ctx, t)
		return t.After, true, nil
	}
	cm.memory.forget(cm.id)
	return cm.findCommitted(ctx, t, commitErr)
}

// schedule writes the call's work item before the call's row is written, if the transition changes when it is
// due. After a lost race the item is due within raceTime: then the row shows when it must be.
func (cm *commitment) schedule(ctx context.Context, t call.Transition) error {
	if t.After.WorkDue.Equal(t.Before.WorkDue) && !(cm.scheduled && t.After.HasWork()) {
		return nil
	}
	due := t.After.WorkDue
	if cm.scheduled {
		due = earlier(due, time.Now().Add(raceTime))
	}
	cm.scheduled = true
	return cm.Schedule(ctx, t.After, due)
}

// findCommitted finds out whether a transition was committed although commitErr was returned, because the
// answer was lost, and returns the call as it is now. The event may also have been committed by another
// process, to which it was delivered as well: then this one has written nothing.
func (e *Engine) findCommitted(ctx context.Context, t call.Transition, commitErr error) (call.Call, bool, error) {
	row, err := e.Calls.Load(ctx, t.After.ID)
	if err != nil {
		return call.Call{}, false, errors.Join(commitErr, ignoreNotFound(err))
	}
	if row.Value.Seq < t.Entry.Seq {
		return call.Call{}, false, commitErr
	}
	ours, err := e.Calls.Committed(ctx, t.After.ID, t.Entry)
	switch {
	case err != nil:
		return call.Call{}, false, errors.Join(commitErr, err)
	case ours, row.Value.HasEvent(t.Entry.Event.Key):
		return row.Value, ours, nil
	default:
		return call.Call{}, false, commitErr
	}
}

// ignoreNotFound returns err, or nil if it means that there is no such row.
func ignoreNotFound(err error) error {
	if errors.Is(err, table.ErrNotFound) {
		return nil
	}
	return err
}

// permanent reports whether an error cannot be cured by retrying at once.
func permanent(err error) bool {
	return errors.Is(err, table.ErrNotFound) || errors.Is(err, table.ErrNewer) ||
		errors.Is(err, table.ErrTooLarge) || errors.Is(err, table.ErrInvalid) || errors.Is(err, table.ErrUnreadable) ||
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
			return newRow(id), err
		case call.Dialled:
			return dialledRow(id, ev), nil
		case call.Tombstone:
			return newRow(id), nil
		}
	}
	return row, err
}

// newRow returns the row of a call that is not written yet.
func newRow(id call.ID) table.Row[call.Call] {
	return table.Row[call.Call]{Value: call.Call{ID: id}}
}

// dialledRow returns the row of a call that ScheduleDial has put on the worklist.
func dialledRow(id call.ID, dialled call.Event) table.Row[call.Call] {
	row := newRow(id)
	row.Value.WorkDue = dialled.At.Add(dialDue)
	return row
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

// Schedule writes the call's work item, due at the given time, and announces it.
func (e *Engine) Schedule(ctx context.Context, c call.Call, due time.Time) error {
	err := e.Calls.Schedule(ctx, c.ID, store.WorkItem{Due: due, Written: time.Now(), Dial: dialOf(c)})
	e.Announce(ctx, string(c.ID), due) // also if the item may have been written all the same
	return err
}

// dialDue is how long after a dial its work item is due.
const dialDue = 30 * time.Second

// ScheduleDial puts a call on the worklist that is about to be dialled and has no row yet. The event
// call.Dialled must have the same time.
func (e *Engine) ScheduleDial(ctx context.Context, id call.ID, dial call.Dial, now time.Time) error {
	err := e.Calls.Schedule(ctx, id, store.WorkItem{Due: now.Add(dialDue), Written: now, Dial: &dial})
	e.Announce(ctx, string(id), now.Add(dialDue))
	return err
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
