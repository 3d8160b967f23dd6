package scenario

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/google/go-cmp/cmp"

	"switchboard/handler/call"
	"switchboard/handler/call/outbox"
	"switchboard/handler/flow"
)

// Verify reports what must hold after every story and does not: each call of it
// has ended with an outcome and replays, its recordings are filed or lost with a
// reason, each campaign is done to the last contact, nothing owes anything any more,
// and no telephone rang twice for one operation. It waits for that as long as an
// expectation does.
func (w World) Verify(ctx context.Context, p Played) error {
	t := newTelling(w)
	err := t.until(ctx, 0, func(ctx context.Context) error {
		live, err := w.Calls.Worklist(ctx)
		if err == nil && len(live) > 0 {
			err = fmt.Errorf("%s and %d others are live", live[0].ID, len(live)-1)
		}
		return err
	})
	faults := []error{err}
	calls := slices.Clone(p.Calls)
	for _, id := range p.Campaigns {
		faults = append(faults, w.verifyCampaign(ctx, id)...)
		attempts, err := w.attempts(ctx, id)
		faults = append(faults, err)
		calls = append(calls, attempts...)
	}
	for _, id := range calls {
		if err := w.ended(ctx, id); err != nil {
			faults = append(faults, fmt.Errorf("call %s %w", id, err))
		}
	}
	for _, r := range w.ACS.Rings() {
		if r.Count > 1 {
			faults = append(faults, fmt.Errorf("%s rang %d times for %s", r.RawID, r.Count, r.OperationContext))
		}
	}
	return errors.Join(faults...)
}

func (w World) ended(ctx context.Context, id call.ID) error {
	row, err := w.Calls.Load(ctx, id)
	if err != nil {
		return err
	}
	if c := row.Value; c.State != call.StateEnded || c.Outcome == "" || len(c.Pending) > 0 {
		return fmt.Errorf("is %s with outcome %q and %d actions pending", c.State, c.Outcome, len(c.Pending))
	}
	if err := w.verifyRecordings(ctx, row.Value); err != nil {
		return err
	}
	return w.replay(ctx, row.Value)
}

// replays is `expect NAME replays`.
func (t *telling) replays(ctx context.Context, name string) error {
	id, err := t.id(name)
	if err != nil {
		return err
	}
	row, err := t.Calls.Load(ctx, id)
	if err != nil {
		return err
	}
	return t.replay(ctx, row.Value)
}

// replay reports how the call's row and what its history leads to differ: the
// owners of actions, the list and the cache of event keys aside.
func (w World) replay(ctx context.Context, c call.Call) error {
	history, err := w.Calls.History(ctx, c.ID)
	if err != nil {
		return err
	}
	var f *flow.Flow
	if c.Flow != (flow.Ref{}) { // a buried call has none
		if f, err = w.Catalog.Flow(ctx, c.Flow); err != nil {
			return err
		}
	}
	want, err := shown(c)
	if err != nil {
		return err
	}
	got, err := shown(call.Replay(c.ID, history, f))
	if err != nil {
		return err
	}
	if diff := cmp.Diff(want, got); diff != "" {
		return fmt.Errorf("does not replay (-row +replayed):\n%s", diff)
	}
	return nil
}

// shown is a call as JSON shows it, without what replaying leaves aside.
func shown(c call.Call) (map[string]any, error) {
	c.Scheduled, c.RecentEventKeys = false, nil
	pending := make([]outbox.Action, len(c.Pending))
	for i, a := range c.Pending {
		a.Owner = ""
		pending[i] = a
	}
	c.Pending = pending
	doc, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	var members map[string]any
	return members, json.Unmarshal(doc, &members)
}
