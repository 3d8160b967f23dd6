package dialler

import (
	"context"
	"time"

	"switchboard/handler/call"
	"switchboard/handler/call/outbox"
	"switchboard/handler/campaign"
	"switchboard/handler/engine"
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

// availableLine returns the first of the campaign's lines with a free place, or campaign.ErrLineFull.
func (r *round) availableLine(ctx context.Context) (string, error) {
	for _, name := range r.campaign.Lines {
		l, err := r.ledger.Line(ctx, name)
		if err != nil {
			return "", err
		}
		if !l.HasPlace(r.LineCalls, time.Now().UTC()) {
			if l, err = r.removeStaleHolders(ctx, name, l); err != nil {
				return "", err
			}
		}
		if l.HasPlace(r.LineCalls, time.Now().UTC()) {
			return name, nil
		}
	}
	return "", campaign.ErrLineFull
}

// removeStaleHolders removes the holders of a full line whose calls have ended, and returns the line. A call
// releases its place when it ends; this is for calls that could not.
func (d *Dialler) removeStaleHolders(ctx context.Context, name string, l campaign.Line) (campaign.Line, error) {
	var stale []campaign.Holder
	for _, h := range l.Holders {
		if time.Since(h.Since) < engine.OrphanAfter {
			continue
		}
		_, ended, err := d.engine.HasEnded(ctx, h.Call)
		if err != nil {
			return l, err
		}
		if ended {
			stale = append(stale, h)
		}
	}
	if len(stale) == 0 {
		return l, nil
	}
	return d.ledger.EditLine(ctx, name, func(l campaign.Line) (campaign.Line, error) {
		for _, h := range stale {
			l = l.Release(h)
		}
		return l, nil
	})
}
