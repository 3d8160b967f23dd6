package engine_test

import (
	"slices"
	"testing"
	"time"

	"switchboard/handler/call"
	"switchboard/handler/call/outbox"
	"switchboard/test/cluster"
)

// toUnanswered takes a call to where the music is to be stopped and then a prompt to
// be played, one after the other.
func toUnanswered(t *testing.T, q *cluster.Harness) {
	t.Helper()
	if err := q.Open(t.Context(), cluster.InboundID, cluster.Offer()); err != nil {
		t.Fatal(err)
	}
	q.ApplyInbound(t, outbox.Ref{}, call.Connected{})
	q.ApplyInbound(t, outbox.Ref{Op: 2, Send: 1}, call.PlayCompleted{})
	q.ApplyInbound(t, outbox.Ref{Op: 3, Send: 1}, call.Recognized{Tones: []string{"one"}})
	q.ApplyInbound(t, outbox.Ref{Op: 5, Send: 1}, call.AddFailed{Participant: cluster.Anna})
	q.SentVerbs()
	q.ApplyInbound(t, outbox.Ref{Op: 6, Send: 1}, call.AddFailed{Participant: cluster.Ben})
}

// inProcessRetryLimit is the longest wait of an action that the process waits for itself.
const inProcessRetryLimit = 5 * time.Second

func TestSend(t *testing.T) {
	done := call.Replied{Verdict: call.VerdictOK}
	cluster.Run(t, "keeps the order of a lane", func(t *testing.T, q *cluster.Harness) {
		toUnanswered(t, q)
		var sent []outbox.Verb
		for _, a := range q.Sent {
			sent = append(sent, a.Verb)
		}
		if !slices.Equal(sent, []outbox.Verb{outbox.VerbCancelMedia, outbox.VerbPlay}) {
			t.Errorf("sent %v", sent)
		}
	})
	cluster.Run(t, "comes back to one that has to wait a little", func(t *testing.T, q *cluster.Harness) {
		q.Answer = func(a outbox.Action) call.Replied {
			if a.Verb == outbox.VerbCancelMedia && a.Send == 1 {
				return call.Replied{Verdict: call.VerdictThrottled, RetryAfter: 3 * time.Second}
			}
			return done
		}
		toUnanswered(t, q)
		if got := q.SentVerbs(); !slices.Equal(got, []outbox.Verb{outbox.VerbCancelMedia, outbox.VerbCancelMedia, outbox.VerbPlay}) {
			t.Errorf("sent %v", got)
		}
	})
	cluster.Run(t, "keeps it when the first one is throttled", func(t *testing.T, q *cluster.Harness) {
		q.Answer = func(a outbox.Action) call.Replied {
			if a.Verb == outbox.VerbCancelMedia && a.Send == 1 {
				return call.Replied{Verdict: call.VerdictThrottled, RetryAfter: inProcessRetryLimit + time.Second}
			}
			return done
		}
		toUnanswered(t, q)
		if got := q.SentVerbs(); !slices.Equal(got, []outbox.Verb{outbox.VerbCancelMedia}) {
			t.Errorf("sent %v before the music was stopped", got)
		}
		q.SweepAfter(t, 2*inProcessRetryLimit)
		if got := q.SentVerbs(); !slices.Equal(got, []outbox.Verb{outbox.VerbCancelMedia, outbox.VerbPlay}) {
			t.Errorf("then sent %v", got)
		}
	})
	cluster.Run(t, "begins nothing that could outlast its time", func(t *testing.T, q *cluster.Harness) {
		q.Answer = func(a outbox.Action) call.Replied {
			if a.Verb == outbox.VerbCancelMedia {
				time.Sleep(20*time.Second + 1)
			}
			return done
		}
		toUnanswered(t, q)
		if got := q.SentVerbs(); !slices.Equal(got, []outbox.Verb{outbox.VerbCancelMedia}) {
			t.Errorf("sent %v with less than 10 s left", got)
		}
		q.SweepAfter(t, 10*time.Second)
		if len(q.Sent) != 1 || q.Sent[0].Verb != outbox.VerbPlay || q.Sent[0].Send != 2 {
			t.Errorf("then sent %+v", q.Sent)
		}
	})
	cluster.Run(t, "lets nobody's answer count when its time is up", func(t *testing.T, q *cluster.Harness) {
		q.Answer = func(a outbox.Action) call.Replied {
			if a.Verb == outbox.VerbPlay && a.Send == 1 {
				time.Sleep(31 * time.Second)
			}
			return done
		}
		if err := q.Open(t.Context(), cluster.InboundID, cluster.Offer()); err != nil {
			t.Fatal(err)
		}
		connected := call.Event{Key: "c", ConnectionID: "conn-1", Body: call.Connected{}}
		if err := q.Apply(t.Context(), cluster.InboundID, connected); err != nil {
			t.Fatal(err)
		}
		time.Sleep(29 * time.Second)
		if err := q.Sweep(t.Context()); err != nil { // its time is up, its answer is not there yet
			t.Fatal(err)
		}
		if c := q.LoadInbound(t); len(c.Pending) > 0 || len(q.Sent) != 3 || q.Sent[2].Send != 2 {
			t.Errorf("pending %+v, asked %+v", c.Pending, q.Sent)
		}
	})
}
