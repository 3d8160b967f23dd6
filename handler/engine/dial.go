package engine

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"switchboard/handler/call"
	"switchboard/handler/call/outbox"
	"switchboard/handler/campaign"
	"switchboard/handler/table"
)

const (
	// dialRows is how many due contacts of a partition one round looks at.
	roundRows = 64
	// refillRows is among how many due contacts the place of an ended call goes.
	refillRows = 16
	// dialWide is how many campaigns are dialled side by side.
	parallelCampaigns = 8
	// dialTime bounds the way from a due contact to its call. It is well below
	// buryAfter, so that whoever is still on it is not taken for dead.
	dialTimeout = 20 * time.Second
	// takenWait is how long a contact waits whose number somebody else is dialling.
	reservedWait = time.Minute
)

// Dial dials what is due: of each running campaign as many contacts as its lines
// have room for. It is safe on any number of machines at once; the error says what
// could not be done, and the next round does it.
func (e *Engine) Dial(ctx context.Context) error {
	campaigns, err := e.Ledger.Running(ctx)
	if err != nil {
		return err
	}
	var all errgroup.Group
	all.SetLimit(parallelCampaigns)
	for _, i := range rand.Perm(len(campaigns)) {
		c := campaigns[i]
		all.Go(func() error {
			if err := e.dialCampaign(ctx, c); err != nil {
				return fmt.Errorf("campaign %s: %w", c.ID, err)
			}
			return nil
		})
	}
	return all.Wait()
}

// dialCampaign does one round of a campaign.
func (e *Engine) dialCampaign(ctx context.Context, c campaign.Campaign) error {
	d := &dialling{Engine: e, campaign: c}
	first := rand.IntN(c.Shards)
	for n := range c.Shards {
		if err := d.shard(ctx, (first+n)%c.Shards, roundRows); err != nil {
			return err
		}
	}
	d.wait(ctx)
	return d.finish(ctx)
}

// Begin dials a campaign that has been started, without waiting for the next round.
// It is a hint: if it comes to nothing, the next round does it.
func (e *Engine) Begin(ctx context.Context, id campaign.ID) {
	e.Go(ctx, func(ctx context.Context) {
		c, err := e.Ledger.Campaign(ctx, id)
		if err == nil && c.State == campaign.StateRunning {
			err = e.dialCampaign(ctx, c)
		}
		if err != nil {
			zerolog.Ctx(ctx).Debug().Err(err).Str("campaign", string(id)).Msg("campaign left to the next round")
		}
	})
}

// refill gives the place of an ended call to a contact that is due. It is a hint:
// if it comes to nothing, the next round fills the place.
func (e *Engine) refill(ctx context.Context, ended call.Call) {
	if ended.Attempt == (call.AttemptRef{}) {
		return
	}
	e.Go(ctx, func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, dialTimeout)
		defer cancel()
		if err := e.refillFrom(ctx, ended); err != nil {
			zerolog.Ctx(ctx).Debug().Err(err).Str("campaign", ended.Attempt.Campaign).Msg("place left to the next round")
		}
	})
}

// refillFrom begins at a shard and at a row that the ended call's id chooses, so
// that calls which end together do not race for one contact.
func (e *Engine) refillFrom(ctx context.Context, ended call.Call) error {
	c, err := e.Ledger.Campaign(ctx, campaign.ID(ended.Attempt.Campaign))
	if err != nil || c.State != campaign.StateRunning {
		return err
	}
	hash := fnv.New32a()
	hash.Write([]byte(ended.ID))
	d := &dialling{Engine: e, campaign: c, limit: 1, offset: int(hash.Sum32() % refillRows)}
	for n := range c.Shards {
		if err := d.shard(ctx, (d.offset+n)%c.Shards, refillRows); err != nil {
			return err
		}
	}
	if d.placed > 0 {
		return nil
	}
	return d.finish(ctx)
}

// dialling is one round of a campaign.
type dialling struct {
	*Engine
	campaign campaign.Campaign
	limit    int // calls to place; 0: as many as the lines take
	offset   int // by how many rows the order of a page is turned

	full   bool // the lines take no more
	placed int
	works  []*Tracker
}

// maxErrors is how many contacts of a partition may fail before a round gives it up:
// one that cannot be dialled must not be in the way of the others, and storage that
// does not answer is not asked for each of them.
const maxErrors = 4

// shard attends to what is due in one partition.
func (d *dialling) shard(ctx context.Context, shard, rows int) error {
	due, err := d.Ledger.Due(ctx, d.campaign, shard, time.Now().UTC(), rows)
	if err != nil {
		return err
	}
	var failed []error
	for i := range due {
		row := due[(i+d.offset)%len(due)]
		if row.Value.Call != "" {
			err = d.checkAttempt(ctx, row)
		} else if !d.full && (d.limit == 0 || d.placed < d.limit) {
			err = d.dial(ctx, shard, row)
		}
		if err != nil && !errors.Is(err, table.ErrNewer) { // what a later version has written is left alone
			failed = append(failed, err)
		}
		if len(failed) == maxErrors {
			break
		}
	}
	return errors.Join(failed...)
}

// wait waits a little for the requests of the calls that were placed.
func (d *dialling) wait(ctx context.Context) {
	until := time.Now().Add(ReplyWait)
	for _, w := range d.works {
		w.Wait(ctx, time.Until(until))
	}
}

// finish ends the campaign if all of its contacts have come to an end.
func (d *dialling) finish(ctx context.Context) error {
	if d.placed > 0 || d.full {
		return nil
	}
	counters, err := d.Ledger.Counters(ctx, d.campaign)
	if err != nil || counters.Ended < d.campaign.Contacts {
		return err
	}
	c, err := d.Ledger.Finish(ctx, d.campaign.ID, counters.Ended, time.Now().UTC())
	if err == nil && c.State == campaign.StateDone {
		zerolog.Ctx(ctx).Info().Str("campaign", string(c.ID)).Int("contacts", c.Contacts).Msg("campaign done")
	}
	return err
}

// lookAfter looks after an attempt of which nothing was settled for so long. Its
// call settles it when it ends; this is for one that could not.
func (d *dialling) checkAttempt(ctx context.Context, row table.Row[campaign.DueEntry]) error {
	attempt, err := d.Calls.Load(ctx, row.Value.Call)
	switch {
	case errors.Is(err, table.ErrNotFound): // the sweep buries it
		return ignoreLostRace(d.Ledger.Postpone(ctx, row, time.Now().UTC().Add(OrphanAfter)))
	case err != nil:
		return err
	case attempt.Value.State != call.StateEnded:
		return ignoreLostRace(d.Ledger.Postpone(ctx, row, time.Now().UTC().Add(d.Limits.Confirm)))
	default:
		return d.Ledger.Settle(ctx, d.campaign.ID, settlement(attempt.Value))
	}
}

// untilNext drops the error that says that somebody else was faster: there is
// another round.
func ignoreLostRace(err error) error {
	if errors.Is(err, table.ErrConflict) || errors.Is(err, table.ErrNotFound) {
		return nil
	}
	return err
}

// dial takes one due contact to its call. The order of the writes is what makes it
// right, whoever dies where: the call is on the list of what owes something before
// anything is taken for it, so that the sweep gives back whatever was taken if the
// call is not written within buryAfter; and it is written before ACS is asked.
func (d *dialling) dial(ctx context.Context, shard int, row table.Row[campaign.DueEntry]) error {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	contact, err := d.Ledger.Contact(ctx, d.campaign.ID, shard, row.Value.Contact)
	if err != nil {
		return err
	}
	if contact.State != campaign.ContactWaiting {
		return nil // somebody else was faster
	}
	number, err := d.Ledger.Number(ctx, row.Value.Number)
	if err != nil {
		return err
	}
	switch verdict := campaign.Gate(d.campaign, contact, number); {
	case verdict.Final():
		return ignoreLostRace(d.Ledger.Refuse(ctx, row, verdict.Rule))
	case !verdict.Allowed:
		return nil
	}
	before, taken, err := d.isReserved(ctx, number)
	if err != nil {
		return err
	}
	if taken {
		return ignoreLostRace(d.Ledger.Postpone(ctx, row, time.Now().UTC().Add(reservedWait)))
	}
	line, err := d.lineWithRoom(ctx)
	if errors.Is(err, campaign.ErrLineFull) {
		d.full = true
		return nil
	}
	if err != nil {
		return err
	}

	now := time.Now().UTC()
	id := contact.NextCall(d.campaign.ID)
	order := call.Dial{Line: line, Callee: rawNumber(contact.Number), Attempt: call.AttemptRef{
		Campaign: string(d.campaign.ID), Contact: string(contact.ID), Shard: shard, Claim: contact.Claim + 1,
	}}
	if err := d.Calls.Schedule(ctx, id, now.Add(ScheduleAhead), now, &order); err != nil {
		return err
	}
	if _, _, err := d.Ledger.Claim(ctx, d.campaign, row, line, now, now.Add(d.Limits.Confirm)); err != nil {
		return ignoreLostRace(err) // somebody else's now, with the list's row
	}
	if err := d.reserve(ctx, id, before, order, now); err != nil {
		if errors.Is(err, campaign.ErrLineFull) || errors.Is(err, campaign.ErrReserved) || errors.Is(err, campaign.ErrOptedOut) {
			return d.Tombstone(ctx, id, order)
		}
		return err // the sweep buries it
	}
	limits := d.Limits
	limits.Ring = d.campaign.Ring
	w, err := d.Start(ctx, id, call.Event{
		Key: "dialled", At: now.Round(0), Body: call.Dialled{Dial: order, Flow: d.campaign.Flow, Limits: limits},
	})
	if err != nil {
		return err
	}
	if c := w.Call(); c.State == call.StateEnded { // it was buried before it was claimed, or refused already
		return d.RollBack(ctx, c, order.Line)
	}
	d.placed++
	d.works = append(d.works, w)
	return nil
}

// take reserves the number and then holds a place on the line. Before is a call that
// is over and may have the number still.
func (d *dialling) reserve(ctx context.Context, id call.ID, before call.Call, order call.Dial, now time.Time) error {
	number, _ := numberOf(order.Callee)
	_, err := d.Ledger.EditNumber(ctx, number, func(n campaign.Number) (campaign.Number, error) {
		return n.Release(before.ID, before.Outcome.Spends()).Reserve(id, now)
	})
	if err != nil {
		return err
	}
	_, err = d.Ledger.EditLine(ctx, order.Line, func(l campaign.Line) (campaign.Line, error) {
		return l.Hold(campaign.Holder{Call: id, Leg: call.CreateOp, Since: now}, d.LineCalls)
	})
	return err
}

// taken reports whether an attempt at the number is under way. One whose call is
// over is not, though its reservation was not released yet: that call is returned.
// It still is if the call owes an opt-out, which the gate could not see yet.
func (d *dialling) isReserved(ctx context.Context, n campaign.Number) (before call.Call, taken bool, err error) {
	if n.Call == "" {
		return call.Call{}, false, nil
	}
	c, over, err := d.HasEnded(ctx, n.Call)
	return c, !over || c.Pending.Has(outbox.VerbOptOut), err
}

// line is the first of the campaign's lines that has room for a call.
func (d *dialling) lineWithRoom(ctx context.Context) (string, error) {
	for _, name := range d.campaign.Lines {
		l, err := d.Ledger.Line(ctx, name)
		if err != nil {
			return "", err
		}
		if !l.Room(d.LineCalls, time.Now().UTC()) {
			if l, err = d.removeStaleHolders(ctx, name, l); err != nil {
				return "", err
			}
		}
		if l.Room(d.LineCalls, time.Now().UTC()) {
			return name, nil
		}
	}
	return "", campaign.ErrLineFull
}

// tidy takes those off a full line whose calls are over. Their calls do so
// themselves; this is for one that could not.
func (d *dialling) removeStaleHolders(ctx context.Context, name string, l campaign.Line) (campaign.Line, error) {
	var over []campaign.Holder
	for _, h := range l.Holders {
		if time.Since(h.Since) < OrphanAfter {
			continue
		}
		_, ended, err := d.HasEnded(ctx, h.Call)
		if err != nil {
			return l, err
		}
		if ended {
			over = append(over, h)
		}
	}
	if len(over) == 0 {
		return l, nil
	}
	return d.Ledger.EditLine(ctx, name, func(l campaign.Line) (campaign.Line, error) {
		for _, h := range over {
			l = l.Release(h)
		}
		return l, nil
	})
}

// over reports whether the call has ended, and returns it. One that is not written
// yet has not: it is about to be, or is buried.
func (e *Engine) HasEnded(ctx context.Context, id call.ID) (call.Call, bool, error) {
	row, err := e.Calls.Load(ctx, id)
	if errors.Is(err, table.ErrNotFound) || errors.Is(err, table.ErrNewer) {
		err = nil
	}
	return row.Value, row.Value.State == call.StateEnded, err
}

// gate asks again whether a call may be placed. Nil: it could not be asked, and the
// call waits.
func (e *Engine) gate(ctx context.Context, c call.Call) *call.DialVerdict {
	verdict, err := e.verdict(ctx, c)
	if err != nil {
		zerolog.Ctx(ctx).Debug().Err(err).Str("call", string(c.ID)).Msg("gate not asked")
		return nil
	}
	if verdict.Allowed {
		return &call.DialVerdict{Allowed: true, Rule: "dial"} // histories store this rule for an allowed dial
	}
	return &call.DialVerdict{Rule: string(verdict.Rule)}
}

func (e *Engine) verdict(ctx context.Context, c call.Call) (campaign.Verdict, error) {
	of, err := e.Ledger.Campaign(ctx, campaign.ID(c.Attempt.Campaign))
	if err != nil {
		return campaign.Verdict{}, err
	}
	contact, err := e.Ledger.Contact(ctx, of.ID, c.Attempt.Shard, campaign.ContactID(c.Attempt.Contact))
	if err != nil {
		return campaign.Verdict{}, err
	}
	number, err := e.Ledger.Number(ctx, contact.Number)
	if err != nil {
		return campaign.Verdict{}, err
	}
	return campaign.Gate(of, contact, number), nil
}

// rawNumber is the raw id of a telephone number.
func rawNumber(number string) string { return "4:" + number }
