package rig

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
)

// builtHandler builds the handler, once for all rigs of this process, and returns its
// executable file. It leaves no file behind.
var builtHandler = sync.OnceValues(func() ([]byte, error) {
	root, err := Root()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "switchboard-handler-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	binary := filepath.Join(dir, "handler")
	cmd := exec.Command("go", "build", "-o", binary, "./handler")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build the handler: %w\n%s", err, out)
	}
	return os.ReadFile(binary)
})

// stage makes a copy of the app, as it would be deployed, in a temporary folder, and
// returns that folder, also with an error if it has been made. The host runs on a copy
// because nothing may be written in the folder that it runs on.
func stage(notify func(string)) (app string, err error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	notify("building the handler")
	binary, err := builtHandler()
	if err != nil {
		return "", err
	}
	functions, err := filepath.Glob(filepath.Join(root, "*", "function.json"))
	if err != nil {
		return "", err
	}
	if len(functions) == 0 {
		return "", errors.New("no function folder in " + root)
	}
	if app, err = os.MkdirTemp("", "switchboard-app-"); err != nil {
		return "", err
	}
	files := append(functions, filepath.Join(root, "host.json"), filepath.Join(root, "local.settings.json"))
	for _, from := range files {
		to, err := filepath.Rel(root, from)
		if err != nil {
			return app, err
		}
		doc, err := os.ReadFile(from)
		if err != nil {
			return app, err
		}
		if err := writeFile(filepath.Join(app, to), doc, 0o644); err != nil {
			return app, err
		}
	}
	return app, writeFile(filepath.Join(app, "handler", "handler"), binary, 0o755)
}

// writeFile creates a file and its folder. Meanwhile this process starts no other: that
// would have the file open for a moment, and a file that is open for writing cannot be
// executed.
//
// Source: https://go.dev/issue/22315
func writeFile(name string, content []byte, mode os.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	return os.WriteFile(name, content, mode)
}

// Root returns the folder of go.mod, which is the app's root.
func Root() (string, error) {
	out, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOMOD: %w", err)
	}
	mod := strings.TrimSpace(string(out))
	if mod == "" || mod == os.DevNull {
		return "", errors.New("not inside the repository: run this from its root")
	}
	return filepath.Dir(mod), nil
}
