package arch

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// skippedOutput is the output of go test -v for tests of which two need a real host, one of them in parallel with
// another that is skipped for another reason.
const skippedOutput = `=== RUN   TestInParallel
=== PAUSE TestInParallel
=== RUN   TestForAnotherReason
=== PAUSE TestForAnotherReason
=== RUN   TestWithParts
=== RUN   TestWithParts/on_func
    a_test.go:6: FUNC does not name a Functions host (the func of Azure Functions Core Tools)
--- PASS: TestWithParts (0.00s)
    --- SKIP: TestWithParts/on_func (0.00s)
=== RUN   TestThatPasses
--- PASS: TestThatPasses (0.00s)
=== CONT  TestInParallel
    a_test.go:4: it begins
=== CONT  TestForAnotherReason
    a_test.go:5: it begins
    a_test.go:5: the port is taken
--- SKIP: TestForAnotherReason (0.02s)
=== NAME  TestInParallel
    a_test.go:4: FUNC does not name a Functions host (the func of Azure Functions Core Tools)
--- SKIP: TestInParallel (0.05s)
PASS
ok  	sk	0.094s
`

func TestCIFindsSkippedTests(t *testing.T) {
	without := func(test string) string {
		return regexp.MustCompile(`(?m)^.*`+test+`.*\n`).ReplaceAllString(skippedOutput, "")
	}
	tests := []struct {
		name, output, host string
		fails              bool
		skipped            []string // tests that it names
		summary            string
	}{
		{"a host is missing", without("TestForAnotherReason"), "", false, nil, "2 passed, 0 failed, 2 skipped"},
		{"another reason", skippedOutput, "", true, []string{"TestForAnotherReason"}, "2 passed, 0 failed, 3 skipped"},
		{"a host is there", without("TestForAnotherReason"), "/usr/bin/func", true,
			[]string{"TestWithParts/on_func", "TestInParallel"}, "2 passed, 0 failed, 2 skipped"},
		{"nothing was skipped", "--- PASS: TestA (0.00s)\n--- FAIL: TestB (0.00s)\nFAIL\n", "", false, nil,
			"1 passed, 1 failed, 0 skipped"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			output := filepath.Join(t.TempDir(), "output")
			if err := os.WriteFile(output, []byte(tt.output), 0o600); err != nil {
				t.Fatal(err)
			}
			count := exec.Command("bash", filepath.Join(root, ".ci/count"), output)
			count.Env = append(os.Environ(), "FUNC="+tt.host)
			var said strings.Builder
			count.Stderr = &said
			out, err := count.Output()
			if _, failed := errors.AsType[*exec.ExitError](err); failed != tt.fails || err != nil && !failed {
				t.Errorf("error %v, want a failure: %t", err, tt.fails)
			}
			var want strings.Builder
			for _, name := range tt.skipped {
				want.WriteString("ci: " + name + " was skipped\n")
			}
			if said.String() != want.String() {
				t.Errorf("it says\n%swant\n%s", said.String(), want.String())
			}
			lines := strings.Split(strings.TrimSpace(string(out)), "\n")
			if last := lines[len(lines)-1]; last != tt.summary {
				t.Errorf("the last line is %q, want %q", last, tt.summary)
			}
		})
	}
}

// The one helper through which tests ask for a real host skips with the text that .ci/count looks for.
func TestCIKnowsWhyTestsNeedAHost(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root, "test/e2e/*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	var helpers int
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		helpers += strings.Count(string(text), `t.Skip("FUNC does not name a Functions host`)
	}
	if helpers != 1 {
		t.Errorf("%d places of test/e2e skip for want of a host, want 1", helpers)
	}
}
