package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// scaleModule returns the folder of a module with the given files.
func scaleModule(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	files["go.mod"] = "module scaletest\n\ngo 1.26\n"
	for name, content := range files {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

const passingScaleTest = `package a

import (
	"os"
	"testing"
)

func TestScaleDeadlines(t *testing.T) {
	t.Attr("calls", map[string]string{"full": "10000"}[os.Getenv("SWITCHBOARD_SCALE")])
	t.Run("ten instances", func(t *testing.T) { t.Attr("late", "1.5s") })
}

func TestOther(t *testing.T) { t.Error("it was not asked for") }
`

func TestTheTestsOfScaleRunInFullSize(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: compiles packages")
	}
	root := scaleModule(t, map[string]string{
		"a/a_test.go":          passingScaleTest,
		"b/b_test.go":          "package b\n\nimport \"testing\"\n\nfunc TestOther(t *testing.T) { t.Error(\"it was not asked for\") }\n",
		"c/testdata/c_test.go": "not Go\nfunc TestScaleNothing(",
	})
	want := []scaleResult{
		{Package: "scaletest/a", Name: "TestScaleDeadlines/ten_instances", Figures: []figure{{"late", "1.5s"}}},
		{Package: "scaletest/a", Name: "TestScaleDeadlines", Figures: []figure{{"calls", "10000"}}},
	}
	got, err := runScale(t.Context(), root, "^TestScale", time.Minute, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got, cmpopts.IgnoreFields(scaleResult{}, "Seconds")); d != "" {
		t.Errorf("results (-want +got):\n%s", d)
	}
}

func TestTestsOfScaleThatDoNotPassAreAFault(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: compiles packages")
	}
	test := func(body string) map[string]string {
		return map[string]string{"a/a_test.go": "package a\n\nimport \"testing\"\n\nfunc TestScaleX(t *testing.T) { " + body + " }\n"}
	}
	tests := []struct {
		name  string
		files map[string]string
		only  string
		want  string
	}{
		{"there is none", map[string]string{"a/a.go": "package a\n"}, "^TestScale", "begins with TestScale"},
		{"none matches", test(""), "^TestScaleNothing$", "no test matches"},
		{"one fails", test(`t.Error("late")`), "^TestScale", "TestScaleX: fail"},
		{"one is skipped", test(`t.Skip("not now")`), "^TestScale", "TestScaleX: skip"},
		{"one does not compile", test(`nonsense`), "^TestScale", "go test"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var notes strings.Builder
			results, err := runScale(t.Context(), scaleModule(t, tt.files), tt.only, time.Minute, &notes)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("results %v, error %v, want one with %q; printed:\n%s", results, err, tt.want, &notes)
			}
		})
	}
}
