// Package dialler places the calls of campaigns: it dials their due contacts, and settles the attempts when
// the calls end. Package campaign decides, package store keeps the rows, and the calls themselves are the
// engine's.
//
// Its one rule: a call is on the worklist before anything is reserved for it, so that the reservations of a
// crashed process are found and released.
package dialler

import (
	"context"
	"errors"
	"time"

	"github.com/rs/zerolog"

	"switchboard/handler/call"
	"switchboard/handler/call/outbox"
	"switchboard/handler/campaign"
	"switchboard/handler/engine"
	"switchboard/handler/keylock"
	"switchboard/handler/store"
	"switchboard/handler/table"
)

// Dialler dials. All of its methods may be called concurrently, by any number of processes on one storage,
// and repeated.
type Dialler struct {
	engine *engine.Engine
	ledger *store.Ledger
	Options

	lines keylock.Locks[string] // by raw id
	quiet quietCampaigns
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
	// refillRows is the number of due contacts to which the place of an ended call is offered.
	refillRows = 16
	// dialTimeout bounds the dial of one contact. It is well below engine.OrphanAfter, so that no dial is
	// taken for a crashed one while it is going on.
	dialTimeout = 20 * time.Second
	// reservedWait is how long a contact waits while another attempt has reserved its number.
	reservedWait = time.Minute
)

// Dial lets instances dial every running campaign, each by a message of its own, so that no campaign waits for
// another. A campaign whose message cannot be sent is dialled at once. The error names what failed; the next
// timer tries again.
func (d *Dialler) Dial(ctx context.Context) error {
	campaigns, err := d.ledger.Running(ctx)
	if err != nil {
		return err
	}
	for _, c := range campaigns {
		if err := d.engine.SendRound(ctx, string(c.ID)); err != nil {
			zerolog.Ctx(ctx).Warn().Err(err).Str("campaign", string(c.ID)).Msg("campaign dialled without a message")
			d.DialCampaign(ctx, c.ID)
		}
	}
	return nil
}

// DialCampaign runs one round of dialling a campaign, if it is running: it dials its due contacts, as many as
// its lines have places for, and announces the next round. It does not fail: what it could not do is left to
// the timer.
func (d *Dialler) DialCampaign(ctx context.Context, id campaign.ID) {
	c, err := d.ledger.Campaign(ctx, id)
	var next time.Time
	if err == nil && c.State == campaign.StateRunning {
		next, err = d.dialCampaign(ctx, c)
	}
	switch {
	case errors.Is(err, table.ErrNotFound), errors.Is(err, table.ErrNewer), errors.Is(err, table.ErrInvalid):
		zerolog.Ctx(ctx).Debug().Err(err).Str("campaign", string(id)).Msg("no campaign to dial")
		return
	case err != nil:
		zerolog.Ctx(ctx).Warn().Err(err).Str("campaign", string(id)).Msg("not all contacts could be dialled")
	}
	if !next.IsZero() {
		d.engine.AnnounceRound(ctx, string(id), next)
	}
}

// Begin dials a campaign that has been started. It is a hint and returns at once.
func (d *Dialler) Begin(ctx context.Context, id campaign.ID) {
	d.engine.Go(ctx, func(ctx context.Context) { d.DialCampaign(ctx, id) })
}
