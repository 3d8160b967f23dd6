package dialler_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"switchboard/handler/call"
	"switchboard/handler/campaign"
	"switchboard/handler/store"
	"switchboard/test/cluster"
)

// checkAfterCrash checks that each call for which something was scheduled or reserved at the time of the
// crash has a row by now.
func (s *dialSim) checkAfterCrash(crashedAt time.Time) {
	s.T.Helper()
	check := func(what string, id call.ID, since time.Time) {
		if _, written := s.Row(id); !written && !since.After(crashedAt) {
			s.T.Errorf("75 s after a crash: a %s of call %s, which has no row", what, id)
		}
	}
	for _, e := range s.WorklistRows.Entities() {
		var l store.WorkItem
		if err := json.Unmarshal(e.Doc, &l); err != nil {
			s.T.Fatal(err)
		}
		check("work item", call.ID(l.ID), l.Written)
	}
	for _, e := range s.OtherRows.Entities() {
		switch e.Key.Row {
		case "line":
			for _, h := range cluster.Must(s.ledger().Line(s.T.Context(), e.Key.Partition)).Holders {
				check("holder", h.Call, h.Since)
			}
		case "number":
			if n := cluster.Must(s.ledger().Number(s.T.Context(), e.Key.Partition)); n.Call != "" {
				check("reservation", n.Call, n.Since)
			}
		}
	}
	for _, c := range s.campaigns {
		for _, a := range cluster.CampaignRows[campaign.Attempt](s.T, s.OtherRows, c, "a|") {
			if a.Ended.IsZero() {
				check("attempt", a.Call, a.Began)
			}
		}
	}
}

// checkInvariants checks what holds after all campaigns.
func (s *dialSim) checkInvariants() {
	s.T.Helper()
	if !s.ended() {
		s.T.Errorf("campaigns not done, or work left: %d items on the worklist", len(s.WorklistRows.Entities()))
	}
	dials := map[string]int{} // attempts that count, by number
	for _, c := range s.campaigns {
		s.checkCampaign(c, dials)
	}
	for number := range s.telephones {
		n := cluster.Must(s.ledger().Number(s.T.Context(), number))
		if n.Call != "" {
			s.T.Errorf("number %+v, want it free", n)
		}
		sum := 0
		for _, count := range n.Dials {
			sum += count
		}
		if sum != dials[number] {
			s.T.Errorf("%d dials of a number counted, want %d, as attempts", sum, dials[number])
		}
	}
	for _, e := range s.OtherRows.Entities() {
		if e.Key.Row == "line" && len(cluster.Must(s.ledger().Line(s.T.Context(), e.Key.Partition)).Holders) > 0 {
			s.T.Errorf("line %s, want no holders", e.Doc)
		}
	}
	for _, e := range s.CallRows.Entities() {
		if e.Key.Row != "call" {
			continue
		}
		c, _ := s.Row(call.ID(e.Key.Partition))
		if c.State != call.StateEnded || c.Outcome == "" || c.HasWork() {
			s.T.Errorf("call %+v, want it ended, with an outcome and no work", c)
		}
		s.WantReplay(c, cluster.Notice)
	}
}

// checkCampaign checks the rows of a campaign against each other, the calls and the telephones. It adds the
// attempts that count to dials.
func (s *dialSim) checkCampaign(c campaign.Campaign, dials map[string]int) {
	s.T.Helper()
	var want campaign.Counters
	attempts := cluster.CampaignRows[campaign.Attempt](s.T, s.OtherRows, c, "a|")
	for key, contact := range cluster.CampaignRows[campaign.Contact](s.T, s.OtherRows, c, "c|") {
		want = want.Replace(nil, contact)
		if contact.State != campaign.ContactEnded || contact.Result() == "" || contact.Spent > contact.Budget {
			s.T.Errorf("contact %+v, want it ended within its budget, with a result", contact)
		}
		spent := 0
		for claim := range contact.Claim {
			a, ok := attempts[strings.Replace(key, "c|", "a|", 1)+fmt.Sprintf("|%08d", claim+1)]
			placed, written := s.Row(a.Call)
			if !ok || !written || a.Ended.IsZero() || a.Outcome != placed.Outcome {
				s.T.Errorf("attempt %+v, want it ended with its call's outcome, %q", a, placed.Outcome)
			}
			if a.Spent {
				spent++
				dials[contact.Number]++
			}
			if rang := s.telephones[contact.Number].rings[a.Call]; rang > 0 && !a.Spent {
				s.T.Errorf("attempt %+v rang %d times, want it counted", a, rang)
			}
		}
		if spent != contact.Spent {
			s.T.Errorf("%d attempts count, want %d: contact %+v", spent, contact.Spent, contact)
		}
	}
	got, err := s.ledger().Counters(s.T.Context(), c)
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); err != nil || d != "" {
		s.T.Errorf("counters, error %v (-want, by the contacts +got):\n%s", err, d)
	}
	if left := s.entries(c); len(left) > 0 {
		s.T.Errorf("due index %+v, want it empty", left)
	}
}

// results returns the results of a campaign's contacts, by number.
func (s *dialSim) results(c campaign.Campaign) map[string]string {
	all := map[string]string{}
	for _, contact := range cluster.CampaignRows[campaign.Contact](s.T, s.OtherRows, c, "c|") {
		all[contact.Number] = contact.Result()
	}
	return all
}
