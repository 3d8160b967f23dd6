package store_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"switchboard/handler/campaign"
	"switchboard/handler/store"
	"switchboard/handler/table"
	"switchboard/handler/table/tabletest"
)

func TestContactsAreAddedOnce(t *testing.T) {
	onEveryLedger(t, func(t *testing.T, l *store.Ledger, rows table.Rows) {
		ctx, all := t.Context(), testContacts(120)
		c := reminder(len(all), 2)
		changed := slices.Clone(all)
		for i := range changed {
			changed[i].Budget = 9
		}
		for _, list := range [][]campaign.Contact{all[:70], append(all[:3:3], all[:70]...), changed[:1], changed} {
			if err := l.Add(ctx, c, list); err != nil {
				t.Fatal(err)
			}
		}
		got, err := l.Counters(ctx, c)
		if err != nil || got.Contacts != 120 || got.Waiting != 120 {
			t.Errorf("counters: %+v, %v, want 120 contacts, all waiting", got, err)
		}
		for i, want := range all {
			if i >= 70 {
				want = changed[i]
			}
			got, err := l.Contact(ctx, c.ID, want.ID.Shard(2), want.ID)
			if d := cmp.Diff(want, got); err != nil || d != "" {
				t.Errorf("contact: %v (-want +got):\n%s", err, d)
			}
		}
		for shard := range c.Shards {
			checkShard(t, rows, c, shard)
		}
		if _, err := l.Contact(ctx, c.ID, 0, "unknown"); !errors.Is(err, table.ErrNotFound) {
			t.Errorf("unknown contact: %v, want %v", err, table.ErrNotFound)
		}
	})
}

func TestAddUnderFaults(t *testing.T) {
	eachFault(t, func(t *testing.T, rows *tabletest.Memory, faulty func(func())) {
		l, c, all := ledgerIn(rows), reminder(60, 1), testContacts(60) // two transactions
		faulty(func() { retry(t, func() error { return l.Add(t.Context(), c, all) }) })
		checkShard(t, rows, c, 0)
		if got, err := l.Counters(t.Context(), c); err != nil || got.Contacts != len(all) {
			t.Errorf("counters: %+v, %v, want %d contacts", got, err, len(all))
		}
	})
}

func TestPagesOfContacts(t *testing.T) {
	onEveryLedger(t, func(t *testing.T, l *store.Ledger, _ table.Rows) {
		ctx, all := t.Context(), testContacts(12)
		c := reminder(len(all), 3)
		if page, next, err := l.Contacts(ctx, c, "", 5); err != nil || len(page) > 0 || next != "" {
			t.Errorf("before contacts are added: %v, %q, %v, want an empty page", page, next, err)
		}
		if err := l.Add(ctx, c, all); err != nil {
			t.Fatal(err)
		}
		var order []campaign.ContactID
		for limit := 12; limit > 0; limit-- {
			var got []campaign.ContactID
			after, pages := "", 0
			for {
				page, next, err := l.Contacts(ctx, c, after, limit)
				if err != nil || len(page) > limit {
					t.Fatalf("limit %d: page of %d, %v, want no more", limit, len(page), err)
				}
				for _, contact := range page {
					got = append(got, contact.ID)
				}
				pages++
				if after = next; next == "" {
					break
				}
			}
			if order == nil {
				order = got
			}
			if most := len(all)/limit + 1; len(got) != len(all) || pages > most || !slices.Equal(order, got) {
				t.Errorf("limit %d: %d contacts on %d pages, want %d on %d at most, in the order of their ids",
					limit, len(got), pages, len(all), most)
			}
		}
	})
}

func TestInvalidPageTokens(t *testing.T) {
	l, c := ledgerIn(tabletest.NewMemory()), reminder(1, 3)
	for name, token := range map[string]string{
		"no token":                    "?",
		"a shard alone":               "01",
		"no contact":                  "01.",
		"a shard of another campaign": "03.8f14e45fceea167a5a36dedd4bea2543",
		"a shard of one digit":        "1.8f14e45fceea167a5a36dedd4bea2543",
		"a shard below zero":          "-1.8f14e45fceea167a5a36dedd4bea2543",
		"an invalid contact id":       "01.a'b",
	} {
		if _, _, err := l.Contacts(t.Context(), c, token, 10); !errors.Is(err, table.ErrInvalid) {
			t.Errorf("%s: %v, want %v", name, err, table.ErrInvalid)
		}
	}
	for _, limit := range []int{-1, 0, table.MaxPage + 1} {
		if _, _, err := l.Contacts(t.Context(), c, "", limit); !errors.Is(err, table.ErrInvalid) {
			t.Errorf("limit %d: %v, want %v", limit, err, table.ErrInvalid)
		}
	}
}
