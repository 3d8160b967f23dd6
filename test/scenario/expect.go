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

	"switchboard/handler/call"
)

// expectation is one `expect` line: what must come true, and by when.
type expectation struct {
	objection func(context.Context, *telling) error // nil: it is true
	within    time.Duration                         // 0: the world's patience
}

func (e *expectation) run(ctx context.Context, t *telling) error {
	return t.until(ctx, e.within, func(ctx context.Context) error { return e.objection(ctx, t) })
}

// callFacts are the keys of a call, and the ways to write their values: a list
// is how many it holds, or what it holds, by comma.
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

// ofPeople are the keys whose values may hold names.
var ofPeople = map[string]bool{"agents": true, "participants": true}

// list is the ways to write a list: how long it is, and what it holds.
func list[T any](l []T, word func(T) string) []string {
	words := make([]string, len(l))
	for i, v := range l {
		words[i] = word(v)
	}
	return []string{strconv.Itoa(len(l)), strings.Join(words, ",")}
}

// worldFacts are the keys that belong to no call.
var worldFacts = map[string]func(context.Context, *telling) (int, error){
	// live is how many calls still owe something.
	"worklist": func(ctx context.Context, t *telling) (int, error) {
		rows, err := t.Calls.Worklist(ctx)
		return len(rows), err
	},
	// status is what the webhook answered to the last event.
	"status": func(_ context.Context, t *telling) (int, error) { return t.status, nil },
}

// parseExpect reads what follows `expect`.
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
		e.objection, err = n.parsePeople("rang", words[1:], func(t *telling, raw string) int { return t.ACS.RingsOf(raw) })
	case about == "joins":
		e.objection, err = n.parsePeople("came in", words[1:], joins)
	case about == "number":
		e.objection, err = parseOfNumber(words[1:])
	case n.campaigns[about] && len(words) > 1 && strings.HasPrefix(words[1], "+") && !strings.Contains(words[1], "="):
		e.objection, err = parseOfContact(about, words[1], words[2:])
	case n.campaigns[about]:
		e.objection, err = parseOfCampaign(about, words[1:])
	case strings.Contains(about, "="):
		e.objection, err = parseWorld(words)
	case !n.calls[about]:
		return nil, fmt.Errorf("no call or campaign is called %s", about)
	case len(words) == 2 && words[1] == "replays":
		e.objection = func(ctx context.Context, t *telling) error { return t.replays(ctx, about) }
	default:
		e.objection, err = n.parseOfCall(about, words[1:])
	}
	return e, err
}

// fact is KEY=VALUE.
type fact struct{ key, want string }

// parseFacts reads facts. A raw id has no equals sign; the last one counts.
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

// parseOfCall reads the facts of a call.
func (n names) parseOfCall(name string, words []string) (func(context.Context, *telling) error, error) {
	facts, err := parseFacts(words)
	if err != nil {
		return nil, err
	}
	for i, f := range facts {
		if callFacts[f.key] == nil {
			return nil, fmt.Errorf("a call has no %q, only %s", f.key, known(callFacts))
		}
		if ofPeople[f.key] {
			facts[i].want = n.rawIDs(f.want)
		}
	}
	return func(ctx context.Context, t *telling) error {
		id, err := t.id(name)
		if err != nil {
			return err
		}
		row, err := t.Calls.Load(ctx, id)
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

// rawIDs replaces names in a list by whom they stand for.
func (n names) rawIDs(value string) string {
	words := strings.Split(value, ",")
	for i, w := range words {
		if who := n.people[w]; who != "" {
			words[i] = who
		}
	}
	return strings.Join(words, ",")
}

// parseWorld reads the facts that belong to no call.
func parseWorld(words []string) (func(context.Context, *telling) error, error) {
	facts, err := parseFacts(words)
	if err != nil {
		return nil, err
	}
	wants := make([]int, len(facts))
	for i, f := range facts {
		if worldFacts[f.key] == nil {
			return nil, fmt.Errorf("the exchange has no %q, only %s", f.key, known(worldFacts))
		}
		if wants[i], err = strconv.Atoi(f.want); err != nil {
			return nil, fmt.Errorf("%q is not a number", f.want)
		}
	}
	return func(ctx context.Context, t *telling) error {
		for i, f := range facts {
			got, err := worldFacts[f.key](ctx, t)
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

// parsePeople reads numbers of people.
func (n names) parsePeople(did string, words []string, count func(*telling, string) int) (func(context.Context, *telling) error, error) {
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
	return func(_ context.Context, t *telling) error {
		for i, f := range facts {
			if got := count(t, f.key); got != wants[i] {
				return fmt.Errorf("%s %s %d times", words[i][:strings.LastIndexByte(words[i], '=')], did, got)
			}
		}
		return nil
	}, nil
}

// joins is how often somebody came into a call.
func joins(t *telling, who string) int {
	count := 0
	for _, info := range t.ACS.Calls() {
		for _, p := range info.Participants {
			if p.RawID == who || p.RawID == "4:"+who {
				count++
			}
		}
	}
	return count
}

func known[V any](m map[string]V) string { return strings.Join(slices.Sorted(maps.Keys(m)), ", ") }
