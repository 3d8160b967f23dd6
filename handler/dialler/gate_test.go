package dialler_test

import (
	"slices"
	"testing"
	"time"

	"switchboard/handler/call"
	"switchboard/handler/call/outbox"
	"switchboard/handler/campaign"
	"switchboard/handler/faulttest"
	"switchboard/handler/table"
	"switchboard/handler/table/tabletest"
	"switchboard/test/cluster"
)

func TestGate(t *testing.T) {
	cluster.Run(t, "refuses who opted out before the claim", func(t *testing.T, q *cluster.Harness) {
		c := q.StartCampaign(t, "notice", 3, cluster.Number(1))
		q.WriteOptOut(t)
		q.DialRound(t)
		if got := q.Contact(t, c); got.Result() != "optedOut" || got.Claim != 0 || q.SentVerbs() != nil {
			t.Errorf("contact %+v", got)
		}
	})
	cluster.Run(t, "refuses who has no attempt left", func(t *testing.T, q *cluster.Harness) {
		c := q.StartCampaign(t, "notice", 0, cluster.Number(1))
		q.DialRound(t)
		if got := q.Contact(t, c); got.Result() != "budgetSpent" || q.SentVerbs() != nil {
			t.Errorf("contact %+v", got)
		}
	})
	cluster.Run(t, "refuses who opts out between the claim and the reservation", func(t *testing.T, q *cluster.Harness) {
		c := q.StartCampaign(t, "notice", 3, cluster.Number(1))
		once := false
		q.OtherRows.Fail = func(op tabletest.Op) faulttest.Fault {
			if !once && slices.ContainsFunc(op.Writes, func(w table.Write) bool { return w.Entity.Key.Row[:2] == "a|" }) {
				once = true
				q.WriteOptOut(t)
			}
			return faulttest.None
		}
		q.DialRound(t)
		if got := q.Contact(t, c); got.State != campaign.ContactWaiting || got.Claim != 1 || got.Spent != 0 {
			t.Errorf("contact %+v", got)
		}
		q.WantReleased(t, 0)
		time.Sleep(30 * time.Second)
		q.DialRound(t)
		if got := q.Contact(t, c); got.Result() != "optedOut" || q.SentVerbs() != nil || len(q.WorklistRows.Entities()) > 0 {
			t.Errorf("contact %+v", got)
		}
	})
	// throttled is an order whose first request was one too many.
	throttled := func(t *testing.T, q *cluster.Harness) (campaign.Campaign, call.ID) {
		t.Helper()
		q.Answer = func(a outbox.Action) call.Replied {
			if a.Send > 1 {
				return call.Replied{Verdict: call.VerdictOK}
			}
			return call.Replied{Verdict: call.VerdictThrottled, RetryAfter: 20 * time.Second}
		}
		c := q.StartCampaign(t, "notice", 1, cluster.Number(1))
		q.DialRound(t)
		if got := q.SentVerbs(); !slices.Equal(got, createdOnce) {
			t.Fatalf("asked %v", got)
		}
		return c, q.Contact(t, c).Call
	}
	cluster.Run(t, "is asked again before the next request", func(t *testing.T, q *cluster.Harness) {
		_, id := throttled(t, q)
		q.SweepAfter(t, 19*time.Second)
		if got := q.SentVerbs(); got != nil {
			t.Errorf("asked %v before ACS wanted it", got)
		}
		q.SweepAfter(t, time.Second)
		if len(q.Sent) != 1 || q.Sent[0].Verb != outbox.VerbCreate || q.Sent[0].Send != 2 {
			t.Errorf("asked %+v", q.Sent)
		}
		history, err := q.Calls.History(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(history, func(e call.Entry) bool {
			return e.Gate != nil && *e.Gate == call.DialVerdict{Allowed: true, Rule: "dial"}
		}) {
			t.Errorf("no verdict in the history %+v", history)
		}
	})
	cluster.Run(t, "lets nobody be rung who has opted out meanwhile", func(t *testing.T, q *cluster.Harness) {
		c, id := throttled(t, q)
		q.WriteOptOut(t)
		q.SweepAfter(t, 20*time.Second)
		if got := q.LoadCall(t, id); got.Outcome != call.OutcomeCancelled || q.SentVerbs() != nil {
			t.Errorf("outcome %q, asked %v", got.Outcome, q.Sent)
		}
		if got := q.Contact(t, c); got.State != campaign.ContactWaiting || got.Spent != 0 {
			t.Errorf("contact %+v", got)
		}
		q.WantReleased(t, 0)
		time.Sleep(30 * time.Second)
		q.DialRound(t)
		if got := q.Contact(t, c); got.Result() != "optedOut" || q.SentVerbs() != nil {
			t.Errorf("contact %+v", got)
		}
	})
	cluster.Run(t, "lets nobody be rung while it cannot be asked", func(t *testing.T, q *cluster.Harness) {
		c, id := throttled(t, q)
		q.OtherRows.Fail = func(op tabletest.Op) faulttest.Fault {
			if op.Key.Row == "c|"+string(c.ID) {
				return faulttest.NotApplied
			}
			return faulttest.None
		}
		for range 4 {
			q.SweepAfter(t, 10*time.Second)
		}
		if got := q.SentVerbs(); got != nil {
			t.Errorf("asked %v", got)
		}
		q.OtherRows.Fail = nil
		q.SweepAfter(t, 10*time.Second)
		if got := q.SentVerbs(); !slices.Equal(got, createdOnce) || q.LoadCall(t, id).State != call.StateRinging {
			t.Errorf("asked %v", got)
		}
	})
}
