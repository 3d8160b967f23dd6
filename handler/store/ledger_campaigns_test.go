package store_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"switchboard/handler/campaign"
	"switchboard/handler/store"
	"switchboard/handler/table"
	"switchboard/handler/table/tabletest"
)

var created = store.Reply{
	Hash: "h1", Status: 201, Body: json.RawMessage(`{"id":"reminder"}`), Location: "/api/v1/campaigns/reminder",
}

func TestACampaignIsCreatedOnceForItsKey(t *testing.T) {
	onEveryLedger(t, func(t *testing.T, l *store.Ledger, _ table.Rows) {
		ctx, c := t.Context(), reminder(3, 1)
		if _, err := l.Replied(ctx, "key"); !errors.Is(err, table.ErrNotFound) {
			t.Errorf("before: %v, want %v", err, table.ErrNotFound)
		}
		repeated := reminder(5, 1) // has the same id, which is derived from the key
		repeated.Created = t0.Add(time.Minute)
		answer := store.Reply{Hash: "h1", Status: 500}
		for i, try := range []struct {
			c campaign.Campaign
			r store.Reply
		}{{c, created}, {repeated, answer}} {
			got, err := l.Create(ctx, try.c, "key", try.r)
			if d := cmp.Diff(created, got); err != nil || d != "" {
				t.Errorf("request %d: %v, reply (-want +got):\n%s", i+1, err, d)
			}
		}
		other := reminder(1, 1)
		other.ID = "other"
		if _, err := l.Create(ctx, other, "key", store.Reply{Hash: "h2"}); !errors.Is(err, store.ErrKeyReused) {
			t.Errorf("another request under the key: %v, want %v", err, store.ErrKeyReused)
		}
		if _, err := l.Create(ctx, c, "another key", created); !errors.Is(err, table.ErrConflict) {
			t.Errorf("the campaign under another key: %v, want %v", err, table.ErrConflict)
		}
		if got, err := l.Replied(ctx, "key"); err != nil || !cmp.Equal(created, got) {
			t.Errorf("replied %+v, %v, want %+v", got, err, created)
		}
		all, err := l.Campaigns(ctx)
		if d := cmp.Diff([]campaign.Campaign{c}, all); err != nil || d != "" {
			t.Errorf("campaigns: %v (-want +got):\n%s", err, d)
		}
	})
}

func TestStatesOfACampaign(t *testing.T) {
	onEveryLedger(t, func(t *testing.T, l *store.Ledger, _ table.Rows) {
		ctx, c := t.Context(), reminder(2, 1)
		for id, want := range map[campaign.ID]error{c.ID: table.ErrNotFound, "a#b": table.ErrInvalid} {
			_, read := l.Campaign(ctx, id)
			_, start := l.Start(ctx, id, t0)
			if !errors.Is(read, want) || !errors.Is(start, want) {
				t.Errorf("%s: read %v, started %v, want %v", id, read, start, want)
			}
		}
		if _, err := l.Create(ctx, c, "key", created); err != nil {
			t.Fatal(err)
		}
		for _, now := range []time.Time{t0, t0.Add(time.Minute)} {
			got, err := l.Start(ctx, c.ID, now)
			if d := cmp.Diff(c.Start(t0), got); err != nil || d != "" {
				t.Errorf("started: %v (-want +got):\n%s", err, d)
			}
		}
		want := c.Start(t0)
		for ended := range 3 {
			now := t0.Add(time.Hour)
			want = want.Finish(ended, now)
			got, err := l.Finish(ctx, c.ID, ended, now)
			if d := cmp.Diff(want, got); err != nil || d != "" {
				t.Errorf("%d ended: %v (-want +got):\n%s", ended, err, d)
			}
		}
		got, err := l.Campaign(ctx, c.ID)
		if err != nil || got.State != campaign.StateDone {
			t.Errorf("campaign: %+v, %v, want it %s", got, err, campaign.StateDone)
		}
	})
}

func TestCreateUnderFaults(t *testing.T) {
	eachFault(t, func(t *testing.T, rows *tabletest.Memory, faulty func(func())) {
		l := ledgerIn(rows)
		var got store.Reply
		faulty(func() {
			retry(t, func() (err error) {
				got, err = l.Create(t.Context(), reminder(1, 1), "key", created)
				return err
			})
		})
		if d := cmp.Diff(created, got); d != "" {
			t.Errorf("reply (-want +got):\n%s", d)
		}
		if n := len(rows.Entities()); n != 2 {
			t.Errorf("%d rows, want the campaign and the reply", n)
		}
	})
}
