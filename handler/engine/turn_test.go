package engine

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"switchboard/handler/call"
	"switchboard/handler/table/tabletest"
)

func TestEventsOfOneCallWaitForTheirTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := NewHarness()
		if err := q.Open(t.Context(), InboundID, Offer()); err != nil {
			t.Fatal(err)
		}
		writes := q.CallRows.Writes()
		q.CallRows.Fail = func(tabletest.Op) tabletest.Fault {
			time.Sleep(10 * time.Millisecond)
			return tabletest.None
		}
		for i := range 20 {
			q.Background.Go(func() {
				ev := call.Event{Key: fmt.Sprint(i), ConnectionID: "conn-1", Body: call.Unknown{Type: "x"}}
				if err := q.Apply(t.Context(), InboundID, ev); err != nil {
					t.Error(err)
				}
			})
		}
		q.Background.Wait()
		if got := q.CallRows.Writes() - writes; got != 20 {
			t.Errorf("%d transactions for 20 events", got)
		}
	})
}

func TestTurnIsNotWaitedForLongerThanTheEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var turns keyLock
		give, err := turns.lock(t.Context(), InboundID)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := turns.lock(ctx, InboundID); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error = %v", err)
		}
		give()
		if give, err = turns.lock(t.Context(), InboundID); err != nil {
			t.Fatal(err)
		}
		give()
		if len(turns.calls) > 0 {
			t.Errorf("%d turns are kept", len(turns.calls))
		}
	})
}
