// Package nodejs runs programs of Node.js, for the tests and the programs under test: it installs their pinned packages
// into the user's cache, and starts programs that end with the process that started them.
package nodejs

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// ErrNoNode means that Node.js or npm is not on the PATH.
var ErrNoNode = errors.New("node and npm are needed, https://nodejs.org")

// manifest are the files that name the packages and their versions.
var manifest = []string{"package.json", "package-lock.json"}

// Install returns the folder whose node_modules has the packages that package.json and
// package-lock.json in files pin. The first call on a machine downloads them with npm
// into the user's cache, which takes about half a minute. The name of the folder
// contains the hash of both files, so later calls find it. Several processes may call
// Install at once. If notify is not nil, it gets a line before Install begins something
// slow.
func Install(ctx context.Context, files fs.FS, notify func(string)) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("install Node packages: %w", err)
	}
	hash := sha256.New()
	for _, name := range manifest {
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return "", err
		}
		hash.Write(data)
	}
	home := filepath.Join(cache, "switchboard")
	dir := filepath.Join(home, "node-"+hex.EncodeToString(hash.Sum(nil))[:16])
	if installed(dir) {
		return dir, nil
	}
	npm, err := exec.LookPath("npm")
	if err != nil {
		return "", fmt.Errorf("install Node packages: %w", ErrNoNode)
	}
	if err := os.MkdirAll(home, 0o755); err != nil {
		return "", fmt.Errorf("install Node packages: %w", err)
	}
	unlock, err := lock(ctx, dir+".lock")
	if err != nil {
		return "", fmt.Errorf("install Node packages: %w", err)
	}
	defer unlock()
	if installed(dir) { // by the process that held the lock
		return dir, nil
	}
	if notify != nil {
		notify("installing Node packages with npm, once")
	}
	if err := npmCI(ctx, files, npm, home, dir); err != nil {
		return "", fmt.Errorf("install Node packages: %w", err)
	}
	return dir, nil
}

// installed reports whether dir exists. npmCI gives it its name only when it is complete.
func installed(dir string) bool {
	_, err := os.Stat(dir)
	return err == nil
}

// npmCI installs into a folder beside dir and renames it to dir at the end, so that
// an interrupted installation does not look complete.
func npmCI(ctx context.Context, files fs.FS, npm, home, dir string) error {
	draft, err := os.MkdirTemp(home, "draft-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(draft)
	for _, name := range manifest {
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(draft, name), data, 0o644); err != nil {
			return err
		}
	}
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	cmd.Dir, cmd.Stdout, cmd.Stderr = draft, &out, &out
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("npm ci: %w:\n%s", err, LastLines(out.Bytes(), 10))
	}
	return os.Rename(draft, dir)
}

// lock waits until no other process holds the lock at path, and takes it. The system
// releases the lock when the process ends, also after a crash.
func lock(ctx context.Context, path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	for {
		free, err := tryLock(f)
		if err == nil && free {
			return func() { f.Close() }, nil
		}
		if err == nil {
			err = sleep(ctx, 100*time.Millisecond)
		}
		if err != nil {
			f.Close()
			return nil, fmt.Errorf("wait for %s: %w", path, err)
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// LastLines returns the last n lines of a program's output, for an error.
func LastLines(output []byte, n int) string {
	lines := strings.Split(strings.TrimSpace(string(output)), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
