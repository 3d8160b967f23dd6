package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"switchboard/handler/campaign"
	"switchboard/handler/table"
)

// ErrKeyReused means that another request was made under the same key.
var ErrKeyReused = errors.New("key was used for another request")

// Create writes down a campaign, and under the request's key what the request is
// answered, together. A repeated request changes nothing and gets the reply of the
// first. Errors: ErrKeyReused; ErrConflict if there is such a campaign by another
// key. After any other error it may be repeated.
func (l *Ledger) Create(ctx context.Context, c campaign.Campaign, key string, r Reply) (Reply, error) {
	tx := table.Begin(l.campaignRows)
	l.campaigns.InsertIn(tx, campaignKey(c.ID), c)
	l.replies.InsertIn(tx, replyKey(key), r)
	lost := tx.Commit(ctx)
	if lost == nil {
		return r, nil
	}
	first, err := l.Replied(ctx, key)
	switch {
	case errors.Is(err, table.ErrNotFound):
		return Reply{}, fmt.Errorf("create campaign %s: %w", c.ID, lost)
	case err != nil:
		return Reply{}, fmt.Errorf("create campaign %s: %w", c.ID, errors.Join(lost, err))
	case first.Hash != r.Hash:
		return Reply{}, ErrKeyReused
	}
	return first, nil
}

// Replied returns what the request with the key was answered, or ErrNotFound.
func (l *Ledger) Replied(ctx context.Context, key string) (Reply, error) {
	row, err := l.replies.Get(ctx, replyKey(key))
	return row.Value, err
}

// Campaign returns a campaign. Errors: ErrNotFound; ErrInvalid for an id that no
// campaign can have; ErrNewer.
func (l *Ledger) Campaign(ctx context.Context, id campaign.ID) (campaign.Campaign, error) {
	row, err := l.campaigns.Get(ctx, campaignKey(id))
	if err != nil {
		return campaign.Campaign{}, fmt.Errorf("campaign: %w", err)
	}
	return row.Value, nil
}

// Campaigns returns all campaigns, by id.
func (l *Ledger) Campaigns(ctx context.Context) ([]campaign.Campaign, error) {
	return l.campaignsOf(ctx, table.WithPrefix(campaignPartition, "c|"))
}

// Running returns the campaigns that are being dialled, by id.
func (l *Ledger) Running(ctx context.Context) ([]campaign.Campaign, error) {
	q := table.WithPrefix(campaignPartition, "c|")
	q.Where = []table.Condition{{Column: "State", Op: table.Eq, Value: string(campaign.StateRunning)}}
	return l.campaignsOf(ctx, q)
}

func (l *Ledger) campaignsOf(ctx context.Context, q table.Query) ([]campaign.Campaign, error) {
	var all []campaign.Campaign
	for row, err := range l.campaigns.List(ctx, q) {
		if err != nil {
			return nil, err
		}
		all = append(all, row.Value)
	}
	return all, nil
}

// Start lets a campaign be dialled whose contacts are all written down, and returns
// it. It may be repeated. ErrNotFound: there is no such campaign.
func (l *Ledger) Start(ctx context.Context, id campaign.ID, now time.Time) (campaign.Campaign, error) {
	return l.campaigns.Update(ctx, campaignKey(id), func(c campaign.Campaign) (campaign.Campaign, error) {
		return c.Start(now.UTC()), nil
	})
}

// Finish ends a campaign of whose contacts so many are over, if those are all, and
// returns it. It may be repeated. ErrNotFound: there is no such campaign.
func (l *Ledger) Finish(
	ctx context.Context, id campaign.ID, over int, now time.Time,
) (campaign.Campaign, error) {
	return l.campaigns.Update(ctx, campaignKey(id), func(c campaign.Campaign) (campaign.Campaign, error) {
		return c.Finish(over, now.UTC()), nil
	})
}
