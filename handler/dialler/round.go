package dialler

import (
	"context"
	"errors"
	"time"

	"github.com/rs/zerolog"

	"switchboard/handler/call"
	"switchboard/handler/campaign"
	"switchboard/handler/engine"
	"switchboard/handler/store"
	"switchboard/handler/table"
)

// round is one round of dialling a campaign.
type round struct {
	*Dialler
	campaign campaign.Campaign
	limit    int // calls to place; 0: as many as the lines take
	offset   int // number of rows by which the order of a page is rotated

	full     bool // the lines take no more
	dialled  int
	trackers []*engine.Tracker
}

// maxErrors is the number of contacts of a partition that can be neither dialled nor put off before a round
// gives the partition up: then storage does not answer, and is not asked for each of them.
const maxErrors = 4

// putOff is how long a contact waits that could not be dialled, so that it does not stop the others.
const putOff = time.Minute

// shard attends to the entries that are due in one partition.
func (r *round) shard(ctx context.Context, shard, rows int) error {
	due, err := r.ledger.Due(ctx, r.campaign, shard, time.Now().UTC(), rows)
	if err != nil {
		return err
	}
	var failed []error
	stuck := 0
	for i := range due {
		row := due[(i+r.offset)%len(due)]
		if row.Value.Call != "" {
			err = r.checkAttempt(ctx, row)
		} else if !r.full && (r.limit == 0 || r.dialled < r.limit) {
			err = r.dial(ctx, shard, row)
		}
		if err == nil || errors.Is(err, table.ErrNewer) { // rows of a later version are not touched
			continue
		}
		failed = append(failed, err)
		if err := r.putOff(ctx, row); err != nil && !errors.Is(err, table.ErrUnreadable) {
			if stuck++; stuck == maxErrors {
				break
			}
		}
	}
	return errors.Join(failed...)
}

// putOff postpones the entry of a contact that could not be dialled.
func (r *round) putOff(ctx context.Context, row table.Row[campaign.DueEntry]) error {
	return store.IgnoreConflict(r.ledger.Postpone(ctx, row, time.Now().UTC().Add(putOff)))
}

// wait waits for the requests of the calls that were placed, engine.ReplyWait at most.
func (r *round) wait(ctx context.Context) {
	until := time.Now().Add(engine.ReplyWait)
	for _, t := range r.trackers {
		t.Wait(ctx, time.Until(until))
	}
}

// finish ends the campaign if all of its contacts have ended.
func (r *round) finish(ctx context.Context) error {
	if r.dialled > 0 || r.full {
		return nil
	}
	counters, err := r.ledger.Counters(ctx, r.campaign)
	if err != nil || counters.Ended < r.campaign.Contacts {
		return err
	}
	c, err := r.ledger.Finish(ctx, r.campaign.ID, counters.Ended, time.Now().UTC())
	if err == nil && c.State == campaign.StateDone {
		zerolog.Ctx(ctx).Info().Str("campaign", string(c.ID)).Int("contacts", c.Contacts).Msg("campaign done")
	}
	return err
}

// checkAttempt checks an attempt that was not settled in time. A call settles its attempt when it ends; this
// is for calls that could not.
func (r *round) checkAttempt(ctx context.Context, row table.Row[campaign.DueEntry]) error {
	attempt, err := r.engine.Calls.Load(ctx, row.Value.Call)
	switch {
	case errors.Is(err, table.ErrNotFound): // the sweep writes a tombstone
		return store.IgnoreConflict(r.ledger.Postpone(ctx, row, time.Now().UTC().Add(engine.OrphanAfter)))
	case err != nil:
		return err
	case attempt.Value.State != call.StateEnded:
		return store.IgnoreConflict(r.ledger.Postpone(ctx, row, time.Now().UTC().Add(r.Limits.Confirm)))
	default:
		return r.ledger.Settle(ctx, r.campaign.ID, settlement(attempt.Value))
	}
}
