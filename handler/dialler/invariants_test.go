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

// nothingLeft checks that nothing that was there when a process died is still
// without a call row.
func (w *dialSim) checkAfterCrash(since time.Time) {
	w.T.Helper()
	check := func(what string, id call.ID, from time.Time) {
		if _, written := w.Row(id); !written && !from.After(since) {
			w.T.Errorf("75 s after a crash: %s without the row of its call", what)
		}
	}
	for _, e := range w.WorklistRows.Entities() {
		var l store.WorkItem
		if err := json.Unmarshal(e.Doc, &l); err != nil {
			w.T.Fatal(err)
		}
		check("live row", call.ID(l.ID), l.Written)
	}
	for _, e := range w.OtherRows.Entities() {
		switch e.Key.Row {
		case "line":
			for _, h := range cluster.Must(w.ledger().Line(w.T.Context(), e.Key.Partition)).Holders {
				check("holder", h.Call, h.Since)
			}
		case "number":
			if n := cluster.Must(w.ledger().Number(w.T.Context(), e.Key.Partition)); n.Call != "" {
				check("reservation", n.Call, n.Since)
			}
		}
	}
	for _, c := range w.campaigns {
		for _, a := range cluster.CampaignRows[campaign.Attempt](w.T, w.OtherRows, c, "a|") {
			if a.Ended.IsZero() {
				check("attempt", a.Call, a.Began)
			}
		}
	}
}

// audit checks what has to hold when all is over.
func (w *dialSim) checkInvariants() {
	w.T.Helper()
	if !w.ended() {
		w.T.Errorf("not over: %d listed", len(w.WorklistRows.Entities()))
	}
	dials := map[string]int{} // that counted, by number
	for _, c := range w.campaigns {
		w.checkCampaign(c, dials)
	}
	for number := range w.telephones {
		n := cluster.Must(w.ledger().Number(w.T.Context(), number))
		if n.Call != "" {
			w.T.Errorf("a number is still reserved: %+v", n)
		}
		sum := 0
		for _, count := range n.Dials {
			sum += count
		}
		if sum != dials[number] {
			w.T.Errorf("%d dials of a number counted, and %d attempts", sum, dials[number])
		}
	}
	for _, e := range w.OtherRows.Entities() {
		if e.Key.Row == "line" && len(cluster.Must(w.ledger().Line(w.T.Context(), e.Key.Partition)).Holders) > 0 {
			w.T.Errorf("a line is still held: %s", e.Doc)
		}
	}
	for _, e := range w.CallRows.Entities() {
		if e.Key.Row != "call" {
			continue
		}
		c, _ := w.Row(call.ID(e.Key.Partition))
		if c.State != call.StateEnded || c.Outcome == "" || c.HasWork() {
			w.T.Errorf("call %+v", c)
		}
		w.WantReplay(c, cluster.Notice)
	}
}

// auditCampaign checks the rows of a campaign against each other, the calls and the
// telephones.
func (w *dialSim) checkCampaign(c campaign.Campaign, dials map[string]int) {
	w.T.Helper()
	var want campaign.Counters
	attempts := cluster.CampaignRows[campaign.Attempt](w.T, w.OtherRows, c, "a|")
	for key, contact := range cluster.CampaignRows[campaign.Contact](w.T, w.OtherRows, c, "c|") {
		want = want.Replace(nil, contact)
		if contact.State != campaign.ContactEnded || contact.Result() == "" || contact.Spent > contact.Budget {
			w.T.Errorf("contact %+v", contact)
		}
		spent := 0
		for claim := range contact.Claim {
			a, ok := attempts[strings.Replace(key, "c|", "a|", 1)+fmt.Sprintf("|%08d", claim+1)]
			made, written := w.Row(a.Call)
			if !ok || !written || a.Ended.IsZero() || a.Outcome != made.Outcome {
				w.T.Errorf("attempt %+v, outcome of its call %q", a, made.Outcome)
			}
			if a.Spent {
				spent++
				dials[contact.Number]++
			}
			if rang := w.telephones[contact.Number].rings[a.Call]; rang > 0 && !a.Spent {
				w.T.Errorf("attempt %+v rang %d times", a, rang)
			}
		}
		if spent != contact.Spent {
			w.T.Errorf("%d attempts counted of %+v", spent, contact)
		}
	}
	got, err := w.ledger().Counters(w.T.Context(), c)
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); err != nil || d != "" {
		w.T.Errorf("counters %v (-by the contacts +as they are):\n%s", err, d)
	}
	if left := w.entries(c); len(left) > 0 {
		w.T.Errorf("still in the index: %+v", left)
	}
}

// results are why the contacts of a campaign are over, by number.
func (w *dialSim) results(c campaign.Campaign) map[string]string {
	all := map[string]string{}
	for _, contact := range cluster.CampaignRows[campaign.Contact](w.T, w.OtherRows, c, "c|") {
		all[contact.Number] = contact.Result()
	}
	return all
}
