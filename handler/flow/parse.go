package flow

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"switchboard/handler/problem"
)

// kinds makes an empty node of each kind.
var kinds = map[string]func() Node{
	"play":   func() Node { return new(Play) },
	"menu":   func() Node { return new(Menu) },
	"agent":  func() Node { return new(Agent) },
	"record": func() Node { return new(Record) },
	"talk":   func() Node { return new(Talk) },
	"set":    func() Node { return new(Set) },
	"optout": func() Node { return new(OptOut) },
	"hangup": func() Node { return new(Hangup) },
}

// Parse reads a flow and lints it. What it returns without an error can be
// walked to an end from every node. The error is of type Faults and names
// everything that is wrong, each with its JSON path; only what a node with
// faults of its own leads to is not looked into.
func Parse(doc []byte) (*Flow, error) {
	var head struct {
		Name  string                     `json:"name"`
		Start string                     `json:"start"`
		Nodes map[string]json.RawMessage `json:"nodes"`
	}
	faults := problem.Decode(doc, &head)
	f := &Flow{Name: head.Name, Start: head.Start, Nodes: make(map[string]Node, len(head.Nodes))}
	for _, id := range slices.Sorted(maps.Keys(head.Nodes)) {
		node, wrong := parseNode(head.Nodes[id], "nodes."+id+".")
		faults = append(faults, wrong...)
		f.Nodes[id] = node
	}
	switch {
	case len(faults) == 0:
		faults = Lint(f)
	case head.Nodes != nil:
		faults = append(faults, f.check()...)
	}
	if len(faults) > 0 {
		return nil, faults
	}
	return f, nil
}

// parseNode reads one node. One that has faults comes back as unread.
func parseNode(doc json.RawMessage, at string) (Node, problem.Faults) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(doc, &members); err != nil || members == nil {
		return unread{}, problem.Faults{{Path: problem.ObjectPath(at), Text: "is not an object"}}
	}
	var kind string
	if err := json.Unmarshal(members["kind"], &kind); err != nil || kind == "" {
		return unread{}, problem.Faults{{Path: at + "kind", Text: "is missing"}}
	}
	empty, ok := kinds[kind]
	if !ok {
		all := strings.Join(slices.Sorted(maps.Keys(kinds)), ", ")
		return unread{}, problem.Faults{{Path: at + "kind", Text: fmt.Sprintf("%q is none of %s", kind, all)}}
	}
	delete(members, "kind")
	rest, err := json.Marshal(members)
	if err != nil {
		return unread{}, problem.Faults{{Path: problem.ObjectPath(at), Text: err.Error()}}
	}
	node := empty()
	if faults := problem.DecodeAt(rest, at, node); len(faults) > 0 {
		return unread{}, faults
	}
	return node, nil
}

// unread stands for a node that could not be read, so that ways to it are ways
// to something.
type unread struct{}

func (unread) edges() []edge                   { return nil }
func (unread) check(func(member, text string)) {}
