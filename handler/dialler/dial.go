package dialler

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"switchboard/handler/acs"
	"switchboard/handler/call"
	"switchboard/handler/campaign"
	"switchboard/handler/store"
	"switchboard/handler/table"
)

// dial places the call of one due contact. The order of its writes makes a crash at any point harmless: the
// call is on the worklist before anything is reserved for it, so the engine releases the reservations if the
// call's row is not written within engine.OrphanAfter; and the row is written before ACS is sent a request.
func (r *round) dial(ctx context.Context, shard int, row table.Row[campaign.DueEntry]) error {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	line, err := r.places.take()
	if err != nil {
		return nil // the end of a call leads to the next contact
	}
	dialled, err := r.dialFrom(ctx, line, shard, row)
	if !dialled {
		r.places.giveBack(line)
	}
	return err
}

// dialFrom places the call of one due contact from a line, and reports whether it has.
func (r *round) dialFrom(
	ctx context.Context, line string, shard int, row table.Row[campaign.DueEntry],
) (dialled bool, err error) {
	contact, number, err := r.read(ctx, shard, row.Value)
	if err != nil {
		return false, err
	}
	if contact.State != campaign.ContactWaiting {
		return false, nil // another process was faster
	}
	switch verdict := campaign.Gate(r.campaign, contact, number); {
	case verdict.Final():
		return false, store.IgnoreConflict(r.ledger.Refuse(ctx, row, verdict.Rule))
	case !verdict.Allowed:
		return false, nil
	}
	before, reserved, err := r.isReserved(ctx, number)
	if err != nil {
		return false, err
	}
	if reserved {
		return false, store.IgnoreConflict(r.ledger.Postpone(ctx, row, time.Now().UTC().Add(reservedWait)))
	}
	return r.writeDial(ctx, row, contact, call.Dial{
		Line: line, Callee: acs.PhoneNumber(contact.Number).RawID(), Attempt: call.AttemptRef{
			Campaign: string(r.campaign.ID), Contact: string(contact.ID), Shard: shard, Claim: contact.Claim + 1,
		},
	}, before)
}

// read reads the contact of an entry, and its number.
func (r *round) read(
	ctx context.Context, shard int, entry campaign.DueEntry,
) (contact campaign.Contact, number campaign.Number, err error) {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		contact, err = r.ledger.Contact(ctx, r.campaign.ID, shard, entry.Contact)
		return err
	})
	group.Go(func() (err error) {
		number, err = r.ledger.Number(ctx, entry.Number)
		return err
	})
	err = group.Wait()
	return contact, number, err
}

// writeDial makes the writes of a dial, in their order. Before is an ended call that may still have the number
// reserved; the zero Call if there is none. It reports whether the call holds its place now.
func (r *round) writeDial(
	ctx context.Context, row table.Row[campaign.DueEntry], contact campaign.Contact, dial call.Dial, before call.Call,
) (dialled bool, err error) {
	now := time.Now().UTC()
	id := contact.NextCall(r.campaign.ID)
	if err := r.engine.ScheduleDial(ctx, id, dial, now); err != nil {
		return false, err
	}
	start := campaign.AttemptStart{Line: dial.Line, Began: now, CheckAt: now.Add(r.Limits.Confirm)}
	if _, _, err := r.ledger.Claim(ctx, r.campaign, row, start); err != nil {
		return false, store.IgnoreConflict(err) // another process has claimed the contact; the item is its call's
	}
	if err := r.reserve(ctx, id, before, dial, now); err != nil {
		switch {
		case errors.Is(err, campaign.ErrLineFull):
			r.places.full(dial.Line)
			return true, r.engine.Tombstone(ctx, id, dial)
		case errors.Is(err, campaign.ErrReserved), errors.Is(err, campaign.ErrOptedOut):
			return false, r.engine.Tombstone(ctx, id, dial)
		}
		return true, err // the engine writes the tombstone when it attends to the item
	}
	limits := r.Limits
	limits.Ring = r.campaign.Ring
	t, err := r.engine.Start(ctx, id, call.Event{
		Key: "dialled", At: now.Round(0), Body: call.Dialled{Dial: dial, Flow: r.campaign.Flow, Limits: limits},
	})
	if err != nil {
		return true, err
	}
	if c := t.Call(); c.State == call.StateEnded { // it had a tombstone before the claim, or ACS has refused it
		return false, r.RollBack(ctx, c, dial.Line)
	}
	r.addDialled(t)
	return true, nil
}

// reserve reserves the number and holds a place on the line. If one of them fails, the other may be done: a
// tombstone releases both.
func (r *round) reserve(ctx context.Context, id call.ID, before call.Call, dial call.Dial, now time.Time) error {
	var writes errgroup.Group
	number, _ := numberOf(dial.Callee)
	writes.Go(func() error {
		_, err := r.ledger.EditNumber(ctx, number, func(n campaign.Number) (campaign.Number, error) {
			return n.Release(before.ID, before.Outcome).Reserve(id, now)
		})
		return err
	})
	_, err := r.editLine(ctx, dial.Line, func(l campaign.Line) (campaign.Line, error) {
		return l.Hold(campaign.Holder{Call: id, Leg: call.CreateOp, Since: now}, r.LineCalls)
	})
	return errors.Join(err, writes.Wait())
}
