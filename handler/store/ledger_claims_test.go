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

const desk = "28:orgid:desk"

// settleTime is after what time somebody looks after an attempt.
const settleTime = 10 * time.Minute

// dueAt are the entries of shard 0 that are due.
func dueAt(t tester, l *store.Ledger, c campaign.Campaign, now time.Time) []table.Row[campaign.DueEntry] {
	t.Helper()
	due, err := l.Due(t.Context(), c, 0, now, table.MaxPage)
	if err != nil {
		t.Fatal(err)
	}
	return due
}

// one is a campaign with one contact, and its entry.
func one(t tester, l *store.Ledger) (campaign.Campaign, table.Row[campaign.DueEntry]) {
	t.Helper()
	c := reminder(1, 1)
	if err := l.Add(t.Context(), c, people(1)); err != nil {
		t.Fatal(err)
	}
	return c, dueAt(t, l, c, t0)[0]
}

func settlement(who campaign.ContactID, claim int, o call.Outcome, at time.Time) campaign.Settlement {
	return campaign.Settlement{
		Contact: who, Claim: claim, Outcome: o, At: at, Values: map[string]string{"said": string(o)},
	}
}

func TestLifeOfAContact(t *testing.T) {
	onEveryLedger(t, func(t *testing.T, l *store.Ledger, rows table.Rows) {
		ctx := t.Context()
		c, first := one(t, l)
		who := first.Value.Contact
		claim := func(due table.Row[campaign.DueEntry], now time.Time) error {
			t.Helper()
			_, _, err := l.Claim(ctx, c, due, desk, now, now.Add(settleTime))
			audit(t, rows, c, 0)
			return err
		}
		settle := func(claim int, o call.Outcome, at time.Time) {
			t.Helper()
			for range 2 { // it may be repeated
				if err := l.Settle(ctx, c.ID, settlement(who, claim, o, at)); err != nil {
					t.Fatal(err)
				}
				audit(t, rows, c, 0)
			}
		}
		counted := func(want campaign.Counters) {
			t.Helper()
			got, err := l.Counters(ctx, c)
			if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); err != nil || d != "" {
				t.Errorf("counters: %v (-want +got):\n%s", err, d)
			}
		}

		got, attempt, err := l.Claim(ctx, c, first, desk, t0, t0.Add(settleTime))
		if err != nil {
			t.Fatal(err)
		}
		id := call.OutboundID("reminder", string(who), 1)
		wantAttempt := campaign.Attempt{Schema: campaign.Schema, Claim: 1, Call: id, Line: desk, Began: t0}
		if d := cmp.Diff(wantAttempt, attempt); d != "" {
			t.Errorf("attempt (-want +got):\n%s", d)
		}
		stored, err := l.Contact(ctx, c.ID, 0, who)
		if d := cmp.Diff(got, stored); err != nil || d != "" {
			t.Errorf("contact: %v (-claimed +read):\n%s", err, d)
		}
		counted(campaign.Counters{Contacts: 1, Dialling: 1})
		if err := claim(first, t0); !errors.Is(err, table.ErrConflict) {
			t.Errorf("claimed twice: %v, want %v", err, table.ErrConflict)
		}
		if due := dueAt(t, l, c, t0.Add(settleTime-1)); len(due) != 0 {
			t.Errorf("due before the settle time is over: %+v", due)
		}
		look := dueAt(t, l, c, t0.Add(settleTime))
		if len(look) != 1 || look[0].Value.Call != id {
			t.Fatalf("due at the settle time: %+v", look)
		}
		if err := claim(look[0], t0); !errors.Is(err, table.ErrConflict) {
			t.Errorf("claimed while it is dialled: %v, want %v", err, table.ErrConflict)
		}
		if err := l.Refuse(ctx, look[0], campaign.RuleOptedOut); err != nil {
			t.Errorf("denied while it is dialled: %v", err)
		}
		counted(campaign.Counters{Contacts: 1, Dialling: 1})

		settle(1, call.OutcomeCancelled, t0.Add(time.Minute)) // not spent
		counted(campaign.Counters{Contacts: 1, Waiting: 1})
		again := dueAt(t, l, c, t0.Add(time.Hour))
		if err := claim(first, t0); !errors.Is(err, table.ErrConflict) {
			t.Errorf("claimed by an entry it had before: %v, want %v", err, table.ErrConflict)
		}
		if err := claim(again[0], t0.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		settle(2, call.OutcomeBusy, t0.Add(time.Hour))
		counted(campaign.Counters{Contacts: 1, Waiting: 1, Attempts: 1})

		if err := claim(dueAt(t, l, c, t0.Add(2*time.Hour))[0], t0.Add(2*time.Hour)); err != nil {
			t.Fatal(err)
		}
		settle(3, call.OutcomeCompleted, t0.Add(2*time.Hour))
		settle(3, call.OutcomeBusy, t0.Add(3*time.Hour)) // it was completed
		settle(4, call.OutcomeBusy, t0.Add(3*time.Hour)) // it was never claimed
		counted(campaign.Counters{Contacts: 1, Ended: 1, Attempts: 2, Results: map[string]int{"completed": 1}})
		if due := dueAt(t, l, c, t0.AddDate(1, 0, 0)); len(due) != 0 {
			t.Errorf("due after all: %+v", due)
		}
		stored, err = l.Contact(ctx, c.ID, 0, who)
		if err != nil || stored.Outcome != call.OutcomeCompleted || stored.Values["said"] != "completed" {
			t.Errorf("contact: %+v, %v", stored, err)
		}
	})
}

func TestWhatIsDueComesInOrderOfTime(t *testing.T) {
	onEveryLedger(t, func(t *testing.T, l *store.Ledger, _ table.Rows) {
		all := people(12)
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
					t.Errorf("entry %d is of %v, want %v", i, row.Value.At, want)
				}
			}
		}
	})
}

func TestDenyAndPostpone(t *testing.T) {
	later := t0.Add(time.Hour)
	tests := []struct {
		name  string
		do    func(t *testing.T, l *store.Ledger, c campaign.Campaign, due table.Row[campaign.DueEntry]) error
		state campaign.ContactState
		due   time.Time // zero: it has no entry
	}{
		{"a contact that is denied is over, with the rule",
			func(t *testing.T, l *store.Ledger, _ campaign.Campaign, due table.Row[campaign.DueEntry]) error {
				return l.Refuse(t.Context(), due, campaign.RuleOptedOut)
			}, campaign.ContactEnded, time.Time{}},
		{"a contact that is postponed waits",
			func(t *testing.T, l *store.Ledger, _ campaign.Campaign, due table.Row[campaign.DueEntry]) error {
				return l.Postpone(t.Context(), due, later)
			}, campaign.ContactWaiting, later},
		{"a contact may be postponed to when it is due",
			func(t *testing.T, l *store.Ledger, _ campaign.Campaign, due table.Row[campaign.DueEntry]) error {
				return l.Postpone(t.Context(), due, t0)
			}, campaign.ContactWaiting, t0},
		{"a contact is not denied by an entry that it had before",
			func(t *testing.T, l *store.Ledger, _ campaign.Campaign, due table.Row[campaign.DueEntry]) error {
				return errors.Join(l.Postpone(t.Context(), due, later), l.Refuse(t.Context(), due, campaign.RuleOptedOut))
			}, campaign.ContactWaiting, later},
		{"a contact is not postponed by an entry that it had before",
			func(t *testing.T, l *store.Ledger, _ campaign.Campaign, due table.Row[campaign.DueEntry]) error {
				return errors.Join(l.Postpone(t.Context(), due, later), l.Postpone(t.Context(), due, later.Add(1)))
			}, campaign.ContactWaiting, later},
		{"the look after an attempt may be postponed",
			func(t *testing.T, l *store.Ledger, c campaign.Campaign, due table.Row[campaign.DueEntry]) error {
				_, _, err := l.Claim(t.Context(), c, due, desk, t0, t0.Add(settleTime))
				return errors.Join(err, l.Postpone(t.Context(), dueAt(t, l, c, t0.Add(settleTime))[0], later))
			}, campaign.ContactDialling, later},
	}
	onEveryLedger(t, func(t *testing.T, l *store.Ledger, rows table.Rows) {
		for i, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				c, who := reminder(1, 1), people(1)
				c.ID += campaign.ID(fmt.Sprint(i))
				if err := l.Add(t.Context(), c, who); err != nil {
					t.Fatal(err)
				}
				if err := tt.do(t, l, c, dueAt(t, l, c, t0)[0]); err != nil {
					t.Fatal(err)
				}
				audit(t, rows, c, 0)
				got, err := l.Contact(t.Context(), c.ID, 0, who[0].ID)
				if err != nil || got.State != tt.state || !got.Due.Equal(tt.due) {
					t.Errorf("contact: %+v, %v, want it %s and due %v", got, err, tt.state, tt.due)
				}
				if tt.state == campaign.ContactEnded && got.Refused != campaign.RuleOptedOut {
					t.Errorf("refused by %q", got.Refused)
				}
			})
		}
	})
}

func TestOfSeveralWhoClaimAContactOneWins(t *testing.T) {
	onEveryLedger(t, func(t *testing.T, l *store.Ledger, rows table.Rows) {
		c, due := one(t, l)
		const claimers = 6
		errs := make([]error, claimers)
		var wg sync.WaitGroup
		for i := range claimers {
			wg.Go(func() { _, _, errs[i] = l.Claim(t.Context(), c, due, desk, t0, t0.Add(settleTime)) })
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
			t.Errorf("%d have claimed the contact", won)
		}
		audit(t, rows, c, 0)
	})
}

func TestClaimsOfDifferentContactsDoNotHinderEachOther(t *testing.T) {
	onEveryLedger(t, func(t *testing.T, l *store.Ledger, rows table.Rows) {
		c := reminder(6, 1)
		if err := l.Add(t.Context(), c, people(6)); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for _, due := range dueAt(t, l, c, t0) { // they all write the counters
			wg.Go(func() {
				_, a, err := l.Claim(t.Context(), c, due, desk, t0, t0.Add(settleTime))
				if err == nil {
					err = l.Settle(t.Context(), c.ID, settlement(due.Value.Contact, a.Claim, call.OutcomeCompleted, t0))
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		audit(t, rows, c, 0)
		if got, err := l.Counters(t.Context(), c); err != nil || got.Ended != 6 {
			t.Errorf("counters: %+v, %v", got, err)
		}
	})
}

func TestSettlingAClosedAttemptIsOneRead(t *testing.T) {
	rows := tabletest.NewMemory()
	l := ledgerIn(rows)
	c, due := one(t, l)
	if _, _, err := l.Claim(t.Context(), c, due, desk, t0, t0.Add(settleTime)); err != nil {
		t.Fatal(err)
	}
	s := settlement(due.Value.Contact, 1, call.OutcomeBusy, t0)
	if err := l.Settle(t.Context(), c.ID, s); err != nil {
		t.Fatal(err)
	}
	reads, writes := rows.Reads(), rows.Writes()
	if err := l.Settle(t.Context(), c.ID, s); err != nil {
		t.Fatal(err)
	}
	if r, w := rows.Reads()-reads, rows.Writes()-writes; r != 1 || w != 0 {
		t.Errorf("%d reads and %d writes, want 1 and 0", r, w)
	}
}
