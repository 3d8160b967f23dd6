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

func TestOptOut(t *testing.T) {
	// saysNo is a call of somebody who presses 9.
	saysNo := func(t *testing.T, q *cluster.Harness, caller string) {
		t.Helper()
		ev := cluster.Offer()
		body := ev.Body.(call.Offered)
		body.Caller, body.Flow = caller, cluster.NoticeRef
		ev.Body = body
		if err := q.Open(t.Context(), cluster.InboundID, ev); err != nil {
			t.Fatal(err)
		}
		q.ApplyInbound(t, outbox.Ref{}, call.Connected{})
		q.ApplyInbound(t, outbox.Ref{Op: 2, Send: 1}, call.Recognized{Tones: []string{"nine"}})
	}
	tests := []struct {
		name   string
		caller string
		number string // empty: none is written
	}{
		{"is written down with the caller's number", rawID(cluster.Number(1)), cluster.Number(1)},
		{"is written down for all who share the number", rawID(cluster.Number(1)) + "_1f2e", cluster.Number(1)},
		{"of somebody who withholds the number is not written down", "4:anonymous", ""},
		{"of somebody without a number is not written down", cluster.Anna, ""},
		{"of nobody is not written down", "4:", ""},
	}
	for _, tt := range tests {
		cluster.Run(t, tt.name, func(t *testing.T, q *cluster.Harness) {
			saysNo(t, q, tt.caller)
			for _, e := range q.OtherRows.Entities() {
				if e.Key.Partition != tt.number {
					t.Errorf("row %s of %s", e.Key.Row, e.Key.Partition)
				}
			}
			if got := q.NumberRow(t).OptOuts; tt.number != "" && (len(got) != 1 || got[0].Call != cluster.InboundID || got[0].At.IsZero()) {
				t.Errorf("number's opt-outs %+v", got)
			}
			if c := q.LoadInbound(t); c.EndingAs == "" || slices.ContainsFunc(c.Pending, func(a outbox.Action) bool { return a.Verb == outbox.VerbOptOut }) {
				t.Errorf("call %+v", c)
			}
		})
	}
	cluster.Run(t, "is written down once, however often storage has to be asked", func(t *testing.T, q *cluster.Harness) {
		failed := 0
		q.OtherRows.Fail = func(op tabletest.Op) faulttest.Fault {
			if op.Kind != tabletest.Apply || failed == 3 {
				return faulttest.None
			}
			failed++
			return faulttest.Lost
		}
		saysNo(t, q, rawID(cluster.Number(1)))
		for range 6 {
			q.SweepAfter(t, 5*time.Second)
		}
		if got := q.NumberRow(t).OptOuts; len(got) != 1 {
			t.Errorf("number's opt-outs %+v", got)
		}
		if c := q.LoadInbound(t); slices.ContainsFunc(c.Pending, func(a outbox.Action) bool { return a.Verb == outbox.VerbOptOut }) {
			t.Errorf("pending %+v", c.Pending)
		}
	})
}

// What was taken for an attempt is given back by its call, however long storage does
// not answer, and in the order in which others may find it.
func TestEndOfAnAttempt(t *testing.T) {
	cluster.Run(t, "is told to the campaign before line and number are free", func(t *testing.T, q *cluster.Harness) {
		c := q.StartCampaign(t, "notice", 1, cluster.Number(1))
		q.DialRound(t)
		at := call.OutboundID(string(c.ID), string(campaign.NewContactID(cluster.Number(1))), 1)
		q.OtherRows.Fail = func(op tabletest.Op) faulttest.Fault {
			if slices.ContainsFunc(op.Writes, func(w table.Write) bool { return w.Entity.Key.Partition == "notice|00" }) {
				return faulttest.NotApplied
			}
			return faulttest.None
		}
		q.ApplyTo(t, at, call.Event{
			Ref: outbox.Ref{Op: call.CreateOp, Send: 1}, Body: call.CreateCallFailed{}, Result: call.Result{Code: 486, SubCode: 560486},
		})
		for range 100 {
			q.SweepAfter(t, 30*time.Second)
		}
		if q.NumberRow(t).Call != at || len(q.LineRow(t).Holders) != 1 || q.Contact(t, c).State != campaign.ContactDialling {
			t.Errorf("number %+v, line %+v", q.NumberRow(t), q.LineRow(t))
		}
		q.OtherRows.Fail = nil
		for range 30 { // it is tried more and more rarely
			q.SweepAfter(t, 30*time.Second)
		}
		if got := q.Contact(t, c); got.Result() != "busy" || len(q.WorklistRows.Entities()) > 0 {
			t.Errorf("contact %+v", got)
		}
		q.WantReleased(t, 1)
	})
}
