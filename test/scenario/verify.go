package scenario

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/go-cmp/cmp"

	"switchboard/handler/call"
	"switchboard/handler/call/outbox"
	"switchboard/handler/flow"
	"switchboard/test/invariant"
)

// Verify checks what must be true after every scenario, and returns what is not:
//
//   - the worklist is empty, for which Verify waits as long as an expectation does;
//   - each call has ended with an outcome, and replays;
//   - each recording is filed, or lost with a reason;
//   - each campaign is done and all its contacts have ended;
//   - no telephone rang twice for one operation.
func (e Env) Verify(ctx context.Context, result Result) error {
	r := newRun(e)
	err := r.until(ctx, 0, func(ctx context.Context) error {
		items, err := e.Calls.Worklist(ctx)
		if err == nil && len(items) > 0 {
			err = fmt.Errorf("%s and %d others are on the worklist", items[0].ID, len(items)-1)
		}
		return err
	})
	faults := []error{err}
	var calls []call.ID
	for _, c := range result.Calls {
		calls = append(calls, c.ID)
	}
	campaigns := invariant.Campaigns{Calls: e.Calls, Ledger: e.Ledger, Contacts: e.Contacts, RingsOf: e.ACS.RingsOf}
	for _, c := range result.Campaigns {
		faults = append(faults, campaigns.Check(ctx, c.ID)...)
		attempts, err := e.attempts(ctx, c.ID)
		faults = append(faults, err)
		calls = append(calls, attempts...)
	}
	for _, id := range calls {
		if err := e.verifyEnded(ctx, id); err != nil {
			faults = append(faults, fmt.Errorf("call %s %w", id, err))
		}
	}
	for _, ring := range e.ACS.Rings() {
		if ring.Count > 1 {
			faults = append(faults, fmt.Errorf("%s rang %d times for %s", ring.RawID, ring.Count, ring.OperationContext))
		}
	}
	return errors.Join(faults...)
}

// verifyEnded checks that a call has ended with its recordings, and replays.
func (e Env) verifyEnded(ctx context.Context, id call.ID) error {
	row, err := e.Calls.Load(ctx, id)
	if err != nil {
		return err
	}
	if c := row.Value; c.State != call.StateEnded || c.Outcome == "" || len(c.Pending) > 0 {
		return fmt.Errorf("is %s with outcome %q and %d actions pending", c.State, c.Outcome, len(c.Pending))
	}
	if err := e.verifyRecordings(ctx, row.Value); err != nil {
		return err
	}
	return e.verifyReplay(ctx, row.Value)
}

// expectReplay runs `expect NAME replays`.
func (r *run) expectReplay(ctx context.Context, name string) error {
	id, err := r.id(name)
	if err != nil {
		return err
	}
	row, err := r.Calls.Load(ctx, id)
	if err != nil {
		return err
	}
	return r.verifyReplay(ctx, row.Value)
}

// verifyReplay returns an error with the difference between the call's row and the
// replay of its history. It ignores the owners of actions and WorkDue.
func (e Env) verifyReplay(ctx context.Context, c call.Call) error {
	history, err := e.Calls.History(ctx, c.ID)
	if err != nil {
		return err
	}
	var f *flow.Flow
	if c.Flow != (flow.Ref{}) { // a tombstone has none
		if f, err = e.Catalog.Flow(ctx, c.Flow); err != nil {
			return err
		}
	}
	want, err := replayed(c)
	if err != nil {
		return err
	}
	got, err := replayed(call.Replay(c.ID, history, f))
	if err != nil {
		return err
	}
	if diff := cmp.Diff(want, got); diff != "" {
		return fmt.Errorf("does not replay (-row +replayed):\n%s", diff)
	}
	return nil
}

// replayed returns the call's JSON without the fields that a replay does not restore.
func replayed(c call.Call) (map[string]any, error) {
	c.WorkDue = time.Time{}
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
