package engine

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"switchboard/handler/call"
	"switchboard/handler/store"
	"switchboard/handler/store/storetest"
)

func TestOpen(t *testing.T) {
	inQuiet(t, "answers the call before it returns", func(t *testing.T, q *quiet) {
		if err := q.Open(t.Context(), id, offer()); err != nil || len(q.asked) != 1 || q.asked[0].Verb != call.Answer {
			t.Errorf("open: %v, asked %+v", err, q.asked)
		}
	})
	inQuiet(t, "leaves alone a call that goes round", func(t *testing.T, q *quiet) {
		for n := range maxOffers + 2 {
			again := call.ID(fmt.Sprintf("%s-%d", id, n))
			for range 2 { // each is delivered twice
				if err := q.Open(t.Context(), again, offer()); errors.Is(err, ErrLoop) != (n >= maxOffers) {
					t.Errorf("offer %d: %v", n+1, err)
				}
			}
		}
		if got := len(q.asked); got != maxOffers {
			t.Errorf("%d answers, want %d", got, maxOffers)
		}
		time.Sleep(time.Minute)
		if err := q.Open(t.Context(), id, offer()); err != nil {
			t.Errorf("a minute later: %v", err)
		}
	})
	inQuiet(t, "leaves alone what another process is at", func(t *testing.T, q *quiet) {
		ev := offer()
		if err := q.mortal().Open(t.Context(), id, ev); !errors.Is(err, ErrUnanswered) {
			t.Errorf("first delivery: %v, want %v", err, ErrUnanswered)
		}
		time.Sleep(2 * time.Second)
		if err := q.Open(t.Context(), id, ev); !errors.Is(err, ErrUnanswered) {
			t.Errorf("second delivery: %v, want %v", err, ErrUnanswered)
		}
		if got := q.verbs(); got != nil {
			t.Errorf("asked %v", got)
		}
	})
	inQuiet(t, "finishes what the first delivery left undone", func(t *testing.T, q *quiet) {
		ev := offer()
		if err := q.mortal().Open(t.Context(), id, ev); !errors.Is(err, ErrUnanswered) {
			t.Errorf("first delivery: %v, want %v", err, ErrUnanswered)
		}
		time.Sleep(10 * time.Second)
		if err := q.Open(t.Context(), id, ev); err != nil {
			t.Errorf("second delivery: %v", err)
		}
		if got := q.verbs(); !slices.Equal(got, []call.Verb{call.Answer}) {
			t.Errorf("asked %v", got)
		}
	})
	inQuiet(t, "fails while the answer is throttled", func(t *testing.T, q *quiet) {
		ev := offer()
		q.answer = func(call.Action) call.Replied {
			return call.Replied{Verdict: call.Throttled, RetryAfter: 8 * time.Second}
		}
		if err := q.Open(t.Context(), id, ev); !errors.Is(err, ErrUnanswered) {
			t.Errorf("first delivery: %v, want %v", err, ErrUnanswered)
		}
		q.answer = func(call.Action) call.Replied { return call.Replied{Verdict: call.Done} }
		time.Sleep(10 * time.Second)
		if err := q.Open(t.Context(), id, ev); err != nil || q.asked[1].Send != 2 {
			t.Errorf("second delivery: %v, asked %+v", err, q.asked)
		}
	})
	inQuiet(t, "takes a refusal for an answer", func(t *testing.T, q *quiet) {
		q.answer = func(call.Action) call.Replied { return call.Replied{Verdict: call.Refused, Code: call.CodeGone} }
		if err := q.Open(t.Context(), id, offer()); err != nil || q.load(t).Outcome != call.Missed {
			t.Errorf("open: %v, outcome %q", err, q.load(t).Outcome)
		}
	})
	inQuiet(t, "sends nothing for a call that rings no more", func(t *testing.T, q *quiet) {
		ev := offer()
		time.Sleep(25 * time.Second)
		if err := q.Open(t.Context(), id, ev); err != nil {
			t.Errorf("open: %v", err)
		}
		if got := q.verbs(); got != nil || q.load(t).Outcome != call.Missed {
			t.Errorf("asked %v, outcome %q", got, q.load(t).Outcome)
		}
		if err := q.Sweep(t.Context()); err != nil || len(q.live.Entities()) > 0 {
			t.Errorf("sweep: %v, %d listed", err, len(q.live.Entities()))
		}
	})
	inQuiet(t, "fails when the flow cannot be had", func(t *testing.T, q *quiet) {
		ev := offer()
		body := ev.Body.(call.Offered)
		body.Flow.Version = "gone"
		ev.Body = body
		if err := q.Open(t.Context(), id, ev); err == nil {
			t.Error("open: no error")
		}
		if _, err := q.Calls.Load(t.Context(), id); !errors.Is(err, store.ErrNotFound) || len(q.live.Entities()) > 0 {
			t.Errorf("the call's row: %v, %d listed", err, len(q.live.Entities()))
		}
	})
	inQuiet(t, "fails when storage does not answer for 5 s", func(t *testing.T, q *quiet) {
		began := time.Now()
		q.calls.Fail = func(storetest.Op) storetest.Fault { return storetest.NotApplied }
		err := q.Open(t.Context(), id, offer())
		if !errors.Is(err, storetest.ErrNoAnswer) || time.Since(began) != commitTime {
			t.Errorf("open: %v after %v", err, time.Since(began))
		}
	})
}

func TestApply(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQuiet()
		if err := q.Apply(t.Context(), id, call.Event{Key: "x", Body: call.Connected{}}); err != nil {
			t.Errorf("an event of no call: %v", err)
		}
		if len(q.calls.Entities())+len(q.live.Entities()) > 0 {
			t.Error("it was written")
		}
		if err := q.Open(t.Context(), id, offer()); err != nil {
			t.Fatal(err)
		}
		// The reply to ACS waits for its actions for 1 s.
		q.answer = func(call.Action) call.Replied {
			time.Sleep(5 * time.Second)
			return call.Replied{Verdict: call.Done}
		}
		began := time.Now()
		if err := q.Apply(t.Context(), id, call.Event{Key: "x", ConnectionID: "conn-1", Body: call.Connected{}}); err != nil {
			t.Error(err)
		}
		if got := time.Since(began); got != replyWait {
			t.Errorf("waited %v, want %v", got, replyWait)
		}
		if c := q.load(t); len(c.Pending) > 0 {
			t.Errorf("pending %+v", c.Pending)
		}
	})
}
