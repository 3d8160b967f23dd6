package engine_test

import (
	"errors"
	"fmt"
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

// maxOffers is the number of calls with one correlation id that are answered on one line within a minute.
const maxOffers = 3

func TestOpenAnswersTheCall(t *testing.T) {
	cluster.Run(t, "answers the call before it returns", func(t *testing.T, h *cluster.Harness) {
		if err := h.Open(t.Context(), cluster.InboundID, cluster.Offer()); err != nil {
			t.Errorf("open: %v", err)
		}
		if len(h.Sent) != 1 || h.Sent[0].Verb != outbox.VerbAnswer {
			t.Errorf("sent %+v when it returned, want one %s", h.Sent, outbox.VerbAnswer)
		}
	})
}

func TestOpenDoesNotAnswerALoop(t *testing.T) {
	cluster.Run(t, "does not answer a call that is redirected to us forever", func(t *testing.T, h *cluster.Harness) {
		for n := range maxOffers + 2 {
			id := call.ID(fmt.Sprintf("%s-%d", cluster.InboundID, n))
			for range 2 { // each is delivered twice
				err := h.Open(t.Context(), id, cluster.Offer())
				if got, want := errors.Is(err, engine.ErrLoop), n >= maxOffers; got != want {
					t.Errorf("offer %d: %v, want a loop: %t", n+1, err, want)
				}
			}
		}
		if got := len(h.Sent); got != maxOffers {
			t.Errorf("%d requests, want %d", got, maxOffers)
		}
		time.Sleep(time.Minute)
		if err := h.Open(t.Context(), cluster.InboundID, cluster.Offer()); err != nil {
			t.Errorf("a minute later: %v", err)
		}
	})
}

func TestOpenAfterADeliveryThatDidNotAnswer(t *testing.T) {
	cluster.Run(t, "sends nothing while another process owns the action", func(t *testing.T, h *cluster.Harness) {
		ev := cluster.Offer()
		if err := h.CrashBeforeSending().Open(t.Context(), cluster.InboundID, ev); !errors.Is(err, engine.ErrUnanswered) {
			t.Errorf("first delivery: %v, want %v", err, engine.ErrUnanswered)
		}
		time.Sleep(2 * time.Second)
		if err := h.Open(t.Context(), cluster.InboundID, ev); !errors.Is(err, engine.ErrUnanswered) {
			t.Errorf("second delivery: %v, want %v", err, engine.ErrUnanswered)
		}
		h.WantSent(t)
	})
	cluster.Run(t, "completes what the first delivery has left", func(t *testing.T, h *cluster.Harness) {
		ev := cluster.Offer()
		if err := h.CrashBeforeSending().Open(t.Context(), cluster.InboundID, ev); !errors.Is(err, engine.ErrUnanswered) {
			t.Errorf("first delivery: %v, want %v", err, engine.ErrUnanswered)
		}
		time.Sleep(10 * time.Second)
		if err := h.Open(t.Context(), cluster.InboundID, ev); err != nil {
			t.Errorf("second delivery: %v", err)
		}
		h.WantSent(t, outbox.VerbAnswer)
	})
	cluster.Run(t, "fails while the answer is throttled", func(t *testing.T, h *cluster.Harness) {
		ev := cluster.Offer()
		h.Answer = func(outbox.Action) call.Replied {
			return call.Replied{Verdict: call.VerdictThrottled, RetryAfter: 8 * time.Second}
		}
		if err := h.Open(t.Context(), cluster.InboundID, ev); !errors.Is(err, engine.ErrUnanswered) {
			t.Errorf("first delivery: %v, want %v", err, engine.ErrUnanswered)
		}
		h.Answer = func(outbox.Action) call.Replied { return call.Replied{Verdict: call.VerdictOK} }
		time.Sleep(10 * time.Second)
		if err := h.Open(t.Context(), cluster.InboundID, ev); err != nil || h.Sent[1].Send != 2 {
			t.Errorf("second delivery: %v, sent %+v, want a second send", err, h.Sent)
		}
	})
}

func TestOpenOfACallThatCannotBeAnswered(t *testing.T) {
	cluster.Run(t, "returns nil when ACS refuses the answer", func(t *testing.T, h *cluster.Harness) {
		h.Answer = func(outbox.Action) call.Replied {
			return call.Replied{Verdict: call.VerdictRefused, Code: call.CodeGone}
		}
		if err := h.Open(t.Context(), cluster.InboundID, cluster.Offer()); err != nil {
			t.Errorf("open: %v", err)
		}
		h.WantOutcome(t, cluster.InboundID, call.OutcomeMissed)
	})
	cluster.Run(t, "sends nothing for a call that has stopped ringing", func(t *testing.T, h *cluster.Harness) {
		ev := cluster.Offer()
		time.Sleep(25 * time.Second)
		if err := h.Open(t.Context(), cluster.InboundID, ev); err != nil {
			t.Errorf("open: %v", err)
		}
		h.WantSent(t)
		h.WantOutcome(t, cluster.InboundID, call.OutcomeMissed)
		if err := h.Sweep(t.Context()); err != nil {
			t.Errorf("sweep: %v", err)
		}
		h.WantScheduled(t, 0)
	})
}

func TestOpenFails(t *testing.T) {
	cluster.Run(t, "fails and writes nothing when the flow cannot be loaded", func(t *testing.T, h *cluster.Harness) {
		ev := cluster.Offer()
		body := ev.Body.(call.Offered)
		body.Flow.Version = "gone"
		ev.Body = body
		if err := h.Open(t.Context(), cluster.InboundID, ev); err == nil {
			t.Error("open: no error, want one")
		}
		if _, err := h.Calls.Load(t.Context(), cluster.InboundID); !errors.Is(err, table.ErrNotFound) {
			t.Errorf("the call's row: error %v, want %v", err, table.ErrNotFound)
		}
		h.WantScheduled(t, 0)
	})
	cluster.Run(t, "fails when storage does not answer for 5 s", func(t *testing.T, h *cluster.Harness) {
		began := time.Now()
		h.CallRows.Fail = func(tabletest.Op) faulttest.Fault { return faulttest.FaultNotApplied }
		err := h.Open(t.Context(), cluster.InboundID, cluster.Offer())
		if !errors.Is(err, faulttest.ErrNoAnswer) || time.Since(began) != 5*time.Second {
			t.Errorf("open: %v after %v, want %v after 5 s", err, time.Since(began), faulttest.ErrNoAnswer)
		}
	})
}

func TestApplyWaitsForActionsThatRingOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := cluster.NewHarness()
		if err := h.Apply(t.Context(), cluster.InboundID, call.Event{Key: "x", Body: call.Connected{}}); err != nil {
			t.Errorf("an event of a call that does not exist: %v", err)
		}
		if len(h.CallRows.Entities())+len(h.WorklistRows.Entities()) > 0 {
			t.Errorf("rows %+v, items %+v of a call that does not exist, want none",
				h.CallRows.Entities(), h.WorklistRows.Entities())
		}
		h.OpenInbound(t)
		h.Answer = func(outbox.Action) call.Replied {
			time.Sleep(5 * time.Second)
			return call.Replied{Verdict: call.VerdictOK}
		}
		for _, tt := range []struct {
			event call.Event
			want  time.Duration
		}{
			{call.Event{Key: "connected", Body: call.Connected{}}, 0},                                                           // a prompt
			{call.Event{Key: "played", Ref: outbox.Ref{Op: 2, Send: 1}, Body: call.PlayCompleted{}}, 0},                         // a menu
			{call.Event{Key: "pressed", Ref: outbox.Ref{Op: 3, Send: 1}, Body: call.Recognized{Tones: []string{"one"}}}, 250e6}, // an agent
		} {
			began := time.Now()
			tt.event.ConnectionID = "conn-1"
			if err := h.Apply(t.Context(), cluster.InboundID, tt.event); err != nil {
				t.Error(err)
			}
			if got := time.Since(began); got != tt.want {
				t.Errorf("%s: waited %v, want %v", tt.event.Kind(), got, tt.want)
			}
		}
		if c := h.LoadInbound(t); len(c.Pending) > 0 {
			t.Errorf("pending %+v, want none", c.Pending)
		}
	})
}

func TestEventsOfOneCallDoNotConflictWithinAProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := cluster.NewHarness()
		h.OpenInbound(t)
		writes := h.CallRows.Writes()
		h.CallRows.Fail = func(tabletest.Op) faulttest.Fault {
			time.Sleep(10 * time.Millisecond)
			return faulttest.FaultNone
		}
		for i := range 20 {
			h.Background.Go(func() {
				ev := call.Event{Key: fmt.Sprint(i), ConnectionID: "conn-1", Body: call.Unknown{Type: "x"}}
				if err := h.Apply(t.Context(), cluster.InboundID, ev); err != nil {
					t.Error(err)
				}
			})
		}
		h.Background.Wait()
		if got := h.CallRows.Writes() - writes; got != 20 {
			t.Errorf("%d transactions for 20 events, want 20", got)
		}
	})
}
