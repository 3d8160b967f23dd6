package store_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"switchboard/handler/call"
	"switchboard/handler/campaign"
	"switchboard/handler/faulttest"
	"switchboard/handler/store"
	"switchboard/handler/table"
	"switchboard/handler/table/tabletest"
)

// twoContacts is a shard with a contact that is dialled and a contact that waits.
type twoContacts struct {
	rows              *tabletest.Memory
	l                 *store.Ledger
	c                 campaign.Campaign
	dialling, waiting table.Row[campaign.DueEntry]
}

func newTwoContacts(t *testing.T) *twoContacts {
	t.Helper()
	s := &twoContacts{rows: tabletest.NewMemory(), c: reminder(3, 1)}
	s.l = ledgerIn(s.rows)
	if err := s.l.Add(t.Context(), s.c, testContacts(2)); err != nil {
		t.Fatal(err)
	}
	entries := dueEntries(t, s.l, s.c, t0)
	s.waiting = entries[1]
	if _, _, err := s.l.Claim(t.Context(), s.c, entries[0], attemptAt(t0)); err != nil {
		t.Fatal(err)
	}
	s.dialling = dueEntries(t, s.l, s.c, t0.Add(checkAfter))[1]
	return s
}

// operations are the operations on contacts of a shard.
var operations = map[string]func(context.Context, *twoContacts) error{
	"settle": func(ctx context.Context, s *twoContacts) error {
		_, err := s.l.Settle(ctx, s.c.ID, settlement(s.dialling.Value.Contact, 1, call.OutcomeBusy, t0.Add(time.Minute)))
		return err
	},
	"postpone the check": func(ctx context.Context, s *twoContacts) error {
		return s.l.Postpone(ctx, s.dialling, t0.Add(time.Hour))
	},
	"claim": func(ctx context.Context, s *twoContacts) error {
		_, _, err := s.l.Claim(ctx, s.c, s.waiting, attemptAt(t0))
		return err
	},
	"refuse": func(ctx context.Context, s *twoContacts) error {
		return s.l.Refuse(ctx, s.waiting, campaign.RuleOptedOut)
	},
	"postpone": func(ctx context.Context, s *twoContacts) error {
		return s.l.Postpone(ctx, s.waiting, t0.Add(time.Hour))
	},
	"add": func(ctx context.Context, s *twoContacts) error { return s.l.Add(ctx, s.c, testContacts(3)) },
}

// For every pair of operations on contacts of one shard, the second runs before each storage operation of
// the first in turn.
func TestConcurrentOperationsLeaveTheShardConsistent(t *testing.T) {
	for first := range operations {
		for second := range operations {
			for faultPoint, reached := 1, true; reached; faultPoint++ {
				reached = newTwoContacts(t).race(t, first, second, faultPoint)
			}
		}
	}
}

// race runs the first operation, and the second before a storage operation of the first. Both succeed, or a
// claim fails with ErrConflict, and the rows agree. It reports whether the first has so many operations.
func (s *twoContacts) race(t *testing.T, first, second string, faultPoint int) (reached bool) {
	t.Helper()
	var errs [2]error
	var n atomic.Int64 // an operation may read two rows at the same time
	s.rows.Fail = func(tabletest.Op) faulttest.Fault {
		if n.Add(1) == int64(faultPoint) {
			reached = true
			errs[1] = operations[second](t.Context(), s)
		}
		return faulttest.FaultNone
	}
	errs[0] = operations[first](t.Context(), s)
	s.rows.Fail = nil
	checkShard(t, s.rows, s.c, 0)
	for i, name := range []string{first, second} {
		if lost := name == "claim" && errors.Is(errs[i], table.ErrConflict); errs[i] != nil && !lost {
			t.Errorf("%s, at operation %d %s: %v", first, faultPoint, second, errs)
		}
	}
	if first == "claim" && second == "claim" && reached && (errs[0] == nil) == (errs[1] == nil) {
		t.Errorf("claimed twice or never at operation %d: %v", faultPoint, errs)
	}
	contact, err := s.l.Contact(t.Context(), s.c.ID, 0, s.dialling.Value.Contact)
	settled := first == "settle" || second == "settle" && reached
	if err != nil || settled != (contact.State == campaign.ContactWaiting) {
		t.Errorf("%s, at operation %d %s: %+v, %v", first, faultPoint, second, contact, err)
	}
	return reached
}

func TestClaimUnderFaults(t *testing.T) {
	eachFault(t, func(t *testing.T, rows *tabletest.Memory, faulty func(func())) {
		l := ledgerIn(rows)
		c, due := addOne(t, l)
		claim := func() error {
			_, _, err := l.Claim(t.Context(), c, due, attemptAt(t0))
			return err
		}
		var first error
		faulty(func() { first = claim() })
		checkShard(t, rows, c, 0)
		contact, err := l.Contact(t.Context(), c.ID, 0, due.Value.Contact)
		if err != nil {
			t.Fatal(err)
		}
		second := claim()
		if contact.State == campaign.ContactWaiting { // the first claim was not applied
			if first == nil || second != nil {
				t.Errorf("first claim %v, the second %v, want an error of the first alone", first, second)
			}
			return
		}
		if !errors.Is(second, table.ErrConflict) {
			t.Errorf("claimed twice: %v, want %v", second, table.ErrConflict)
		}
		if first == nil {
			return
		}
		if due := dueEntries(t, l, c, t0.Add(checkAfter)); len(due) != 1 { // no process dials it, so it must be due again
			t.Errorf("due %+v after a claim without an answer, want its check", due)
		}
		s := settlement(contact.ID, contact.Claim, call.OutcomeCancelled, t0.Add(checkAfter))
		if _, err := l.Settle(t.Context(), c.ID, s); err != nil {
			t.Error(err)
		}
		if err := claim(); !errors.Is(err, table.ErrConflict) {
			t.Errorf("claimed by the old entry: %v, want %v", err, table.ErrConflict)
		}
		checkShard(t, rows, c, 0)
	})
}

func TestSettleUnderFaults(t *testing.T) {
	eachFault(t, func(t *testing.T, rows *tabletest.Memory, faulty func(func())) {
		l := ledgerIn(rows)
		c, due := addOne(t, l)
		if _, _, err := l.Claim(t.Context(), c, due, attemptAt(t0)); err != nil {
			t.Fatal(err)
		}
		s := settlement(due.Value.Contact, 1, call.OutcomeBusy, t0)
		faulty(func() {
			retry(t, func() error {
				_, err := l.Settle(t.Context(), c.ID, s)
				return err
			})
		})
		checkShard(t, rows, c, 0)
		got, err := l.Counters(t.Context(), c)
		if err != nil || got.Attempts != 1 || got.Waiting != 1 {
			t.Errorf("counters: %+v, %v, want one attempt, one waiting", got, err)
		}
	})
}

func TestRefuseUnderFaults(t *testing.T) {
	eachFault(t, func(t *testing.T, rows *tabletest.Memory, faulty func(func())) {
		l := ledgerIn(rows)
		c, due := addOne(t, l)
		faulty(func() { retry(t, func() error { return l.Refuse(t.Context(), due, campaign.RuleOptedOut) }) })
		checkShard(t, rows, c, 0)
		if got, err := l.Counters(t.Context(), c); err != nil || got.Results["optedOut"] != 1 {
			t.Errorf("counters: %+v, %v, want one opted out", got, err)
		}
	})
}

func TestPostponeUnderFaults(t *testing.T) {
	eachFault(t, func(t *testing.T, rows *tabletest.Memory, faulty func(func())) {
		l := ledgerIn(rows)
		c, due := addOne(t, l)
		faulty(func() { retry(t, func() error { return l.Postpone(t.Context(), due, t0.Add(time.Hour)) }) })
		checkShard(t, rows, c, 0)
		if got := dueEntries(t, l, c, t0.Add(time.Hour)); len(got) != 1 || !got[0].Value.At.Equal(t0.Add(time.Hour)) {
			t.Errorf("due: %+v, want one at %v", got, t0.Add(time.Hour))
		}
	})
}
