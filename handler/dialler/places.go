package dialler

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"switchboard/handler/campaign"
	"switchboard/handler/engine"
)

const (
	// parallelReads is the number of lines that are read at the same time.
	parallelReads = 16
	// staleChecks is the number of holders of full lines whose calls are read in one round.
	staleChecks = 16
)

// places are the places on a campaign's lines that a round may fill. Each line is read once. They are a hint:
// another process may fill a place at the same time, and the line's row decides.
type places struct {
	mu        sync.Mutex
	lines     []linePlaces
	next      int       // the line that is asked first for the next place
	notBefore time.Time // when the first of the lines may be dialled again that ACS has throttled; zero: none
}

// linePlaces are the free places on one line.
type linePlaces struct {
	name string // raw id
	free int
}

// readPlaces reads the free places on the lines.
func (d *Dialler) readPlaces(ctx context.Context, names []string) (*places, error) {
	rows := make([]campaign.Line, len(names))
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(parallelReads)
	for i, name := range names {
		group.Go(func() (err error) {
			rows[i], err = d.ledger.Line(groupCtx, name)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	d.removeStaleHolders(ctx, names, rows)
	p := &places{}
	now := time.Now().UTC()
	for i, l := range rows {
		p.lines = append(p.lines, linePlaces{names[i], l.Places(d.LineCalls, now)})
		if now.Before(l.NotBefore) && (p.notBefore.IsZero() || l.NotBefore.Before(p.notBefore)) {
			p.notBefore = l.NotBefore
		}
	}
	return p, nil
}

// take takes a place and returns its line, or campaign.ErrLineFull. The lines are asked in turn.
func (p *places) take() (line string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for range p.lines {
		l := &p.lines[p.next%len(p.lines)]
		p.next++
		if l.free > 0 {
			l.free--
			return l.name, nil
		}
	}
	return "", campaign.ErrLineFull
}

// giveBack gives back a place that was taken and not filled.
func (p *places) giveBack(line string) { p.change(line, func(free int) int { return free + 1 }) }

// full records that the line has no place any more.
func (p *places) full(line string) { p.change(line, func(int) int { return 0 }) }

func (p *places) change(line string, to func(free int) int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := slices.IndexFunc(p.lines, func(l linePlaces) bool { return l.name == line }); i >= 0 {
		p.lines[i].free = to(p.lines[i].free)
	}
}

// none reports whether all places are taken.
func (p *places) none() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !slices.ContainsFunc(p.lines, func(l linePlaces) bool { return l.free > 0 })
}

// staleHolder is a holder of a full line that may have been left behind.
type staleHolder struct {
	line int // index
	campaign.Holder
}

// removeStaleHolders removes holders of full lines whose calls have ended, and changes the lines' rows. A call
// releases its place when it ends; this is for calls that could not. Some of the holders are checked, chosen at
// random, staleChecks at most. It is a last resort, which stops no round: what fails is logged.
func (d *Dialler) removeStaleHolders(ctx context.Context, names []string, rows []campaign.Line) {
	var old []staleHolder
	for i, l := range rows {
		if !l.IsFull(d.LineCalls, time.Now().UTC()) {
			continue
		}
		for _, h := range l.Holders {
			if time.Since(h.Since) >= engine.OrphanAfter {
				old = append(old, staleHolder{i, h})
			}
		}
	}
	rand.Shuffle(len(old), func(i, j int) { old[i], old[j] = old[j], old[i] })
	for _, h := range old[:min(len(old), staleChecks)] {
		_, ended, err := d.engine.HasEnded(ctx, h.Call)
		if err == nil && ended {
			var l campaign.Line
			l, err = d.editLine(ctx, names[h.line], func(l campaign.Line) (campaign.Line, error) {
				return l.Release(h.Holder), nil
			})
			if err == nil {
				rows[h.line] = l
			}
		}
		if err != nil {
			zerolog.Ctx(ctx).Debug().Err(err).Str("call", string(h.Call)).Msg("holder of a line not checked")
		}
	}
}

// editLine replaces a line by edit of it. The edits of one line wait for each other within this process, instead
// of conflicting in storage.
func (d *Dialler) editLine(
	ctx context.Context, line string, edit func(campaign.Line) (campaign.Line, error),
) (campaign.Line, error) {
	unlock, err := d.lines.Lock(ctx, line)
	if err != nil {
		return campaign.Line{}, err
	}
	defer unlock()
	return d.ledger.EditLine(ctx, line, edit)
}
