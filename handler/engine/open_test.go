package engine

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"switchboard/handler/call"
	"switchboard/handler/call/outbox"
	"switchboard/handler/table"
	"switchboard/handler/table/tabletest"
)

func TestOpen(t *testing.T) {
	Run(t, "answers the call before it returns", func(t *testing.T, q *Harness) {
		if err := q.Open(t.Context(), InboundID, Offer()); err != nil || len(q.sent) != 1 || q.sent[0].Verb != outbox.VerbAnswer {
			t.Errorf("open: %v, asked %+v", err, q.sent)
		}
	})
	Run(t, "leaves alone a call that goes round", func(t *testing.T, q *Harness) {
		for n := range maxOffers + 2 {
			again := call.ID(fmt.Sprintf("%s-%d", InboundID, n))
			for range 2 { // each is delivered twice
				if err := q.Open(t.Context(), again, Offer()); errors.Is(err, ErrLoop) != (n >= maxOffers) {
					t.Errorf("offer %d: %v", n+1, err)
				}
			}
		}
		if got := len(q.sent); got != maxOffers {
			t.Errorf("%d answers, want %d", got, maxOffers)
		}
		time.Sleep(time.Minute)
		if err := q.Open(t.Context(), InboundID, Offer()); err != nil {
			t.Errorf("a minute later: %v", err)
		}
	})
	Run(t, "leaves alone what another process is at", func(t *testing.T, q *Harness) {
		ev := Offer()
		if err := q.CrashBeforeSending().Open(t.Context(), InboundID, ev); !errors.Is(err, ErrUnanswered) {
			t.Errorf("first delivery: %v, want %v", err, ErrUnanswered)
		}
		time.Sleep(2 * time.Second)
		if err := q.Open(t.Context(), InboundID, ev); !errors.Is(err, ErrUnanswered) {
			t.Errorf("second delivery: %v, want %v", err, ErrUnanswered)
		}
		if got := q.SentVerbs(); got != nil {
			t.Errorf("asked %v", got)
		}
	})
	Run(t, "finishes what the first delivery left undone", func(t *testing.T, q *Harness) {
		ev := Offer()
		if err := q.CrashBeforeSending().Open(t.Context(), InboundID, ev); !errors.Is(err, ErrUnanswered) {
			t.Errorf("first delivery: %v, want %v", err, ErrUnanswered)
		}
		time.Sleep(10 * time.Second)
		if err := q.Open(t.Context(), InboundID, ev); err != nil {
			t.Errorf("second delivery: %v", err)
		}
		if got := q.SentVerbs(); !slices.Equal(got, []outbox.Verb{outbox.VerbAnswer}) {
			t.Errorf("asked %v", got)
		}
	})
	Run(t, "fails while the answer is throttled", func(t *testing.T, q *Harness) {
		ev := Offer()
		q.Answer = func(outbox.Action) call.Replied {
			return call.Replied{Verdict: call.VerdictThrottled, RetryAfter: 8 * time.Second}
		}
		if err := q.Open(t.Context(), InboundID, ev); !errors.Is(err, ErrUnanswered) {
			t.Errorf("first delivery: %v, want %v", err, ErrUnanswered)
		}
		q.Answer = func(outbox.Action) call.Replied { return call.Replied{Verdict: call.VerdictOK} }
		time.Sleep(10 * time.Second)
		if err := q.Open(t.Context(), InboundID, ev); err != nil || q.sent[1].Send != 2 {
			t.Errorf("second delivery: %v, asked %+v", err, q.sent)
		}
	})
	Run(t, "takes a refusal for an answer", func(t *testing.T, q *Harness) {
		q.Answer = func(outbox.Action) call.Replied {
			return call.Replied{Verdict: call.VerdictRefused, Code: call.CodeGone}
		}
		if err := q.Open(t.Context(), InboundID, Offer()); err != nil || q.LoadInbound(t).Outcome != call.OutcomeMissed {
			t.Errorf("open: %v, outcome %q", err, q.LoadInbound(t).Outcome)
		}
	})
	Run(t, "sends nothing for a call that rings no more", func(t *testing.T, q *Harness) {
		ev := Offer()
		time.Sleep(25 * time.Second)
		if err := q.Open(t.Context(), InboundID, ev); err != nil {
			t.Errorf("open: %v", err)
		}
		if got := q.SentVerbs(); got != nil || q.LoadInbound(t).Outcome != call.OutcomeMissed {
			t.Errorf("asked %v, outcome %q", got, q.LoadInbound(t).Outcome)
		}
		if err := q.Sweep(t.Context()); err != nil || len(q.WorklistRows.Entities()) > 0 {
			t.Errorf("sweep: %v, %d listed", err, len(q.WorklistRows.Entities()))
		}
	})
	Run(t, "fails when the flow cannot be had", func(t *testing.T, q *Harness) {
		ev := Offer()
		body := ev.Body.(call.Offered)
		body.Flow.Version = "gone"
		ev.Body = body
		if err := q.Open(t.Context(), InboundID, ev); err == nil {
			t.Error("open: no error")
		}
		if _, err := q.Calls.Load(t.Context(), InboundID); !errors.Is(err, table.ErrNotFound) || len(q.WorklistRows.Entities()) > 0 {
			t.Errorf("the call's row: %v, %d listed", err, len(q.WorklistRows.Entities()))
		}
	})
	Run(t, "fails when storage does not answer for 5 s", func(t *testing.T, q *Harness) {
		began := time.Now()
		q.CallRows.Fail = func(tabletest.Op) tabletest.Fault { return tabletest.NotApplied }
		err := q.Open(t.Context(), InboundID, Offer())
		if !errors.Is(err, tabletest.ErrNoAnswer) || time.Since(began) != commitTimeout {
			t.Errorf("open: %v after %v", err, time.Since(began))
		}
	})
}

func TestApply(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := NewHarness()
		if err := q.Apply(t.Context(), InboundID, call.Event{Key: "x", Body: call.Connected{}}); err != nil {
			t.Errorf("an event of no call: %v", err)
		}
		if len(q.CallRows.Entities())+len(q.WorklistRows.Entities()) > 0 {
			t.Error("it was written")
		}
		if err := q.Open(t.Context(), InboundID, Offer()); err != nil {
			t.Fatal(err)
		}
		// The reply to ACS waits for its actions for 1 s.
		q.Answer = func(outbox.Action) call.Replied {
			time.Sleep(5 * time.Second)
			return call.Replied{Verdict: call.VerdictOK}
		}
		began := time.Now()
		if err := q.Apply(t.Context(), InboundID, call.Event{Key: "x", ConnectionID: "conn-1", Body: call.Connected{}}); err != nil {
			t.Error(err)
		}
		if got := time.Since(began); got != ReplyWait {
			t.Errorf("waited %v, want %v", got, ReplyWait)
		}
		if c := q.LoadInbound(t); len(c.Pending) > 0 {
			t.Errorf("pending %+v", c.Pending)
		}
	})
}
