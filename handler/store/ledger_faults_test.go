package store_test

import (
	"errors"
	"testing"
	"time"

	"switchboard/handler/call"
	"switchboard/handler/campaign"
	"switchboard/handler/faulttest"
	"switchboard/handler/store"
	"switchboard/handler/table"
	"switchboard/handler/table/tabletest"
)

// Two things happen to contacts of one shard at the same time: whatever the moment,
// both are done, or one has lost to the other, and the rows agree.
func TestAnythingMayMeetAnythingAtAnyMoment(t *testing.T) {
	var l *store.Ledger
	var look, due table.Row[campaign.DueEntry] // of a contact that is dialled, and of one that waits
	c, ctx := reminder(3, 1), t.Context()
	acts := map[string]func() error{
		"settle": func() error {
			return l.Settle(ctx, c.ID, settlement(look.Value.Contact, 1, call.OutcomeBusy, t0.Add(time.Minute)))
		},
		"postpone the look": func() error { return l.Postpone(ctx, look, t0.Add(time.Hour)) },
		"claim": func() error {
			_, _, err := l.Claim(ctx, c, due, desk, t0, t0.Add(settleTime))
			return err
		},
		"deny":     func() error { return l.Refuse(ctx, due, campaign.RuleOptedOut) },
		"postpone": func() error { return l.Postpone(ctx, due, t0.Add(time.Hour)) },
		"add":      func() error { return l.Add(ctx, c, people(3)) },
	}
	for first, one := range acts {
		for second, other := range acts {
			for moment, happened := 1, true; happened; moment++ {
				rows := tabletest.NewMemory()
				l = ledgerIn(rows)
				if err := l.Add(ctx, c, people(2)); err != nil {
					t.Fatal(err)
				}
				both := dueAt(t, l, c, t0)
				due = both[1]
				if _, _, err := l.Claim(ctx, c, both[0], desk, t0, t0.Add(settleTime)); err != nil {
					t.Fatal(err)
				}
				look = dueAt(t, l, c, t0.Add(settleTime))[1]
				var errs [2]error
				operations := 0
				happened = false
				rows.Fail = func(tabletest.Op) faulttest.Fault {
					if operations++; operations == moment {
						happened = true
						errs[1] = other()
					}
					return faulttest.None
				}
				errs[0] = one()
				rows.Fail = nil
				audit(t, rows, c, 0)
				for i, name := range []string{first, second} {
					if lost := name == "claim" && errors.Is(errs[i], table.ErrConflict); errs[i] != nil && !lost {
						t.Errorf("%s, at moment %d %s: %v", first, moment, second, errs)
					}
				}
				if first == "claim" && second == "claim" && happened && (errs[0] == nil) == (errs[1] == nil) {
					t.Errorf("claimed twice or never at moment %d: %v", moment, errs)
				}
				contact, err := l.Contact(ctx, c.ID, 0, look.Value.Contact)
				settled := first == "settle" || second == "settle" && happened
				if err != nil || settled != (contact.State == campaign.ContactWaiting) {
					t.Errorf("%s, at moment %d %s: %+v, %v", first, moment, second, contact, err)
				}
			}
		}
	}
}

func TestClaimUnderFaults(t *testing.T) {
	eachFault(t, func(t *testing.T, rows *tabletest.Memory, faulty func(func())) {
		l := ledgerIn(rows)
		c, due := one(t, l)
		claim := func() error {
			_, _, err := l.Claim(t.Context(), c, due, desk, t0, t0.Add(settleTime))
			return err
		}
		var first error
		faulty(func() { first = claim() })
		audit(t, rows, c, 0)
		contact, err := l.Contact(t.Context(), c.ID, 0, due.Value.Contact)
		if err != nil {
			t.Fatal(err)
		}
		second := claim()
		if contact.State == campaign.ContactWaiting { // it did not happen, and can
			if first == nil || second != nil {
				t.Errorf("first %v, then %v", first, second)
			}
			return
		}
		if !errors.Is(second, table.ErrConflict) {
			t.Errorf("claimed twice: %v, want %v", second, table.ErrConflict)
		}
		if first == nil {
			return
		}
		if len(dueAt(t, l, c, t0.Add(settleTime))) != 1 { // nobody dials it; it comes back
			t.Error("a claim without an answer is not looked after")
		}
		s := settlement(contact.ID, contact.Claim, call.OutcomeCancelled, t0.Add(settleTime))
		if err := l.Settle(t.Context(), c.ID, s); err != nil {
			t.Error(err)
		}
		if err := claim(); !errors.Is(err, table.ErrConflict) {
			t.Errorf("claimed by the old entry: %v, want %v", err, table.ErrConflict)
		}
		audit(t, rows, c, 0)
	})
}

func TestSettleUnderFaults(t *testing.T) {
	eachFault(t, func(t *testing.T, rows *tabletest.Memory, faulty func(func())) {
		l := ledgerIn(rows)
		c, due := one(t, l)
		if _, _, err := l.Claim(t.Context(), c, due, desk, t0, t0.Add(settleTime)); err != nil {
			t.Fatal(err)
		}
		s := settlement(due.Value.Contact, 1, call.OutcomeBusy, t0)
		faulty(func() { persist(t, func() error { return l.Settle(t.Context(), c.ID, s) }) })
		audit(t, rows, c, 0)
		got, err := l.Counters(t.Context(), c)
		if err != nil || got.Attempts != 1 || got.Waiting != 1 {
			t.Errorf("counters: %+v, %v", got, err)
		}
	})
}

func TestDenyUnderFaults(t *testing.T) {
	eachFault(t, func(t *testing.T, rows *tabletest.Memory, faulty func(func())) {
		l := ledgerIn(rows)
		c, due := one(t, l)
		faulty(func() { persist(t, func() error { return l.Refuse(t.Context(), due, campaign.RuleOptedOut) }) })
		audit(t, rows, c, 0)
		if got, err := l.Counters(t.Context(), c); err != nil || got.Results["optedOut"] != 1 {
			t.Errorf("counters: %+v, %v", got, err)
		}
	})
}

func TestPostponeUnderFaults(t *testing.T) {
	eachFault(t, func(t *testing.T, rows *tabletest.Memory, faulty func(func())) {
		l := ledgerIn(rows)
		c, due := one(t, l)
		faulty(func() { persist(t, func() error { return l.Postpone(t.Context(), due, t0.Add(time.Hour)) }) })
		audit(t, rows, c, 0)
		if got := dueAt(t, l, c, t0.Add(time.Hour)); len(got) != 1 || !got[0].Value.At.Equal(t0.Add(time.Hour)) {
			t.Errorf("due: %+v", got)
		}
	})
}
