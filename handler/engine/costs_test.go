package engine

import (
	"testing"
	"testing/synctest"
	"time"

	"switchboard/handler/call"
)

func TestCosts(t *testing.T) {
	type cost struct{ reads, transactions, live int } // live: writes of the list
	synctest.Test(t, func(t *testing.T) {
		q := newQuiet()
		ev := offer()
		people := call.ParticipantsUpdated{Sequence: 1, Participants: []call.Participant{{ID: caller}}, Count: 1}
		tests := []struct {
			name string
			do   func()
			want cost
		}{
			// With one of each for the count of offers that tells a loop.
			{"an offer that is answered", func() {
				if err := q.Open(t.Context(), id, ev); err != nil {
					t.Fatal(err)
				}
			}, cost{3, 3, 1}},
			{"its duplicate", func() {
				if err := q.Open(t.Context(), id, ev); err != nil {
					t.Fatal(err)
				}
			}, cost{1, 0, 0}},
			{"an event with an action", func() { q.happens(t, call.Ref{}, call.Connected{}) }, cost{2, 2, 0}},
			{"its duplicate, too", func() { q.happens(t, call.Ref{}, call.Connected{}) }, cost{1, 0, 0}},
			{"an event without one", func() { q.happens(t, call.Ref{}, people) }, cost{1, 1, 0}},
			{"the next event with an action", func() { q.happens(t, call.Ref{Op: 2, Send: 1}, call.PlayCompleted{}) }, cost{2, 2, 0}},
			{"an event with two actions", func() {
				q.happens(t, call.Ref{Op: 3, Send: 1}, call.Recognized{Tones: []string{"one"}})
			}, cost{3, 3, 0}},
			{"an event with an action and a deadline nearer than 30 s", func() {
				people.Sequence, people.Participants, people.Count = 2, nil, 0
				ev := call.Event{Key: "left", ConnectionID: "conn-1", Body: people}
				if err := q.Apply(t.Context(), id, ev); err != nil {
					t.Fatal(err)
				}
			}, cost{2, 2, 1}},
			// The end: the call's row once more, and the list's row away.
			{"the end of a call", func() { q.happens(t, call.Ref{}, call.Disconnected{}) }, cost{3, 2, 1}},
			{"an event after it", func() { q.happens(t, call.Ref{}, call.PlayStarted{}) }, cost{1, 1, 0}},
		}
		for _, tt := range tests {
			before := cost{q.calls.Reads() + q.live.Reads(), q.calls.Writes(), q.live.Writes()}
			tt.do()
			q.background.Wait()
			got := cost{
				q.calls.Reads() + q.live.Reads() - before.reads, q.calls.Writes() - before.transactions,
				q.live.Writes() - before.live,
			}
			if got != tt.want {
				t.Errorf("%s costs %+v, want %+v", tt.name, got, tt.want)
			}
			time.Sleep(time.Second)
		}
	})
}
