package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"switchboard/test/rig"
	"switchboard/test/scale"
)

// testScale runs `load scale`.
func testScale(ctx context.Context, args []string, e environment) error {
	flags := flag.NewFlagSet("scale", flag.ContinueOnError)
	only := flags.String("run", "^"+scale.Prefix, "a regular expression that chooses tests, as for go test")
	limit := flags.Duration("limit", 2*time.Hour, "the longest time of the tests of one package")
	asJSON := flags.Bool("json", false, "print JSON instead of tables")
	if err := parse(flags, args, e); err != nil {
		return err
	}
	root, err := rig.Root()
	if err != nil {
		return err
	}
	results, err := runScale(ctx, root, *only, *limit, e.notes)
	if err != nil {
		return err
	}
	report := scaleReport{About: newAbout(ctx, "virtual time"), Tests: results}
	if *asJSON {
		return writeJSON(e.out, report)
	}
	return report.print(e.out)
}

// scaleReport is what `load scale` prints.
type scaleReport struct {
	About about         `json:"about"`
	Tests []scaleResult `json:"tests"`
}

// scaleResult is a test of scale that has passed, or one of its parts.
type scaleResult struct {
	Package string   `json:"package"`
	Name    string   `json:"name"`
	Seconds float64  `json:"seconds"` // of real time
	Figures []figure `json:"figures"`
}

// figure is what a test has reported by testing.T.Attr.
type figure struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// runScale runs the tests of scale below root that match only, in full size, one package
// after the other, and copies what they print to notes. It fails if none matches, and
// if one fails or is skipped.
func runScale(ctx context.Context, root, only string, limit time.Duration, notes io.Writer) ([]scaleResult, error) {
	packages, err := scalePackages(root)
	if err != nil {
		return nil, err
	}
	if len(packages) == 0 {
		return nil, fmt.Errorf("no test in %s has a name that begins with %s", root, scale.Prefix)
	}
	args := []string{"test", "-json", "-count=1", "-p=1", "-timeout=" + limit.String(), "-run=" + only}
	cmd := exec.CommandContext(ctx, "go", append(args, packages...)...)
	cmd.Dir, cmd.Stderr = root, notes
	cmd.Env = append(os.Environ(), scale.Variable+"="+scale.Full)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // so that go ends the tests, too
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	results, faults := readTests(out, notes)
	ended := cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case faults != nil:
		return nil, faults
	case ended != nil:
		return nil, fmt.Errorf("go test: %w", ended)
	case len(results) == 0:
		return nil, fmt.Errorf("no test matches %q", only)
	}
	return results, nil
}

// scaleTest matches the declaration of a test of scale.
var scaleTest = regexp.MustCompile(`(?m)^func ` + scale.Prefix + `\w*\(`)

// scalePackages returns the packages below root that have tests of scale.
func scalePackages(root string) ([]string, error) {
	var packages []string
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == ".git" || d.Name() == "node_modules" || d.Name() == "testdata"):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(name, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil || !scaleTest.Match(text) {
			return err
		}
		folder, err := filepath.Rel(root, filepath.Dir(name))
		packages = append(packages, "./"+filepath.ToSlash(folder))
		return err
	})
	slices.Sort(packages)
	return slices.Compact(packages), err
}

// testEvent is a line of `go test -json`.
//
// Source: go doc test2json.
type testEvent struct {
	Action, Package, Test, Output, Key, Value string
	Elapsed                                   float64
}

// readTests reads the output of `go test -json`, and copies what the tests print to
// notes. It returns the tests that have passed, and an error that names those that have
// not.
func readTests(r io.Reader, notes io.Writer) ([]scaleResult, error) {
	var passed []scaleResult
	var faults []error
	figures := map[string][]figure{} // by package and test
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var event testEvent
		if err := json.Unmarshal(lines.Bytes(), &event); err != nil {
			fmt.Fprintln(notes, lines.Text()) // what go itself prints
			continue
		}
		key := event.Package + " " + event.Test
		switch event.Action {
		case "output", "build-output":
			fmt.Fprint(notes, event.Output)
		case "attr":
			figures[key] = append(figures[key], figure{event.Key, event.Value})
		case "pass":
			if event.Test != "" {
				passed = append(passed, scaleResult{event.Package, event.Test, event.Elapsed, figures[key]})
			}
		case "fail", "skip":
			if event.Test != "" {
				faults = append(faults, fmt.Errorf("%s: %s", key, event.Action))
			}
		}
	}
	return passed, errors.Join(append(faults, lines.Err())...)
}

func (r scaleReport) print(w io.Writer) error {
	fmt.Fprintf(w, "The tests of scale, in full size (%v)\n\n", r.About)
	rows := [][]string{{"test", "figure", "value"}}
	for _, t := range r.Tests {
		name := t.Name
		for _, f := range append(t.Figures, figure{"real time, s", fmt.Sprintf("%.1f", t.Seconds)}) {
			rows = append(rows, []string{name, f.Key, f.Value})
			name = ""
		}
	}
	return table(w, rows...)
}
