package arch

import (
	"fmt"
	"go/ast"
	"go/token"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// architecturePage is the page with the diagrams.
const architecturePage = "docs/architecture.md"

// edge is an arrow of a state diagram: a transition from one state to another. An empty from is the start, an empty
// to is the end.
type edge struct{ from, to string }

func (e edge) String() string { return orDot(e.from) + " --> " + orDot(e.to) }

// orDot returns the state, or what a diagram has for its start and end.
func orDot(state string) string {
	if state == "" {
		return "[*]"
	}
	return state
}

// edges are the arrows of one diagram, each with the number of times that it was seen.
type edges map[edge]int

// add counts a change of state. What stays in its state is no transition.
func (e edges) add(from, to string) {
	if from != to {
		e[edge{from, to}]++
	}
}

// states returns the states that the edges name.
func (e edges) states() []string {
	all := map[string]bool{}
	for at := range e {
		all[at.from], all[at.to] = true, true
	}
	delete(all, "")
	return slices.Sorted(maps.Keys(all))
}

// withEnds returns the edges with an arrow to the end from each state that no edge leaves.
func (e edges) withEnds() edges {
	all := maps.Clone(e)
	for _, state := range e.states() {
		leaves := func(at edge) bool { return at.from == state }
		if !slices.ContainsFunc(slices.Collect(maps.Keys(e)), leaves) {
			all[edge{state, ""}] = 1
		}
	}
	return all
}

// machines has, for each type of states, what takes values of the product through their transitions. The page must
// have a diagram for each.
var machines = map[string]func(*testing.T) edges{
	"call.State":            func(*testing.T) edges { return callTransitions().calls },
	"call.RecordingState":   func(*testing.T) edges { return callTransitions().recordings },
	"campaign.State":        campaignTransitions,
	"campaign.ContactState": contactTransitions,
	"filing.State":          func(*testing.T) edges { return filingTransitions().recordings },
	"filing.ChunkState":     func(*testing.T) edges { return filingTransitions().chunks },
}

func TestDiagramsShowTheStatesOfTheCode(t *testing.T) {
	drawn, declared := readDiagrams(t), declaredStates(t)
	for of, states := range declared {
		if _, ok := machines[of]; !ok {
			t.Errorf("%s has no entry in machines: nothing drives its transitions", of)
		}
		if got := drawn[of].states(); !slices.Equal(got, states) {
			t.Errorf("%s: the diagram of %s shows the states\n%q, want those of its constants\n%q", architecturePage, of, got, states)
		}
	}
	for of := range drawn {
		if declared[of] == nil {
			t.Errorf("%s has a diagram of %s, which has no constants", architecturePage, of)
		}
	}
}

// The transitions are not read from the code but seen: package call is given random events, fitting and unfitting,
// package filing and the campaigns all of their operations in every state, and contacts those of their ledger.
func TestDiagramsShowTheTransitionsOfTheCode(t *testing.T) {
	drawn := readDiagrams(t)
	for of, drive := range machines {
		seen := drive(t).withEnds()
		for e, times := range seen {
			if drawn[of][e] == 0 {
				t.Errorf("%s: %s happens, %d times here, and is not in the diagram", of, e, times)
			}
		}
		for e := range drawn[of] {
			if seen[e] == 0 {
				t.Errorf("%s: %s is in the diagram and never happens", of, e)
			}
		}
	}
}

// declaredStates returns the values of the constants of each type of states in the pure packages, sorted. A type of
// states is one whose name ends with State.
func declaredStates(t *testing.T) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for _, f := range product(t) {
		if !slices.Contains(pure, f.pkg) {
			continue
		}
		for _, decl := range f.syntax.Decls {
			gen, ok := decl.(*ast.GenDecl)
			if !ok || gen.Tok != token.CONST {
				continue
			}
			for _, spec := range gen.Specs {
				values := spec.(*ast.ValueSpec)
				of, ok := values.Type.(*ast.Ident)
				if !ok || !strings.HasSuffix(of.Name, "State") {
					continue
				}
				name := path.Base(f.pkg) + "." + of.Name
				for _, value := range values.Values {
					literal, ok := value.(*ast.BasicLit)
					if !ok {
						t.Fatalf("%s: a constant of the type %s is not a literal", f.name, of.Name)
					}
					state, err := strconv.Unquote(literal.Value)
					if err != nil {
						t.Fatal(err)
					}
					all[name] = append(all[name], state)
				}
			}
		}
	}
	for of := range all {
		slices.Sort(all[of])
	}
	return all
}

var (
	// diagramHeading matches a heading that names the type whose states the diagram below it shows.
	diagramHeading = regexp.MustCompile("^#+ .*`([a-z]+\\.[A-Za-z]+)`$")
	// arrow matches a transition of a diagram, with or without a label.
	arrow = regexp.MustCompile(`^(\[\*\]|\w+) --> (\[\*\]|\w+)(: .+)?$`)
	// group matches the beginning of a group of states. An arrow from a group is one from each of its members.
	group = regexp.MustCompile(`^state (\w+) \{$`)
)

// readDiagrams reads the page's state diagrams, by the type in the heading above them.
func readDiagrams(t *testing.T) map[string]edges {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(root, architecturePage))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]edges{}
	var heading string
	var diagram []string // lines of the present diagram; nil outside of one
	for line := range strings.Lines(string(page)) {
		line = strings.TrimSpace(line)
		switch {
		case line == "stateDiagram-v2":
			diagram = []string{}
		case line == "```" && diagram != nil:
			if all[heading], err = parseDiagram(diagram); err != nil {
				t.Fatalf("%s: the diagram below %q: %v", architecturePage, heading, err)
			}
			diagram = nil
		case diagram != nil:
			diagram = append(diagram, line)
		default:
			if m := diagramHeading.FindStringSubmatch(line); m != nil {
				heading = m[1]
			} else if strings.HasPrefix(line, "#") {
				heading = line
			}
		}
	}
	if len(all) == 0 {
		t.Fatalf("%s has no state diagram", architecturePage)
	}
	return all
}

// parseDiagram reads the lines of a diagram: arrows, and groups that hold names of states.
func parseDiagram(lines []string) (edges, error) {
	found, members := edges{}, map[string][]string{}
	var open string // the group that the line is in
	var arrows []edge
	for _, line := range lines {
		if m := group.FindStringSubmatch(line); m != nil {
			open = m[1]
		} else if line == "}" {
			open = ""
		} else if m := arrow.FindStringSubmatch(line); m != nil {
			arrows = append(arrows, edge{strings.Trim(m[1], "[*]"), strings.Trim(m[2], "[*]")})
		} else if open != "" {
			members[open] = append(members[open], line)
		} else if line != "" && !strings.HasPrefix(line, "direction ") {
			return nil, fmt.Errorf("%q is not understood", line)
		}
	}
	for _, a := range arrows {
		from, isGroup := members[a.from]
		if !isGroup {
			from = []string{a.from}
		}
		for _, state := range from {
			if found[edge{state, a.to}]++; state == a.to {
				return nil, fmt.Errorf("%s leads from %s to itself", a, state)
			}
		}
	}
	return found, nil
}

func TestParseDiagram(t *testing.T) {
	tests := []struct {
		name, diagram string
		want          edges // nil: a fault
	}{
		{"arrows with and without a label", "direction LR\n[*] --> a: begins\na --> b\nb --> [*]",
			edges{{"", "a"}: 1, {"a", "b"}: 1, {"b", ""}: 1}},
		{"an arrow from a group", "state both {\na\nb\n}\n[*] --> a\na --> b\nboth --> c: at last",
			edges{{"", "a"}: 1, {"a", "b"}: 1, {"a", "c"}: 1, {"b", "c"}: 1}},
		{"a line of another kind", "a -> b", nil},
		{"an arrow to its own state", "a --> a", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parseDiagram(strings.Split(tt.diagram, "\n"))
			if !maps.Equal(got, tt.want) || (err == nil) != (tt.want != nil) {
				t.Errorf("edges %v, error %v, want %v", got, err, tt.want)
			}
		})
	}
}
