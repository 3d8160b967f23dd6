package scenario

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/go-cmp/cmp"

	"switchboard/handler/call"
	"switchboard/handler/call/outbox"
	"switchboard/handler/campaign"
)

// verifyCampaign checks what must be true of a campaign that is done, and returns what
// is not:
//
//   - every contact has ended with a result, and within its budget of attempts;
//   - no telephone rang more often than attempts were counted;
//   - the counters equal the rows;
//   - no call holds a number or a line;
//   - every counted attempt is a dial of its number;
//   - every opt-out in a call is recorded at the number.
//
// No other campaign may have dialled the numbers.
func (e Env) verifyCampaign(ctx context.Context, id campaign.ID) (faults []error) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	contacts, c, err := e.contacts(ctx, id)
	if err != nil {
		return []error{err}
	}
	if c.State != campaign.StateDone || len(contacts) != c.Contacts {
		fault("campaign %s is %s with %d contacts of %d", id, c.State, len(contacts), c.Contacts)
	}
	var counted campaign.Counters
	for _, who := range contacts {
		counted = counted.Replace(nil, who)
		if who.State != campaign.ContactEnded || who.Result() == "" || who.Spent > who.Budget {
			fault("contact %s is %s with result %q after %d attempts of %d", who.ID, who.State, who.Result(), who.Spent, who.Budget)
		}
		if rings := e.ACS.RingsOf(who.Number); rings > who.Spent {
			fault("contact %s was rung %d times in %d attempts", who.ID, rings, who.Spent)
		}
		n, err := e.Ledger.Number(ctx, who.Number)
		if err != nil {
			fault("number of contact %s: %w", who.ID, err)
		}
		dials := 0
		for _, count := range n.Dials {
			dials += count
		}
		if dials != who.Spent {
			fault("contact %s: %d dials of its number, %d attempts", who.ID, dials, who.Spent)
		}
		for claim := 1; claim <= who.Claim; claim++ {
			attempt := call.OutboundID(string(id), string(who.ID), claim)
			switch out, err := e.optedOut(ctx, attempt); {
			case err != nil:
				fault("call %s: %w", attempt, err)
			case out && !slices.ContainsFunc(n.OptOuts, func(o campaign.OptOut) bool { return o.Call == attempt }):
				fault("contact %s opted out in call %s, which is missing at the number", who.ID, attempt)
			}
		}
		if n.Call != "" {
			fault("number of contact %s is still held by call %s", who.ID, n.Call)
		}
	}
	counters, err := e.Ledger.Counters(ctx, c)
	if err != nil {
		fault("counters: %w", err)
	}
	if diff := cmp.Diff(counted, counters); diff != "" {
		fault("counters of campaign %s (-rows +counters):\n%s", id, diff)
	}
	for _, name := range c.Lines {
		l, err := e.Ledger.Line(ctx, name)
		if err != nil {
			fault("line: %w", err)
		}
		if len(l.Holders) > 0 {
			fault("the line is still held by %d calls", len(l.Holders))
		}
	}
	return faults
}

// optedOut reports whether the callee opted out in the call.
func (e Env) optedOut(ctx context.Context, id call.ID) (bool, error) {
	history, err := e.Calls.History(ctx, id)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(history, func(entry call.Entry) bool {
		return slices.ContainsFunc(entry.Actions, func(a outbox.Action) bool { return a.Verb == outbox.VerbOptOut })
	}), nil
}
