package dialler

import (
	"context"
	"strings"
	"time"

	"switchboard/handler/acs"
	"switchboard/handler/call"
	"switchboard/handler/call/outbox"
	"switchboard/handler/campaign"
)

// backOff lowers the limit of the call's line after a refusal.
func (d *Dialler) backOff(ctx context.Context, c call.Call, a outbox.Action) (call.Replied, error) {
	_, err := d.editLine(ctx, c.Line, func(l campaign.Line) (campaign.Line, error) {
		return l.BackOff(a.At, d.LineCalls, time.Now().UTC()), nil
	})
	return call.Replied{}, err
}

// optOut records that the number of the action must not be called. A target without a number is not
// recorded: it cannot be dialled.
func (d *Dialler) optOut(ctx context.Context, c call.Call, a outbox.Action) (call.Replied, error) {
	number, ok := numberOf(a.Target)
	if !ok {
		return call.Replied{}, nil
	}
	_, err := d.ledger.EditNumber(ctx, number, func(n campaign.Number) (campaign.Number, error) {
		return n.OptOut(c.ID, a.At), nil
	})
	return call.Replied{}, err
}

// settle books the result of the call's attempt with its campaign.
func (d *Dialler) settle(ctx context.Context, c call.Call, _ outbox.Action) (call.Replied, error) {
	return call.Replied{}, d.settleAttempt(ctx, campaign.ID(c.Attempt.Campaign), settlement(c))
}

// settleAttempt settles an attempt, and announces the next one.
func (d *Dialler) settleAttempt(ctx context.Context, of campaign.ID, s campaign.Settlement) error {
	contact, err := d.ledger.Settle(ctx, of, s)
	if err == nil && contact.State == campaign.ContactWaiting {
		d.quiet.set(of, time.Time{}, time.Now())
		d.engine.AnnounceRound(ctx, string(of), contact.Due)
	}
	return err
}

// settlement returns the result of the call's attempt.
func settlement(c call.Call) campaign.Settlement {
	return campaign.Settlement{
		Contact: campaign.ContactID(c.Attempt.Contact), Shard: c.Attempt.Shard, Claim: c.Attempt.Claim,
		Outcome: c.Outcome, Values: c.Values, At: c.EndedAt,
	}
}

// release releases the call's number and its place on the line.
func (d *Dialler) release(ctx context.Context, c call.Call, _ outbox.Action) (call.Replied, error) {
	return call.Replied{}, d.releaseReserved(ctx, c)
}

// releaseReserved releases the call's number, and then its place on the line: a dialler that finds the place
// free finds the number free too.
func (d *Dialler) releaseReserved(ctx context.Context, c call.Call) error {
	if number, ok := numberOf(c.Callee); ok {
		_, err := d.ledger.EditNumber(ctx, number, func(n campaign.Number) (campaign.Number, error) {
			return n.Release(c.ID, c.Outcome), nil
		})
		if err != nil {
			return err
		}
	}
	_, err := d.editLine(ctx, c.Line, func(l campaign.Line) (campaign.Line, error) {
		return l.Release(campaign.Holder{Call: c.ID, Leg: call.CreateOp}), nil
	})
	return err
}

// RollBack settles the attempt of an ended call, and releases the number and the place on the line that were
// reserved after the call's tombstone was written.
func (d *Dialler) RollBack(ctx context.Context, c call.Call, line string) error {
	c.Line = line
	if c.Attempt != (call.AttemptRef{}) {
		if err := d.settleAttempt(ctx, campaign.ID(c.Attempt.Campaign), settlement(c)); err != nil {
			return err
		}
	}
	return d.releaseReserved(ctx, c)
}

// numberOf returns the telephone number of a raw id in E.164, and whether it has one. The suffix that
// distinguishes callers with the same number is removed.
func numberOf(rawID string) (string, bool) {
	id := acs.ParseRawID(rawID)
	number, _, _ := strings.Cut(id.ID, "_")
	return number, id.Kind == acs.KindPhoneNumber && !id.Anonymous && number != ""
}
