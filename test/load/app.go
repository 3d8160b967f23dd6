package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os/exec"
	"strings"
	"time"

	"switchboard/handler/call"
	"switchboard/test/acssim"
	"switchboard/test/rig"
	"switchboard/test/scenario"
)

// app is the whole app, running with a network of its own.
type app struct {
	rig        *rig.Rig
	network    *network
	executions *executionLog
	pid        int // of the handler
	seen       int // requests of handler and host that were counted
}

// appOptions are how the app is run.
type appOptions struct {
	settings map[string]string // in addition to those of the rig
	direct   bool              // without proxies
	verbose  bool              // print the lines of the host
}

// startApp starts the app on the host that FUNC names, else on funcsim, and puts documents of package scenario into its
// catalog.
func startApp(
	ctx context.Context, n *network, o appOptions, file string, documents []string, e environment,
) (a *app, err error) {
	root, err := rig.Root()
	if err != nil {
		return nil, err
	}
	a = &app{network: n}
	if a.executions, err = newExecutionLog(root); err != nil {
		return nil, err
	}
	settings := a.executions.settings()
	for name, value := range o.settings {
		settings[name] = value
	}
	host := e.getenv("FUNC")
	if host != "" {
		if host, err = exec.LookPath(host); err != nil {
			return nil, fmt.Errorf("FUNC: %w", err)
		}
	}
	a.rig, err = rig.Start(ctx, rig.Options{
		Func: host, Settings: settings, ACS: n.sim, Direct: o.direct,
		Log: func(line string) {
			a.executions.line(line)
			if o.verbose {
				e.notef("%s", line)
			}
		},
		Notify: func(text string) { e.notef("%s", text) },
	})
	if err != nil {
		return nil, err
	}
	if err := a.prepare(ctx, file, documents); err != nil {
		a.rig.Close()
		return nil, err
	}
	return a, nil
}

// prepare puts documents of a scenario into the catalog, and finds the handler.
func (a *app) prepare(ctx context.Context, file string, documents []string) error {
	s, err := scenario.Read(scenario.Files, file)
	if err != nil {
		return err
	}
	for _, name := range documents {
		content := s.Document(name)
		if content == nil {
			return fmt.Errorf("%s: no document %s", file, name)
		}
		if name == routesFile {
			err = a.rig.Env.Catalog.PutRoutes(ctx, content)
		} else {
			_, err = a.rig.Env.Catalog.PutFlow(ctx, content)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if a.pid = a.rig.Host.PID(); a.pid == 0 {
		return errors.New("the host runs no handler")
	}
	return nil
}

// routesFile is the document of routes in a scenario; the others are flows.
const routesFile = "routes.json"

// usage returns what the handler has used. It fails if the host has started the handler
// again, because the figures of two processes do not add up to one.
func (a *app) usage() (usage, error) {
	if pid := a.rig.Host.PID(); pid != a.pid {
		return usage{}, fmt.Errorf("the handler was started again: process %d became %d", a.pid, pid)
	}
	return readUsage(a.pid)
}

func (a *app) telephones() *network { return a.network }

// lastWords returns nothing: -v prints what host and handler print.
func (a *app) lastWords() string { return "" }

// work returns the storage operations and executions since it was called last.
func (a *app) work() (handler, host operations, runs map[string]executions) {
	seen := a.rig.Hook.Seen()
	handler, host = countStorage(seen[a.seen:], a.rig.Azurite)
	a.seen = len(seen)
	return handler, host, a.executions.take()
}

const (
	worklistInterval = 250 * time.Millisecond
	worklistTime     = 3 * time.Minute
)

// settle waits until the handler has no work left.
func (a *app) settle(ctx context.Context) error {
	for began := time.Now(); ; {
		items, err := a.rig.Env.Calls.Worklist(ctx)
		if err != nil {
			return err
		}
		if len(items) == 0 {
			return nil
		}
		if time.Since(began) > worklistTime {
			return fmt.Errorf("%d calls and recordings have work after %v, such as %s", len(items), worklistTime, items[0].ID)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(worklistInterval):
		}
	}
}

// verify checks that a call has ended as reception.json has it: completed, with one agent and one recording that is
// filed.
func (a *app) verify(ctx context.Context, info acssim.CallInfo) error {
	u, err := url.Parse(info.CallbackURI)
	if err != nil || u.Path == "" {
		return errors.New("has no callbacks: the handler has not answered it")
	}
	row, err := a.rig.Env.Calls.Load(ctx, call.ID(u.Path[strings.LastIndexByte(u.Path, '/')+1:]))
	if err != nil {
		return err
	}
	c := row.Value
	if c.State != call.StateEnded || c.Outcome != call.OutcomeCompleted || len(c.Agents) != 1 {
		return fmt.Errorf("is %s with outcome %q and %d agents", c.State, c.Outcome, len(c.Agents))
	}
	if len(c.Recordings) != 1 || c.Recordings[0].State != call.RecordingFiled {
		return fmt.Errorf("has the recordings %+v, want one that is filed", c.Recordings)
	}
	return nil
}
