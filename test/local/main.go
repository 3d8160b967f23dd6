// Command local runs the whole exchange on this machine, with no cloud, and
// plays a demonstration on it: a caller is greeted, chooses an agent from a menu,
// is recorded, thanked and released, and the recording is filed; then a campaign
// calls five people, of whom one confirms, one is busy, one does not answer, one has
// no valid number, and one never wants to be called again. It prints what happens as
// it happens and exits 0 only if all of it ended as it should.
//
//	go run ./test/local          the demonstration
//	go run ./test/local -stay    … and the exchange stays up, to be played with
//	go run ./test/local -v       … with the lines of the host and the handler
//
// The Functions host is the one that FUNC names, else the func on the PATH, else
// funcsim, which stands in for it.
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

// stories are what the demonstration plays.
var scenarios = []string{"inbound.txt", "campaign.txt"}

func run(ctx context.Context, args []string, getenv func(string) string, stdout io.Writer, color bool) error {
	flags := flag.NewFlagSet("local", flag.ContinueOnError)
	stay := flags.Bool("stay", false, "keep the exchange running after the demonstration, until Ctrl-C")
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
	out.note(fmt.Sprintf("the exchange is up on %s after %.1f s", r.Host.Name(), time.Since(began).Seconds()))

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

// play plays the stories, checks what must hold after each, and sums up.
func runScenarios(ctx context.Context, r *rig.Rig, out *printer) error {
	var all scenario.Result
	for _, story := range scenarios {
		out.note("the story " + story + " begins")
		played, err := scenario.RunFile(ctx, r.Env, scenario.Files, story)
		if err == nil {
			err = r.Env.Verify(ctx, played)
		}
		if err != nil {
			return err
		}
		all.Calls = append(all.Calls, played.Calls...)
		all.Campaigns = append(all.Campaigns, played.Campaigns...)
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
		return "", nil // none is no fault: the stand-in does it
	}
	return path, nil
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
