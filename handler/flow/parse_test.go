package flow

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"switchboard/handler/problem"
)

// everyKind is a flow with a node of every kind.
const everyKind = `{
  "name": "demonstration",
  "start": "greeting",
  "nodes": {
    "greeting": {"kind": "play", "prompt": {"file": "https://prompts.example/welcome.wav"}, "next": "menu", "failed": "bye"},
    "menu": {
      "kind": "menu", "prompt": {"text": "Press 1 for an agent.", "voice": "en-GB-SoniaNeural"},
      "keys": {"1": "agent", "9": "never", "#": "menu"}, "repeats": 2, "silence": "7s", "nothing": "bye"
    },
    "agent": {
      "kind": "agent", "agents": ["8:acs:r_t_u", "4:+14255550123"], "music": {"text": "la la"}, "ring": "25s",
      "answered": "record", "unanswered": "bye"
    },
    "record": {"kind": "record", "channels": "unmixed", "next": "talk"},
    "talk": {"kind": "talk", "next": "bye"},
    "never": {"kind": "set", "values": {"answer": "never"}, "next": "out"},
    "out": {"kind": "optout", "next": "bye"},
    "bye": {"kind": "play", "prompt": {"text": "Goodbye."}, "next": "end"},
    "end": {"kind": "hangup"}
  }
}`

func TestParseReadsEveryKindOfNode(t *testing.T) {
	got, err := Parse([]byte(everyKind))
	if err != nil {
		t.Fatal(err)
	}
	want := &Flow{Name: "demonstration", Start: "greeting", Nodes: map[string]Node{
		"greeting": &Play{Prompt: Prompt{File: "https://prompts.example/welcome.wav"}, Next: "menu", Failed: "bye"},
		"menu": &Menu{
			Prompt: Prompt{Text: "Press 1 for an agent.", Voice: "en-GB-SoniaNeural"},
			Keys:   map[string]string{"1": "agent", "9": "never", "#": "menu"}, Repeats: 2, Silence: Duration(7 * time.Second), Nothing: "bye",
		},
		"agent": &Agent{
			Agents: []string{"8:acs:r_t_u", "4:+14255550123"}, Music: &Prompt{Text: "la la"},
			Ring: Duration(25 * time.Second), Answered: "record", Unanswered: "bye",
		},
		"record": &Record{Channels: "unmixed", Next: "talk"},
		"talk":   &Talk{Next: "bye"},
		"never":  &Set{Values: map[string]string{"answer": "never"}, Next: "out"},
		"out":    &OptOut{Next: "bye"},
		"bye":    &Play{Prompt: Prompt{Text: "Goodbye."}, Next: "end"},
		"end":    &Hangup{},
	}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("flow (-want +got):\n%s", d)
	}
}

// flowOf returns a flow with these nodes, which starts at "a".
func flowOf(nodes string) string { return `{"name":"f","start":"a","nodes":{` + nodes + `}}` }

func TestParseReportsEveryFaultWithItsPath(t *testing.T) {
	const end = `"end":{"kind":"hangup"}`
	tests := []struct {
		name string
		doc  string
		want problem.Faults
	}{
		{"a document that is no object", `[]`, problem.Faults{{Path: "$", Text: "is not an object"}}},
		{"null", `null`, problem.Faults{{Path: "$", Text: "is not an object"}}},
		{"an empty flow", `{}`, problem.Faults{{Path: "name", Text: "is missing"}, {Path: "start", Text: "is missing"}}},
		{
			"a flow's own members",
			`{"name":5,"nodes":[],"colour":"red"}`,
			problem.Faults{{Path: "colour", Text: "is not known"}, {Path: "name", Text: "must be a text"}, {Path: "nodes", Text: "must be an object"}},
		},
		{
			"a start that does not exist", `{"name":"f","start":"x","nodes":{` + end + `}}`,
			problem.Faults{{Path: "start", Text: `there is no node "x"`}, {Path: "nodes.end", Text: "cannot be reached from the start"}},
		},
		{
			"a node without an id", `{"name":"f","start":"","nodes":{"":{"kind":"hangup"}}}`,
			problem.Faults{{Path: "start", Text: "is missing"}, {Path: "nodes", Text: "has a node without an id"}},
		},
		{"a node that is no object", flowOf(`"a":5`), problem.Faults{{Path: "nodes.a", Text: "is not an object"}}},
		{"a node that is null", flowOf(`"a":null`), problem.Faults{{Path: "nodes.a", Text: "is not an object"}}},
		{"a node without a kind", flowOf(`"a":{"next":"a"}`), problem.Faults{{Path: "nodes.a.kind", Text: "is missing"}}},
		{"a kind that is no text", flowOf(`"a":{"kind":1}`), problem.Faults{{Path: "nodes.a.kind", Text: "is missing"}}},
		{
			"a kind that does not exist", flowOf(`"a":{"kind":"sing"}`),
			problem.Faults{{Path: "nodes.a.kind", Text: `"sing" is none of agent, hangup, menu, optout, play, record, set, talk`}},
		},
		{
			"members that are misspelt", flowOf(`"a":{"kind":"play","prompt":{"txt":"Hello."},"nxt":"end"},` + end),
			problem.Faults{{Path: "nodes.a.nxt", Text: "is not known"}, {Path: "nodes.a.prompt", Text: `has a member that is not known: "txt"`}},
		},
		{
			"members of another type",
			flowOf(`"a":{"kind":"menu","prompt":{"text":1},"keys":{"1":2},"repeats":"3","silence":4,"nothing":{}}`),
			problem.Faults{
				{Path: "nodes.a.keys", Text: "must be a text"}, {Path: "nodes.a.nothing", Text: "must be a text"},
				{Path: "nodes.a.prompt.text", Text: "must be a text"}, {Path: "nodes.a.repeats", Text: "must be a whole number"},
				{Path: "nodes.a.silence", Text: `is not a duration such as "20s"`},
			},
		},
		{
			"a list that is none", flowOf(`"a":{"kind":"agent","agents":"8:acs:x","answered":"end","unanswered":"end"},` + end),
			problem.Faults{{Path: "nodes.a.agents", Text: "must be a list"}},
		},
		{
			"members that are there twice",
			flowOf(`"a":{"kind":"menu","prompt":{"text":"?"},"keys":{"1":"end","1":"a"},"nothing":"end"},` + end + `,` + end),
			problem.Faults{{Path: "nodes.a.keys.1", Text: "is there twice"}, {Path: "nodes.end", Text: "is there twice"}},
		},
		{
			"edges that are missing or lead to no node",
			flowOf(`"a":{"kind":"menu","prompt":{"text":"?"},"keys":{"1":"b","2":"","3":"x"},"nothing":""},
				"b":{"kind":"play","prompt":{"text":"!"},"next":"y","failed":"z"}`),
			problem.Faults{
				{Path: "nodes.a.keys.2", Text: "is missing"}, {Path: "nodes.a.keys.3", Text: `there is no node "x"`},
				{Path: "nodes.a.nothing", Text: "is missing"},
				{Path: "nodes.b.next", Text: `there is no node "y"`}, {Path: "nodes.b.failed", Text: `there is no node "z"`},
			},
		},
		{"a set that sets nothing", flowOf(`"a":{"kind":"set","next":"end"},` + end), problem.Faults{{Path: "nodes.a.values", Text: "is empty"}}},
		{
			"names and values of variables", flowOf(`"a":{"kind":"set","values":{"1st":"x","b":"` + strings.Repeat("y", 257) + `"},"next":"end"},` + end),
			problem.Faults{
				{Path: "nodes.a.values.1st", Text: "is not a name: a letter, then letters, digits and _, 64 at most"},
				{Path: "nodes.a.values.b", Text: "has 257 bytes, more than 256"},
			},
		},
		{
			"a node that cannot be reached", flowOf(`"a":{"kind":"hangup"},"b":{"kind":"talk","next":"a"}`),
			problem.Faults{{Path: "nodes.b", Text: "cannot be reached from the start"}},
		},
		{
			"a cycle without a choice",
			flowOf(`"a":{"kind":"play","prompt":{"text":"?"},"next":"b"},
				"b":{"kind":"menu","prompt":{"text":"?"},"keys":{"1":"end"},"nothing":"a"},` + end),
			problem.Faults{{Path: "nodes.a", Text: "is on a cycle without a choice: a > b > a"}},
		},
		{
			"a cycle through a prompt that cannot be played",
			flowOf(`"a":{"kind":"play","prompt":{"text":"?"},"next":"end","failed":"a"},` + end),
			problem.Faults{{Path: "nodes.a", Text: "is on a cycle without a choice: a > a"}},
		},
		{
			"a cycle through talk, which ends at once without an agent",
			flowOf(`"a":{"kind":"record","next":"b"},"b":{"kind":"talk","next":"a"}`),
			problem.Faults{{Path: "nodes.a", Text: "is on a cycle without a choice: a > b > a"}},
		},
		{
			"a cycle through an agent who does not answer",
			flowOf(`"a":{"kind":"agent","agents":["8:acs:x"],"answered":"end","unanswered":"a"},` + end),
			problem.Faults{{Path: "nodes.a", Text: "is on a cycle without a choice: a > a"}},
		},
		{
			"prompts that cannot be played",
			flowOf(`"a":{"kind":"play","prompt":{"text":"  "},"next":"b"},
				"b":{"kind":"play","prompt":{"text":"x","file":"https://x/y.wav"},"next":"c"},
				"c":{"kind":"play","prompt":{"file":"http://x/y.wav"},"next":"d"},
				"d":{"kind":"play","prompt":{"text":"` + strings.Repeat("x", maxText+1) + `"},"next":"e"},
				"e":{"kind":"play","prompt":{"file":"https:///y.wav"},"next":"end"},` + end),
			problem.Faults{
				{Path: "nodes.a.prompt", Text: "has neither text nor file"}, {Path: "nodes.b.prompt", Text: "has both text and file"},
				{Path: "nodes.c.prompt.file", Text: "is not an https URL"}, {Path: "nodes.d.prompt.text", Text: "has 4001 bytes, more than 4000"},
				{Path: "nodes.e.prompt.file", Text: "is not an https URL"},
			},
		},
		{
			"menus with members out of range",
			flowOf(`"a":{"kind":"menu","prompt":{"text":"?"},"keys":{},"repeats":10,"silence":"301s","nothing":"b"},
				"b":{"kind":"menu","prompt":{"text":"?"},"keys":{"A":"end","12":"end"},"repeats":-1,"silence":"999ms",
				"nothing":"end"},` + end),
			problem.Faults{
				{Path: "nodes.a.keys", Text: "is empty"}, {Path: "nodes.a.repeats", Text: "must be 0 to 9"}, {Path: "nodes.a.silence", Text: "must be 1s to 5m0s"},
				{Path: "nodes.b.keys.12", Text: "is not a key of a telephone"}, {Path: "nodes.b.keys.A", Text: "is not a key of a telephone"},
				{Path: "nodes.b.repeats", Text: "must be 0 to 9"}, {Path: "nodes.b.silence", Text: "must be 1s to 5m0s"},
			},
		},
		{
			"agents that cannot be rung",
			flowOf(`"a":{"kind":"agent","agents":["","8:acs:x","8:acs:x"],"music":{},"ring":"181s","answered":"end","unanswered":"b"},
				"b":{"kind":"agent","agents":[],"ring":"4s","answered":"end","unanswered":"end"},` + end),
			problem.Faults{
				{Path: "nodes.a.agents.0", Text: "is empty"}, {Path: "nodes.a.agents.2", Text: "is there twice"},
				{Path: "nodes.a.music", Text: "has neither text nor file"}, {Path: "nodes.a.ring", Text: "must be 5s to 3m0s"},
				{Path: "nodes.b.agents", Text: "is empty"}, {Path: "nodes.b.ring", Text: "must be 5s to 3m0s"},
			},
		},
		{
			"channels that do not exist", flowOf(`"a":{"kind":"record","channels":"stereo","next":"end"},` + end),
			problem.Faults{{Path: "nodes.a.channels", Text: `must be "mixed" or "unmixed"`}},
		},
		{
			"a node with faults does not hide the faults of others",
			flowOf(`"a":{"kind":"talk","next":5},"b":{"kind":"record","channels":"x","next":"c"},"c":{"kind":"talk","next":"a"}`),
			problem.Faults{{Path: "nodes.a.next", Text: "must be a text"}, {Path: "nodes.b.channels", Text: `must be "mixed" or "unmixed"`}},
		},
		{"more nodes than the limit", chain(maxNodes + 1), problem.Faults{{Path: "nodes", Text: "are 501, more than 500"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, err := Parse([]byte(tt.doc))
			got, ok := errors.AsType[problem.Faults](err)
			if f != nil || !ok {
				t.Fatalf("flow = %v, error = %T, want faults alone", f, err)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("faults (-want +got):\n%s", d)
			}
		})
	}
}

func TestParseAcceptsFlowsThatEnd(t *testing.T) {
	tests := []struct{ name, doc string }{
		{"a hang-up only", flowOf(`"a":{"kind":"hangup"}`)},
		{
			"a menu that a key leads back to",
			flowOf(`"a":{"kind":"menu","prompt":{"text":"?"},"keys":{"*":"a"},"nothing":"b"},"b":{"kind":"hangup"}`),
		},
		{
			"an agent after talk with an agent",
			flowOf(`"a":{"kind":"agent","agents":["8:acs:x"],"answered":"b","unanswered":"c"},
				"b":{"kind":"talk","next":"a"},"c":{"kind":"hangup"}`),
		},
		{
			"a duration of zero, which is the default",
			flowOf(`"a":{"kind":"menu","prompt":{"text":"?"},"keys":{"0":"b"},"silence":"0s","nothing":"b"},
				"b":{"kind":"hangup"}`),
		},
		{"as many nodes as the limit", chain(maxNodes)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := Parse([]byte(tt.doc)); err != nil {
				t.Error(err)
			}
		})
	}
}

// chain returns a flow of n nodes, each leading to the next.
func chain(n int) string {
	nodes := []string{`"a":{"kind":"talk","next":"n0002"}`}
	for i := 2; i < n; i++ {
		nodes = append(nodes, fmt.Sprintf(`"n%04d":{"kind":"talk","next":"n%04d"}`, i, i+1))
	}
	return flowOf(strings.Join(append(nodes, fmt.Sprintf(`"n%04d":{"kind":"hangup"}`, n)), ","))
}

func TestDuration(t *testing.T) {
	doc, err := json.Marshal(Duration(90 * time.Second))
	if err != nil || string(doc) != `"1m30s"` {
		t.Errorf("written as %s, %v, want \"1m30s\"", doc, err)
	}
	if got := Duration(0).Or(time.Minute); got != time.Minute {
		t.Errorf("default = %v, want 1m", got)
	}
	if got := Duration(time.Second).Or(time.Minute); got != time.Second {
		t.Errorf("with a value = %v, want 1s", got)
	}
}

func TestVersionChangesWithTheDocument(t *testing.T) {
	a, b := Version([]byte("{}")), Version([]byte("{ }"))
	if len(a) != 64 || a == b || a != Version([]byte("{}")) {
		t.Errorf("versions %q and %q of two documents, want two of 64 characters, the same each time", a, b)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(everyKind))
	f.Add([]byte(flowOf(`"a":{"kind":"play","prompt":{"text":"?"},"next":"a"}`)))
	f.Add([]byte(`{"name":"f","start":"a","nodes":{"a":null,"a":[1,{"x":1e999}]}}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		flow, err := Parse(doc)
		if err != nil {
			faults, ok := errors.AsType[problem.Faults](err)
			if flow != nil || !ok || len(faults) == 0 {
				t.Fatalf("flow = %v, error = %#v, want faults alone", flow, err)
			}
			return
		}
		if faults := Lint(flow); len(faults) > 0 {
			t.Fatalf("faults of a parsed flow, want none:\n%v", faults)
		}
		if steps := longestPath(flow, flow.Start, map[string]int{}); steps > len(flow.Nodes) {
			t.Fatalf("%d nodes without a choice, want %d at most", steps, len(flow.Nodes))
		}
		again, err := Parse(marshal(t, flow))
		if d := cmp.Diff(flow, again); err != nil || d != "" {
			t.Fatalf("written and read again: %v (-want +got):\n%s", err, d)
		}
	})
}

// longestPath returns the number of nodes on the longest path from id that has no choice; more
// than the flow has if there is a cycle.
func longestPath(f *Flow, id string, steps map[string]int) int {
	if n, ok := steps[id]; ok {
		return n
	}
	steps[id] = len(f.Nodes) + 1 // until it is known; a path that returns here is a cycle
	longestNext := 0
	for _, e := range f.Nodes[id].edges() {
		if !e.choice {
			longestNext = max(longestNext, longestPath(f, e.target, steps))
		}
	}
	steps[id] = longestNext + 1
	return longestNext + 1
}

// marshal returns the flow as a document.
func marshal(t *testing.T, f *Flow) []byte {
	t.Helper()
	nodes := map[string]map[string]any{}
	for _, id := range slices.Sorted(maps.Keys(f.Nodes)) {
		doc, err := json.Marshal(f.Nodes[id])
		if err != nil {
			t.Fatal(err)
		}
		members := map[string]any{}
		if err := json.Unmarshal(doc, &members); err != nil {
			t.Fatal(err)
		}
		for kind, empty := range kinds {
			if fmt.Sprintf("%T", empty()) == fmt.Sprintf("%T", f.Nodes[id]) {
				members["kind"] = kind
			}
		}
		nodes[id] = members
	}
	doc, err := json.Marshal(map[string]any{"name": f.Name, "start": f.Start, "nodes": nodes})
	if err != nil {
		t.Fatal(err)
	}
	return doc
}
