package dialler

import (
	"context"

	"github.com/rs/zerolog"

	"switchboard/handler/call"
	"switchboard/handler/campaign"
)

// Ask asks the gate again whether a call may be placed. It returns nil if storage fails; then the call
// waits.
func (d *Dialler) Ask(ctx context.Context, c call.Call) *call.DialVerdict {
	rule, err := d.ask(ctx, c)
	if err != nil {
		zerolog.Ctx(ctx).Debug().Err(err).Str("call", string(c.ID)).Msg("gate not asked")
		return nil
	}
	return &call.DialVerdict{Allowed: rule == campaign.MayDial, Rule: string(rule)}
}

// ask reads what the gate decides by, and asks it.
func (d *Dialler) ask(ctx context.Context, c call.Call) (campaign.Rule, error) {
	of, err := d.ledger.Campaign(ctx, campaign.ID(c.Attempt.Campaign))
	if err != nil {
		return "", err
	}
	contact, err := d.ledger.Contact(ctx, of.ID, c.Attempt.Shard, campaign.ContactID(c.Attempt.Contact))
	if err != nil {
		return "", err
	}
	number, err := d.ledger.Number(ctx, contact.Number)
	if err != nil {
		return "", err
	}
	return campaign.Gate(of, contact, number), nil
}
