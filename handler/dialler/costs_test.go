package dialler_test

import (
	"testing"
	"time"

	"switchboard/handler/call"
	"switchboard/test/cluster"
)

func TestCostsOfACampaign(t *testing.T) {
	cluster.Run(t, "in the order of its life", func(t *testing.T, q *cluster.Harness) {
		c := q.StartCampaign(t, "notice", 1, cluster.Number(1), cluster.Number(2))
		at := q.Contact(t, c).NextCall(c.ID)
		tests := []struct {
			name string
			do   func()
			want cluster.Cost
		}{
			// To ask for campaigns and for what is due, and for each contact 9 reads, 5
			// transactions and 2 writes of the list.
			{"a round that dials two contacts", func() { q.DialRound(t) }, cluster.Cost{Reads: 20, Transactions: 10, Worklist: 4}},
			{"a round that finds nothing to do", func() { q.DialRound(t) }, cluster.Cost{Reads: 3, Transactions: 0, Worklist: 0}},
			{"a call that is answered", func() {
				q.ApplyTo(t, at, call.Event{Body: call.Connected{}})
			}, cluster.Cost{Reads: 2, Transactions: 2, Worklist: 0}},
			// With 3 reads for somebody else who might be dialled instead.
			{"a call that ends, with all that is told and given back", func() {
				q.ApplyTo(t, at, call.Event{Body: call.Disconnected{}})
			}, cluster.Cost{Reads: 14, Transactions: 7, Worklist: 1}},
		}
		for _, tt := range tests {
			if got := cluster.CostOf(q.CallRows, q.WorklistRows, q.OtherRows, tt.do); got != tt.want {
				t.Errorf("%s costs %+v, want %+v", tt.name, got, tt.want)
			}
			time.Sleep(time.Second)
		}
	})
}
