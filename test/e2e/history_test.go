package e2e

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"switchboard/test/scenario"
)

// update makes TestScenariosWithoutFaults write the histories instead of comparing them:
//
//	go test ./test/e2e -run ScenariosWithoutFaults -update
var update = flag.Bool("update", false, "write the histories of the scenarios into their files")

// checkHistory compares the history of a run with the one in the scenario's file, or
// writes it there. A scenario for runs with faults has none.
func (app *inProcess) checkHistory(t *testing.T, s *scenario.Scenario, result scenario.Result) {
	t.Helper()
	history, err := app.env.History(t.Context(), s, result)
	switch {
	case err != nil:
		t.Error(err)
	case strings.HasSuffix(s.File, faultScenarios):
		if s.History != "" {
			t.Error("it is for runs with faults, and has a history")
		}
	case *update:
		name := filepath.Join("../scenario/testdata", s.File)
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, scenario.WithHistory(text, history), 0o644); err != nil {
			t.Fatal(err)
		}
	case history != s.History:
		t.Errorf("the run led to another history, which -update writes into the file (-file +run):\n%s",
			compareLines(s.History, history))
	}
}

// compareLines returns the lines of two texts, those that only one of them has with a
// minus or a plus sign.
func compareLines(a, b string) string {
	var r lineReporter
	cmp.Equal(strings.Split(a, "\n"), strings.Split(b, "\n"), cmp.Reporter(&r))
	return r.text.String()
}

// lineReporter is a reporter of cmp for slices of lines.
type lineReporter struct {
	path cmp.Path
	text strings.Builder
}

func (r *lineReporter) PushStep(s cmp.PathStep) { r.path = append(r.path, s) }
func (r *lineReporter) PopStep()                { r.path = r.path[:len(r.path)-1] }

func (r *lineReporter) Report(result cmp.Result) {
	a, b := r.path.Last().Values()
	if result.Equal() {
		r.text.WriteString("  " + a.String() + "\n")
		return
	}
	if a.IsValid() {
		r.text.WriteString("- " + a.String() + "\n")
	}
	if b.IsValid() {
		r.text.WriteString("+ " + b.String() + "\n")
	}
}
