package engine_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"switchboard/handler/call"
	"switchboard/handler/call/outbox"
	"switchboard/handler/engine"
	"switchboard/handler/faulttest"
	"switchboard/handler/table"
	"switchboard/handler/table/tabletest"
	"switchboard/test/cluster"
)

// maxOffers is how many calls with one correlation id are taken on a line within a minute.
const maxOffers = 3

func TestOpen(t *testing.T) {
	cluster.Run(t, "answers the call before it returns", func(t *testing.T, q *cluster.Harness) {
		if err := q.Open(t.Context(), cluster.InboundID, cluster.Offer()); err != nil || len(q.Sent) != 1 || q.Sent[0].Verb != outbox.VerbAnswer {
			t.Errorf("open: %v, asked %+v", err, q.Sent)
		}
	})
	cluster.Run(t, "leaves alone a call that goes round", func(t *testing.T, q *cluster.Harness) {
		for n := range maxOffers + 2 {
			again := call.ID(fmt.Sprintf("%s-%d", cluster.InboundID, n))
			for range 2 { // each is delivered twice
				if err := q.Open(t.Context(), again, cluster.Offer()); errors.Is(err, engine.ErrLoop) != (n >= maxOffers) {
					t.Errorf("offer %d: %v", n+1, err)
				}
			}
		}
		if got := len(q.Sent); got != maxOffers {
			t.Errorf("%d answers, want %d", got, maxOffers)
		}
		time.Sleep(time.Minute)
		if err := q.Open(t.Context(), cluster.InboundID, cluster.Offer()); err != nil {
			t.Errorf("a minute later: %v", err)
		}
	})
	cluster.Run(t, "leaves alone what another process is at", func(t *testing.T, q *cluster.Harness) {
		ev := cluster.Offer()
		if err := q.CrashBeforeSending().Open(t.Context(), cluster.InboundID, ev); !errors.Is(err, engine.ErrUnanswered) {
			t.Errorf("first delivery: %v, want %v", err, engine.ErrUnanswered)
		}
		time.Sleep(2 * time.Second)
		if err := q.Open(t.Context(), cluster.InboundID, ev); !errors.Is(err, engine.ErrUnanswered) {
			t.Errorf("second delivery: %v, want %v", err, engine.ErrUnanswered)
		}
		if got := q.SentVerbs(); got != nil {
			t.Errorf("asked %v", got)
		}
	})
	cluster.Run(t, "finishes what the first delivery left undone", func(t *testing.T, q *cluster.Harness) {
		ev := cluster.Offer()
		if err := q.CrashBeforeSending().Open(t.Context(), cluster.InboundID, ev); !errors.Is(err, engine.ErrUnanswered) {
			t.Errorf("first delivery: %v, want %v", err, engine.ErrUnanswered)
		}
		time.Sleep(10 * time.Second)
		if err := q.Open(t.Context(), cluster.InboundID, ev); err != nil {
			t.Errorf("second delivery: %v", err)
		}
		if got := q.SentVerbs(); !slices.Equal(got, []outbox.Verb{outbox.VerbAnswer}) {
			t.Errorf("asked %v", got)
		}
	})
	cluster.Run(t, "fails while the answer is throttled", func(t *testing.T, q *cluster.Harness) {
		ev := cluster.Offer()
		q.Answer = func(outbox.Action) call.Replied {
			return call.Replied{Verdict: call.VerdictThrottled, RetryAfter: 8 * time.Second}
		}
		if err := q.Open(t.Context(), cluster.InboundID, ev); !errors.Is(err, engine.ErrUnanswered) {
			t.Errorf("first delivery: %v, want %v", err, engine.ErrUnanswered)
		}
		q.Answer = func(outbox.Action) call.Replied { return call.Replied{Verdict: call.VerdictOK} }
		time.Sleep(10 * time.Second)
		if err := q.Open(t.Context(), cluster.InboundID, ev); err != nil || q.Sent[1].Send != 2 {
			t.Errorf("second delivery: %v, asked %+v", err, q.Sent)
		}
	})
	cluster.Run(t, "takes a refusal for an answer", func(t *testing.T, q *cluster.Harness) {
		q.Answer = func(outbox.Action) call.Replied {
			return call.Replied{Verdict: call.VerdictRefused, Code: call.CodeGone}
		}
		if err := q.Open(t.Context(), cluster.InboundID, cluster.Offer()); err != nil || q.LoadInbound(t).Outcome != call.OutcomeMissed {
			t.Errorf("open: %v, outcome %q", err, q.LoadInbound(t).Outcome)
		}
	})
	cluster.Run(t, "sends nothing for a call that rings no more", func(t *testing.T, q *cluster.Harness) {
		ev := cluster.Offer()
		time.Sleep(25 * time.Second)
		if err := q.Open(t.Context(), cluster.InboundID, ev); err != nil {
			t.Errorf("open: %v", err)
		}
		if got := q.SentVerbs(); got != nil || q.LoadInbound(t).Outcome != call.OutcomeMissed {
			t.Errorf("asked %v, outcome %q", got, q.LoadInbound(t).Outcome)
		}
		if err := q.Sweep(t.Context()); err != nil || len(q.WorklistRows.Entities()) > 0 {
			t.Errorf("sweep: %v, %d listed", err, len(q.WorklistRows.Entities()))
		}
	})
	cluster.Run(t, "fails when the flow cannot be had", func(t *testing.T, q *cluster.Harness) {
		ev := cluster.Offer()
		body := ev.Body.(call.Offered)
		body.Flow.Version = "gone"
		ev.Body = body
		if err := q.Open(t.Context(), cluster.InboundID, ev); err == nil {
			t.Error("open: no error")
		}
		if _, err := q.Calls.Load(t.Context(), cluster.InboundID); !errors.Is(err, table.ErrNotFound) || len(q.WorklistRows.Entities()) > 0 {
			t.Errorf("the call's row: %v, %d listed", err, len(q.WorklistRows.Entities()))
		}
	})
	cluster.Run(t, "fails when storage does not answer for 5 s", func(t *testing.T, q *cluster.Harness) {
		began := time.Now()
		q.CallRows.Fail = func(tabletest.Op) faulttest.Fault { return faulttest.NotApplied }
		err := q.Open(t.Context(), cluster.InboundID, cluster.Offer())
		if !errors.Is(err, faulttest.ErrNoAnswer) || time.Since(began) != 5*time.Second {
			t.Errorf("open: %v after %v", err, time.Since(began))
		}
	})
}

func TestApply(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := cluster.NewHarness()
		if err := q.Apply(t.Context(), cluster.InboundID, call.Event{Key: "x", Body: call.Connected{}}); err != nil {
			t.Errorf("an event of no call: %v", err)
		}
		if len(q.CallRows.Entities())+len(q.WorklistRows.Entities()) > 0 {
			t.Error("it was written")
		}
		if err := q.Open(t.Context(), cluster.InboundID, cluster.Offer()); err != nil {
			t.Fatal(err)
		}
		// The reply to ACS waits for its actions for 1 s.
		q.Answer = func(outbox.Action) call.Replied {
			time.Sleep(5 * time.Second)
			return call.Replied{Verdict: call.VerdictOK}
		}
		began := time.Now()
		if err := q.Apply(t.Context(), cluster.InboundID, call.Event{Key: "x", ConnectionID: "conn-1", Body: call.Connected{}}); err != nil {
			t.Error(err)
		}
		if got := time.Since(began); got != engine.ReplyWait {
			t.Errorf("waited %v, want %v", got, engine.ReplyWait)
		}
		if c := q.LoadInbound(t); len(c.Pending) > 0 {
			t.Errorf("pending %+v", c.Pending)
		}
	})
}

func TestEventsOfOneCallDoNotRaceInAProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := cluster.NewHarness()
		if err := q.Open(t.Context(), cluster.InboundID, cluster.Offer()); err != nil {
			t.Fatal(err)
		}
		writes := q.CallRows.Writes()
		q.CallRows.Fail = func(tabletest.Op) faulttest.Fault {
			time.Sleep(10 * time.Millisecond)
			return faulttest.None
		}
		for i := range 20 {
			q.Background.Go(func() {
				ev := call.Event{Key: fmt.Sprint(i), ConnectionID: "conn-1", Body: call.Unknown{Type: "x"}}
				if err := q.Apply(t.Context(), cluster.InboundID, ev); err != nil {
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
