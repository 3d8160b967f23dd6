// Package dialler places the calls of campaigns: it dials their due contacts, and settles the attempts when
// the calls end. Package campaign decides, package store keeps the rows, and the calls themselves are the
// engine's.
//
// Its one rule: a call is on the worklist before anything is reserved for it, so that the reservations of a
// crashed process are found and released.
package dialler

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"switchboard/handler/call"
	"switchboard/handler/call/outbox"
	"switchboard/handler/campaign"
	"switchboard/handler/engine"
	"switchboard/handler/store"
)

// Dialler dials. All of its methods may be called concurrently, by any number of processes on one storage,
// and repeated.
type Dialler struct {
	engine *engine.Engine
	ledger *store.Ledger
	Options
}

// Options are the settings of a Dialler.
type Options struct {
	Limits    call.Limits // of the calls that it places
	LineCalls int         // calls to telephones that a line may hold at a time
}

// New returns the Dialler that places its calls with the engine. It makes it the engine's gate and refiller,
// and what performs the engine's local actions on numbers, lines and campaigns.
func New(e *engine.Engine, ledger *store.Ledger, o Options) *Dialler {
	d := &Dialler{engine: e, ledger: ledger, Options: o}
	e.Gate, e.Refiller, e.Reservations = d, d, d
	e.SetLocal(outbox.VerbBackOff, d.backOff)
	e.SetLocal(outbox.VerbOptOut, d.optOut)
	e.SetLocal(outbox.VerbSettle, d.settle)
	e.SetLocal(outbox.VerbRelease, d.release)
	return d
}

const (
	// roundRows is the number of due contacts of a partition that one round reads.
	roundRows = 64
	// refillRows is the number of due contacts to which the place of an ended call is offered.
	refillRows = 16
	// parallelCampaigns is the number of campaigns that are dialled at the same time.
	parallelCampaigns = 8
	// dialTimeout bounds the dial of one contact. It is well below engine.OrphanAfter, so that no dial is
	// taken for a crashed one while it is going on.
	dialTimeout = 20 * time.Second
	// reservedWait is how long a contact waits while another attempt has reserved its number.
	reservedWait = time.Minute
)

// Dial runs one round of dialling: it dials the due contacts of each running campaign, as many as the
// campaign's lines have places for. The error names the campaigns that failed; the next round dials them.
func (d *Dialler) Dial(ctx context.Context) error {
	campaigns, err := d.ledger.Running(ctx)
	if err != nil {
		return err
	}
	var all errgroup.Group
	all.SetLimit(parallelCampaigns)
	for _, i := range rand.Perm(len(campaigns)) {
		c := campaigns[i]
		all.Go(func() error {
			if err := d.dialCampaign(ctx, c); err != nil {
				return fmt.Errorf("campaign %s: %w", c.ID, err)
			}
			return nil
		})
	}
	return all.Wait()
}

// dialCampaign runs one round of a campaign.
func (d *Dialler) dialCampaign(ctx context.Context, c campaign.Campaign) error {
	r := &round{Dialler: d, campaign: c}
	first := rand.IntN(c.Shards)
	for n := range c.Shards {
		if err := r.shard(ctx, (first+n)%c.Shards, roundRows); err != nil {
			return err
		}
	}
	r.wait(ctx)
	return r.finish(ctx)
}

// Begin dials a campaign that has been started, before the next round. It is a hint and returns at once: if
// it fails, the next round dials.
func (d *Dialler) Begin(ctx context.Context, id campaign.ID) {
	d.engine.Go(ctx, func(ctx context.Context) {
		c, err := d.ledger.Campaign(ctx, id)
		if err == nil && c.State == campaign.StateRunning {
			err = d.dialCampaign(ctx, c)
		}
		if err != nil {
			zerolog.Ctx(ctx).Debug().Err(err).Str("campaign", string(id)).Msg("campaign left to the next round")
		}
	})
}
