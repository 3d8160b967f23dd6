package scenario

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"switchboard/handler/acs"
	"switchboard/handler/call"
)

// expectation is one `expect` line.
type expectation struct {
	check  func(context.Context, *run) error // returns nil if the expectation is true
	within time.Duration                     // 0: Env.Timeout
}

func (e *expectation) run(ctx context.Context, r *run) error {
	return r.until(ctx, e.within, func(ctx context.Context) error { return e.check(ctx, r) })
}

// callFacts are the keys of a call, with the ways to write their values: a list is
// written as its length, or as its elements with commas.
var callFacts = map[string]func(call.Call) []string{
	"state":      func(c call.Call) []string { return []string{string(c.State)} },
	"outcome":    func(c call.Call) []string { return []string{string(c.Outcome)} },
	"node":       func(c call.Call) []string { return []string{c.Node} },
	"operations": func(c call.Call) []string { return []string{strconv.Itoa(c.Ops)} },
	"agents":     func(c call.Call) []string { return list(c.Agents, func(p call.JoinedAgent) string { return p.ID }) },
	"participants": func(c call.Call) []string {
		return list(c.Roster.Participants, func(p call.Participant) string { return p.ID })
	},
	"recordings": func(c call.Call) []string {
		return list(c.Recordings, func(r call.Recording) string { return string(r.State) })
	},
}

// personKeys are the keys whose values may hold names.
var personKeys = map[string]bool{"agents": true, "participants": true}

// list returns the ways to write a list: its length, and its elements with commas.
func list[T any](l []T, word func(T) string) []string {
	words := make([]string, len(l))
	for i, v := range l {
		words[i] = word(v)
	}
	return []string{strconv.Itoa(len(l)), strings.Join(words, ",")}
}

// globalFacts are the keys that belong to no call.
var globalFacts = map[string]func(context.Context, *run) (int, error){
	// worklist is the number of calls and recordings with outstanding work.
	"worklist": func(ctx context.Context, r *run) (int, error) {
		rows, err := r.Calls.Worklist(ctx)
		return len(rows), err
	},
	// status is the webhook's status code for the last event.
	"status": func(_ context.Context, r *run) (int, error) { return r.status, nil },
}

// parseExpect reads the arguments of `expect`.
func (n names) parseExpect(text string) (command, error) {
	words := strings.Fields(text)
	e := &expectation{}
	if len(words) >= 2 && words[len(words)-2] == "within" {
		var err error
		if e.within, err = parseDuration(words[len(words)-1]); err != nil {
			return nil, err
		}
		words = words[:len(words)-2]
	}
	if len(words) == 0 {
		return nil, errors.New("nothing is expected")
	}
	var err error
	switch about := words[0]; {
	case about == "rings":
		e.check, err = n.parsePersonCounts("rang", words[1:], func(r *run, raw string) int { return r.ACS.RingsOf(raw) })
	case about == "joins":
		e.check, err = n.parsePersonCounts("joined", words[1:], joinsOf)
	case about == "number":
		e.check, err = parseNumberFacts(words[1:])
	case n.campaigns[about] && len(words) > 1 && strings.HasPrefix(words[1], "+") && !strings.Contains(words[1], "="):
		e.check, err = parseContactFacts(about, words[1], words[2:])
	case n.campaigns[about]:
		e.check, err = parseCampaignFacts(about, words[1:])
	case strings.Contains(about, "="):
		e.check, err = parseGlobalFacts(words)
	case !n.calls[about]:
		return nil, fmt.Errorf("no call or campaign is called %s", about)
	case len(words) == 2 && words[1] == "replays":
		e.check = func(ctx context.Context, r *run) error { return r.expectReplay(ctx, about) }
	default:
		e.check, err = n.parseCallFacts(about, words[1:])
	}
	return e, err
}

// fact is KEY=VALUE.
type fact struct{ key, want string }

// parseFacts reads facts. Each is cut at its last equals sign.
func parseFacts(words []string) ([]fact, error) {
	if len(words) == 0 {
		return nil, errors.New("nothing is expected")
	}
	var facts []fact
	for _, w := range words {
		at := strings.LastIndexByte(w, '=')
		if at <= 0 {
			return nil, fmt.Errorf("%q is not KEY=VALUE", w)
		}
		facts = append(facts, fact{w[:at], w[at+1:]})
	}
	return facts, nil
}

// parseCallFacts reads the facts of a call.
func (n names) parseCallFacts(name string, words []string) (func(context.Context, *run) error, error) {
	facts, err := parseFacts(words)
	if err != nil {
		return nil, err
	}
	for i, f := range facts {
		if callFacts[f.key] == nil {
			return nil, fmt.Errorf("a call has no %q, only %s", f.key, keys(callFacts))
		}
		if personKeys[f.key] {
			facts[i].want = n.rawIDs(f.want)
		}
	}
	return func(ctx context.Context, r *run) error {
		id, err := r.id(name)
		if err != nil {
			return err
		}
		row, err := r.Calls.Load(ctx, id)
		if err != nil {
			return err
		}
		for _, f := range facts {
			if got := callFacts[f.key](row.Value); !slices.Contains(got, f.want) {
				return fmt.Errorf("%s is %s", f.key, strings.Join(got, ": "))
			}
		}
		return nil
	}, nil
}

// rawIDs replaces names in a list by their raw ids or numbers.
func (n names) rawIDs(value string) string {
	words := strings.Split(value, ",")
	for i, w := range words {
		if who := n.people[w]; who != "" {
			words[i] = who
		}
	}
	return strings.Join(words, ",")
}

// parseGlobalFacts reads the facts that belong to no call.
func parseGlobalFacts(words []string) (func(context.Context, *run) error, error) {
	facts, err := parseFacts(words)
	if err != nil {
		return nil, err
	}
	wants := make([]int, len(facts))
	for i, f := range facts {
		if globalFacts[f.key] == nil {
			return nil, fmt.Errorf("there is no fact %q, only %s", f.key, keys(globalFacts))
		}
		if wants[i], err = strconv.Atoi(f.want); err != nil {
			return nil, fmt.Errorf("%q is not a number", f.want)
		}
	}
	return func(ctx context.Context, r *run) error {
		for i, f := range facts {
			got, err := globalFacts[f.key](ctx, r)
			if err != nil {
				return err
			}
			if got != wants[i] {
				return fmt.Errorf("%s is %d", f.key, got)
			}
		}
		return nil
	}, nil
}

// parsePersonCounts reads WHO=N, the number of times that a person did something.
func (n names) parsePersonCounts(
	did string, words []string, count func(*run, string) int,
) (func(context.Context, *run) error, error) {
	facts, err := parseFacts(words)
	if err != nil {
		return nil, err
	}
	wants := make([]int, len(facts))
	for i, f := range facts {
		if facts[i].key, err = n.person(f.key); err != nil {
			return nil, err
		}
		if wants[i], err = strconv.Atoi(f.want); err != nil {
			return nil, fmt.Errorf("%q is not a number", f.want)
		}
	}
	return func(_ context.Context, r *run) error {
		for i, f := range facts {
			if got := count(r, f.key); got != wants[i] {
				return fmt.Errorf("%s %s %d times", words[i][:strings.LastIndexByte(words[i], '=')], did, got)
			}
		}
		return nil
	}, nil
}

// joinsOf counts how often a person joined a call.
func joinsOf(r *run, who string) int {
	count := 0
	for _, info := range r.ACS.Calls() {
		for _, p := range info.Participants {
			if p.RawID == who || p.RawID == acs.PhoneNumber(who).RawID() {
				count++
			}
		}
	}
	return count
}

// keys lists the keys of m.
func keys[V any](m map[string]V) string { return strings.Join(slices.Sorted(maps.Keys(m)), ", ") }
