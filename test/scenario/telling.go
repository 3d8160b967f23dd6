package scenario

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"switchboard/handler/call"
	"switchboard/handler/campaign"
)

// telling is one run of a story.
type telling struct {
	World
	order  []string           // names of the calls, as they came
	rung   map[string]string  // name of a call to the simulator's id
	posted map[string]call.ID // name of a call that an event opened to its id
	// campaigns are the ids of those that were created, by their names.
	campaigns map[string]campaign.ID
	status    int // what the webhook answered to the last event
}

func newTelling(w World) *telling {
	return &telling{World: w, rung: map[string]string{}, posted: map[string]call.ID{}, campaigns: map[string]campaign.ID{}}
}

// errUnanswered says that the exchange has not said yet by which id it knows a
// call.
var errUnanswered = errors.New("the exchange has not answered it")

// id is the exchange's id of a call. That of a simulated call stands in the
// address to which the exchange wants its callbacks.
func (t *telling) id(name string) (call.ID, error) {
	if id, ok := t.posted[name]; ok {
		if id == "" {
			return "", errors.New("the event opens no call")
		}
		return id, nil
	}
	for _, info := range t.ACS.Calls() {
		if info.ID != t.rung[name] {
			continue
		}
		if info.CallbackURI == "" {
			return "", errUnanswered
		}
		u, err := url.Parse(info.CallbackURI)
		if err != nil {
			return "", errors.New("the address for its callbacks is none")
		}
		return call.ID(u.Path[strings.LastIndexByte(u.Path, '/')+1:]), nil
	}
	return "", fmt.Errorf("there is no call %s", name)
}

func (t *telling) played() Played {
	var p Played
	for _, name := range t.order {
		if id, err := t.id(name); err == nil {
			p.Calls = append(p.Calls, id)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(t.campaigns)) {
		p.Campaigns = append(p.Campaigns, t.campaigns[name])
	}
	return p
}

// lookEvery is how often an expectation is looked at.
const lookEvery = 250 * time.Millisecond

// until looks until there is nothing left to object, for so long at most. The
// error is the last objection.
func (t *telling) until(ctx context.Context, within time.Duration, objection func(context.Context) error) error {
	if within == 0 {
		within = t.Patience
	}
	if within == 0 {
		within = defaultPatience
	}
	late := time.NewTimer(within)
	defer late.Stop()
	for {
		err := objection(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w (%w)", err, ctx.Err())
		case <-late.C:
			return fmt.Errorf("%w, after %v", err, within)
		case <-time.After(lookEvery):
		}
	}
}

// pause lets time go by.
type pause time.Duration

func (p pause) run(ctx context.Context, _ *telling) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(time.Duration(p)):
		return nil
	}
}
