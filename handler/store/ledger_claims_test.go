package store_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"switchboard/handler/call"
	"switchboard/handler/campaign"
	"switchboard/handler/store"
	"switchboard/handler/table"
	"switchboard/handler/table/tabletest"
)

const testLine = "28:orgid:desk"

// checkAfter is how long after a claim the attempt is checked.
const checkAfter = 10 * time.Minute

// attemptAt returns the start of an attempt at the given time.
func attemptAt(now time.Time) campaign.AttemptStart {
	return campaign.AttemptStart{Line: testLine, Began: now, CheckAt: now.Add(checkAfter)}
}

// dueEntries returns the entries of shard 0 that are due.
func dueEntries(t tester, l *store.Ledger, c campaign.Campaign, now time.Time) []table.Row[campaign.DueEntry] {
	t.Helper()
	due, err := l.Due(t.Context(), c, 0, now, table.MaxPage)
	if err != nil {
		t.Fatal(err)
	}
	return due
}

// addOne adds a contact to a campaign, and returns the campaign and the contact's entry.
func addOne(t tester, l *store.Ledger) (campaign.Campaign, table.Row[campaign.DueEntry]) {
	t.Helper()
	c := reminder(1, 1)
	if err := l.Add(t.Context(), c, testContacts(1)); err != nil {
		t.Fatal(err)
	}
	return c, dueEntries(t, l, c, t0)[0]
}

func settlement(id campaign.ContactID, claim int, outcome call.Outcome, at time.Time) campaign.Settlement {
	return campaign.Settlement{
		Contact: id, Claim: claim, Outcome: outcome, At: at, Values: map[string]string{"said": string(outcome)},
	}
}

// oneContact is a campaign with one contact.
type oneContact struct {
	t    *testing.T
	l    *store.Ledger
	rows table.Rows
	c    campaign.Campaign
	id   campaign.ContactID
}

// newOneContact returns the contact and its entry.
func newOneContact(t *testing.T, l *store.Ledger, rows table.Rows) (oneContact, table.Row[campaign.DueEntry]) {
	t.Helper()
	c, first := addOne(t, l)
	return oneContact{t, l, rows, c, first.Value.Contact}, first
}

// claim claims the contact by the entry.
func (o oneContact) claim(due table.Row[campaign.DueEntry], now time.Time) error {
	o.t.Helper()
	_, _, err := o.l.Claim(o.t.Context(), o.c, due, attemptAt(now))
	checkShard(o.t, o.rows, o.c, 0)
	return err
}

// mustClaim claims the contact by the entry that is due.
func (o oneContact) mustClaim(now time.Time) {
	o.t.Helper()
	if err := o.claim(dueEntries(o.t, o.l, o.c, now)[0], now); err != nil {
		o.t.Fatal(err)
	}
}

// settle settles an attempt of the contact.
func (o oneContact) settle(claim int, outcome call.Outcome, at time.Time) {
	o.t.Helper()
	for range 2 { // it may be repeated
		if _, err := o.l.Settle(o.t.Context(), o.c.ID, settlement(o.id, claim, outcome, at)); err != nil {
			o.t.Fatal(err)
		}
		checkShard(o.t, o.rows, o.c, 0)
	}
}

// wantCounters checks the campaign's counters.
func (o oneContact) wantCounters(want campaign.Counters) {
	o.t.Helper()
	got, err := o.l.Counters(o.t.Context(), o.c)
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); err != nil || d != "" {
		o.t.Errorf("counters: %v (-want +got):\n%s", err, d)
	}
}

func TestClaimOfAContact(t *testing.T) {
	onEveryLedger(t, func(t *testing.T, l *store.Ledger, rows table.Rows) {
		o, first := newOneContact(t, l, rows)
		ctx, c := t.Context(), o.c
		got, attempt, err := l.Claim(ctx, c, first, attemptAt(t0))
		if err != nil {
			t.Fatal(err)
		}
		id := call.OutboundID("reminder", string(o.id), 1)
		wantAttempt := campaign.Attempt{Schema: campaign.Schema, Claim: 1, Call: id, Line: testLine, Began: t0}
		if d := cmp.Diff(wantAttempt, attempt); d != "" {
			t.Errorf("attempt (-want +got):\n%s", d)
		}
		stored, err := l.Contact(ctx, c.ID, 0, o.id)
		if d := cmp.Diff(got, stored); err != nil || d != "" {
			t.Errorf("contact: %v (-claimed +read):\n%s", err, d)
		}
		o.wantCounters(campaign.Counters{Contacts: 1, Dialling: 1})
		if err := o.claim(first, t0); !errors.Is(err, table.ErrConflict) {
			t.Errorf("claimed twice: %v, want %v", err, table.ErrConflict)
		}
		if due := dueEntries(t, l, c, t0.Add(checkAfter-1)); len(due) != 0 {
			t.Errorf("due before the check: %+v, want none", due)
		}
		checks := dueEntries(t, l, c, t0.Add(checkAfter))
		if len(checks) != 1 || checks[0].Value.Call != id {
			t.Fatalf("due at the check: %+v, want call %s", checks, id)
		}
		if err := o.claim(checks[0], t0); !errors.Is(err, table.ErrConflict) {
			t.Errorf("claimed while it is dialled: %v, want %v", err, table.ErrConflict)
		}
		if err := l.Refuse(ctx, checks[0], campaign.RuleOptedOut); err != nil {
			t.Errorf("refused while it is dialled: %v", err)
		}
		o.wantCounters(campaign.Counters{Contacts: 1, Dialling: 1})
	})
}

func TestAttemptsOfAContact(t *testing.T) {
	onEveryLedger(t, func(t *testing.T, l *store.Ledger, rows table.Rows) {
		o, first := newOneContact(t, l, rows)
		o.mustClaim(t0)
		o.settle(1, call.OutcomeCancelled, t0.Add(time.Minute)) // does not count
		o.wantCounters(campaign.Counters{Contacts: 1, Waiting: 1})
		if err := o.claim(first, t0); !errors.Is(err, table.ErrConflict) {
			t.Errorf("claimed by an old entry: %v, want %v", err, table.ErrConflict)
		}
		o.mustClaim(t0.Add(time.Hour))
		o.settle(2, call.OutcomeBusy, t0.Add(time.Hour))
		o.wantCounters(campaign.Counters{Contacts: 1, Waiting: 1, Attempts: 1})

		o.mustClaim(t0.Add(2 * time.Hour))
		o.settle(3, call.OutcomeCompleted, t0.Add(2*time.Hour))
		o.settle(3, call.OutcomeBusy, t0.Add(3*time.Hour)) // is settled already
		o.settle(4, call.OutcomeBusy, t0.Add(3*time.Hour)) // was never claimed
		o.wantCounters(campaign.Counters{Contacts: 1, Ended: 1, Attempts: 2, Results: map[string]int{"completed": 1}})
		if due := dueEntries(t, l, o.c, t0.AddDate(1, 0, 0)); len(due) != 0 {
			t.Errorf("due after the contact has ended: %+v", due)
		}
		stored, err := l.Contact(t.Context(), o.c.ID, 0, o.id)
		if err != nil || stored.Outcome != call.OutcomeCompleted || stored.Values["said"] != "completed" {
			t.Errorf("contact: %+v, %v", stored, err)
		}
	})
}

func TestDueEntriesAreOrderedByTime(t *testing.T) {
	onEveryLedger(t, func(t *testing.T, l *store.Ledger, _ table.Rows) {
		all := testContacts(12)
		for i := range all {
			all[i].Due = t0.Add(time.Duration(i*7%12) * time.Minute)
		}
		c := reminder(len(all), 1)
		if err := l.Add(t.Context(), c, all); err != nil {
			t.Fatal(err)
		}
		for _, tt := range []struct{ minutes, limit, want int }{{-1, 9, 0}, {0, 9, 1}, {7, 100, 8}, {60, 5, 5}} {
			now := t0.Add(time.Duration(tt.minutes) * time.Minute)
			due, err := l.Due(t.Context(), c, 0, now, tt.limit)
			if err != nil || len(due) != tt.want {
				t.Errorf("after %d min: %d, want %d, %v", tt.minutes, len(due), tt.want, err)
			}
			for i, row := range due {
				if want := t0.Add(time.Duration(i) * time.Minute); !row.Value.At.Equal(want) {
					t.Errorf("entry %d is due at %v, want %v", i, row.Value.At, want)
				}
			}
		}
	})
}

func TestRefuseAndPostpone(t *testing.T) {
	later := t0.Add(time.Hour)
	tests := []struct {
		name  string
		do    func(t *testing.T, l *store.Ledger, c campaign.Campaign, due table.Row[campaign.DueEntry]) error
		state campaign.ContactState
		due   time.Time // zero: it has no entry
	}{
		{"a refused contact is ended, with the rule",
			func(t *testing.T, l *store.Ledger, _ campaign.Campaign, due table.Row[campaign.DueEntry]) error {
				return l.Refuse(t.Context(), due, campaign.RuleOptedOut)
			}, campaign.ContactEnded, time.Time{}},
		{"a postponed contact waits",
			func(t *testing.T, l *store.Ledger, _ campaign.Campaign, due table.Row[campaign.DueEntry]) error {
				return l.Postpone(t.Context(), due, later)
			}, campaign.ContactWaiting, later},
		{"a contact may be postponed to the time at which it is due",
			func(t *testing.T, l *store.Ledger, _ campaign.Campaign, due table.Row[campaign.DueEntry]) error {
				return l.Postpone(t.Context(), due, t0)
			}, campaign.ContactWaiting, t0},
		{"a contact is not refused by an old entry",
			func(t *testing.T, l *store.Ledger, _ campaign.Campaign, due table.Row[campaign.DueEntry]) error {
				return errors.Join(l.Postpone(t.Context(), due, later), l.Refuse(t.Context(), due, campaign.RuleOptedOut))
			}, campaign.ContactWaiting, later},
		{"a contact is not postponed by an old entry",
			func(t *testing.T, l *store.Ledger, _ campaign.Campaign, due table.Row[campaign.DueEntry]) error {
				return errors.Join(l.Postpone(t.Context(), due, later), l.Postpone(t.Context(), due, later.Add(1)))
			}, campaign.ContactWaiting, later},
		{"the check of an attempt may be postponed",
			func(t *testing.T, l *store.Ledger, c campaign.Campaign, due table.Row[campaign.DueEntry]) error {
				_, _, err := l.Claim(t.Context(), c, due, attemptAt(t0))
				return errors.Join(err, l.Postpone(t.Context(), dueEntries(t, l, c, t0.Add(checkAfter))[0], later))
			}, campaign.ContactDialling, later},
	}
	onEveryLedger(t, func(t *testing.T, l *store.Ledger, rows table.Rows) {
		for i, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				c, contacts := reminder(1, 1), testContacts(1)
				c.ID += campaign.ID(fmt.Sprint(i))
				if err := l.Add(t.Context(), c, contacts); err != nil {
					t.Fatal(err)
				}
				if err := tt.do(t, l, c, dueEntries(t, l, c, t0)[0]); err != nil {
					t.Fatal(err)
				}
				checkShard(t, rows, c, 0)
				got, err := l.Contact(t.Context(), c.ID, 0, contacts[0].ID)
				if err != nil || got.State != tt.state || !got.Due.Equal(tt.due) {
					t.Errorf("contact: %+v, %v, want %s, due %v", got, err, tt.state, tt.due)
				}
				if tt.state == campaign.ContactEnded && got.Refused != campaign.RuleOptedOut {
					t.Errorf("refused by %q, want %q", got.Refused, campaign.RuleOptedOut)
				}
			})
		}
	})
}

func TestOneOfSeveralConcurrentClaimsSucceeds(t *testing.T) {
	onEveryLedger(t, func(t *testing.T, l *store.Ledger, rows table.Rows) {
		c, due := addOne(t, l)
		const callers = 6
		errs := make([]error, callers)
		var wg sync.WaitGroup
		for i := range callers {
			wg.Go(func() { _, _, errs[i] = l.Claim(t.Context(), c, due, attemptAt(t0)) })
		}
		wg.Wait()
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
			} else if !errors.Is(err, table.ErrConflict) {
				t.Errorf("claim: %v, want %v", err, table.ErrConflict)
			}
		}
		if won != 1 {
			t.Errorf("%d claims succeeded, want 1", won)
		}
		checkShard(t, rows, c, 0)
	})
}

func TestConcurrentClaimsOfDifferentContactsSucceed(t *testing.T) {
	onEveryLedger(t, func(t *testing.T, l *store.Ledger, rows table.Rows) {
		c := reminder(6, 1)
		if err := l.Add(t.Context(), c, testContacts(6)); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for _, due := range dueEntries(t, l, c, t0) { // all of them write the counters
			wg.Go(func() {
				_, a, err := l.Claim(t.Context(), c, due, attemptAt(t0))
				if err == nil {
					_, err = l.Settle(t.Context(), c.ID, settlement(due.Value.Contact, a.Claim, call.OutcomeCompleted, t0))
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		checkShard(t, rows, c, 0)
		if got, err := l.Counters(t.Context(), c); err != nil || got.Ended != 6 {
			t.Errorf("counters: %+v, %v, want 6 ended", got, err)
		}
	})
}

func TestSettlingAClosedAttemptIsOneRead(t *testing.T) {
	rows := tabletest.NewMemory()
	l := ledgerIn(rows)
	c, due := addOne(t, l)
	if _, _, err := l.Claim(t.Context(), c, due, attemptAt(t0)); err != nil {
		t.Fatal(err)
	}
	s := settlement(due.Value.Contact, 1, call.OutcomeBusy, t0)
	if _, err := l.Settle(t.Context(), c.ID, s); err != nil {
		t.Fatal(err)
	}
	reads, writes := rows.Reads(), rows.Writes()
	if _, err := l.Settle(t.Context(), c.ID, s); err != nil {
		t.Fatal(err)
	}
	if r, w := rows.Reads()-reads, rows.Writes()-writes; r != 1 || w != 0 {
		t.Errorf("%d reads and %d writes, want 1 and 0", r, w)
	}
}
