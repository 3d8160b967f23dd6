package outbox

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"testing"
)

func TestRetryClassOfEachVerbAndTheLaneOfLocalOnes(t *testing.T) {
	classes := map[RetryClass][]Verb{
		AtMostOnce:  {VerbCreate, VerbAdd},
		Repeatable:  {VerbAnswer, VerbStartRecording, VerbHangUp},
		AtLeastOnce: {VerbPlay, VerbRecognize, VerbCancelMedia, VerbCheckParticipants},
		Local:       {VerbBackOff, VerbOptOut, VerbLink, VerbSettle, VerbRelease},
	}
	for class, verbs := range classes {
		for _, v := range verbs {
			if got := v.RetryClass(); got != class {
				t.Errorf("retry class of %s = %v, want %v", v, got, class)
			}
			if got := v.Lane() == LaneLocal; got != (class == Local) {
				t.Errorf("lane of %s = %s, want the local lane: %v", v, v.Lane(), class == Local)
			}
		}
	}
}

func TestEveryVerbHasARetryClassAndALane(t *testing.T) {
	for _, v := range declaredVerbs(t) {
		if _, ok := verbs[v]; !ok || v.Lane() == "" {
			t.Errorf("verb %s: in the table = %v, lane %q", v, ok, v.Lane())
		}
	}
	if got := Verb("sing").RetryClass(); got != AtMostOnce {
		t.Errorf("retry class of an unknown verb = %v, want %v", got, AtMostOnce)
	}
}

// declaredVerbs returns the constants of type Verb.
func declaredVerbs(t *testing.T) (declared []Verb) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "verb.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if typ, ok := spec.Type.(*ast.Ident); !ok || typ.Name != "Verb" {
			return true
		}
		text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		declared = append(declared, Verb(text))
		return true
	})
	if len(declared) != len(verbs) {
		t.Errorf("%d verbs are declared, %d are in the table", len(declared), len(verbs))
	}
	return declared
}
