package engine

import (
	"testing"
	"testing/synctest"
	"time"

	"switchboard/handler/call"
	"switchboard/handler/call/outbox"
	"switchboard/handler/table/tabletest"
)

// cost is what storage was asked for.
type cost struct{ reads, transactions, live int } // live: writes of the list

// costOf is what it costs to do something.
func costOf(calls, live, others *tabletest.Memory, do func()) cost {
	so := func() cost {
		return cost{calls.Reads() + live.Reads() + others.Reads(), calls.Writes() + others.Writes(), live.Writes()}
	}
	before := so()
	do()
	after := so()
	return cost{after.reads - before.reads, after.transactions - before.transactions, after.live - before.live}
}

func TestCosts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := NewHarness()
		ev := Offer()
		people := call.ParticipantsUpdated{Sequence: 1, Participants: []call.Participant{{ID: Caller}}, Count: 1}
		tests := []struct {
			name string
			do   func()
			want cost
		}{
			// With one of each for the count of offers that tells a loop.
			{"an offer that is answered", func() {
				if err := q.Open(t.Context(), InboundID, ev); err != nil {
					t.Fatal(err)
				}
			}, cost{3, 3, 1}},
			{"its duplicate", func() {
				if err := q.Open(t.Context(), InboundID, ev); err != nil {
					t.Fatal(err)
				}
			}, cost{1, 0, 0}},
			{"an event with an action", func() { q.ApplyInbound(t, outbox.Ref{}, call.Connected{}) }, cost{2, 2, 0}},
			{"its duplicate, too", func() { q.ApplyInbound(t, outbox.Ref{}, call.Connected{}) }, cost{1, 0, 0}},
			{"an event without one", func() { q.ApplyInbound(t, outbox.Ref{}, people) }, cost{1, 1, 0}},
			{"the next event with an action", func() { q.ApplyInbound(t, outbox.Ref{Op: 2, Send: 1}, call.PlayCompleted{}) }, cost{2, 2, 0}},
			{"an event with two actions", func() {
				q.ApplyInbound(t, outbox.Ref{Op: 3, Send: 1}, call.Recognized{Tones: []string{"one"}})
			}, cost{3, 3, 0}},
			{"an event with an action and a deadline nearer than 30 s", func() {
				people.Sequence, people.Participants, people.Count = 2, nil, 0
				ev := call.Event{Key: "left", ConnectionID: "conn-1", Body: people}
				if err := q.Apply(t.Context(), InboundID, ev); err != nil {
					t.Fatal(err)
				}
			}, cost{2, 2, 1}},
			// The end: the call's row once more, and the list's row away.
			{"the end of a call", func() { q.ApplyInbound(t, outbox.Ref{}, call.Disconnected{}) }, cost{3, 2, 1}},
			{"an event after it", func() { q.ApplyInbound(t, outbox.Ref{}, call.PlayStarted{}) }, cost{1, 1, 0}},
		}
		for _, tt := range tests {
			got := costOf(q.CallRows, q.WorklistRows, q.OtherRows, func() {
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

func TestCostsOfACampaign(t *testing.T) {
	Run(t, "in the order of its life", func(t *testing.T, q *Harness) {
		c := q.StartCampaign(t, "notice", 1, number(1), number(2))
		at := q.contact(t, c).NextCall(c.ID)
		tests := []struct {
			name string
			do   func()
			want cost
		}{
			// To ask for campaigns and for what is due, and for each contact 9 reads, 5
			// transactions and 2 writes of the list.
			{"a round that dials two contacts", func() { q.dials(t) }, cost{20, 10, 4}},
			{"a round that finds nothing to do", func() { q.dials(t) }, cost{3, 0, 0}},
			{"a call that is answered", func() {
				q.ApplyTo(t, at, call.Event{Body: call.Connected{}})
			}, cost{2, 2, 0}},
			// With 3 reads for somebody else who might be dialled instead.
			{"a call that ends, with all that is told and given back", func() {
				q.ApplyTo(t, at, call.Event{Body: call.Disconnected{}})
			}, cost{14, 7, 1}},
		}
		for _, tt := range tests {
			if got := costOf(q.CallRows, q.WorklistRows, q.OtherRows, tt.do); got != tt.want {
				t.Errorf("%s costs %+v, want %+v", tt.name, got, tt.want)
			}
			time.Sleep(time.Second)
		}
	})
}

func TestCostsOfARecording(t *testing.T) {
	runFilingSim(t, "of one file", recordingID, func(t *testing.T, v *filingSim) {
		v.wantFiles(bodies{"one": []byte("RIFF one"), "one.meta": []byte("{}")})
		got := costOf(v.CallRows, v.WorklistRows, v.OtherRows, func() {
			v.receive(message("m1", "one"))
			v.Background.Wait()
		})
		if want := (cost{9, 6, 4}); got != want {
			t.Errorf("it costs %+v, want %+v", got, want)
		}
		// Its block, the block list, and what is known of it.
		if v.written != 3 || len(v.stored["https://acs/one"].opened)+len(v.stored["https://acs/one.meta"].opened) != 2 || v.sends > 0 {
			t.Errorf("%d writes of files, %d messages", v.written, v.sends)
		}
	})
}
