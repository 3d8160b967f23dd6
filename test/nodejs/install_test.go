package nodejs

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"switchboard/test"
)

func TestTheLockFileNamesNoRegistry(t *testing.T) {
	data, err := test.NodePackages.ReadFile("package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(data), `"resolved"`) {
		t.Error(`package-lock.json holds addresses: run "npm install --omit-lockfile-registry-resolved"`)
	}
}

func TestConcurrentInstalls(t *testing.T) {
	tests := []struct {
		name, npm string
		want      string // part of the error; empty: no error
		runs      int    // number of runs of npm, for four calls of Install at once
	}{
		{"four at once run npm once", "mkdir node_modules && cp package.json package-lock.json node_modules/", "", 1},
		{"npm's last lines are in the error", "echo first; for i in 1 2 3 4 5 6 7 8 9; do echo $i; done; echo E404 >&2; exit 3", "E404", 4},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bin, cache, log := t.TempDir(), t.TempDir(), filepath.Join(t.TempDir(), "runs")
			script := "#!/bin/sh\necho \"$@\" >> " + log + "\n" + tt.npm + "\n"
			if err := os.WriteFile(filepath.Join(bin, "npm"), []byte(script), 0o755); err != nil {
				t.Fatal(err)
			}
			t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
			t.Setenv("HOME", cache)
			t.Setenv("XDG_CACHE_HOME", cache)
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() {
					dir, err := Install(t.Context(), test.NodePackages, nil)
					switch {
					case tt.want != "":
						if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "first") {
							t.Errorf("Install: %v, want npm's last ten lines with %s", err, tt.want)
						}
					case err != nil:
						t.Errorf("Install: %v", err)
					default:
						if _, err := os.Stat(filepath.Join(dir, "node_modules", "package-lock.json")); err != nil {
							t.Error(err)
						}
					}
				})
			}
			wg.Wait()
			runs, err := os.ReadFile(log)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Count(string(runs), "ci "); got != tt.runs {
				t.Errorf("npm ran %d times, want %d", got, tt.runs)
			}
			drafts, err := filepath.Glob(filepath.Join(cache, "*", "draft-*"))
			if err != nil || len(drafts) > 0 {
				t.Errorf("left behind: %q %v", drafts, err)
			}
		})
	}
}

func TestInstallFailsWithoutNpm(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	if _, err := Install(t.Context(), test.NodePackages, nil); !errors.Is(err, ErrNoNode) {
		t.Errorf("Install: %v, want %v", err, ErrNoNode)
	}
}

func TestLockFailsWhenTheContextEnds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	unlock, err := lock(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := lock(ctx, path); !errors.Is(err, ctx.Err()) {
		t.Errorf("lock: %v, want %v", err, ctx.Err())
	}
	unlock()
	if unlock, err = lock(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	unlock()
}
