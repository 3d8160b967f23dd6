package dialler_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"switchboard/handler/call"
	"switchboard/handler/call/outbox"
	"switchboard/handler/campaign"
	"switchboard/handler/table"
	"switchboard/test/cluster"
)

func TestThrottledLineBacksOff(t *testing.T) {
	cluster.Run(t, "is backed off once by several refused requests", func(t *testing.T, h *cluster.Harness) {
		h.LineCalls = 8
		h.Answer = func(outbox.Action) call.Replied {
			return call.Replied{Verdict: call.VerdictThrottled, RetryAfter: 20 * time.Second}
		}
		h.StartCampaign(t, "notice", 1, cluster.Number(1), cluster.Number(2), cluster.Number(3))
		h.DialRound(t)
		if got := h.LineRow(t); got.Limit != 4 || time.Until(got.NotBefore).Round(time.Second) != 20*time.Second {
			t.Errorf("line %+v, want a limit of 4 and nothing before 20 s", got)
		}
	})
	cluster.Run(t, "is not used by another campaign before Retry-After", func(t *testing.T, h *cluster.Harness) {
		c := h.StartCampaign(t, "a", 1, cluster.Number(1))
		h.Answer = func(outbox.Action) call.Replied {
			return call.Replied{Verdict: call.VerdictThrottled, RetryAfter: 20 * time.Second}
		}
		h.DialRound(t)
		h.SentVerbs()
		h.StartCampaign(t, "b", 1, cluster.Number(2))
		h.DialRound(t)
		h.WantSent(t)
		if got := h.Contact(t, c); got.State != campaign.ContactDialling {
			t.Errorf("contact %+v, want it %s", got, campaign.ContactDialling)
		}
	})
	cluster.Run(t, "does not count a call that was only throttled", func(t *testing.T, h *cluster.Harness) {
		c := h.StartCampaign(t, "notice", 1, cluster.Number(1))
		h.Answer = func(outbox.Action) call.Replied { return call.Replied{Verdict: call.VerdictThrottled} }
		h.DialRound(t)
		id := h.Contact(t, c).Call
		for range 125 { // 10 minutes and 25 s
			h.AttendAfter(t, 5*time.Second)
		}
		if got := h.LoadCall(t, id); got.Outcome != call.OutcomeThrottled || got.HasWork() {
			t.Errorf("call %+v, want outcome %s and no work", got, call.OutcomeThrottled)
		}
		if got := h.Contact(t, c); got.State != campaign.ContactWaiting || got.Spent != 0 {
			t.Errorf("contact %+v, want it %s with no attempt counted", got, campaign.ContactWaiting)
		}
		h.WantReleased(t, 0)
	})
}

func TestLineBacksOffAfterARefusalOfTheNetwork(t *testing.T) {
	cluster.Run(t, "is backed off by the network's refusal, which is no attempt", func(t *testing.T, h *cluster.Harness) {
		c := h.StartCampaign(t, "notice", 1, cluster.Number(1))
		h.DialRound(t)
		id := h.Contact(t, c).Call
		h.ApplyTo(t, id, call.Event{
			Ref: outbox.Ref{Op: call.CreateOp, Send: 1}, Body: call.CreateCallFailed{},
			Result: call.Result{Code: 603, SubCode: 560603, Q850: 34},
		})
		h.WantOutcome(t, id, call.OutcomeLineLimit)
		if got := h.LineRow(t); got.Limit != 1 || time.Until(got.NotBefore).Round(time.Second) != 30*time.Second {
			t.Errorf("line %+v, want a limit of 1 and nothing before 30 s", got)
		}
		h.WantReleased(t, 0)
		h.SentVerbs()
		h.DialRound(t)
		h.WantSent(t)
		time.Sleep(30 * time.Second)
		h.DialRound(t)
		h.WantSent(t, outbox.VerbCreate)
		if got := h.Contact(t, c); got.Claim != 2 || got.Spent != 0 {
			t.Errorf("contact %+v, want a second claim and no attempt counted", got)
		}
	})
}

func TestAttemptWithoutAnyReport(t *testing.T) {
	// withoutReport dials a contact, without a response and without an event until the confirm deadline.
	withoutReport := func(t *testing.T, h *cluster.Harness, attempts int) (campaign.Campaign, call.ID) {
		t.Helper()
		h.Answer = func(a outbox.Action) call.Replied {
			if a.Verb == outbox.VerbCreate {
				return call.Replied{Verdict: call.VerdictNoResponse}
			}
			return call.Replied{Verdict: call.VerdictOK}
		}
		c := h.StartCampaign(t, "notice", attempts, cluster.Number(1))
		h.DialRound(t)
		id := h.Contact(t, c).Call
		for range cluster.Limits.Confirm/(30*time.Second) - 1 {
			h.AttendAfter(t, 30*time.Second)
		}
		h.WantSent(t, outbox.VerbCreate)
		if got := h.Contact(t, c); got.State != campaign.ContactDialling {
			t.Errorf("contact %+v before the confirm deadline, want it %s", got, campaign.ContactDialling)
		}
		h.AttendAfter(t, 30*time.Second)
		h.WantReleased(t, 1)
		return c, id
	}
	cluster.Run(t, "has the outcome unknown, and counts", func(t *testing.T, h *cluster.Harness) {
		c, id := withoutReport(t, h, 1)
		if got := h.Contact(t, c); got.Result() != "unknown" || got.Spent != 1 {
			t.Errorf("contact %+v, want the result unknown and one attempt counted", got)
		}
		h.WantOutcome(t, id, call.OutcomeUnknown)
	})
	cluster.Run(t, "is followed by another one within the budget", func(t *testing.T, h *cluster.Harness) {
		c, _ := withoutReport(t, h, 2)
		time.Sleep(30*time.Minute - time.Second)
		h.DialRound(t)
		h.WantSent(t)
		time.Sleep(time.Second)
		h.DialRound(t)
		h.WantSent(t, outbox.VerbCreate)
		if got := h.Contact(t, c); got.Claim != 2 {
			t.Errorf("contact %+v, want a second claim", got)
		}
	})
	cluster.Run(t, "is hung up when it is connected after the deadline", func(t *testing.T, h *cluster.Harness) {
		_, id := withoutReport(t, h, 1)
		h.ApplyTo(t, id, call.Event{Body: call.Connected{}})
		h.WantSent(t, outbox.VerbHangUp)
		h.WantOutcome(t, id, call.OutcomeUnknown)
		h.WantScheduled(t, 0)
		if got := h.LoadCall(t, id); got.HasWork() {
			t.Errorf("call %+v, want no work", got)
		}
	})
}

// claimContact claims a contact for an attempt, and writes nothing else.
func claimContact(t *testing.T, h *cluster.Harness) (campaign.Campaign, call.ID) {
	t.Helper()
	c := h.StartCampaign(t, "notice", 1, cluster.Number(1))
	due, err := h.Ledger.Due(t.Context(), c, 0, time.Now(), 1)
	if err != nil || len(due) != 1 {
		t.Fatalf("due %+v, error %v, want one", due, err)
	}
	_, a, err := h.Ledger.Claim(t.Context(), c, due[0], campaign.AttemptStart{
		Line: cluster.Line, Began: time.Now(), CheckAt: time.Now().Add(cluster.Limits.Confirm),
	})
	if err != nil {
		t.Fatal(err)
	}
	return c, a.Call
}

// An attempt is settled by its call. A round of dialling checks an attempt that its call has not settled in
// time.
func TestRoundChecksAnAttempt(t *testing.T) {
	cluster.Run(t, "and settles it when its call has ended", func(t *testing.T, h *cluster.Harness) {
		c, id := claimContact(t, h)
		contact := h.Contact(t, c)
		ended := call.Call{
			ID: id, State: call.StateEnded, Outcome: call.OutcomeCancelled, EndedAt: time.Now(),
			Attempt: call.AttemptRef{Campaign: string(c.ID), Contact: string(contact.ID), Claim: contact.Claim},
		}
		end := call.Transition{After: ended, Entry: call.Entry{Seq: 1, Event: call.Event{Body: call.Wake{}}}}
		if _, err := h.Calls.Commit(t.Context(), table.Row[call.Call]{}, end); err != nil {
			t.Fatal(err)
		}
		h.DialRound(t)
		if got := h.Contact(t, c); got.State != campaign.ContactDialling {
			t.Errorf("contact %+v before the confirm deadline, want it %s", got, campaign.ContactDialling)
		}
		time.Sleep(cluster.Limits.Confirm)
		h.DialRound(t)
		if got := h.Contact(t, c); got.State != campaign.ContactWaiting || got.Spent != 0 {
			t.Errorf("contact %+v, want it %s with no attempt counted", got, campaign.ContactWaiting)
		}
	})
	cluster.Run(t, "and postpones the check while its call goes on", func(t *testing.T, h *cluster.Harness) {
		c := h.StartCampaign(t, "notice", 1, cluster.Number(1))
		h.DialRound(t)
		h.ApplyTo(t, h.Contact(t, c).Call, call.Event{Body: call.Connected{}})
		time.Sleep(cluster.Limits.Confirm)
		h.DialRound(t)
		due := time.Now().Add(cluster.Limits.Confirm)
		if got := h.Contact(t, c); got.State != campaign.ContactDialling || !got.Due.Equal(due) {
			t.Errorf("contact %+v, want it %s and due at %v", got, campaign.ContactDialling, due)
		}
	})
	cluster.Run(t, "and postpones it for a minute while its call has no row", func(t *testing.T, h *cluster.Harness) {
		c, _ := claimContact(t, h)
		time.Sleep(cluster.Limits.Confirm)
		h.DialRound(t)
		due := time.Now().Add(time.Minute)
		if got := h.Contact(t, c); got.State != campaign.ContactDialling || !got.Due.Equal(due) {
			t.Errorf("contact %+v, want it %s and due at %v", got, campaign.ContactDialling, due)
		}
	})
	cluster.Run(t, "and leaves it when a later version has written its call", func(t *testing.T, h *cluster.Harness) {
		c, id := claimContact(t, h)
		later := table.NewTable[map[string]int](h.CallRows)
		key := table.Key{Partition: string(id), Row: "call"}
		if err := later.Put(t.Context(), key, map[string]int{"schema": call.Schema + 1}); err != nil {
			t.Fatal(err)
		}
		before := h.Contact(t, c)
		time.Sleep(cluster.Limits.Confirm)
		h.DialRound(t)
		if d := cmp.Diff(before, h.Contact(t, c)); d != "" {
			t.Errorf("contact (-before +after):\n%s", d)
		}
	})
}

// holdPlaces lets calls hold places on the line, since ago.
func holdPlaces(t *testing.T, h *cluster.Harness, ago time.Duration, ids ...call.ID) {
	t.Helper()
	for _, id := range ids {
		holder := campaign.Holder{Call: id, Leg: call.CreateOp, Since: time.Now().Add(-ago)}
		_, err := h.Ledger.EditLine(t.Context(), cluster.Line, func(l campaign.Line) (campaign.Line, error) {
			return l.Hold(holder, len(ids))
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// endCall ends a call by a tombstone.
func endCall(t *testing.T, h *cluster.Harness, id call.ID) {
	t.Helper()
	if err := errors.Join(h.Tombstone(t.Context(), id, call.Dial{}), h.Calls.Unschedule(t.Context(), id)); err != nil {
		t.Fatal(err)
	}
	h.Background.Wait()
}

func TestPlacesOfEndedCallsAreReleased(t *testing.T) {
	tests := []struct {
		name  string
		ago   time.Duration
		ended bool
		dials bool
	}{
		{"a full line releases the places of ended calls", time.Minute, true, true},
		{"a full line keeps the places of calls that go on", time.Minute, false, false},
		{"a full line keeps the place of a call that may not be written yet", time.Minute - 1, true, false},
	}
	for _, tt := range tests {
		cluster.Run(t, tt.name, func(t *testing.T, h *cluster.Harness) {
			h.StartCampaign(t, "notice", 1, cluster.Number(1))
			holdPlaces(t, h, tt.ago, "in-1", "in-2")
			if tt.ended {
				endCall(t, h, "in-1")
			}
			h.DialRound(t)
			if dialled := h.SentVerbs() != nil; dialled != tt.dials {
				t.Errorf("dialled: %t, want %t, line %+v", dialled, tt.dials, h.LineRow(t))
			}
		})
	}
}

func TestNumbersOfEndedCallsAreFree(t *testing.T) {
	cluster.Run(t, "a number is free when the call that has reserved it has ended", func(t *testing.T, h *cluster.Harness) {
		c := h.StartCampaign(t, "notice", 1, cluster.Number(1))
		_, err := h.Ledger.EditNumber(t.Context(), cluster.Number(1), func(n campaign.Number) (campaign.Number, error) {
			return n.Reserve("out-1", time.Now())
		})
		if err != nil {
			t.Fatal(err)
		}
		h.DialRound(t)
		h.WantSent(t)
		due := time.Now().Add(time.Minute)
		if got := h.Contact(t, c); !got.Due.Equal(due) {
			t.Errorf("contact %+v while another call has the number, want it due at %v", got, due)
		}
		endCall(t, h, "out-1")
		time.Sleep(time.Minute)
		h.DialRound(t)
		// The call before was cancelled, and does not count.
		h.WantSent(t, outbox.VerbCreate)
		if n, want := h.NumberRow(t), h.Contact(t, c).Call; n.Call != want || n.Dials["20000101"] != 1 {
			t.Errorf("number %+v, want it reserved for %s and one dial counted", n, want)
		}
	})
}

func TestCallThatIsRefusedAtOnceIsSettled(t *testing.T) {
	cluster.Run(t, "though its actions are performed later", func(t *testing.T, h *cluster.Harness) {
		// The response is there before Dial waits for it; the actions that follow from it are performed
		// later.
		var later []func(context.Context)
		h.Go = func(ctx context.Context, f func(context.Context)) {
			h.Go = func(_ context.Context, f func(context.Context)) { later = append(later, f) }
			f(ctx)
		}
		h.Result = call.Result{Code: 400, SubCode: 8544}
		h.Answer = func(outbox.Action) call.Replied { return call.Replied{Verdict: call.VerdictRefused} }
		c := h.StartCampaign(t, "notice", 2, cluster.Number(1))
		h.DialRound(t)
		for len(later) > 0 {
			f := later[0]
			later = later[1:]
			f(t.Context())
		}
		if got := h.Contact(t, c); got.Result() != "invalidNumber" || got.Spent != 1 {
			t.Errorf("contact %+v, want the result invalidNumber and one attempt counted", got)
		}
		h.WantReleased(t, 1)
	})
}
