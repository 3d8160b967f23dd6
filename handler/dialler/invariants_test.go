package dialler_test

import (
	"encoding/json"
	"time"

	"switchboard/handler/call"
	"switchboard/handler/campaign"
	"switchboard/handler/store"
	"switchboard/test/cluster"
	"switchboard/test/invariant"
)

// checkAfterCrash checks that each call for which something was scheduled or reserved at the time of the
// crash has a row by now.
func (s *dialSim) checkAfterCrash(crashedAt time.Time) {
	s.T.Helper()
	check := func(what string, id call.ID, since time.Time) {
		if _, written := s.Row(id); !written && !since.After(crashedAt) {
			s.T.Errorf("75 s after a crash: a %s of call %s, which has no row, want none", what, id)
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
		s.T.Errorf("%d items on the worklist, want none, and all campaigns done", len(s.WorklistRows.Entities()))
	}
	var ids []campaign.ID
	for _, c := range s.campaigns {
		ids = append(ids, c.ID)
	}
	for _, fault := range s.invariants().Check(s.T.Context(), ids...) {
		s.T.Errorf("fault: %v", fault)
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

// invariants returns the checker of the simulation's campaigns.
func (s *dialSim) invariants() invariant.Campaigns {
	return invariant.Campaigns{
		Calls: store.NewCalls(s.CallRows, s.WorklistRows), Ledger: s.ledger(), Contacts: s.OtherRows,
		RingsIn: func(number string, id call.ID) int { return s.telephones[number].rings[id] },
		RingsOf: func(number string) int {
			sum := 0
			for _, n := range s.telephones[number].rings {
				sum += n
			}
			return sum
		},
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
