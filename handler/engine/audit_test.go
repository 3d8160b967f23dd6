package engine

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
)

// nothingLeft checks that nothing that was there when a process died is still
// without a call row.
func (w *town) nothingLeft(since time.Time) {
	w.t.Helper()
	check := func(what string, id call.ID, from time.Time) {
		if _, written := w.row(id); !written && !from.After(since) {
			w.t.Errorf("75 s after a crash: %s without the row of its call", what)
		}
	}
	for _, e := range w.live.Entities() {
		var l store.Live
		if err := json.Unmarshal(e.Doc, &l); err != nil {
			w.t.Fatal(err)
		}
		check("live row", call.ID(l.ID), l.Written)
	}
	for _, e := range w.others.Entities() {
		switch e.Key.Row {
		case "line":
			for _, h := range must(w.ledger().Line(w.t.Context(), e.Key.Partition)).Holders {
				check("holder", h.Call, h.Since)
			}
		case "number":
			if n := must(w.ledger().Number(w.t.Context(), e.Key.Partition)); n.Call != "" {
				check("reservation", n.Call, n.Since)
			}
		}
	}
	for _, c := range w.campaigns {
		for _, a := range valuesOf[campaign.Attempt](w.house, c, "a|") {
			if a.Ended.IsZero() {
				check("attempt", a.Call, a.Began)
			}
		}
	}
}

// audit checks what has to hold when all is over.
func (w *town) audit() {
	w.t.Helper()
	if !w.over() {
		w.t.Errorf("not over: %d listed", len(w.live.Entities()))
	}
	dials := map[string]int{} // that counted, by number
	for _, c := range w.campaigns {
		w.auditCampaign(c, dials)
	}
	for number := range w.telephones {
		n := must(w.ledger().Number(w.t.Context(), number))
		if n.Call != "" {
			w.t.Errorf("a number is still reserved: %+v", n)
		}
		sum := 0
		for _, count := range n.Dials {
			sum += count
		}
		if sum != dials[number] {
			w.t.Errorf("%d dials of a number counted, and %d attempts", sum, dials[number])
		}
	}
	for _, e := range w.others.Entities() {
		if e.Key.Row == "line" && len(must(w.ledger().Line(w.t.Context(), e.Key.Partition)).Holders) > 0 {
			w.t.Errorf("a line is still held: %s", e.Doc)
		}
	}
	for _, e := range w.calls.Entities() {
		if e.Key.Row != "call" {
			continue
		}
		c, _ := w.row(call.ID(e.Key.Partition))
		if c.State != call.StateEnded || c.Outcome == "" || c.Owes() {
			w.t.Errorf("call %+v", c)
		}
		w.replays(c, notice)
	}
}

// auditCampaign checks the rows of a campaign against each other, the calls and the
// telephones.
func (w *town) auditCampaign(c campaign.Campaign, dials map[string]int) {
	w.t.Helper()
	var want campaign.Counters
	attempts := valuesOf[campaign.Attempt](w.house, c, "a|")
	for key, contact := range valuesOf[campaign.Contact](w.house, c, "c|") {
		want = want.Moved(nil, contact)
		if contact.State != campaign.Over || contact.Result() == "" || contact.Spent > contact.Budget {
			w.t.Errorf("contact %+v", contact)
		}
		spent := 0
		for claim := range contact.Claim {
			a, ok := attempts[strings.Replace(key, "c|", "a|", 1)+fmt.Sprintf("|%08d", claim+1)]
			made, written := w.row(a.Call)
			if !ok || !written || a.Ended.IsZero() || a.Outcome != made.Outcome {
				w.t.Errorf("attempt %+v, outcome of its call %q", a, made.Outcome)
			}
			if a.Spent {
				spent++
				dials[contact.Number]++
			}
			if rang := w.telephones[contact.Number].rings[a.Call]; rang > 0 && !a.Spent {
				w.t.Errorf("attempt %+v rang %d times", a, rang)
			}
		}
		if spent != contact.Spent {
			w.t.Errorf("%d attempts counted of %+v", spent, contact)
		}
	}
	got, err := w.ledger().Counters(w.t.Context(), c)
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); err != nil || d != "" {
		w.t.Errorf("counters %v (-by the contacts +as they are):\n%s", err, d)
	}
	if left := w.entries(c); len(left) > 0 {
		w.t.Errorf("still in the index: %+v", left)
	}
}

// valuesOf are the values of a campaign's rows whose keys begin with a prefix, by
// partition and row key.
func valuesOf[T any](h *house, c campaign.Campaign, prefix string) map[string]T {
	all := map[string]T{}
	for shard := range c.Shards {
		q := store.WithPrefix(fmt.Sprintf("%s|%02x", c.ID, shard), prefix)
		for row, err := range store.NewTable[T](h.others).List(h.t.Context(), q) {
			if err != nil {
				h.t.Fatal(err)
			}
			all[row.Key.Partition+" "+row.Key.Row] = row.Value
		}
	}
	return all
}

// results are why the contacts of a campaign are over, by number.
func (w *town) results(c campaign.Campaign) map[string]string {
	all := map[string]string{}
	for _, contact := range valuesOf[campaign.Contact](w.house, c, "c|") {
		all[contact.Number] = contact.Result()
	}
	return all
}
