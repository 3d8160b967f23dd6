package dialler

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"switchboard/handler/call"
	"switchboard/handler/campaign"
	"switchboard/handler/engine"
	"switchboard/handler/store"
	"switchboard/handler/table"
)

const (
	// roundRows is the number of entries of a partition that one round reads.
	roundRows = 64
	// roundTime is how long a round dials. What is left then is dialled by the next one.
	roundTime = 15 * time.Second
	// parallelShards is the number of partitions of a campaign that are dialled at the same time.
	parallelShards = 16
	// maxErrors is the number of contacts of a partition that can be neither dialled nor put off before a round
	// gives the partition up: then storage does not answer, and is not asked for each of them.
	maxErrors = 4
	// putOff is how long a contact waits that could not be dialled, so that it does not stop the others.
	putOff = time.Minute
)

// round is one round of dialling a campaign.
type round struct {
	*Dialler
	campaign campaign.Campaign
	places   *places
	until    time.Time // no contact is begun after it
	limit    int       // calls to place; 0: as many as there are places
	offset   int       // number of rows by which the order of a page is rotated

	mu       sync.Mutex
	due      int // contacts that are due
	dialled  int
	trackers []*engine.Tracker
	// next is when the campaign must be dialled again; zero: when a call ends, or by the timer.
	next time.Time
}

// dialCampaign runs one round of a campaign, and returns when the next one should be; zero: no earlier than a
// call of it ends, or the timer runs.
func (d *Dialler) dialCampaign(ctx context.Context, c campaign.Campaign) (next time.Time, err error) {
	p, err := d.readPlaces(ctx, c.Lines)
	if err != nil {
		return time.Time{}, err
	}
	r := &round{Dialler: d, campaign: c, places: p, until: time.Now().Add(roundTime)}
	first := rand.IntN(c.Shards)
	var shards errgroup.Group
	shards.SetLimit(parallelShards)
	for n := range c.Shards {
		shards.Go(func() error { return r.pages(ctx, (first+n)%c.Shards) })
	}
	err = shards.Wait()
	r.noteQuiet()
	r.wait(ctx)
	if p.none() {
		return r.nextWhenFull(time.Now()), err
	}
	return r.next, errors.Join(err, r.finish(ctx))
}

// nextWhenFull returns when the next round should be if the lines are full now: when a throttled line may be
// dialled again, or when another contact comes due. The contacts that are due now wait for the end of a call.
func (r *round) nextWhenFull(now time.Time) time.Time {
	next := r.places.notBefore
	if r.next.After(now) && (next.IsZero() || r.next.Before(next)) {
		next = r.next
	}
	return next
}

// pages attends to the entries that are due in one partition, page by page, as long as there are places.
func (r *round) pages(ctx context.Context, shard int) error {
	for {
		before := r.placed()
		full, err := r.shard(ctx, shard, roundRows)
		switch {
		case err != nil || !full || r.places.none():
			return err
		case r.placed() == before: // the timer comes back to them
			return nil
		case !time.Now().Before(r.until):
			r.dialAgain(time.Now())
			return nil
		}
	}
}

// placed returns the number of calls that the round has placed.
func (r *round) placed() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.dialled
}

// shard attends to the entries that are due in one partition, to a page of them at most, and reports whether the
// page was full: there may be more.
func (r *round) shard(ctx context.Context, shard, rows int) (full bool, err error) {
	now := time.Now().UTC()
	entries, err := r.ledger.Due(ctx, r.campaign, shard, now.Add(engine.AnnounceAhead), rows)
	if err != nil {
		return false, err
	}
	due := len(entries)
	for due > 0 && entries[due-1].Value.At.After(now) {
		due--
	}
	if due < len(entries) {
		r.dialAgain(entries[due].Value.At)
	}
	return due == rows, r.attendTo(ctx, shard, entries[:due])
}

// attendTo attends to entries that are due.
func (r *round) attendTo(ctx context.Context, shard int, due []table.Row[campaign.DueEntry]) error {
	var failed []error
	stuck := 0
	for i := range due {
		if !time.Now().Before(r.until) {
			r.dialAgain(time.Now())
			break
		}
		row := due[(i+r.offset)%len(due)]
		err := r.attend(ctx, shard, row)
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

// attend checks the attempt that the entry stands for, or dials its contact.
func (r *round) attend(ctx context.Context, shard int, row table.Row[campaign.DueEntry]) error {
	if row.Value.Call != "" {
		return r.checkAttempt(ctx, row)
	}
	if r.mayDial() {
		return r.dial(ctx, shard, row)
	}
	return nil
}

// noteQuiet remembers that the campaign has no due contact, if it had none in all partitions.
func (r *round) noteQuiet() {
	if r.due > 0 {
		return
	}
	now := time.Now()
	until := now.Add(quietTime)
	if !r.next.IsZero() && r.next.Before(until) {
		until = r.next
	}
	r.quiet.set(r.campaign.ID, until, now)
}

// mayDial counts a contact that is due, and reports whether the round may place another call.
func (r *round) mayDial() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.due++
	return r.limit == 0 || r.dialled < r.limit
}

// addDialled counts a call that was placed.
func (r *round) addDialled(t *engine.Tracker) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.dialled++
	r.trackers = append(r.trackers, t)
}

// dialAgain makes sure that the next round is at a time, or earlier.
func (r *round) dialAgain(at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.next.IsZero() || at.Before(r.next) {
		r.next = at
	}
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
	if r.dialled > 0 {
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
	case errors.Is(err, table.ErrNotFound): // the engine writes a tombstone when it attends to the call
		return store.IgnoreConflict(r.ledger.Postpone(ctx, row, time.Now().UTC().Add(engine.OrphanAfter)))
	case err != nil:
		return err
	case attempt.Value.State != call.StateEnded:
		return store.IgnoreConflict(r.ledger.Postpone(ctx, row, time.Now().UTC().Add(r.Limits.Confirm)))
	default:
		return r.settleAttempt(ctx, r.campaign.ID, settlement(attempt.Value))
	}
}
