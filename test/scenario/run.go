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

// run is one run of a scenario.
type run struct {
	Env
	began     time.Time
	callNames []string               // names of the calls, in the order of the lines
	placed    map[string]string      // the simulator's ids of the calls that were placed, by name
	posted    map[string]call.ID     // the ids of the calls that posted events opened, by name
	campaigns map[string]campaign.ID // the ids of the campaigns that were created, by name
	status    int                    // the webhook's status code for the last event
}

func newRun(e Env) *run {
	return &run{
		Env: e, began: time.Now(),
		placed: map[string]string{}, posted: map[string]call.ID{}, campaigns: map[string]campaign.ID{},
	}
}

// errNotAnswered is the error of a call whose id in the handler is not known yet.
var errNotAnswered = errors.New("the handler has not answered it")

// id returns the handler's id of a call. For a simulated call it is the last segment
// of the address that the handler gave for its callbacks.
func (r *run) id(name string) (call.ID, error) {
	if id, ok := r.posted[name]; ok {
		if id == "" {
			return "", errors.New("the event opens no call")
		}
		return id, nil
	}
	for _, info := range r.ACS.Calls() {
		if info.ID != r.placed[name] {
			continue
		}
		if info.CallbackURI == "" {
			return "", errNotAnswered
		}
		u, err := url.Parse(info.CallbackURI)
		if err != nil {
			return "", errors.New("the address for its callbacks is none")
		}
		return call.ID(u.Path[strings.LastIndexByte(u.Path, '/')+1:]), nil
	}
	return "", fmt.Errorf("there is no call %s", name)
}

func (r *run) result() Result {
	result := Result{Began: r.began}
	for _, name := range r.callNames {
		if id, err := r.id(name); err == nil {
			result.Calls = append(result.Calls, Named[call.ID]{name, id})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.campaigns)) {
		result.Campaigns = append(result.Campaigns, Named[campaign.ID]{name, r.campaigns[name]})
	}
	return result
}

// checkInterval is the time between two checks of an expectation.
const checkInterval = 250 * time.Millisecond

// until repeats check until it returns nil, or limit has passed. The error is the
// last one of check.
func (r *run) until(ctx context.Context, limit time.Duration, check func(context.Context) error) error {
	if limit == 0 {
		limit = r.Timeout
	}
	if limit == 0 {
		limit = defaultTimeout
	}
	timeout := time.NewTimer(limit)
	defer timeout.Stop()
	for {
		err := check(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w (%w)", err, ctx.Err())
		case <-timeout.C:
			return fmt.Errorf("%w, after %v", err, limit)
		case <-time.After(checkInterval):
		}
	}
}

// pause is `wait DURATION`.
type pause time.Duration

func (p pause) run(ctx context.Context, _ *run) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(time.Duration(p)):
		return nil
	}
}
