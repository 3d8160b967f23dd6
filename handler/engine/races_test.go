package engine_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"switchboard/handler/call"
	"switchboard/handler/call/outbox"
	"switchboard/handler/store"
	"switchboard/handler/table"
	"switchboard/test/cluster"
)

// interruptedRows is a table before whose first write something else happens.
type interruptedRows struct {
	table.Rows
	once  sync.Once
	other func()
}

func (r *interruptedRows) Apply(ctx context.Context, writes ...table.Write) ([]string, error) {
	r.once.Do(r.other)
	return r.Rows.Apply(ctx, writes...)
}

// wantDueInTime checks that the work item of the inbound call is due when the call's row says so, or within the
// 10 s in which a lost race is found out.
func wantDueInTime(t *testing.T, h *cluster.Harness) {
	t.Helper()
	wake := h.LoadInbound(t).Wake()
	items, err := h.Calls.Worklist(t.Context())
	if err != nil || len(items) != 1 {
		t.Fatalf("worklist %+v, %v, want one item", items, err)
	}
	if due := items[0].Due; due.After(wake) && time.Until(due) > 10*time.Second {
		t.Errorf("the item is due in %v, want it due in %v, as the call's row says, or in 10s", time.Until(due), time.Until(wake))
	}
}

// noResponse returns the event that a pending action got no response.
func noResponse(ref outbox.Ref) call.Event {
	return call.Event{
		Key: "no response", ConnectionID: "conn-1", Ref: ref, Body: call.Replied{Verdict: call.VerdictNoResponse},
	}
}

func TestAWorkItemIsDueInTimeAfterARace(t *testing.T) {
	cluster.Run(t, "when it is attended to between its write and that of the row", func(t *testing.T, h *cluster.Harness) {
		h.OpenInbound(t)
		connected := call.Event{Key: "c", ConnectionID: "conn-1", Body: call.Connected{}}
		if err := h.CrashBeforeSending().Apply(t.Context(), cluster.InboundID, connected); err != nil {
			t.Fatal(err)
		}
		slow := h.CrashBeforeSending()
		slow.Calls = store.NewCalls(&interruptedRows{Rows: h.CallRows, other: func() {
			time.Sleep(2 * time.Second) // the prompt is to be sent again after 1 s
			h.AttendAll(t.Context())
			h.Background.Wait()
		}}, h.WorklistRows)
		if _, err := slow.Start(t.Context(), cluster.InboundID, noResponse(h.LoadInbound(t).Pending[0].Ref)); err != nil {
			t.Fatal(err)
		}
		wantDueInTime(t, h)
	})
	cluster.Run(t, "when another instance commits the same event, and an earlier deadline", func(t *testing.T, h *cluster.Harness) {
		h.OpenInbound(t)
		h.ApplyInbound(t, outbox.Ref{}, call.Connected{})
		h.AttendAfter(t, 35*time.Second) // the item is postponed to the end of the prompt
		played := call.Event{Key: "p", ConnectionID: "conn-1", Ref: outbox.Ref{Op: 2, Send: 1}, Body: call.PlayCompleted{}}
		slow, fast := h.CrashBeforeSending(), h.CrashBeforeSending()
		slow.Calls = store.NewCalls(h.CallRows, &interruptedRows{Rows: h.WorklistRows, other: func() {
			if err := fast.Apply(t.Context(), cluster.InboundID, played); err != nil {
				t.Error(err)
			}
			menu := h.LoadInbound(t).Pending[0]
			if _, err := fast.Start(t.Context(), cluster.InboundID, noResponse(menu.Ref)); err != nil {
				t.Error(err)
			}
		}})
		if err := slow.Apply(t.Context(), cluster.InboundID, played); err != nil {
			t.Fatal(err)
		}
		wantDueInTime(t, h)
	})
}
