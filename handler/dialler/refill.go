package dialler

import (
	"context"
	"encoding/binary"

	"github.com/rs/zerolog"

	"switchboard/handler/call"
	"switchboard/handler/campaign"
	"switchboard/handler/digest"
)

// Refill gives the place of an ended call to a contact that is due. It is a hint and returns at once: if it
// fails, the next round fills the place.
func (d *Dialler) Refill(ctx context.Context, ended call.Call) {
	if ended.Attempt == (call.AttemptRef{}) {
		return
	}
	d.engine.Go(ctx, func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, dialTimeout)
		defer cancel()
		if err := d.refill(ctx, ended); err != nil {
			zerolog.Ctx(ctx).Debug().Err(err).Str("campaign", ended.Attempt.Campaign).Msg("place left to the next round")
		}
	})
}

// refill dials one due contact. It starts at a shard and at a row that the ended call's id chooses, so that
// calls that end at the same time do not conflict over one contact.
func (d *Dialler) refill(ctx context.Context, ended call.Call) error {
	c, err := d.ledger.Campaign(ctx, campaign.ID(ended.Attempt.Campaign))
	if err != nil || c.State != campaign.StateRunning {
		return err
	}
	sum := digest.Sum(string(ended.ID))
	r := &round{Dialler: d, campaign: c, limit: 1, offset: int(binary.BigEndian.Uint32(sum[:]) % refillRows)}
	for n := range c.Shards {
		if err := r.shard(ctx, (r.offset+n)%c.Shards, refillRows); err != nil {
			return err
		}
	}
	if r.dialled > 0 {
		return nil
	}
	return r.finish(ctx)
}
