package engine_test

import (
	"slices"
	"testing"
	"time"

	"switchboard/handler/call"
	"switchboard/handler/call/outbox"
	"switchboard/test/cluster"
)

// applyUnansweredInvites applies the events of a call that no agent answers. Two actions of one lane follow:
// the music is stopped, and then a prompt is played.
func applyUnansweredInvites(t *testing.T, h *cluster.Harness) {
	t.Helper()
	h.OpenInbound(t)
	h.ApplyInbound(t, outbox.Ref{}, call.Connected{})
	h.ApplyInbound(t, outbox.Ref{Op: 2, Send: 1}, call.PlayCompleted{})
	h.ApplyInbound(t, outbox.Ref{Op: 3, Send: 1}, call.Recognized{Tones: []string{"one"}})
	h.ApplyInbound(t, outbox.Ref{Op: 5, Send: 1}, call.AddFailed{Participant: cluster.Anna})
	h.SentVerbs()
	h.ApplyInbound(t, outbox.Ref{Op: 6, Send: 1}, call.AddFailed{Participant: cluster.Ben})
}

// inProcessRetryLimit is the longest backoff after which a process retries an action itself.
const inProcessRetryLimit = 5 * time.Second

// done is the answer to an action that ACS accepts.
var done = call.Replied{Verdict: call.VerdictOK}

func TestActionsOfALaneAreSentInTheirOrder(t *testing.T) {
	cluster.Run(t, "sends the actions of a lane in their order", func(t *testing.T, h *cluster.Harness) {
		applyUnansweredInvites(t, h)
		var sent []outbox.Verb
		for _, a := range h.Sent {
			sent = append(sent, a.Verb)
		}
		if want := []outbox.Verb{outbox.VerbCancelMedia, outbox.VerbPlay}; !slices.Equal(sent, want) {
			t.Errorf("sent %v, want %v", sent, want)
		}
	})
	cluster.Run(t, "retries an action after a short backoff without a sweep", func(t *testing.T, h *cluster.Harness) {
		h.Answer = func(a outbox.Action) call.Replied {
			if a.Verb == outbox.VerbCancelMedia && a.Send == 1 {
				return call.Replied{Verdict: call.VerdictThrottled, RetryAfter: 3 * time.Second}
			}
			return done
		}
		applyUnansweredInvites(t, h)
		h.WantSent(t, outbox.VerbCancelMedia, outbox.VerbCancelMedia, outbox.VerbPlay)
	})
	cluster.Run(t, "sends nothing of a lane before its throttled first action", func(t *testing.T, h *cluster.Harness) {
		h.Answer = func(a outbox.Action) call.Replied {
			if a.Verb == outbox.VerbCancelMedia && a.Send == 1 {
				return call.Replied{Verdict: call.VerdictThrottled, RetryAfter: inProcessRetryLimit + time.Second}
			}
			return done
		}
		applyUnansweredInvites(t, h)
		h.WantSent(t, outbox.VerbCancelMedia)
		h.AttendAfter(t, 2*inProcessRetryLimit)
		h.WantSent(t, outbox.VerbCancelMedia, outbox.VerbPlay)
	})
}

func TestSendKeepsToTheLease(t *testing.T) {
	cluster.Run(t, "begins no request that could outlast its lease", func(t *testing.T, h *cluster.Harness) {
		h.Answer = func(a outbox.Action) call.Replied {
			if a.Verb == outbox.VerbCancelMedia {
				time.Sleep(20*time.Second + 1)
			}
			return done
		}
		applyUnansweredInvites(t, h)
		h.WantSent(t, outbox.VerbCancelMedia) // less than 10 s of the lease are left for the next action
		h.AttendAfter(t, 10*time.Second)
		h.WantOneSend(t, outbox.VerbPlay, 2)
	})
	cluster.Run(t, "ignores a result that comes after the lease", func(t *testing.T, h *cluster.Harness) {
		h.Answer = func(a outbox.Action) call.Replied {
			if a.Verb == outbox.VerbPlay && a.Send == 1 {
				time.Sleep(31 * time.Second)
			}
			return done
		}
		h.OpenInbound(t)
		connected := call.Event{Key: "c", ConnectionID: "conn-1", Body: call.Connected{}}
		if err := h.Apply(t.Context(), cluster.InboundID, connected); err != nil {
			t.Fatal(err)
		}
		time.Sleep(30*time.Second + time.Millisecond)
		h.AttendAll(t.Context()) // after the lease, before the result
		if c := h.LoadInbound(t); len(c.Pending) > 0 || len(h.Sent) != 3 || h.Sent[2].Send != 2 {
			t.Errorf("pending %+v, sent %+v, want nothing pending and a third request, send 2", c.Pending, h.Sent)
		}
	})
}
