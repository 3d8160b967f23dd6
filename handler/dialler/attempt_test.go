package dialler_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"switchboard/handler/call"
	"switchboard/handler/call/outbox"
	"switchboard/handler/campaign"
	"switchboard/handler/table"
	"switchboard/test/cluster"
)

var createdOnce = []outbox.Verb{outbox.VerbCreate}

func TestLineThatHasTooManyCalls(t *testing.T) {
	cluster.Run(t, "is slowed down once by many requests that are too many", func(t *testing.T, q *cluster.Harness) {
		q.LineCalls = 8
		q.Answer = func(outbox.Action) call.Replied {
			return call.Replied{Verdict: call.VerdictThrottled, RetryAfter: 20 * time.Second}
		}
		q.StartCampaign(t, "notice", 1, cluster.Number(1), cluster.Number(2), cluster.Number(3))
		q.DialRound(t)
		if got := q.LineRow(t); got.Limit != 4 || time.Until(got.NotBefore).Round(time.Second) != 20*time.Second {
			t.Errorf("line %+v", got)
		}
	})
	cluster.Run(t, "and nothing else is dialled before it may", func(t *testing.T, q *cluster.Harness) {
		c := q.StartCampaign(t, "a", 1, cluster.Number(1))
		q.Answer = func(outbox.Action) call.Replied {
			return call.Replied{Verdict: call.VerdictThrottled, RetryAfter: 20 * time.Second}
		}
		q.DialRound(t)
		q.SentVerbs()
		q.StartCampaign(t, "b", 1, cluster.Number(2))
		q.DialRound(t)
		if got := q.SentVerbs(); got != nil {
			t.Errorf("asked %v", got)
		}
		if got := q.Contact(t, c); got.State != campaign.ContactDialling {
			t.Errorf("contact %+v", got)
		}
	})
	cluster.Run(t, "throttled until nobody waits any more is no attempt", func(t *testing.T, q *cluster.Harness) {
		c := q.StartCampaign(t, "notice", 1, cluster.Number(1))
		q.Answer = func(outbox.Action) call.Replied { return call.Replied{Verdict: call.VerdictThrottled} }
		q.DialRound(t)
		id := q.Contact(t, c).Call
		for range 125 { // 10 minutes and a little
			q.SweepAfter(t, 5*time.Second)
		}
		if got := q.LoadCall(t, id); got.Outcome != call.OutcomeThrottled || got.HasWork() {
			t.Errorf("call %+v", got)
		}
		if got := q.Contact(t, c); got.State != campaign.ContactWaiting || got.Spent != 0 {
			t.Errorf("contact %+v", got)
		}
		q.WantReleased(t, 0)
	})
	cluster.Run(t, "so the network says, is slowed down, and the attempt is none", func(t *testing.T, q *cluster.Harness) {
		c := q.StartCampaign(t, "notice", 1, cluster.Number(1))
		q.DialRound(t)
		id := q.Contact(t, c).Call
		q.ApplyTo(t, id, call.Event{
			Ref: outbox.Ref{Op: call.CreateOp, Send: 1}, Body: call.CreateCallFailed{},
			Result: call.Result{Code: 603, SubCode: 560603, Q850: 34},
		})
		if got := q.LoadCall(t, id); got.Outcome != call.OutcomeLineLimit {
			t.Errorf("outcome %q", got.Outcome)
		}
		if got := q.LineRow(t); got.Limit != 1 || time.Until(got.NotBefore).Round(time.Second) != 30*time.Second {
			t.Errorf("line %+v", got)
		}
		q.WantReleased(t, 0)
		q.SentVerbs()
		q.DialRound(t)
		if got := q.SentVerbs(); got != nil {
			t.Errorf("asked %v at once", got)
		}
		time.Sleep(30 * time.Second)
		q.DialRound(t)
		if got := q.Contact(t, c); got.Claim != 2 || got.Spent != 0 || !slices.Equal(q.SentVerbs(), createdOnce) {
			t.Errorf("contact %+v", got)
		}
	})
}

func TestAttemptOfWhichNothingIsHeard(t *testing.T) {
	// lost is an order whose request went unheard.
	lost := func(t *testing.T, q *cluster.Harness, attempts int) (campaign.Campaign, call.ID) {
		t.Helper()
		q.Answer = func(a outbox.Action) call.Replied {
			if a.Verb == outbox.VerbCreate {
				return call.Replied{Verdict: call.VerdictNoResponse}
			}
			return call.Replied{Verdict: call.VerdictOK}
		}
		c := q.StartCampaign(t, "notice", attempts, cluster.Number(1))
		q.DialRound(t)
		id := q.Contact(t, c).Call
		for range cluster.Limits.Confirm/(30*time.Second) - 1 {
			q.SweepAfter(t, 30*time.Second)
		}
		if got := q.Contact(t, c); got.State != campaign.ContactDialling || !slices.Equal(q.SentVerbs(), createdOnce) {
			t.Errorf("contact %+v before the settle time was over", got)
		}
		q.SweepAfter(t, 30*time.Second)
		q.WantReleased(t, 1)
		return c, id
	}
	cluster.Run(t, "ends as unknown, and counts", func(t *testing.T, q *cluster.Harness) {
		c, id := lost(t, q, 1)
		if got := q.Contact(t, c); got.Result() != "unknown" || got.Spent != 1 || q.LoadCall(t, id).Outcome != call.OutcomeUnknown {
			t.Errorf("contact %+v", got)
		}
	})
	cluster.Run(t, "is followed by another if there may be one", func(t *testing.T, q *cluster.Harness) {
		c, _ := lost(t, q, 2)
		time.Sleep(30*time.Minute - time.Second)
		q.DialRound(t)
		if got := q.SentVerbs(); got != nil {
			t.Errorf("asked %v", got)
		}
		time.Sleep(time.Second)
		q.DialRound(t)
		if got := q.Contact(t, c); got.Claim != 2 || !slices.Equal(q.SentVerbs(), createdOnce) {
			t.Errorf("contact %+v", got)
		}
	})
	cluster.Run(t, "is hung up if it is heard of after all", func(t *testing.T, q *cluster.Harness) {
		_, id := lost(t, q, 1)
		q.ApplyTo(t, id, call.Event{Body: call.Connected{}})
		if got := q.SentVerbs(); !slices.Equal(got, []outbox.Verb{outbox.VerbHangUp}) || q.LoadCall(t, id).Outcome != call.OutcomeUnknown {
			t.Errorf("asked %v", got)
		}
		if q.LoadCall(t, id).HasWork() || len(q.WorklistRows.Entities()) > 0 {
			t.Errorf("call %+v, %d listed", q.LoadCall(t, id), len(q.WorklistRows.Entities()))
		}
	})
}

// An attempt is settled by its call. A round of dialling looks after one whose call
// has not done it.
func TestLookAfterAnAttempt(t *testing.T) {
	// claimed is an attempt of which there is no more than its claim.
	claimed := func(t *testing.T, q *cluster.Harness) (campaign.Campaign, call.ID) {
		t.Helper()
		c := q.StartCampaign(t, "notice", 1, cluster.Number(1))
		due, err := q.Ledger.Due(t.Context(), c, 0, time.Now(), 1)
		if err != nil || len(due) != 1 {
			t.Fatal(due, err)
		}
		_, a, err := q.Ledger.Claim(t.Context(), c, due[0], cluster.Line, time.Now(), time.Now().Add(cluster.Limits.Confirm))
		if err != nil {
			t.Fatal(err)
		}
		return c, a.Call
	}
	cluster.Run(t, "whose call is over", func(t *testing.T, q *cluster.Harness) {
		c, id := claimed(t, q)
		who := q.Contact(t, c)
		ended := call.Call{
			ID: id, State: call.StateEnded, Outcome: call.OutcomeCancelled, EndedAt: time.Now(),
			Attempt: call.AttemptRef{Campaign: string(c.ID), Contact: string(who.ID), Claim: who.Claim},
		}
		entry := call.Entry{Seq: 1, Event: call.Event{Body: call.Wake{}}}
		if err := q.Calls.Commit(t.Context(), table.Row[call.Call]{}, ended, entry); err != nil {
			t.Fatal(err)
		}
		q.DialRound(t)
		if got := q.Contact(t, c); got.State != campaign.ContactDialling {
			t.Errorf("contact %+v before the settle time was over", got)
		}
		time.Sleep(cluster.Limits.Confirm)
		q.DialRound(t)
		if got := q.Contact(t, c); got.State != campaign.ContactWaiting || got.Spent != 0 {
			t.Errorf("contact %+v", got)
		}
	})
	cluster.Run(t, "whose call goes on", func(t *testing.T, q *cluster.Harness) {
		c := q.StartCampaign(t, "notice", 1, cluster.Number(1))
		q.DialRound(t)
		q.ApplyTo(t, q.Contact(t, c).Call, call.Event{Body: call.Connected{}})
		time.Sleep(cluster.Limits.Confirm)
		q.DialRound(t)
		if got := q.Contact(t, c); got.State != campaign.ContactDialling || !got.Due.Equal(time.Now().Add(cluster.Limits.Confirm)) {
			t.Errorf("contact %+v", got)
		}
	})
	cluster.Run(t, "whose call is not written yet", func(t *testing.T, q *cluster.Harness) {
		c, _ := claimed(t, q)
		time.Sleep(cluster.Limits.Confirm)
		q.DialRound(t)
		if got := q.Contact(t, c); got.State != campaign.ContactDialling || !got.Due.Equal(time.Now().Add(time.Minute)) {
			t.Errorf("contact %+v", got)
		}
	})
	cluster.Run(t, "whose call is of a later version, which is left alone", func(t *testing.T, q *cluster.Harness) {
		c, id := claimed(t, q)
		later := table.NewTable[map[string]int](q.CallRows)
		key := table.Key{Partition: string(id), Row: "call"}
		if err := later.Put(t.Context(), key, map[string]int{"schema": call.Schema + 1}); err != nil {
			t.Fatal(err)
		}
		before := q.Contact(t, c)
		time.Sleep(cluster.Limits.Confirm)
		q.DialRound(t)
		if d := cmp.Diff(before, q.Contact(t, c)); d != "" {
			t.Errorf("contact (-before +after):\n%s", d)
		}
	})
}

func TestWhatEndedCallsStillHold(t *testing.T) {
	// holding makes calls hold places on the line, as of some time ago.
	holding := func(t *testing.T, q *cluster.Harness, ago time.Duration, ids ...call.ID) {
		t.Helper()
		for _, id := range ids {
			h := campaign.Holder{Call: id, Leg: call.CreateOp, Since: time.Now().Add(-ago)}
			_, err := q.Ledger.EditLine(t.Context(), cluster.Line, func(l campaign.Line) (campaign.Line, error) {
				return l.Hold(h, len(ids))
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	over := func(t *testing.T, q *cluster.Harness, id call.ID) {
		t.Helper()
		if err := errors.Join(q.Tombstone(t.Context(), id, call.Dial{}), q.Calls.Unschedule(t.Context(), id)); err != nil {
			t.Fatal(err)
		}
		q.Background.Wait()
	}
	tests := []struct {
		name  string
		ago   time.Duration
		ended bool
		dials bool
	}{
		{"a full line lets go of calls that are over", time.Minute, true, true},
		{"a full line keeps calls that go on", time.Minute, false, false},
		{"a full line keeps a call that may not be written yet", time.Minute - 1, true, false},
	}
	for _, tt := range tests {
		cluster.Run(t, tt.name, func(t *testing.T, q *cluster.Harness) {
			q.StartCampaign(t, "notice", 1, cluster.Number(1))
			holding(t, q, tt.ago, "in-1", "in-2")
			if tt.ended {
				over(t, q, "in-1")
			}
			q.DialRound(t)
			if dialled := q.SentVerbs() != nil; dialled != tt.dials {
				t.Errorf("dialled: %t, line %+v", dialled, q.LineRow(t))
			}
		})
	}
	cluster.Run(t, "a number is free when the call that has it is over", func(t *testing.T, q *cluster.Harness) {
		c := q.StartCampaign(t, "notice", 1, cluster.Number(1))
		_, err := q.Ledger.EditNumber(t.Context(), cluster.Number(1), func(n campaign.Number) (campaign.Number, error) {
			return n.Reserve("out-1", time.Now())
		})
		if err != nil {
			t.Fatal(err)
		}
		q.DialRound(t)
		if got := q.Contact(t, c); q.SentVerbs() != nil || !got.Due.Equal(time.Now().Add(time.Minute)) {
			t.Errorf("contact %+v while another call has the number", got)
		}
		over(t, q, "out-1")
		time.Sleep(time.Minute)
		q.DialRound(t)
		// The call before was cancelled, and does not count.
		if n := q.NumberRow(t); !slices.Equal(q.SentVerbs(), createdOnce) || n.Call != q.Contact(t, c).Call || n.Dials["20000101"] != 1 {
			t.Errorf("number %+v", n)
		}
	})
}

func TestCallThatIsRefusedAtOnceIsAnAttempt(t *testing.T) {
	cluster.Run(t, "though nothing of it is settled yet", func(t *testing.T, q *cluster.Harness) {
		// The answer is there before anybody looks; what it brings about is done later.
		var later []func(context.Context)
		q.Go = func(ctx context.Context, f func(context.Context)) {
			q.Go = func(_ context.Context, f func(context.Context)) { later = append(later, f) }
			f(ctx)
		}
		q.Result = call.Result{Code: 400, SubCode: 8544}
		q.Answer = func(outbox.Action) call.Replied { return call.Replied{Verdict: call.VerdictRefused} }
		c := q.StartCampaign(t, "notice", 2, cluster.Number(1))
		q.DialRound(t)
		for len(later) > 0 {
			f := later[0]
			later = later[1:]
			f(t.Context())
		}
		if got := q.Contact(t, c); got.Result() != "invalidNumber" || got.Spent != 1 {
			t.Errorf("contact %+v", got)
		}
		q.WantReleased(t, 1)
	})
}
