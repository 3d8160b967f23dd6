package engine

import (
	"slices"
	"testing"
	"time"

	"switchboard/handler/call"
	"switchboard/handler/campaign"
	"switchboard/handler/store"
	"switchboard/handler/store/storetest"
)

func TestGate(t *testing.T) {
	inQuiet(t, "refuses who opted out before the claim", func(t *testing.T, q *quiet) {
		c := q.order(t, "notice", 3, number(1))
		q.optsOut(t)
		q.dials(t)
		if got := q.contact(t, c); got.Result() != "optedOut" || got.Claim != 0 || q.verbs() != nil {
			t.Errorf("contact %+v", got)
		}
	})
	inQuiet(t, "refuses who has no attempt left", func(t *testing.T, q *quiet) {
		c := q.order(t, "notice", 0, number(1))
		q.dials(t)
		if got := q.contact(t, c); got.Result() != "budgetSpent" || q.verbs() != nil {
			t.Errorf("contact %+v", got)
		}
	})
	inQuiet(t, "refuses who opts out between the claim and the reservation", func(t *testing.T, q *quiet) {
		c := q.order(t, "notice", 3, number(1))
		once := false
		q.others.Fail = func(op storetest.Op) storetest.Fault {
			if !once && slices.ContainsFunc(op.Writes, func(w store.Write) bool { return w.Entity.Key.Row[:2] == "a|" }) {
				once = true
				q.optsOut(t)
			}
			return storetest.None
		}
		q.dials(t)
		if got := q.contact(t, c); got.State != campaign.Waiting || got.Claim != 1 || got.Spent != 0 {
			t.Errorf("contact %+v", got)
		}
		q.free(t, 0)
		time.Sleep(30 * time.Second)
		q.dials(t)
		if got := q.contact(t, c); got.Result() != "optedOut" || q.verbs() != nil || len(q.live.Entities()) > 0 {
			t.Errorf("contact %+v", got)
		}
	})
	// throttled is an order whose first request was one too many.
	throttled := func(t *testing.T, q *quiet) (campaign.Campaign, call.ID) {
		t.Helper()
		q.answer = func(a call.Action) call.Replied {
			if a.Send > 1 {
				return call.Replied{Verdict: call.Done}
			}
			return call.Replied{Verdict: call.Throttled, RetryAfter: 20 * time.Second}
		}
		c := q.order(t, "notice", 1, number(1))
		q.dials(t)
		if got := q.verbs(); !slices.Equal(got, createdOnce) {
			t.Fatalf("asked %v", got)
		}
		return c, q.contact(t, c).Call
	}
	inQuiet(t, "is asked again before the next request", func(t *testing.T, q *quiet) {
		_, id := throttled(t, q)
		q.sweeps(t, 19*time.Second)
		if got := q.verbs(); got != nil {
			t.Errorf("asked %v before ACS wanted it", got)
		}
		q.sweeps(t, time.Second)
		if len(q.asked) != 1 || q.asked[0].Verb != call.Create || q.asked[0].Send != 2 {
			t.Errorf("asked %+v", q.asked)
		}
		history, err := q.Calls.History(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(history, func(e call.Entry) bool {
			return e.Gate != nil && *e.Gate == call.Gate{Open: true, Rule: "dial"}
		}) {
			t.Errorf("no verdict in the history %+v", history)
		}
	})
	inQuiet(t, "lets nobody be rung who has opted out meanwhile", func(t *testing.T, q *quiet) {
		c, id := throttled(t, q)
		q.optsOut(t)
		q.sweeps(t, 20*time.Second)
		if got := q.loadCall(t, id); got.Outcome != call.Cancelled || q.verbs() != nil {
			t.Errorf("outcome %q, asked %v", got.Outcome, q.asked)
		}
		if got := q.contact(t, c); got.State != campaign.Waiting || got.Spent != 0 {
			t.Errorf("contact %+v", got)
		}
		q.free(t, 0)
		time.Sleep(30 * time.Second)
		q.dials(t)
		if got := q.contact(t, c); got.Result() != "optedOut" || q.verbs() != nil {
			t.Errorf("contact %+v", got)
		}
	})
	inQuiet(t, "lets nobody be rung while it cannot be asked", func(t *testing.T, q *quiet) {
		c, id := throttled(t, q)
		q.others.Fail = func(op storetest.Op) storetest.Fault {
			if op.Key.Row == "c|"+string(c.ID) {
				return storetest.NotApplied
			}
			return storetest.None
		}
		for range 4 {
			q.sweeps(t, 10*time.Second)
		}
		if got := q.verbs(); got != nil {
			t.Errorf("asked %v", got)
		}
		q.others.Fail = nil
		q.sweeps(t, 10*time.Second)
		if got := q.verbs(); !slices.Equal(got, createdOnce) || q.loadCall(t, id).State != call.StateRinging {
			t.Errorf("asked %v", got)
		}
	})
}
