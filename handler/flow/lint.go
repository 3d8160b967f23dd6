package flow

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"switchboard/handler/problem"
)

// maxText is the largest size of a spoken prompt, in bytes. ACS publishes no limit; this is some
// four minutes of speech.
const maxText = 4000

// maxNodes is the largest number of nodes of a flow. The time to find cycles grows with its
// square.
const maxNodes = 500

// Lint returns everything that is wrong with a flow: nodes that do not exist, cannot be reached
// or lead nowhere, cycles without a choice of a person, and members out of range. An empty
// result means that every call ends.
func Lint(f *Flow) problem.Faults {
	faults := f.check()
	if len(f.Nodes) > maxNodes {
		return append(faults, problem.Fault{Path: "nodes", Text: fmt.Sprintf("are %d, more than %d", len(f.Nodes), maxNodes)})
	}
	reached := f.reachable()
	for _, id := range slices.Sorted(maps.Keys(f.Nodes)) {
		if !reached[id] {
			faults = append(faults, problem.Fault{Path: "nodes." + id, Text: "cannot be reached from the start"})
		}
		if cycle := f.cycle(id); cycle != nil {
			text := "is on a cycle without a choice: " + strings.Join(cycle, " > ")
			faults = append(faults, problem.Fault{Path: "nodes." + id, Text: text})
		}
	}
	return faults
}

// check returns what is wrong with the nodes, each on its own, and with the ids that they lead to.
func (f *Flow) check() problem.Faults {
	var faults problem.Faults
	report := func(path, text string) { faults = append(faults, problem.Fault{Path: path, Text: text}) }
	target := func(path, id string) {
		if id == "" {
			report(path, "is missing")
		} else if _, ok := f.Nodes[id]; !ok {
			report(path, fmt.Sprintf("there is no node %q", id))
		}
	}
	if f.Name == "" {
		report("name", "is missing")
	}
	target("start", f.Start)
	for _, id := range slices.Sorted(maps.Keys(f.Nodes)) {
		if id == "" {
			report("nodes", "has a node without an id")
		}
		at := "nodes." + id + "."
		f.Nodes[id].check(func(member, text string) { report(at+member, text) })
		for _, e := range f.Nodes[id].edges() {
			target(at+e.member, e.target)
		}
	}
	return faults
}

// reachable returns the nodes that can be reached from the start.
func (f *Flow) reachable() map[string]bool {
	reachable := make(map[string]bool, len(f.Nodes))
	next := []string{f.Start}
	for len(next) > 0 {
		id := next[len(next)-1]
		next = next[:len(next)-1]
		node, ok := f.Nodes[id]
		if !ok || reachable[id] {
			continue
		}
		reachable[id] = true
		for _, e := range node.edges() {
			next = append(next, e.target)
		}
	}
	return reachable
}

// cycle returns the ids on a path from id back to itself that has no choice and on which id is
// the smallest, so that each cycle is reported once; nil if there is none.
func (f *Flow) cycle(id string) []string {
	seen := map[string]bool{}
	var walk func(at string, path []string) []string
	walk = func(at string, path []string) []string {
		node, ok := f.Nodes[at]
		if !ok {
			return nil
		}
		for _, e := range node.edges() {
			switch {
			case e.choice || e.target < id:
			case e.target == id:
				return append(path, id)
			case !seen[e.target]:
				seen[e.target] = true
				if found := walk(e.target, append(path, e.target)); found != nil {
					return found
				}
			}
		}
		return nil
	}
	return walk(id, []string{id})
}

func (n *Play) check(report func(member, text string)) { n.Prompt.check("prompt", report) }

func (n *Menu) check(report func(member, text string)) {
	n.Prompt.check("prompt", report)
	if len(n.Keys) == 0 {
		report("keys", "is empty")
	}
	for _, key := range slices.Sorted(maps.Keys(n.Keys)) {
		if !slices.Contains(telephoneKeys, key) {
			report("keys."+key, "is not a key of a telephone")
		}
	}
	if n.Repeats < 0 || n.Repeats > 9 {
		report("repeats", "must be 0 to 9")
	}
	// The range is that of initialSilenceTimeoutInSeconds: 0 to 300.
	checkRange(n.Silence, time.Second, 300*time.Second, "silence", report)
}

func (n *Agent) check(report func(member, text string)) {
	if len(n.Agents) == 0 {
		report("agents", "is empty")
	}
	for i, id := range n.Agents {
		if id == "" {
			report(fmt.Sprintf("agents.%d", i), "is empty")
		} else if slices.Contains(n.Agents[:i], id) {
			report(fmt.Sprintf("agents.%d", i), "is there twice")
		}
	}
	if n.Music != nil {
		n.Music.check("music", report)
	}
	// The upper end is that of invitationTimeoutInSeconds.
	checkRange(n.Ring, 5*time.Second, 180*time.Second, "ring", report)
}

func (n *Record) check(report func(member, text string)) {
	switch n.Channels {
	case "", "mixed", "unmixed":
	default:
		report("channels", `must be "mixed" or "unmixed"`)
	}
}

func (n *Set) check(report func(member, text string)) {
	if len(n.Values) == 0 {
		report("values", "is empty")
	}
	if len(n.Values) > maxValues {
		report("values", fmt.Sprintf("are %d, more than %d", len(n.Values), maxValues))
	}
	for _, name := range slices.Sorted(maps.Keys(n.Values)) {
		if !validName(name) {
			report("values."+name, "is not a name: a letter, then letters, digits and _, 64 at most")
		}
		if len(n.Values[name]) > maxValue {
			report("values."+name, fmt.Sprintf("has %d bytes, more than %d", len(n.Values[name]), maxValue))
		}
	}
}

// The limits of a call's variables.
const (
	maxValues = 32  // number of variables that one node sets
	maxValue  = 256 // bytes of one value
)

// validName reports whether a variable can have this name.
func validName(name string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	return name != "" && len(name) <= 64 && strings.Contains(letters, name[:1]) &&
		strings.Trim(name, letters+"0123456789_") == ""
}

func (n *Talk) check(func(member, text string))   {}
func (n *OptOut) check(func(member, text string)) {}
func (n *Hangup) check(func(member, text string)) {}

func (p Prompt) check(member string, report func(member, text string)) {
	switch {
	case strings.TrimSpace(p.Text) == "" && p.File == "":
		report(member, "has neither text nor file")
	case p.Text != "" && p.File != "":
		report(member, "has both text and file")
	case len(p.Text) > maxText:
		report(member+".text", fmt.Sprintf("has %d bytes, more than %d", len(p.Text), maxText))
	case p.File != "":
		if u, err := url.Parse(p.File); err != nil || u.Scheme != "https" || u.Host == "" {
			report(member+".file", "is not an https URL")
		}
	}
}

// checkRange reports a duration that is set and out of range.
func checkRange(d Duration, from, to time.Duration, member string, report func(member, text string)) {
	if v := time.Duration(d); d != 0 && (v < from || v > to) {
		report(member, fmt.Sprintf("must be %v to %v", from, to))
	}
}
