package dialler

import (
	"context"

	"github.com/rs/zerolog"

	"switchboard/handler/call"
	"switchboard/handler/campaign"
)

// Ask asks the gate again whether a call may be placed. Nil: it could not be asked, and the call waits.
func (d *Dialler) Ask(ctx context.Context, c call.Call) *call.DialVerdict {
	verdict, err := d.ask(ctx, c)
	if err != nil {
		zerolog.Ctx(ctx).Debug().Err(err).Str("call", string(c.ID)).Msg("gate not asked")
		return nil
	}
	return &call.DialVerdict{Allowed: verdict.Allowed, Rule: string(verdict.Rule)}
}

func (d *Dialler) ask(ctx context.Context, c call.Call) (campaign.Verdict, error) {
	of, err := d.ledger.Campaign(ctx, campaign.ID(c.Attempt.Campaign))
	if err != nil {
		return campaign.Verdict{}, err
	}
	contact, err := d.ledger.Contact(ctx, of.ID, c.Attempt.Shard, campaign.ContactID(c.Attempt.Contact))
	if err != nil {
		return campaign.Verdict{}, err
	}
	number, err := d.ledger.Number(ctx, contact.Number)
	if err != nil {
		return campaign.Verdict{}, err
	}
	return campaign.Gate(of, contact, number), nil
}
