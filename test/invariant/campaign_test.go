package invariant_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"switchboard/handler/call"
	"switchboard/handler/call/outbox"
	"switchboard/handler/campaign"
	"switchboard/handler/table"
	"switchboard/test/cluster"
	"switchboard/test/invariant"
)

// runCampaign runs a campaign of one contact, whose telephone is busy, to its end.
func runCampaign(t *testing.T, h *cluster.Harness) (campaign.Campaign, invariant.Campaigns) {
	t.Helper()
	c := h.StartCampaign(t, "notice", 1, cluster.Number(1))
	h.DialRound(t)
	h.ApplyTo(t, h.Contact(t, c).Call, call.Event{
		Ref: outbox.Ref{Op: call.CreateOp, Send: 1}, Body: call.CreateCallFailed{}, Result: call.Result{Code: 486, SubCode: 560486},
	})
	h.DialRound(t)
	rings := func(string) int { return 1 }
	return c, invariant.Campaigns{Calls: h.Calls, Ledger: h.Ledger, Contacts: h.OtherRows, RingsOf: rings}
}

func TestCampaignThatHasEndedHasNoFaults(t *testing.T) {
	cluster.Run(t, "whose one contact was busy", func(t *testing.T, h *cluster.Harness) {
		c, campaigns := runCampaign(t, h)
		if faults := campaigns.Check(t.Context(), c.ID); len(faults) > 0 {
			t.Errorf("faults %v, want none", errors.Join(faults...))
		}
	})
}

func TestEachFaultIsFound(t *testing.T) {
	// change changes the one row of a kind in a partition.
	change := func(t *testing.T, h *cluster.Harness, key func(table.Key) bool, edit func(doc map[string]any)) {
		t.Helper()
		rows := table.NewTable[map[string]any](h.OtherRows)
		for _, e := range h.OtherRows.Entities() {
			if !key(e.Key) {
				continue
			}
			_, err := rows.Update(t.Context(), e.Key, func(doc map[string]any) (map[string]any, error) {
				edit(doc)
				return doc, nil
			})
			if err != nil {
				t.Fatal(err)
			}
			return
		}
		t.Fatal("no such row, want one")
	}
	row := func(prefix string) func(table.Key) bool {
		return func(k table.Key) bool { return k.Partition == "notice|00" && strings.HasPrefix(k.Row, prefix) }
	}
	named := func(name string) func(table.Key) bool {
		return func(k table.Key) bool { return k.Row == name }
	}
	tests := []struct {
		name  string
		spoil func(t *testing.T, h *cluster.Harness, c campaign.Campaign, campaigns *invariant.Campaigns)
		want  string // in the faults
	}{
		{"a campaign that is not done", func(t *testing.T, h *cluster.Harness, c campaign.Campaign, _ *invariant.Campaigns) {
			change(t, h, named("c|notice"), func(doc map[string]any) { doc["state"] = "running" })
		}, "campaign notice is running"},
		{"a contact that has not ended", func(t *testing.T, h *cluster.Harness, c campaign.Campaign, _ *invariant.Campaigns) {
			change(t, h, row("c|"), func(doc map[string]any) { doc["state"] = "waiting" })
		}, "is waiting"},
		{"a contact that is missing", func(t *testing.T, h *cluster.Harness, c campaign.Campaign, _ *invariant.Campaigns) {
			change(t, h, named("c|notice"), func(doc map[string]any) { doc["contacts"] = 2 })
		}, "has 1 contacts, want 2"},
		{"more attempts than were counted", func(t *testing.T, h *cluster.Harness, c campaign.Campaign, _ *invariant.Campaigns) {
			change(t, h, row("a|"), func(doc map[string]any) { doc["spent"] = false })
		}, "has 0 attempts that counted, and says 1"},
		{"an attempt with another outcome than its call", func(t *testing.T, h *cluster.Harness, c campaign.Campaign, _ *invariant.Campaigns) {
			change(t, h, row("a|"), func(doc map[string]any) { doc["outcome"] = "completed" })
		}, `outcome of its call "busy"`},
		{"counters that differ", func(t *testing.T, h *cluster.Harness, c campaign.Campaign, _ *invariant.Campaigns) {
			change(t, h, row("n"), func(doc map[string]any) { doc["attempts"] = 7 })
		}, "counters of campaign notice"},
		{"an entry left in the due index", func(t *testing.T, h *cluster.Harness, c campaign.Campaign, _ *invariant.Campaigns) {
			key := table.Key{Partition: "notice|00", Row: "d|x"}
			if err := table.NewTable[campaign.DueEntry](h.OtherRows).Put(t.Context(), key, campaign.DueEntry{}); err != nil {
				t.Fatal(err)
			}
		}, "still in the due index"},
		{"a number that is still reserved", func(t *testing.T, h *cluster.Harness, c campaign.Campaign, _ *invariant.Campaigns) {
			change(t, h, named("number"), func(doc map[string]any) { doc["call"] = "out-1" })
		}, "still reserved for call out-1"},
		{"dials that differ", func(t *testing.T, h *cluster.Harness, c campaign.Campaign, _ *invariant.Campaigns) {
			change(t, h, named("number"), func(doc map[string]any) { doc["dials"] = map[string]int{"20000101": 2} })
		}, "number has 2 dials counted, and 1 attempts"},
		{"a line that is still held", func(t *testing.T, h *cluster.Harness, c campaign.Campaign, _ *invariant.Campaigns) {
			_, err := h.Ledger.EditLine(t.Context(), cluster.Line, func(l campaign.Line) (campaign.Line, error) {
				return l.Hold(campaign.Holder{Call: "out-1", Since: time.Now()}, 2)
			})
			if err != nil {
				t.Fatal(err)
			}
		}, "line is still held"},
		{"a telephone that rang too often", func(_ *testing.T, _ *cluster.Harness, _ campaign.Campaign, campaigns *invariant.Campaigns) {
			campaigns.RingsOf = func(string) int { return 2 }
		}, "rang 2 times in 1 attempts"},
		{"an attempt that rang and did not count", func(t *testing.T, h *cluster.Harness, c campaign.Campaign, campaigns *invariant.Campaigns) {
			campaigns.RingsIn = func(string, call.ID) int { return 1 }
			change(t, h, row("a|"), func(doc map[string]any) { doc["spent"] = false })
		}, "rang 1 times, and did not count"},
		{"a campaign of a later version", func(t *testing.T, h *cluster.Harness, c campaign.Campaign, campaigns *invariant.Campaigns) {
			change(t, h, named("c|notice"), func(doc map[string]any) { doc["schema"] = campaign.Schema + 1 })
		}, "campaign notice"},
	}
	for _, tt := range tests {
		cluster.Run(t, tt.name, func(t *testing.T, h *cluster.Harness) {
			c, campaigns := runCampaign(t, h)
			tt.spoil(t, h, c, &campaigns)
			faults := campaigns.Check(t.Context(), c.ID)
			if len(faults) == 0 || !strings.Contains(errors.Join(faults...).Error(), tt.want) {
				t.Errorf("faults %v, want one with %q", errors.Join(faults...), tt.want)
			}
		})
	}
}
