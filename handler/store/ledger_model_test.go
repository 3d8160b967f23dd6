package store_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"switchboard/handler/call"
	"switchboard/handler/campaign"
	"switchboard/handler/faulttest"
	"switchboard/handler/table"
	"switchboard/handler/table/tabletest"
)

// After any operations on contacts in any order, and under any fault, the index, the attempts and the
// counters agree with the contacts.
func TestRowsOfAShardAgreeAfterAnyOperations(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		rows := tabletest.NewMemory()
		l, c, all := ledgerIn(rows), reminder(5, 1), testContacts(5)
		now := t0
		var seen []table.Row[campaign.DueEntry] // entries, also old ones
		pick := func(n int, label string) int { return rapid.IntRange(0, n-1).Draw(rt, label) }
		// faulty runs do with at most one fault in it.
		faulty := func(do func() error) {
			faultPoint, mode := pick(8, "fault point"), faultModes[pick(len(faultModes), "fault mode")]
			var n atomic.Int64 // an operation may read two rows at the same time
			rows.Fail = func(op tabletest.Op) faulttest.Fault {
				if n.Add(1) != int64(faultPoint) {
					return faulttest.FaultNone
				}
				return mode.fail(rows, op)
			}
			err := do()
			rows.Fail = nil
			if err != nil && !errors.Is(err, faulttest.ErrNoAnswer) && !errors.Is(err, table.ErrConflict) {
				rt.Fatal(err)
			}
		}
		entry := func() (table.Row[campaign.DueEntry], bool) {
			if len(seen) == 0 {
				return table.Row[campaign.DueEntry]{}, false
			}
			return seen[pick(len(seen), "entry")], true
		}
		outcomes := []call.Outcome{call.OutcomeCompleted, call.OutcomeBusy, call.OutcomeNoAnswer, call.OutcomeCancelled, call.OutcomeUnknown}
		rt.Repeat(map[string]func(*rapid.T){
			"add": func(*rapid.T) {
				some := all[:1+pick(len(all), "contacts")]
				faulty(func() error { return l.Add(t.Context(), c, some) })
			},
			"list due entries": func(*rapid.T) {
				now = now.Add(time.Duration(pick(60, "minutes")) * time.Minute)
				seen = append(seen, dueEntries(rt, l, c, now)...)
				seen = seen[max(0, len(seen)-10):]
			},
			"claim": func(*rapid.T) {
				if due, ok := entry(); ok {
					faulty(func() error {
						_, _, err := l.Claim(t.Context(), c, due, attemptAt(now))
						return err
					})
				}
			},
			"settle": func(*rapid.T) {
				id, outcome := all[pick(len(all), "contact")].ID, outcomes[pick(len(outcomes), "outcome")]
				s := settlement(id, 1+pick(4, "claim"), outcome, now)
				faulty(func() error {
					_, err := l.Settle(t.Context(), c.ID, s)
					return err
				})
			},
			"refuse": func(*rapid.T) {
				if due, ok := entry(); ok {
					faulty(func() error { return l.Refuse(t.Context(), due, campaign.RuleOptedOut) })
				}
			},
			"postpone": func(*rapid.T) {
				if due, ok := entry(); ok {
					to := now.Add(time.Duration(pick(30, "later")) * time.Minute)
					faulty(func() error { return l.Postpone(t.Context(), due, to) })
				}
			},
			"": func(*rapid.T) { checkShard(rt, rows, c, 0) },
		})
	})
}
