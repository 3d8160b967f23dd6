// Command load measures what Switchboard costs under load, beside a stateless sample that answers the same calls.
//
//	go run ./test/load calls -n 400 -at 40   inbound calls through the whole app and through the sample, by turns
//	go run ./test/load campaign -n 1000      a campaign: CPU and storage operations of an attempt
//	go run ./test/load scale                 the tests of scale, in virtual time and in full size
//	go run ./test/load cost -calls 1e6       what a month costs, from the counts of a run of calls
//
// The app is the built handler on real storage (Azurite), on the Functions host that FUNC names or else on funcsim, its
// simulator; ACS and the telephone network are simulated. Everything is on the loopback interface, bounded in number
// and in time, and ends by itself or with Ctrl-C. Each command has -json.
//
// A run whose calls do not all end as they should fails: there are no figures of a broken run. Times depend on what
// else the machine does, so that the figures to compare are ratios within a run. docs/costs.md explains all of them.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], environment{os.Getenv, os.Stdin, os.Stdout, os.Stderr})
	if ctx.Err() != nil {
		err = errors.New("interrupted")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

// environment is what a command reads and writes: results to out, progress to notes.
type environment struct {
	getenv func(string) string
	in     io.Reader
	out    io.Writer
	notes  io.Writer
}

func (e environment) notef(format string, args ...any) { fmt.Fprintf(e.notes, format+"\n", args...) }

// commands are the first arguments, with what they do.
var commands = map[string]func(ctx context.Context, args []string, e environment) error{
	"calls":    measureCalls,
	"campaign": measureCampaign,
	"scale":    testScale,
	"cost":     printCost,
}

// commandNames is the order in which they are listed.
var commandNames = []string{"calls", "campaign", "scale", "cost"}

func run(ctx context.Context, args []string, e environment) error {
	if len(args) == 0 || !slices.Contains(commandNames, args[0]) {
		return fmt.Errorf("usage: load %s [flags]; -h after a command lists its flags", strings.Join(commandNames, "|"))
	}
	err := commands[args[0]](ctx, args[1:], e)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	return err
}

// parse reads the flags of a command, which takes no other arguments.
func parse(flags *flag.FlagSet, args []string, e environment) error {
	flags.SetOutput(e.notes)
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("%s: unexpected argument %q", flags.Name(), flags.Arg(0))
	}
	return nil
}
