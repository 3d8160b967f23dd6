package dialler_test

import (
	"testing"
	"time"

	"switchboard/handler/call"
	"switchboard/test/cluster"
)

func TestStorageCostsOfACampaign(t *testing.T) {
	cluster.Run(t, "from its first round to the end of a call", func(t *testing.T, h *cluster.Harness) {
		c := h.StartCampaign(t, "notice", 1, cluster.Number(1), cluster.Number(2))
		id := h.Contact(t, c).NextCall(c.ID)
		tests := []struct {
			name string
			do   func()
			want cluster.Cost
		}{
			// Two reads list campaigns and due contacts. Each contact takes 9 reads, 5 transactions and 2
			// writes of the worklist.
			{"a round that dials two contacts", func() {
				h.DialRound(t)
			}, cluster.Cost{Reads: 16, Transactions: 10, Worklist: 4}},
			{"a round that finds nothing to do", func() {
				h.DialRound(t)
			}, cluster.Cost{Reads: 4, Transactions: 0, Worklist: 0}},
			{"a call that is answered", func() {
				h.ApplyTo(t, id, call.Event{Body: call.Connected{}})
			}, cluster.Cost{Reads: 0, Transactions: 2, Worklist: 0}},
			// Three of the reads look for another contact that could be dialled.
			{"a call that ends, is settled and releases its reservations", func() {
				h.ApplyTo(t, id, call.Event{Body: call.Disconnected{}})
			}, cluster.Cost{Reads: 12, Transactions: 7, Worklist: 1}},
		}
		for _, tt := range tests {
			if got := cluster.CostOf(h.CallRows, h.WorklistRows, h.OtherRows, tt.do); got != tt.want {
				t.Errorf("%s costs %+v, want %+v", tt.name, got, tt.want)
			}
			time.Sleep(time.Second)
		}
	})
}
