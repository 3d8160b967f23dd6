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
	_, err := d.ledger.EditLine(ctx, c.Line, func(l campaign.Line) (campaign.Line, error) {
		return l.BackOff(a.At, d.LineCalls, time.Now().UTC()), nil
	})
	return call.Replied{}, err
}

// optOut records that the owner of the action's number does not want to be called. A target without a number cannot
// be dialled either, and needs no record.
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
	return call.Replied{}, d.ledger.Settle(ctx, campaign.ID(c.Attempt.Campaign), settlement(c))
}

// settlement returns how the attempt ended that the call was.
func settlement(c call.Call) campaign.Settlement {
	return campaign.Settlement{
		Contact: campaign.ContactID(c.Attempt.Contact), Shard: c.Attempt.Shard, Claim: c.Attempt.Claim,
		Outcome: c.Outcome, Values: c.Values, At: c.EndedAt,
	}
}

// release frees the number and the place on the line that the call has held.
func (d *Dialler) release(ctx context.Context, c call.Call, _ outbox.Action) (call.Replied, error) {
	return call.Replied{}, d.free(ctx, c)
}

// free frees the number first: a dialler that finds room on the line finds the number free too.
func (d *Dialler) free(ctx context.Context, c call.Call) error {
	if number, ok := numberOf(c.Callee); ok {
		_, err := d.ledger.EditNumber(ctx, number, func(n campaign.Number) (campaign.Number, error) {
			return n.Release(c.ID, c.Outcome.Spends()), nil
		})
		if err != nil {
			return err
		}
	}
	_, err := d.ledger.EditLine(ctx, c.Line, func(l campaign.Line) (campaign.Line, error) {
		return l.Release(campaign.Holder{Call: c.ID, Leg: call.CreateOp}), nil
	})
	return err
}

// RollBack settles and releases what was reserved on the line for a call that has ended and does not know of it,
// because its tombstone was written first.
func (d *Dialler) RollBack(ctx context.Context, c call.Call, line string) error {
	c.Line = line
	if c.Attempt != (call.AttemptRef{}) {
		if err := d.ledger.Settle(ctx, campaign.ID(c.Attempt.Campaign), settlement(c)); err != nil {
			return err
		}
	}
	return d.free(ctx, c)
}

// numberOf returns the telephone number in E.164 that a raw id stands for, and whether it stands for one. The part
// of the raw id that tells apart callers behind one number is left out.
func numberOf(rawID string) (string, bool) {
	id := acs.ParseRawID(rawID)
	number, _, _ := strings.Cut(id.ID, "_")
	return number, id.Kind == acs.KindPhoneNumber && !id.Anonymous && number != ""
}
