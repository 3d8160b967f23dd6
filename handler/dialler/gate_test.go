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

func TestGateRefusesAContact(t *testing.T) {
	cluster.Run(t, "refuses a contact that opted out before the claim", func(t *testing.T, h *cluster.Harness) {
		c := h.StartCampaign(t, "notice", 3, cluster.Number(1))
		h.WriteOptOut(t)
		h.DialRound(t)
		h.WantSent(t)
		if got := h.Contact(t, c); got.Result() != "optedOut" || got.Claim != 0 {
			t.Errorf("contact %+v, want the result optedOut without a claim", got)
		}
	})
	cluster.Run(t, "refuses a contact whose budget is spent", func(t *testing.T, h *cluster.Harness) {
		c := h.StartCampaign(t, "notice", 0, cluster.Number(1))
		h.DialRound(t)
		h.WantSent(t)
		if got := h.Contact(t, c); got.Result() != "budgetSpent" {
			t.Errorf("contact %+v, want the result budgetSpent", got)
		}
	})
	cluster.Run(t, "refuses a contact that opts out after the claim", func(t *testing.T, h *cluster.Harness) {
		c := h.StartCampaign(t, "notice", 3, cluster.Number(1))
		once := false
		h.OtherRows.Fail = func(op tabletest.Op) faulttest.Fault {
			if !once && slices.ContainsFunc(op.Writes, func(w table.Write) bool { return w.Entity.Key.Row[:2] == "a|" }) {
				once = true
				h.WriteOptOut(t)
			}
			return faulttest.FaultNone
		}
		h.DialRound(t)
		if got := h.Contact(t, c); got.State != campaign.ContactWaiting || got.Claim != 1 || got.Spent != 0 {
			t.Errorf("contact %+v, want it %s with one claim and no attempt counted", got, campaign.ContactWaiting)
		}
		h.WantReleased(t, 0)
		time.Sleep(30 * time.Second)
		h.DialRound(t)
		h.WantSent(t)
		h.WantScheduled(t, 0)
		if got := h.Contact(t, c); got.Result() != "optedOut" {
			t.Errorf("contact %+v, want the result optedOut", got)
		}
	})
}

// throttledOnce dials a contact whose first request is throttled for 20 s.
func throttledOnce(t *testing.T, h *cluster.Harness) (campaign.Campaign, call.ID) {
	t.Helper()
	h.Answer = func(a outbox.Action) call.Replied {
		if a.Send > 1 {
			return call.Replied{Verdict: call.VerdictOK}
		}
		return call.Replied{Verdict: call.VerdictThrottled, RetryAfter: 20 * time.Second}
	}
	c := h.StartCampaign(t, "notice", 1, cluster.Number(1))
	h.DialRound(t)
	h.WantSent(t, outbox.VerbCreate)
	return c, h.Contact(t, c).Call
}

func TestGateIsAskedBeforeEachRequest(t *testing.T) {
	cluster.Run(t, "is asked again before the next request", func(t *testing.T, h *cluster.Harness) {
		_, id := throttledOnce(t, h)
		h.AttendAfter(t, 19*time.Second)
		h.WantSent(t)
		h.AttendAfter(t, time.Second)
		h.WantOneSend(t, outbox.VerbCreate, 2)
		history, err := h.Calls.History(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(history, func(e call.Entry) bool {
			return e.GateVerdict != nil && *e.GateVerdict == call.DialVerdict{Allowed: true}
		}) {
			t.Errorf("history %+v, want a verdict that allows the dial", history)
		}
	})
	cluster.Run(t, "refuses a contact that opts out while its call is throttled", func(t *testing.T, h *cluster.Harness) {
		c, id := throttledOnce(t, h)
		h.WriteOptOut(t)
		h.AttendAfter(t, 20*time.Second)
		h.WantSent(t)
		h.WantOutcome(t, id, call.OutcomeCancelled)
		if got := h.Contact(t, c); got.State != campaign.ContactWaiting || got.Spent != 0 {
			t.Errorf("contact %+v, want it %s with no attempt counted", got, campaign.ContactWaiting)
		}
		h.WantReleased(t, 0)
		time.Sleep(30 * time.Second)
		h.DialRound(t)
		h.WantSent(t)
		if got := h.Contact(t, c); got.Result() != "optedOut" {
			t.Errorf("contact %+v, want the result optedOut", got)
		}
	})
	cluster.Run(t, "lets the call wait while it cannot be asked", func(t *testing.T, h *cluster.Harness) {
		c, id := throttledOnce(t, h)
		h.OtherRows.Fail = func(op tabletest.Op) faulttest.Fault {
			if op.Key.Row == "c|"+string(c.ID) {
				return faulttest.FaultNotApplied
			}
			return faulttest.FaultNone
		}
		for range 4 {
			h.AttendAfter(t, 10*time.Second)
		}
		h.WantSent(t)
		h.OtherRows.Fail = nil
		h.AttendAfter(t, 10*time.Second)
		h.WantSent(t, outbox.VerbCreate)
		if got := h.LoadCall(t, id).State; got != call.StateRinging {
			t.Errorf("state %q, want %q", got, call.StateRinging)
		}
	})
}
