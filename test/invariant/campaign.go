// Package invariant checks what must hold of campaigns that have ended, whatever happened on the way. The tests of the
// dialler, the scenarios and the demonstration all use it.
package invariant

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"switchboard/handler/call"
	"switchboard/handler/call/outbox"
	"switchboard/handler/campaign"
	"switchboard/handler/store"
	"switchboard/handler/table"
)

// Campaigns are the rows that campaigns leave, and the telephone network's own count.
type Campaigns struct {
	Calls    *store.Calls
	Ledger   *store.Ledger
	Contacts table.Rows // the table of contacts

	// RingsOf returns how often the telephone with a number rang, over all calls.
	RingsOf func(number string) int
	// RingsIn returns how often the telephone with a number rang in one call; nil where that is not known.
	RingsIn func(number string, id call.ID) int
}

// Check returns what does not hold of the campaigns, which must be all that have dialled their numbers: each is done;
// each contact has ended, with a reason and within its budget; each attempt is closed, with the outcome of its call;
// no telephone rang more often than attempts were counted; counters, dials and the due index agree with the contacts; a
// number whose owner opted out in a call knows that; numbers and lines are free.
func (c Campaigns) Check(ctx context.Context, ids ...campaign.ID) []error {
	k := &check{Campaigns: c, spent: map[string]int{}, optOuts: map[string][]call.ID{}}
	lines := map[string]bool{}
	for _, id := range ids {
		of, err := c.Ledger.Campaign(ctx, id)
		if err != nil {
			k.fault("campaign %s: %w", id, err)
			continue
		}
		k.campaign(ctx, of)
		for _, line := range of.Lines {
			lines[line] = true
		}
	}
	for number := range k.spent {
		k.number(ctx, number)
	}
	for line := range lines {
		l, err := c.Ledger.Line(ctx, line)
		if err != nil {
			k.fault("line: %w", err)
		}
		if len(l.Holders) > 0 {
			k.fault("line is still held by %+v", l.Holders)
		}
	}
	return k.faults
}

// check is one run of Check.
type check struct {
	Campaigns
	faults  []error
	spent   map[string]int       // attempts that counted, by number
	optOuts map[string][]call.ID // calls in which the owner opted out, by number
}

func (k *check) fault(format string, args ...any) {
	k.faults = append(k.faults, fmt.Errorf(format, args...))
}

func (k *check) campaign(ctx context.Context, c campaign.Campaign) {
	if c.State != campaign.StateDone {
		k.fault("campaign %s is %s", c.ID, c.State)
	}
	var counted campaign.Counters
	for shard := range c.Shards {
		partition := fmt.Sprintf("%s|%02x", c.ID, shard)
		for row, err := range table.NewTable[campaign.Contact](k.Contacts).List(ctx, table.WithPrefix(partition, "c|")) {
			if err != nil {
				k.fault("contacts of campaign %s: %w", c.ID, err)
				break
			}
			counted = counted.Replace(nil, row.Value)
			k.contact(ctx, c.ID, partition, row.Value)
		}
		for row, err := range table.NewTable[campaign.DueEntry](k.Contacts).List(ctx, table.WithPrefix(partition, "d|")) {
			if err != nil {
				k.fault("due index of campaign %s: %w", c.ID, err)
				break
			}
			k.fault("contact %s is still in the due index", row.Value.Contact)
		}
	}
	if counted.Contacts != c.Contacts {
		k.fault("campaign %s has %d contacts, want %d", c.ID, counted.Contacts, c.Contacts)
	}
	counters, err := k.Ledger.Counters(ctx, c)
	if d := cmp.Diff(counted, counters, cmpopts.EquateEmpty()); err != nil || d != "" {
		k.fault("counters of campaign %s: %v (-contacts +counters):\n%s", c.ID, err, d)
	}
}

func (k *check) contact(ctx context.Context, of campaign.ID, partition string, c campaign.Contact) {
	if c.State != campaign.ContactEnded || c.Result() == "" || c.Spent > c.Budget {
		k.fault("contact %s is %s with result %q after %d attempts of %d", c.ID, c.State, c.Result(), c.Spent, c.Budget)
	}
	spent := 0
	for claim := 1; claim <= c.Claim; claim++ {
		if k.attempt(ctx, of, partition, c, claim) {
			spent++
		}
	}
	if spent != c.Spent {
		k.fault("contact %s has %d attempts that counted, and says %d", c.ID, spent, c.Spent)
	}
	k.spent[c.Number] += spent
}

// attempt checks one attempt at a contact, and reports whether it counted.
func (k *check) attempt(ctx context.Context, of campaign.ID, partition string, c campaign.Contact, claim int) bool {
	id := call.OutboundID(string(of), string(c.ID), claim)
	key := table.Key{Partition: partition, Row: fmt.Sprintf("a|%s|%08d", c.ID, claim)}
	a, err := table.NewTable[campaign.Attempt](k.Contacts).Get(ctx, key)
	if err != nil {
		k.fault("attempt %d at contact %s: %w", claim, c.ID, err)
		return false
	}
	made, err := k.Calls.Load(ctx, id)
	if err != nil || made.Value.State != call.StateEnded || made.Value.HasWork() {
		k.fault("call %s is %s with %v pending: %v", id, made.Value.State, made.Value.Pending, err)
	}
	if a.Value.Ended.IsZero() || a.Value.Outcome != made.Value.Outcome {
		k.fault("attempt %+v, outcome of its call %q", a.Value, made.Value.Outcome)
	}
	if k.RingsIn != nil && !a.Value.Spent {
		if rings := k.RingsIn(c.Number, id); rings > 0 {
			k.fault("attempt %+v rang %d times, and did not count", a.Value, rings)
		}
	}
	history, err := k.Calls.History(ctx, id)
	if err != nil {
		k.fault("history of call %s: %w", id, err)
	}
	if slices.ContainsFunc(history, func(e call.Entry) bool {
		return slices.ContainsFunc(e.Actions, func(a outbox.Action) bool { return a.Verb == outbox.VerbOptOut })
	}) {
		k.optOuts[c.Number] = append(k.optOuts[c.Number], id)
	}
	return a.Value.Spent
}

func (k *check) number(ctx context.Context, number string) {
	n, err := k.Ledger.Number(ctx, number)
	if err != nil {
		k.fault("number: %w", err)
	}
	if n.Call != "" {
		k.fault("number is still reserved for call %s", n.Call)
	}
	dials := 0
	for _, count := range n.Dials {
		dials += count
	}
	if dials != k.spent[number] {
		k.fault("number has %d dials counted, and %d attempts", dials, k.spent[number])
	}
	if rings := k.RingsOf(number); rings > k.spent[number] {
		k.fault("telephone rang %d times in %d attempts that counted", rings, k.spent[number])
	}
	for _, id := range k.optOuts[number] {
		if !slices.ContainsFunc(n.OptOuts, func(o campaign.OptOut) bool { return o.Call == id }) {
			k.fault("number has no opt-out of call %s", id)
		}
	}
}
