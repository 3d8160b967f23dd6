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

// built is the handler, built once for all rigs of this process and kept in
// memory, so that nothing of it is left behind.
var builtHandler = sync.OnceValues(func() ([]byte, error) {
	root, err := moduleRoot()
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

// stage makes a copy of the app, as it would be deployed, in a temporary folder,
// and returns that folder, if it has made one, also with an error. Nothing may be
// written under the repository's root while a host runs on it.
func stage(notify func(string)) (app string, err error) {
	root, err := moduleRoot()
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

// write makes a file and the folder that it is in. Meanwhile no process is started by
// this one: it would have the file open too for a moment, and a program that somebody
// has open for writing cannot be run.
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

// moduleRoot is the folder of go.mod, which is the app's root.
func moduleRoot() (string, error) {
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
