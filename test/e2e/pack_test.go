package e2e

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"switchboard/test/acssim"
	"switchboard/test/azurite"
	"switchboard/test/rig"
)

// TestThePackage lets func make the package that would be deployed, from a fresh
// copy of the repository, and runs a scenario on its contents.
func TestThePackage(t *testing.T) {
	t.Parallel()
	h := onFunc(t)
	if testing.Short() {
		t.Skip("-short: no package")
	}
	repository := checkOut(t)
	runCommand(t, "../..", "go", "build", "-o", filepath.Join(repository, "handler", "handler"), "./handler")
	out := t.TempDir()
	runCommand(t, repository, string(h), "pack", "-o", out)
	packages, err := filepath.Glob(filepath.Join(out, "*.zip"))
	if err != nil || len(packages) != 1 {
		t.Fatalf("packages %q, %v, want one", packages, err)
	}
	app := filepath.Join(out, "app")
	if d := cmp.Diff(packageFiles(t, repository), unzip(t, packages[0], app)); d != "" {
		t.Fatalf("the package holds (-want +got):\n%s", d)
	}
	for _, h := range []host{onFuncsim, h} {
		log := &logBuffer{}
		r, err := rig.Start(t.Context(), rig.Options{
			Func: string(h), App: app, ACS: &acssim.Server{Strict: true}, Azurite: azurite.ForTest(t), Log: log.add,
		})
		if err != nil {
			t.Fatalf("%v\n\n%s", err, log)
		}
		defer r.Close()
		runOnRig(t, r, log, "inbound.txtar")
	}
}

// packageFiles returns what a package must hold: host.json, the functions, and the
// handler, which is the only executable file.
func packageFiles(t *testing.T, repository string) []string {
	t.Helper()
	functions, err := fs.Glob(os.DirFS(repository), "*/function.json")
	if err != nil || len(functions) != 7 {
		t.Fatalf("%d functions, %v, want 7", len(functions), err)
	}
	want := append(functions, "handler/handler, executable", "host.json")
	slices.Sort(want)
	return want
}

// checkOut copies the files that git tracks from the working tree, and returns the
// folder of the copy.
func checkOut(t *testing.T) string {
	t.Helper()
	to := t.TempDir()
	root := strings.TrimSpace(runCommand(t, ".", "git", "rev-parse", "--show-toplevel"))
	for name := range strings.SplitSeq(strings.TrimSuffix(runCommand(t, root, "git", "ls-files", "-z"), "\x00"), "\x00") {
		content, err := os.ReadFile(filepath.Join(root, name))
		if errors.Is(err, fs.ErrNotExist) { // deleted, but not yet in the index
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Dir(filepath.Join(to, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(to, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return to
}

// unzip extracts a package with its modes, and lists the files.
func unzip(t *testing.T, from, to string) (names []string) {
	t.Helper()
	z, err := zip.OpenReader(from)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	for _, f := range z.File {
		name, mode := f.Name, f.Mode()
		if !filepath.IsLocal(name) {
			t.Fatalf("the package holds %s, want local names", name)
		}
		if mode&0o111 != 0 {
			name += ", executable"
		}
		names = append(names, name)
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(to, f.Name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, mode.Perm()); err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(names)
	return names
}

// runCommand runs a program and returns its output.
func runCommand(t testing.TB, dir, program string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "CGO_ENABLED=0")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s%s", program, strings.Join(args, " "), err, out, &stderr)
	}
	return string(out)
}
