package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"switchboard/handler/call"
)

// Debt is a recording that was asked for, as a row of its own in the call's
// partition: what has to be filed, or reported lost.
type Debt struct {
	Op          int                 `json:"op"`                    // our operation that asked for it
	RecordingID string              `json:"recordingId,omitempty"` // ACS's; it may never be told
	Channels    string              `json:"channels"`              // "mixed" or "unmixed"
	State       call.RecordingState `json:"state"`
	Reason      string              `json:"reason,omitempty"` // why it was lost
	At          time.Time           `json:"at"`               // of the transition that made it so
}

func debtKey(id call.ID, op int) Key { return Key{string(id), fmt.Sprintf("r|%08d", op)} }

// debtsIn adds the debts to tx for the recordings that the transition has changed.
// The row of the call in tx carries the condition for them.
func (s *Calls) debtsIn(tx *Tx, from, to call.Call) {
	for _, r := range to.Recordings {
		if slices.Contains(from.Recordings, r) {
			continue
		}
		s.debts.PutIn(tx, debtKey(to.ID, r.Op), Debt{
			Op: r.Op, RecordingID: r.ID, Channels: r.Channels, State: r.State, Reason: r.Reason, At: to.Updated,
		})
	}
}

// Debts returns the recordings that the call has asked for, in that order.
func (s *Calls) Debts(ctx context.Context, id call.ID) ([]Debt, error) {
	var debts []Debt
	for row, err := range s.debts.List(ctx, WithPrefix(string(id), "r|")) {
		if err != nil {
			return nil, err
		}
		debts = append(debts, row.Value)
	}
	return debts, nil
}
