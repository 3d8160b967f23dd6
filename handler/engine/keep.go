package engine

import (
	"context"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"switchboard/handler/acs"
	"switchboard/handler/call"
	"switchboard/handler/call/outbox"
	"switchboard/handler/campaign"
)

// keep does one action of the kind Storage: it changes rows that are not the
// call's. It may be repeated without limit, by anybody, because each of the rows
// knows what was done to it.
func (e *Engine) performLocal(ctx context.Context, c call.Call, a outbox.Action) call.Event {
	done := call.Replied{Verdict: call.VerdictOK}
	var err error
	switch a.Verb {
	case outbox.VerbBackOff:
		err = e.backOff(ctx, c.Line, a.At)
	case outbox.VerbOptOut:
		err = e.optOut(ctx, c.ID, a)
	case outbox.VerbLink:
		done, err = e.link(ctx, c, a)
	case outbox.VerbSettle:
		err = e.Ledger.Settle(ctx, campaign.ID(c.Attempt.Campaign), settlement(c))
	case outbox.VerbRelease:
		err = e.release(ctx, c)
	}
	line := zerolog.Ctx(ctx).Debug()
	if err != nil {
		done = call.Replied{Verdict: call.VerdictNoResponse}
		if a.Leases > 2 { // it is tried without end, and somebody should know
			line = zerolog.Ctx(ctx).Warn()
		}
	}
	line.Str("call", string(c.ID)).Str("action", string(a.Verb)).Str("status", string(done.Verdict)).
		Int("tries", a.Leases).Err(err).Msg("action kept")
	return call.Event{Key: ReplyKey(a), At: time.Now().UTC().Round(0), Ref: a.Ref, Body: done}
}

// settlement is how the attempt that the call was ended.
func settlement(c call.Call) campaign.Settlement {
	return campaign.Settlement{
		Contact: campaign.ContactID(c.Attempt.Contact), Shard: c.Attempt.Shard, Claim: c.Attempt.Claim,
		Outcome: c.Outcome, Values: c.Values, At: c.EndedAt,
	}
}

func (e *Engine) backOff(ctx context.Context, line string, until time.Time) error {
	_, err := e.Ledger.EditLine(ctx, line, func(l campaign.Line) (campaign.Line, error) {
		return l.BackOff(until, e.LineCalls, time.Now().UTC()), nil
	})
	return err
}

// optOut writes the person's word down with their number. Somebody without one
// cannot be dialled either.
func (e *Engine) optOut(ctx context.Context, id call.ID, a outbox.Action) error {
	number, ok := numberOf(a.Target)
	if !ok {
		return nil
	}
	_, err := e.Ledger.EditNumber(ctx, number, func(n campaign.Number) (campaign.Number, error) {
		return n.OptOut(id, a.At), nil
	})
	return err
}

// release gives back what the call has held: the number first, so that whoever
// finds the line free finds the number free too.
func (e *Engine) release(ctx context.Context, c call.Call) error {
	if number, ok := numberOf(c.Callee); ok {
		_, err := e.Ledger.EditNumber(ctx, number, func(n campaign.Number) (campaign.Number, error) {
			return n.Release(c.ID, c.Outcome.Spends()), nil
		})
		if err != nil {
			return err
		}
	}
	_, err := e.Ledger.EditLine(ctx, c.Line, func(l campaign.Line) (campaign.Line, error) {
		return l.Release(campaign.Holder{Call: c.ID, Leg: call.CreateOp}), nil
	})
	return err
}

// giveBack undoes whatever was taken, and on which line, for a call that is over and
// does not know of it, because it was buried before that.
func (e *Engine) RollBack(ctx context.Context, c call.Call, line string) error {
	c.Line = line
	if c.Attempt != (call.AttemptRef{}) {
		if err := e.Ledger.Settle(ctx, campaign.ID(c.Attempt.Campaign), settlement(c)); err != nil {
			return err
		}
	}
	return e.release(ctx, c)
}

// numberOf is the telephone number that a raw id stands for, if it does: in E.164,
// without the id that tells apart callers behind one number.
func numberOf(rawID string) (string, bool) {
	id := acs.ParseRawID(rawID)
	number, _, _ := strings.Cut(id.ID, "_")
	return number, id.Kind == acs.KindPhoneNumber && !id.Anonymous && number != ""
}
