// Command local runs the whole app on this machine, without a cloud, and runs a
// demonstration on it. A caller is greeted, chooses an agent from a menu, is recorded
// and thanked, and the recording is filed. Then a campaign calls five contacts: one
// confirms, one is busy, one does not answer, one has no valid number, and one opts out.
// It prints what happens as it happens, and exits 0 only if everything ended as expected.
//
//	go run ./test/local          runs the demonstration
//	go run ./test/local -stay    keeps the app running after it, for calls of your own
//	go run ./test/local -v       prints the lines of the host and the handler, too
//
// The Functions host is the one that FUNC names, else the func on the PATH, else
// funcsim, its simulator.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"switchboard/test/acssim"
	"switchboard/test/rig"
	"switchboard/test/scenario"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Getenv, os.Stdout, isTerminal(os.Stdout)); err != nil {
		fmt.Fprintln(os.Stderr, "local:", err)
		os.Exit(1)
	}
}

// demonstrationTime bounds the demonstration; it takes some 40 s.
const demonstrationTime = 3 * time.Minute

// scenarios are what the demonstration runs.
var scenarios = []string{"inbound.txtar", "campaign.txtar"}

func run(ctx context.Context, args []string, getenv func(string) string, stdout io.Writer, color bool) error {
	flags := flag.NewFlagSet("local", flag.ContinueOnError)
	stay := flags.Bool("stay", false, "keep the app running after the demonstration, until Ctrl-C")
	verbose := flags.Bool("v", false, "print the lines of the host and the handler")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return nil
	case err != nil:
		return err
	}
	host, err := findFunc(getenv)
	if err != nil {
		return err
	}
	out := newPrinter(stdout, color)
	options := rig.Options{
		Func:   host,
		ACS:    &acssim.Server{Strict: true, OnEvent: out.network},
		Notify: out.note,
		Log: func(line string) {
			out.handler(line)
			if *verbose {
				out.raw(line)
			}
		},
	}
	began := time.Now()
	r, err := rig.Start(ctx, options)
	if err != nil {
		return err
	}
	defer r.Close()
	out.note(fmt.Sprintf("the app runs on %s after %.1f s", r.Host.Name(), time.Since(began).Seconds()))

	bounded, cancel := context.WithTimeout(ctx, demonstrationTime)
	defer cancel()
	err = runScenarios(bounded, r, out)
	switch {
	case ctx.Err() != nil:
		return errors.New("interrupted")
	case err != nil:
		return err
	case *stay:
		out.stay(r)
		<-ctx.Done()
		out.note("ending everything")
	}
	return nil
}

// runScenarios runs the scenarios, verifies their results, and prints a summary.
func runScenarios(ctx context.Context, r *rig.Rig, out *printer) error {
	var all scenario.Result
	for _, file := range scenarios {
		out.note("the scenario " + file + " begins")
		result, err := scenario.RunFile(ctx, r.Env, scenario.Files, file)
		if err == nil {
			err = r.Env.Verify(ctx, result)
		}
		if err != nil {
			return err
		}
		all.Calls = append(all.Calls, result.Calls...)
		all.Campaigns = append(all.Campaigns, result.Campaigns...)
	}
	return out.summary(ctx, r, all)
}

// findFunc returns the path of a real Functions host, or "" if there is none. A
// FUNC that names none is an error.
func findFunc(getenv func(string) string) (string, error) {
	if name := getenv("FUNC"); name != "" {
		path, err := exec.LookPath(name)
		if err != nil {
			return "", fmt.Errorf("FUNC: %w", err)
		}
		return path, nil
	}
	path, err := exec.LookPath("func")
	if err != nil {
		return "", nil // then funcsim is used
	}
	return path, nil
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
