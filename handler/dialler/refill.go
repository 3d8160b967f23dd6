package dialler

import (
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"switchboard/handler/call"
	"switchboard/handler/campaign"
	"switchboard/handler/digest"
)

// Refill gives the place of an ended call to a contact that is due, of any campaign on the line. It is a hint
// and returns at once: if it fails, the next round fills the place.
func (d *Dialler) Refill(ctx context.Context, ended call.Call) {
	if ended.Attempt == (call.AttemptRef{}) {
		return
	}
	d.engine.Go(ctx, func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, dialTimeout)
		defer cancel()
		if err := d.refill(ctx, ended); err != nil {
			zerolog.Ctx(ctx).Debug().Err(err).Str("line", ended.Line).Msg("place left to the next round")
		}
	})
}

// refill dials one due contact. The campaigns on the line are asked in a random order, so that each has its
// share of the places.
func (d *Dialler) refill(ctx context.Context, ended call.Call) error {
	campaigns, err := d.ledger.Running(ctx)
	if err != nil {
		return err
	}
	campaigns = slices.DeleteFunc(campaigns, func(c campaign.Campaign) bool { return !slices.Contains(c.Lines, ended.Line) })
	p, err := d.readPlaces(ctx, []string{ended.Line})
	if err != nil {
		return err
	}
	var failed []error
	for _, i := range rand.Perm(len(campaigns)) {
		c := campaigns[i]
		if p.none() {
			break
		}
		if d.quiet.has(c.ID, time.Now()) && string(c.ID) != ended.Attempt.Campaign {
			continue
		}
		dialled, err := d.refillFrom(ctx, c, p, ended)
		failed = append(failed, err)
		if dialled {
			break
		}
	}
	return errors.Join(failed...)
}

// refillFrom dials one due contact of a campaign, and reports whether it has. It starts at a shard and at a row
// that the ended call's id chooses, so that calls that end at the same time do not conflict over one contact.
func (d *Dialler) refillFrom(ctx context.Context, c campaign.Campaign, p *places, ended call.Call) (bool, error) {
	sum := digest.Sum(string(ended.ID))
	r := &round{
		Dialler: d, campaign: c, places: p, until: time.Now().Add(roundTime),
		limit: 1, offset: int(binary.BigEndian.Uint32(sum[:]) % refillRows),
	}
	for n := range c.Shards {
		if _, err := r.shard(ctx, (r.offset+n)%c.Shards, refillRows); err != nil {
			return r.dialled > 0, err
		}
		if r.dialled > 0 {
			return true, nil
		}
	}
	r.noteQuiet()
	if r.next.After(time.Now()) {
		d.engine.AnnounceRound(ctx, string(c.ID), r.next)
	}
	return false, r.finish(ctx)
}

// quietTime is how long a campaign without a due contact is not asked for one.
const quietTime = time.Minute

// quietCampaigns remembers the campaigns that had no due contact, and until when: a hint that saves lists. The
// zero value is ready for use; it may be used concurrently.
type quietCampaigns struct {
	mu    sync.Mutex
	until map[campaign.ID]time.Time
}

// has reports whether the campaign has no due contact, as far as this process knows.
func (q *quietCampaigns) has(id campaign.ID, now time.Time) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return now.Before(q.until[id])
}

// set remembers that the campaign has no due contact until a time. A time that is past removes it.
func (q *quietCampaigns) set(id campaign.ID, until, now time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.until == nil {
		q.until = map[campaign.ID]time.Time{}
	}
	for other, past := range q.until {
		if past.Before(now) {
			delete(q.until, other)
		}
	}
	q.until[id] = until
}
