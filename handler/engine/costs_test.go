package engine_test

import (
	"testing"
	"testing/synctest"
	"time"

	"switchboard/handler/call"
	"switchboard/handler/call/outbox"
	"switchboard/test/cluster"
)

func TestStorageCostsOfACall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := cluster.NewHarness()
		offer := cluster.Offer()
		participants := call.ParticipantsUpdated{
			Sequence: 1, Participants: []call.Participant{{ID: cluster.Caller}}, Count: 1,
		}
		tests := []struct {
			name string
			do   func()
			want cluster.Cost
		}{
			// One read and one transaction of it count the offer, to find loops.
			{"an offer that is answered", func() {
				if err := h.Open(t.Context(), cluster.InboundID, offer); err != nil {
					t.Fatal(err)
				}
			}, cluster.Cost{Reads: 2, Transactions: 3, Worklist: 1}},
			{"the same offer again", func() {
				if err := h.Open(t.Context(), cluster.InboundID, offer); err != nil {
					t.Fatal(err)
				}
			}, cluster.Cost{Reads: 1, Transactions: 0, Worklist: 0}},
			{"an event with an action", func() {
				h.ApplyInbound(t, outbox.Ref{}, call.Connected{})
			}, cluster.Cost{Reads: 1, Transactions: 2, Worklist: 0}},
			{"the same event again", func() {
				h.ApplyInbound(t, outbox.Ref{}, call.Connected{})
			}, cluster.Cost{Reads: 1, Transactions: 0, Worklist: 0}},
			{"an event without an action", func() {
				h.ApplyInbound(t, outbox.Ref{}, participants)
			}, cluster.Cost{Reads: 1, Transactions: 1, Worklist: 0}},
			{"the next event with an action", func() {
				h.ApplyInbound(t, outbox.Ref{Op: 2, Send: 1}, call.PlayCompleted{})
			}, cluster.Cost{Reads: 1, Transactions: 2, Worklist: 1}},
			{"an event with two actions", func() {
				h.ApplyInbound(t, outbox.Ref{Op: 3, Send: 1}, call.Recognized{Tones: []string{"one"}})
			}, cluster.Cost{Reads: 1, Transactions: 3, Worklist: 0}},
			{"an event with an action and a deadline nearer than 30 s", func() {
				participants.Sequence, participants.Participants, participants.Count = 2, nil, 0
				ev := call.Event{Key: "left", ConnectionID: "conn-1", Body: participants}
				if err := h.Apply(t.Context(), cluster.InboundID, ev); err != nil {
					t.Fatal(err)
				}
			}, cluster.Cost{Reads: 1, Transactions: 2, Worklist: 1}},
			// With another write of the call's row, and the removal of its work item.
			{"the end of a call", func() {
				h.ApplyInbound(t, outbox.Ref{}, call.Disconnected{})
			}, cluster.Cost{Reads: 3, Transactions: 2, Worklist: 1}},
			{"an event after the end", func() {
				h.ApplyInbound(t, outbox.Ref{}, call.PlayStarted{})
			}, cluster.Cost{Reads: 1, Transactions: 1, Worklist: 0}},
		}
		for _, tt := range tests {
			got := cluster.CostOf(h.CallRows, h.WorklistRows, h.OtherRows, func() {
				tt.do()
				h.Background.Wait()
			})
			if got != tt.want {
				t.Errorf("%s costs %+v, want %+v", tt.name, got, tt.want)
			}
			time.Sleep(3 * time.Second) // longer than a row that another instance may have written is used
		}
	})
}
