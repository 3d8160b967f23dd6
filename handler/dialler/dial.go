package dialler

import (
	"context"
	"errors"
	"time"

	"switchboard/handler/acs"
	"switchboard/handler/call"
	"switchboard/handler/campaign"
	"switchboard/handler/store"
	"switchboard/handler/table"
)

// dial places the call of one due contact. The order of its writes makes a crash at any point harmless: the
// call is on the worklist before anything is reserved for it, so the sweep releases the reservations if the
// call's row is not written within engine.OrphanAfter; and the row is written before ACS is sent a request.
func (r *round) dial(ctx context.Context, shard int, row table.Row[campaign.DueEntry]) error {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	contact, err := r.ledger.Contact(ctx, r.campaign.ID, shard, row.Value.Contact)
	if err != nil {
		return err
	}
	if contact.State != campaign.ContactWaiting {
		return nil // another process was faster
	}
	number, err := r.ledger.Number(ctx, row.Value.Number)
	if err != nil {
		return err
	}
	switch verdict := campaign.Gate(r.campaign, contact, number); {
	case verdict.Final():
		return store.IgnoreConflict(r.ledger.Refuse(ctx, row, verdict.Rule))
	case !verdict.Allowed:
		return nil
	}
	before, reserved, err := r.isReserved(ctx, number)
	if err != nil {
		return err
	}
	if reserved {
		return store.IgnoreConflict(r.ledger.Postpone(ctx, row, time.Now().UTC().Add(reservedWait)))
	}
	line, err := r.availableLine(ctx)
	if errors.Is(err, campaign.ErrLineFull) {
		r.full = true
		return nil
	}
	if err != nil {
		return err
	}
	return r.writeDial(ctx, row, contact, call.Dial{
		Line: line, Callee: acs.PhoneNumber(contact.Number).RawID(), Attempt: call.AttemptRef{
			Campaign: string(r.campaign.ID), Contact: string(contact.ID), Shard: shard, Claim: contact.Claim + 1,
		},
	}, before)
}

// writeDial makes the writes of a dial, in their order. Before is an ended call that may still have the number
// reserved; the zero Call if there is none.
func (r *round) writeDial(
	ctx context.Context, row table.Row[campaign.DueEntry], contact campaign.Contact, dial call.Dial, before call.Call,
) error {
	now := time.Now().UTC()
	id := contact.NextCall(r.campaign.ID)
	if err := r.engine.ScheduleDial(ctx, id, dial, now); err != nil {
		return err
	}
	start := campaign.AttemptStart{Line: dial.Line, Began: now, CheckAt: now.Add(r.Limits.Confirm)}
	if _, _, err := r.ledger.Claim(ctx, r.campaign, row, start); err != nil {
		return store.IgnoreConflict(err) // another process has claimed the contact; the item is its call's
	}
	if err := r.reserve(ctx, id, before, dial, now); err != nil {
		if errors.Is(err, campaign.ErrLineFull) || errors.Is(err, campaign.ErrReserved) ||
			errors.Is(err, campaign.ErrOptedOut) {
			return r.engine.Tombstone(ctx, id, dial)
		}
		return err // the sweep writes the tombstone
	}
	limits := r.Limits
	limits.Ring = r.campaign.Ring
	t, err := r.engine.Start(ctx, id, call.Event{
		Key: "dialled", At: now.Round(0), Body: call.Dialled{Dial: dial, Flow: r.campaign.Flow, Limits: limits},
	})
	if err != nil {
		return err
	}
	if c := t.Call(); c.State == call.StateEnded { // it had a tombstone before the claim, or ACS has refused it
		return r.RollBack(ctx, c, dial.Line)
	}
	r.dialled++
	r.trackers = append(r.trackers, t)
	return nil
}

// reserve reserves the number and then holds a place on the line.
func (r *round) reserve(ctx context.Context, id call.ID, before call.Call, dial call.Dial, now time.Time) error {
	number, _ := numberOf(dial.Callee)
	_, err := r.ledger.EditNumber(ctx, number, func(n campaign.Number) (campaign.Number, error) {
		return n.Release(before.ID, before.Outcome).Reserve(id, now)
	})
	if err != nil {
		return err
	}
	_, err = r.ledger.EditLine(ctx, dial.Line, func(l campaign.Line) (campaign.Line, error) {
		return l.Hold(campaign.Holder{Call: id, Leg: call.CreateOp, Since: now}, r.LineCalls)
	})
	return err
}
