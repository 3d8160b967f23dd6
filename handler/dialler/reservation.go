package dialler

import (
	"context"

	"switchboard/handler/call"
	"switchboard/handler/call/outbox"
	"switchboard/handler/campaign"
)

// isReserved reports whether an attempt at the number is under way. A reservation of an ended call does not
// count; that call is returned. An attempt whose call has a pending opt-out is still under way, because the
// gate cannot see the opt-out yet.
func (d *Dialler) isReserved(ctx context.Context, n campaign.Number) (ended call.Call, reserved bool, err error) {
	if n.Call == "" {
		return call.Call{}, false, nil
	}
	c, hasEnded, err := d.engine.HasEnded(ctx, n.Call)
	return c, !hasEnded || c.Pending.Has(outbox.VerbOptOut), err
}
