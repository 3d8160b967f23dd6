package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"switchboard/handler/call"
	"switchboard/handler/store"
	"switchboard/handler/store/storetest"
)

func TestDebtsFollowTheRecordingsOfTheCall(t *testing.T) {
	onEveryTable(t, func(t *testing.T, rows, live store.Rows) {
		calls, ctx := store.NewCalls(rows, live), t.Context()
		row, now := store.Row[call.Call]{}, t0
		commit := func(recordings ...call.Recording) {
			t.Helper()
			next, entry := transition(row.Value, "", "run")
			next.Recordings, next.Updated = recordings, now
			if err := calls.Commit(ctx, row, next, entry); err != nil {
				t.Fatal(err)
			}
			var err error
			if row, err = calls.Load(ctx, "in-1"); err != nil {
				t.Fatal(err)
			}
			now = now.Add(time.Second)
		}
		owed := func(want ...store.Debt) {
			t.Helper()
			got, err := calls.Debts(ctx, "in-1")
			if d := cmp.Diff(want, got); err != nil || d != "" {
				t.Errorf("debts: %v (-want +got):\n%s", err, d)
			}
		}
		commit()
		owed()
		first := call.Recording{Op: 3, Send: 1, Channels: "mixed", State: call.RecordingWanted}
		commit(first)
		debt := store.Debt{Op: 3, Channels: "mixed", State: call.RecordingWanted, At: t0.Add(time.Second)}
		owed(debt)
		commit(first) // nothing new of it
		owed(debt)
		first.ID, first.State = "acs-rec", call.RecordingStarted
		second := call.Recording{Op: 12, Send: 1, Channels: "unmixed", State: call.RecordingWanted}
		commit(first, second)
		debt.RecordingID, debt.State, debt.At = "acs-rec", call.RecordingStarted, t0.Add(3*time.Second)
		other := store.Debt{Op: 12, Channels: "unmixed", State: call.RecordingWanted, At: t0.Add(3 * time.Second)}
		owed(debt, other)
		second.State, second.Reason = call.RecordingLost, "never started"
		commit(first, second)
		other.State, other.Reason, other.At = call.RecordingLost, "never started", t0.Add(4*time.Second)
		owed(debt, other)
	})
}

func TestADebtIsWrittenWithItsTransitionOrNotAtAll(t *testing.T) {
	calls, ctx := store.NewCalls(storetest.NewMemory(), storetest.NewMemory()), t.Context()
	none := store.Row[call.Call]{}
	c, entry := transition(call.Call{}, "offer", "run-1")
	if err := calls.Commit(ctx, none, c, entry); err != nil {
		t.Fatal(err)
	}
	c.Recordings = []call.Recording{{Op: 1, State: call.RecordingWanted}}
	if err := calls.Commit(ctx, none, c, entry); !errors.Is(err, store.ErrConflict) {
		t.Fatalf("the loser: %v, want %v", err, store.ErrConflict)
	}
	if debts, err := calls.Debts(ctx, "in-1"); err != nil || len(debts) > 0 {
		t.Errorf("debts: %v, %v", debts, err)
	}
}
