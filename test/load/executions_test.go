package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestExecutionsAreBilledForASecondAtLeast(t *testing.T) {
	for took, want := range map[time.Duration]time.Duration{
		0:                       time.Second,
		12 * time.Millisecond:   time.Second,
		time.Second:             time.Second,
		1001 * time.Millisecond: 1100 * time.Millisecond,
		1100 * time.Millisecond: 1100 * time.Millisecond,
		15 * time.Second:        15 * time.Second,
	} {
		if got := billed(took); got != want {
			t.Errorf("%v is billed as %v, want %v", took, got, want)
		}
	}
}

// appFolder returns a folder with a function.json for each function.
func appFolder(t *testing.T, functions map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, content := range functions {
		if err := os.MkdirAll(filepath.Join(root, name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, name, "function.json"), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestExecutionsAreReadFromTheHostsLines(t *testing.T) {
	l, err := newExecutionLog(appFolder(t, map[string]string{
		"api":       `{"bindings":[{"type":"httpTrigger","name":"req"},{"type":"http","name":"res"}]}`,
		"callbacks": `{"bindings":[{"type":"HttpTrigger","name":"req"},{"type":"http","name":"res"}]}`,
		"sweep":     `{"bindings":[{"type":"timerTrigger","name":"timer"}]}`,
	}))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"Executed 'Functions.callbacks' (Succeeded, Id=8a2e, Duration=40ms)",
		"[2026-11-30T16:45:43.123Z] Executed 'Functions.callbacks' (Succeeded, Id=8a2f, Duration=1250ms)",
		"Executed 'Functions.sweep' (Failed, Id=8a30, Duration=3000ms): status 500",
		"Executing 'Functions.sweep' (Reason='Timer fired', Id=8a31)",
		"Executed 'Functions.unknown' (Succeeded, Id=8a32, Duration=40ms)",
		`{"level":"info","message":"call changed"}`,
	} {
		l.line(line)
	}
	want := map[string]executions{
		"callbacks": {groupHTTP, 2, 1.29, 2.3},
		"sweep":     {"sweep", 1, 3, 3},
	}
	if d := cmp.Diff(want, l.take()); d != "" {
		t.Errorf("executions (-want +got):\n%s", d)
	}
	if again := l.take(); len(again) > 0 {
		t.Errorf("taken twice: %v", again)
	}
}

func TestAFolderThatIsNoAppIsRefused(t *testing.T) {
	tests := map[string]map[string]string{
		"no function":               nil,
		"a function.json is faulty": {"api": "{"},
	}
	for name, functions := range tests {
		t.Run(name, func(t *testing.T) {
			if l, err := newExecutionLog(appFolder(t, functions)); err == nil {
				t.Errorf("got %v", l.groups)
			}
		})
	}
}
