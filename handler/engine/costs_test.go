package engine_test

import (
	"testing"
	"testing/synctest"
	"time"

	"switchboard/handler/call"
	"switchboard/handler/call/outbox"
	"switchboard/test/cluster"
)

func TestCosts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := cluster.NewHarness()
		ev := cluster.Offer()
		people := call.ParticipantsUpdated{Sequence: 1, Participants: []call.Participant{{ID: cluster.Caller}}, Count: 1}
		tests := []struct {
			name string
			do   func()
			want cluster.Cost
		}{
			// With one of each for the count of offers that tells a loop.
			{"an offer that is answered", func() {
				if err := q.Open(t.Context(), cluster.InboundID, ev); err != nil {
					t.Fatal(err)
				}
			}, cluster.Cost{Reads: 3, Transactions: 3, Worklist: 1}},
			{"its duplicate", func() {
				if err := q.Open(t.Context(), cluster.InboundID, ev); err != nil {
					t.Fatal(err)
				}
			}, cluster.Cost{Reads: 1, Transactions: 0, Worklist: 0}},
			{"an event with an action", func() { q.ApplyInbound(t, outbox.Ref{}, call.Connected{}) }, cluster.Cost{Reads: 2, Transactions: 2, Worklist: 0}},
			{"its duplicate, too", func() { q.ApplyInbound(t, outbox.Ref{}, call.Connected{}) }, cluster.Cost{Reads: 1, Transactions: 0, Worklist: 0}},
			{"an event without one", func() { q.ApplyInbound(t, outbox.Ref{}, people) }, cluster.Cost{Reads: 1, Transactions: 1, Worklist: 0}},
			{"the next event with an action", func() { q.ApplyInbound(t, outbox.Ref{Op: 2, Send: 1}, call.PlayCompleted{}) }, cluster.Cost{Reads: 2, Transactions: 2, Worklist: 0}},
			{"an event with two actions", func() {
				q.ApplyInbound(t, outbox.Ref{Op: 3, Send: 1}, call.Recognized{Tones: []string{"one"}})
			}, cluster.Cost{Reads: 3, Transactions: 3, Worklist: 0}},
			{"an event with an action and a deadline nearer than 30 s", func() {
				people.Sequence, people.Participants, people.Count = 2, nil, 0
				ev := call.Event{Key: "left", ConnectionID: "conn-1", Body: people}
				if err := q.Apply(t.Context(), cluster.InboundID, ev); err != nil {
					t.Fatal(err)
				}
			}, cluster.Cost{Reads: 2, Transactions: 2, Worklist: 1}},
			// The end: the call's row once more, and the list's row away.
			{"the end of a call", func() { q.ApplyInbound(t, outbox.Ref{}, call.Disconnected{}) }, cluster.Cost{Reads: 3, Transactions: 2, Worklist: 1}},
			{"an event after it", func() { q.ApplyInbound(t, outbox.Ref{}, call.PlayStarted{}) }, cluster.Cost{Reads: 1, Transactions: 1, Worklist: 0}},
		}
		for _, tt := range tests {
			got := cluster.CostOf(q.CallRows, q.WorklistRows, q.OtherRows, func() {
				tt.do()
				q.Background.Wait()
			})
			if got != tt.want {
				t.Errorf("%s costs %+v, want %+v", tt.name, got, tt.want)
			}
			time.Sleep(time.Second)
		}
	})
}
