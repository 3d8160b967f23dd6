package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"switchboard/handler/call"
	"switchboard/handler/campaign"
	"switchboard/handler/store"
	"switchboard/handler/table"
	"switchboard/handler/table/tabletest"
	"switchboard/test/azurite"
)

// onEveryLedger runs a test over a ledger in memory and over one on Azurite. contacts is the table of the
// contacts.
func onEveryLedger(t *testing.T, test func(t *testing.T, l *store.Ledger, contacts table.Rows)) {
	t.Helper()
	t.Run("memory", func(t *testing.T) {
		contacts := tabletest.NewMemory()
		contacts.PageSize = 5
		test(t, store.NewLedger(
			tabletest.NewMemory(), contacts, tabletest.NewMemory(), tabletest.NewMemory()), contacts)
	})
	t.Run("azurite", func(t *testing.T) {
		account, err := table.Open(azurite.AccountForTest(t).ConnectionString(), nil)
		if err != nil {
			t.Fatal(err)
		}
		err = account.Create(t.Context(),
			store.TableCampaigns, store.TableContacts, store.TableNumbers, store.TableLines)
		if err != nil {
			t.Fatal(err)
		}
		contacts := account.Table(store.TableContacts)
		test(t, store.NewLedger(account.Table(store.TableCampaigns), contacts,
			account.Table(store.TableNumbers), account.Table(store.TableLines)), contacts)
	})
}

// ledgerIn returns a ledger in a single table, so that a test can count its operations and make the n-th
// fail.
func ledgerIn(rows table.Rows) *store.Ledger { return store.NewLedger(rows, rows, rows, rows) }

// reminder returns a campaign with the numbers of contacts and shards.
func reminder(contacts, shards int) campaign.Campaign {
	return campaign.Campaign{
		Schema: campaign.Schema, ID: "reminder", Name: "Appointments", State: campaign.StateDraft,
		Lines: []string{"28:orgid:desk"}, Attempts: 2, Contacts: contacts, Shards: shards, Created: t0,
	}
}

// testContacts returns n contacts of a campaign with a budget of two attempts.
func testContacts(n int) []campaign.Contact {
	all := make([]campaign.Contact, n)
	for i := range all {
		all[i] = campaign.NewContact(fmt.Sprintf("+1206555%04d", i), 2, t0)
	}
	return all
}

// tester is a test of package testing or of rapid.
type tester interface {
	rapid.TB
	Context() context.Context
}

// checkShard checks that the contacts, the index, the attempts and the counters of a shard agree.
func checkShard(t tester, rows table.Rows, c campaign.Campaign, shard int) {
	t.Helper()
	p := fmt.Sprintf("%s|%02x", c.ID, shard)
	contacts := values(t, table.NewTable[campaign.Contact](rows), table.WithPrefix(p, "c|"))
	entries := values(t, table.NewTable[campaign.DueEntry](rows), table.WithPrefix(p, "d|"))
	counters := values(t, table.NewTable[campaign.Counters](rows), table.WithPrefix(p, "n"))

	var want campaign.Counters
	index := map[string]campaign.DueEntry{}
	for key, contact := range contacts {
		want = want.Replace(nil, contact)
		if contact.State != campaign.ContactEnded {
			index["d|"+table.TimeKey(contact.Due)+"|"+string(contact.ID)] = contact.Entry()
		}
		id := strings.TrimPrefix(key, "c|")
		attempts := values(t, table.NewTable[campaign.Attempt](rows), table.WithPrefix(p, "a|"+id+"|"))
		spent, open := 0, 0
		for _, a := range attempts {
			if a.Ended.IsZero() {
				open++
			}
			if a.Spent {
				spent++
			}
		}
		if len(attempts) != contact.Claim || spent != contact.Spent {
			t.Errorf("%d attempts, %d of them spent, want those of the contact %+v", len(attempts), spent, contact)
		}
		if dialling := contact.State == campaign.ContactDialling; open > 1 || dialling != (open == 1) {
			t.Errorf("%d open attempts, want one of a contact that is dialled: %+v", open, contact)
		}
	}
	if d := cmp.Diff(index, entries, cmpopts.EquateEmpty()); d != "" {
		t.Errorf("index (-by the contacts +stored):\n%s", d)
	}
	if d := cmp.Diff(want, counters["n"], cmpopts.EquateEmpty()); d != "" {
		t.Errorf("counters (-by the contacts +stored):\n%s", d)
	}
}

// values returns the values of the rows that q selects, by row key.
func values[T any](t tester, table *table.Table[T], q table.Query) map[string]T {
	t.Helper()
	all := map[string]T{}
	for row, err := range table.List(t.Context(), q) {
		if err != nil {
			t.Fatal(err)
		}
		all[row.Key.Row] = row.Value
	}
	return all
}

func TestNumbersAndLines(t *testing.T) {
	onEveryLedger(t, func(t *testing.T, l *store.Ledger, _ table.Rows) {
		ctx := t.Context()
		const number, line = "+12065550001", "28:orgid:0f9d6bd5-8c4f-4d3e-8a55-1a2b3c4d5e6f"
		if n, err := l.Number(ctx, number); err != nil || n.Schema != 0 {
			t.Errorf("a number without a row: %+v, %v, want it empty", n, err)
		}
		if n, err := l.Line(ctx, line); err != nil || n.Schema != 0 {
			t.Errorf("a line without a row: %+v, %v, want it empty", n, err)
		}
		reserve := func(id call.ID) error {
			_, err := l.EditNumber(ctx, number, func(n campaign.Number) (campaign.Number, error) {
				return n.Reserve(id, t0)
			})
			return err
		}
		if err := errors.Join(reserve("out-1"), reserve("out-1")); err != nil {
			t.Error(err)
		}
		if err := reserve("out-2"); err != campaign.ErrReserved {
			t.Errorf("reserved twice: %v, want %v", err, campaign.ErrReserved)
		}
		if n, err := l.Number(ctx, number); err != nil || n.Call != "out-1" || n.Dials["20260304"] != 1 {
			t.Errorf("number: %+v, %v, want one dial of out-1", n, err)
		}
		held := campaign.Holder{Call: "out-1", Leg: 1, Since: t0}
		for range 2 {
			got, err := l.EditLine(ctx, line, func(n campaign.Line) (campaign.Line, error) { return n.Hold(held, 2) })
			if d := cmp.Diff([]campaign.Holder{held}, got.Holders); err != nil || d != "" {
				t.Errorf("%v, holders (-want +got):\n%s", err, d)
			}
		}
		if got, err := l.Line(ctx, line); err != nil || len(got.Holders) != 1 {
			t.Errorf("line: %+v, %v, want one holder", got, err)
		}
	})
}

func TestErrorTextsHoldNoNumber(t *testing.T) {
	const number = "+12065550001"
	rows := tabletest.NewMemory()
	l := ledgerIn(rows)
	later := campaign.Number{Schema: campaign.Schema + 1}
	k := table.Key{Partition: number, Row: "number"}
	if err := table.NewTable[campaign.Number](rows).Put(t.Context(), k, later); err != nil {
		t.Fatal(err)
	}
	for name, number := range map[string]string{"later version": number, "invalid": number + "/1"} {
		_, read := l.Number(t.Context(), number)
		_, edit := l.EditNumber(t.Context(), number, func(n campaign.Number) (campaign.Number, error) {
			return n.OptOut("in-1", t0), nil
		})
		for _, err := range []error{read, edit} {
			if err == nil || strings.Contains(err.Error(), number) {
				t.Errorf("%s: error %v, want one without the number", name, err)
			}
		}
	}
}

func TestRowsOfALaterVersionAreLeftAlone(t *testing.T) {
	rows, ctx := tabletest.NewMemory(), t.Context()
	l, c := ledgerIn(rows), reminder(1, 1)
	contact := testContacts(1)[0]
	if _, err := l.Create(ctx, c, "key", store.Reply{}); err != nil {
		t.Fatal(err)
	}
	if err := l.Add(ctx, c, []campaign.Contact{contact}); err != nil {
		t.Fatal(err)
	}
	due, err := l.Due(ctx, c, 0, t0, 1)
	if err != nil || len(due) != 1 {
		t.Fatalf("due %+v, %v, want one", due, err)
	}
	later := table.NewTable[map[string]any](rows)
	for _, k := range []table.Key{
		{Partition: "campaign", Row: "c|reminder"},
		{Partition: "reminder|00", Row: "c|" + string(contact.ID)},
		{Partition: "28:orgid:desk", Row: "line"},
	} {
		doc := map[string]any{"schema": campaign.Schema + 1, "state": 7, "limit": "many"} // in another form, too
		if err := later.Put(ctx, k, doc); err != nil {
			t.Fatal(err)
		}
	}
	before := rows.Entities()
	_, _, claim := l.Claim(ctx, c, due[0], attemptAt(t0))
	_, campaignErr := l.Campaign(ctx, c.ID)
	_, start := l.Start(ctx, c.ID, t0)
	_, contactErr := l.Contact(ctx, c.ID, 0, contact.ID)
	_, line := l.EditLine(ctx, "28:orgid:desk", func(l campaign.Line) (campaign.Line, error) {
		return l.BackOff(t0, 2, t0), nil
	})
	for name, err := range map[string]error{
		"campaign": campaignErr, "start": start, "contact": contactErr, "claim": claim, "line": line,
		"refuse": l.Refuse(ctx, due[0], campaign.RuleOptedOut), "postpone": l.Postpone(ctx, due[0], t0),
	} {
		if !errors.Is(err, table.ErrNewer) {
			t.Errorf("%s: %v, want %v", name, err, table.ErrNewer)
		}
	}
	if all, err := l.Campaigns(ctx); err != nil || len(all) != 0 {
		t.Errorf("campaigns: %v, %v, want none", all, err)
	}
	if d := cmp.Diff(before, rows.Entities()); d != "" {
		t.Errorf("rows (-before +after):\n%s", d)
	}
}
