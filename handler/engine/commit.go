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

// listAhead is how far ahead a call on the list of what owes something is looked
// at, at most. A deadline nearer than that is written to the list first.
const ScheduleAhead = 30 * time.Second

// commitTime bounds how long one event is tried, against other writers of the
// same call and storage that does not answer. Whoever waits for it does not wait
// longer either; they deliver it again.
const commitTimeout = 5 * time.Second

// commit brings an event into the call's row and history, once, whatever happens
// on the way, and returns the call after it. The actions that the write has
// claimed are owned by run; an event that was committed before claims none.
func (e *Engine) commit(ctx context.Context, id call.ID, ev call.Event, run string) (call.Call, error) {
	ctx, cancel := context.WithTimeout(ctx, commitTimeout)
	defer cancel()
	give, err := e.locks.lock(ctx, id)
	if err != nil {
		return call.Call{}, fmt.Errorf("wait for the call's turn: %w", err)
	}
	defer give()
	for try := 1; ; try++ {
		c, err := e.try(ctx, id, ev, run)
		if err == nil || permanent(err) {
			return c, err
		}
		if table.Pause(ctx, try) != nil {
			return call.Call{}, fmt.Errorf("%w, after %d tries", err, try)
		}
	}
}

// try is one try to commit an event. After an error it is not known whether the
// event was committed; the next try with the same run finds out, and finds the
// actions that this one has claimed.
func (e *Engine) try(ctx context.Context, id call.ID, ev call.Event, run string) (call.Call, error) {
	row, err := e.load(ctx, id, ev)
	if err != nil {
		return call.Call{}, err
	}
	if row.Value.HasEvent(ev.Key) {
		return row.Value, nil
	}
	next, entry, err := e.apply(ctx, row.Value, ev, run)
	if err != nil || entry.Seq == 0 {
		return next, err
	}
	if err := e.schedule(ctx, row.Value, &next); err != nil {
		return call.Call{}, err
	}
	lost := e.Calls.Commit(ctx, row, next, entry)
	if lost == nil {
		logTransition(ctx, row.Value, next, ev)
		return next, nil
	}
	there, err := e.Calls.Committed(ctx, id, entry)
	if err != nil || !there {
		return call.Call{}, errors.Join(lost, err)
	}
	row, err = e.Calls.Load(ctx, id)
	return row.Value, err
}

// hopeless reports an error that trying again at once does not help against.
func permanent(err error) bool {
	return errors.Is(err, table.ErrNotFound) || errors.Is(err, table.ErrNewer) ||
		errors.Is(err, table.ErrTooLarge) || errors.Is(err, table.ErrInvalid) || errors.Is(err, errFlow) || errors.Is(err, ErrLoop)
}

// load reads the call's row. For an event that opens a call there need be none yet.
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
		case call.Dialled: // Dial has listed it
			return table.Row[call.Call]{Value: call.Call{ID: id, Scheduled: true}}, nil
		case call.Tombstone:
			return table.Row[call.Call]{Value: call.Call{ID: id}}, nil
		}
	}
	return row, err
}

// errFlow means that the flow of a call could not be had.
var errFlow = errors.New("no flow")

// step lets the call take the event. An entry without a number: nothing to write.
func (e *Engine) apply(ctx context.Context, c call.Call, ev call.Event, run string) (call.Call, call.Entry, error) {
	ref := c.Flow
	if ref == (flow.Ref{}) { // it has not been opened yet
		switch b := ev.Body.(type) {
		case call.Offered:
			ref = b.Flow
		case call.Dialled:
			ref = b.Flow
		}
	}
	var f *flow.Flow
	if ref != (flow.Ref{}) { // a buried call has none
		var err error
		if f, err = e.Flows.Flow(ctx, ref); err != nil {
			return call.Call{}, call.Entry{}, fmt.Errorf("%w: %w", errFlow, err)
		}
	}
	given := call.Input{Now: time.Now(), Flow: f, Owner: run}
	if c.NeedsGate(given.Now) {
		given.Gate = e.Gate.Ask(ctx, c)
	}
	next, moved := call.Apply(c, ev, given)
	if !moved {
		return c, call.Entry{}, nil
	}
	return next, call.NewEntry(c, next, ev, given), nil
}

// list writes the call to the list of what owes something, before the call's own
// row, if it is not there or is to be looked at sooner than it may be.
func (e *Engine) schedule(ctx context.Context, c call.Call, next *call.Call) error {
	if !next.HasWork() {
		return nil
	}
	due := next.Updated.Add(ScheduleAhead)
	wake, before := next.Wake(), c.Wake()
	sooner := !wake.IsZero() && wake.Before(due)
	idle := !c.Active() && next.Active() // it may be listed for a later time
	if c.Scheduled && !idle && (!sooner || !before.IsZero() && !wake.Before(before)) {
		next.Scheduled = true
		return nil
	}
	if sooner {
		due = wake
	}
	next.Scheduled = true
	return e.Calls.Schedule(ctx, next.ID, due, time.Now(), dialOf(*next))
}

// dialOf is what whoever finds the call listed, but not written, has to know.
func dialOf(c call.Call) *call.Dial {
	if d := c.Dial(); d != (call.Dial{}) {
		return &d
	}
	return nil
}

// logMove writes one line for a change of state or place, and one for each recording
// that is lost.
func logTransition(ctx context.Context, from, to call.Call, ev call.Event) {
	for i, r := range to.Recordings {
		if r.State == call.RecordingLost && i < len(from.Recordings) && from.Recordings[i].State != r.State {
			zerolog.Ctx(ctx).Warn().Str("call", string(to.ID)).Int("operation", r.Op).Str("reason", r.Reason).Msg("recording lost")
		}
	}
	if from.State == to.State && from.Node == to.Node {
		return
	}
	line := zerolog.Ctx(ctx).Info().Str("call", string(to.ID)).Str("event", ev.Kind()).Str("state", string(to.State))
	if to.Node != "" {
		line.Str("node", to.Node)
	}
	if to.Outcome != "" {
		line.Str("outcome", string(to.Outcome))
	}
	line.Msg("call moved")
}
