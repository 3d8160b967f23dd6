package dialler_test

import (
	"slices"
	"testing"
	"time"

	"switchboard/handler/acs"
	"switchboard/handler/call"
	"switchboard/handler/call/outbox"
	"switchboard/handler/campaign"
	"switchboard/handler/faulttest"
	"switchboard/handler/table"
	"switchboard/handler/table/tabletest"
	"switchboard/test/cluster"
)

// rawID returns the raw id of a number.
func rawID(number string) string { return acs.PhoneNumber(number).RawID() }

// pressNine opens a call of the caller, who presses 9.
func pressNine(t *testing.T, h *cluster.Harness, caller string) {
	t.Helper()
	ev := cluster.Offer()
	body := ev.Body.(call.Offered)
	body.Caller, body.Flow = caller, cluster.NoticeRef
	ev.Body = body
	if err := h.Open(t.Context(), cluster.InboundID, ev); err != nil {
		t.Fatal(err)
	}
	h.ApplyInbound(t, outbox.Ref{}, call.Connected{})
	h.ApplyInbound(t, outbox.Ref{Op: 2, Send: 1}, call.Recognized{Tones: []string{"nine"}})
}

func TestOptOut(t *testing.T) {
	tests := []struct {
		name   string
		caller string
		number string // whose row records the opt-out; empty: none does
	}{
		{"is recorded with the caller's number", rawID(cluster.Number(1)), cluster.Number(1)},
		{"is recorded for all callers who share the number", rawID(cluster.Number(1)) + "_1f2e", cluster.Number(1)},
		{"of a caller who withholds the number is not recorded", "4:anonymous", ""},
		{"of a caller without a number is not recorded", cluster.Anna, ""},
		{"of an empty number is not recorded", "4:", ""},
	}
	for _, tt := range tests {
		cluster.Run(t, tt.name, func(t *testing.T, h *cluster.Harness) {
			pressNine(t, h, tt.caller)
			for _, e := range h.OtherRows.Entities() {
				if e.Key.Partition != tt.number {
					t.Errorf("row %s of %q, want rows of %q only", e.Key.Row, e.Key.Partition, tt.number)
				}
			}
			got := h.NumberRow(t).OptOuts
			if tt.number != "" && (len(got) != 1 || got[0].Call != cluster.InboundID || got[0].At.IsZero()) {
				t.Errorf("opt-outs %+v of the number, want one, by call %s", got, cluster.InboundID)
			}
			if c := h.LoadInbound(t); c.EndingAs == "" || c.Pending.Has(outbox.VerbOptOut) {
				t.Errorf("call %+v, want it to be ending, with no opt-out pending", c)
			}
		})
	}
}

func TestOptOutIsRecordedOnce(t *testing.T) {
	cluster.Run(t, "is recorded once after lost responses of storage", func(t *testing.T, h *cluster.Harness) {
		failed := 0
		h.OtherRows.Fail = func(op tabletest.Op) faulttest.Fault {
			if op.Kind != tabletest.KindApply || failed == 3 {
				return faulttest.FaultNone
			}
			failed++
			return faulttest.FaultLost
		}
		pressNine(t, h, rawID(cluster.Number(1)))
		for range 6 {
			h.AttendAfter(t, 5*time.Second)
		}
		if got := h.NumberRow(t).OptOuts; len(got) != 1 {
			t.Errorf("opt-outs %+v of the number, want one", got)
		}
		if c := h.LoadInbound(t); c.Pending.Has(outbox.VerbOptOut) {
			t.Errorf("pending %+v, want no opt-out", c.Pending)
		}
	})
}

// A call releases what was reserved for its attempt, also when storage does not answer for a long time, and
// settles the attempt first.
func TestEndOfAnAttempt(t *testing.T) {
	cluster.Run(t, "is settled before line and number are free", func(t *testing.T, h *cluster.Harness) {
		c := h.StartCampaign(t, "notice", 1, cluster.Number(1))
		h.DialRound(t)
		id := call.OutboundID(string(c.ID), string(campaign.NewContactID(cluster.Number(1))), 1)
		h.OtherRows.Fail = func(op tabletest.Op) faulttest.Fault {
			if slices.ContainsFunc(op.Writes, func(w table.Write) bool { return w.Entity.Key.Partition == "notice|00" }) {
				return faulttest.FaultNotApplied
			}
			return faulttest.FaultNone
		}
		h.ApplyTo(t, id, call.Event{
			Ref: outbox.Ref{Op: call.CreateOp, Send: 1}, Body: call.CreateCallFailed{},
			Result: call.Result{Code: 486, SubCode: 560486},
		})
		for range 100 {
			h.AttendAfter(t, 30*time.Second)
		}
		n, l, contact := h.NumberRow(t), h.LineRow(t), h.Contact(t, c)
		if n.Call != id || len(l.Holders) != 1 || contact.State != campaign.ContactDialling {
			t.Errorf("number %+v, line %+v, contact %+v before the attempt is settled, want both reserved", n, l, contact)
		}
		h.OtherRows.Fail = nil
		for range 30 { // the backoff has grown
			h.AttendAfter(t, 30*time.Second)
		}
		if got := h.Contact(t, c); got.Result() != "busy" {
			t.Errorf("contact %+v, want the result busy", got)
		}
		h.WantScheduled(t, 0)
		h.WantReleased(t, 1)
	})
}
