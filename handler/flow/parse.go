package flow

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"switchboard/handler/problem"
)

// kinds returns a new node of each kind.
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

// Parse reads a flow and lints it. A flow that it returns leads to an end from every node. The
// error is of type problem.Faults and lists everything that is wrong, each fault with its JSON
// path. Whether nodes can be reached, and cycles, are checked only if the rest is right in form.
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

// parseNode reads one node; at is the path of its members. It returns unreadable for a node with
// faults.
func parseNode(doc json.RawMessage, at string) (Node, problem.Faults) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(doc, &members); err != nil || members == nil {
		return unreadable{}, problem.Faults{{Path: problem.ObjectPath(at), Text: "is not an object"}}
	}
	var kind string
	if err := json.Unmarshal(members["kind"], &kind); err != nil || kind == "" {
		return unreadable{}, problem.Faults{{Path: at + "kind", Text: "is missing"}}
	}
	empty, ok := kinds[kind]
	if !ok {
		all := strings.Join(slices.Sorted(maps.Keys(kinds)), ", ")
		return unreadable{}, problem.Faults{{Path: at + "kind", Text: fmt.Sprintf("%q is none of %s", kind, all)}}
	}
	delete(members, "kind")
	rest, err := json.Marshal(members)
	if err != nil {
		return unreadable{}, problem.Faults{{Path: problem.ObjectPath(at), Text: err.Error()}}
	}
	node := empty()
	if faults := problem.DecodeAt(rest, at, node); len(faults) > 0 {
		return unreadable{}, faults
	}
	return node, nil
}

// unreadable takes the place of a node that could not be read, so that its id exists.
type unreadable struct{}

func (unreadable) edges() []edge                   { return nil }
func (unreadable) check(func(member, text string)) {}
