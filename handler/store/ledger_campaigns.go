package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"switchboard/handler/campaign"
	"switchboard/handler/table"
)

// ErrKeyReused means that another request was made with the same key.
var ErrKeyReused = errors.New("key was used for another request")

// Create stores a campaign and, under the request's key, the reply to the request, in one transaction. It
// returns the reply of the first request with the key; a repeated request changes nothing. Errors:
// ErrKeyReused; ErrConflict if the campaign was created with another key. After any other error it may be
// repeated.
func (l *Ledger) Create(ctx context.Context, c campaign.Campaign, key string, r Reply) (Reply, error) {
	tx := table.Begin(l.campaignRows)
	l.campaigns.InsertIn(tx, campaignKey(c.ID), c)
	l.replies.InsertIn(tx, replyKey(key), r)
	_, commitErr := tx.Commit(ctx)
	if commitErr == nil {
		return r, nil
	}
	first, err := l.Replied(ctx, key)
	switch {
	case errors.Is(err, table.ErrNotFound):
		return Reply{}, fmt.Errorf("create campaign %s: %w", c.ID, commitErr)
	case err != nil:
		return Reply{}, fmt.Errorf("create campaign %s: %w", c.ID, errors.Join(commitErr, err))
	case first.Hash != r.Hash:
		return Reply{}, ErrKeyReused
	}
	return first, nil
}

// Replied returns the reply to the request with the key, or ErrNotFound.
func (l *Ledger) Replied(ctx context.Context, key string) (Reply, error) {
	row, err := l.replies.Get(ctx, replyKey(key))
	return row.Value, err
}

// Campaign returns a campaign. Errors: ErrNotFound; ErrInvalid for an id that no campaign can have;
// ErrNewer.
func (l *Ledger) Campaign(ctx context.Context, id campaign.ID) (campaign.Campaign, error) {
	row, err := l.campaigns.Get(ctx, campaignKey(id))
	if err != nil {
		return campaign.Campaign{}, fmt.Errorf("campaign: %w", err)
	}
	return row.Value, nil
}

// Campaigns returns all campaigns that can be read, ordered by id.
func (l *Ledger) Campaigns(ctx context.Context) ([]campaign.Campaign, error) {
	return l.campaignsOf(ctx, table.WithPrefix(campaignPartition, "c|"))
}

// Running returns the running campaigns that can be read, ordered by id.
func (l *Ledger) Running(ctx context.Context) ([]campaign.Campaign, error) {
	q := table.WithPrefix(campaignPartition, "c|")
	q.Where = []table.Condition{{Column: "State", Op: table.OpEq, Value: string(campaign.StateRunning)}}
	return l.campaignsOf(ctx, q)
}

func (l *Ledger) campaignsOf(ctx context.Context, q table.Query) ([]campaign.Campaign, error) {
	var all []campaign.Campaign
	for row, err := range l.campaigns.List(ctx, q) {
		if l.unreadable.Skip(ctx, err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, row.Value)
	}
	return all, nil
}

// Start makes a campaign running, and returns it. All of its contacts must have been added. It may be
// repeated. It fails with ErrNotFound if there is no such campaign.
func (l *Ledger) Start(ctx context.Context, id campaign.ID, now time.Time) (campaign.Campaign, error) {
	return l.campaigns.Update(ctx, campaignKey(id), func(c campaign.Campaign) (campaign.Campaign, error) {
		return c.Start(now.UTC()), nil
	})
}

// Finish marks the campaign done if ended is the number of its contacts, and returns it. It may be repeated.
// It fails with ErrNotFound if there is no such campaign.
func (l *Ledger) Finish(
	ctx context.Context, id campaign.ID, ended int, now time.Time,
) (campaign.Campaign, error) {
	return l.campaigns.Update(ctx, campaignKey(id), func(c campaign.Campaign) (campaign.Campaign, error) {
		return c.Finish(ended, now.UTC()), nil
	})
}
