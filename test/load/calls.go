package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"time"

	"switchboard/test/scenario"
)

// callsOptions are the flags of `load calls`.
type callsOptions struct {
	n, at, rounds int
	speed         float64
	idle, limit   time.Duration
	direct        bool
	json, verbose bool
}

func parseCalls(args []string, e environment) (callsOptions, error) {
	var o callsOptions
	flags := flag.NewFlagSet("calls", flag.ContinueOnError)
	flags.IntVar(&o.n, "n", 400, "calls to place at each of the two, 1 to 100000")
	flags.IntVar(&o.at, "at", 40, "calls at a time, 1 to 1000")
	flags.IntVar(&o.rounds, "rounds", 4, "rounds into which the calls are divided; the app and the sample take turns")
	flags.Float64Var(&o.speed, "speed", 4, "how many times as fast people are, 1 to 100")
	flags.DurationVar(&o.idle, "idle", 0, "measure the idle app first, for so long; the command cost needs that")
	flags.DurationVar(&o.limit, "limit", 15*time.Minute, "the longest time of the run")
	flags.BoolVar(&o.direct, "direct", false, "leave out the proxies that count storage operations")
	flags.BoolVar(&o.json, "json", false, "print JSON instead of tables")
	flags.BoolVar(&o.verbose, "v", false, "print the lines of the host and the handler, too")
	if err := parse(flags, args, e); err != nil {
		return o, err
	}
	switch {
	case o.n < 1 || o.n > 100_000:
		return o, errors.New("-n is from 1 to 100000")
	case o.at < 1 || o.at > 1000:
		return o, errors.New("-at is from 1 to 1000")
	case o.rounds < 1:
		return o, errors.New("-rounds is 1 or more")
	case o.speed < 1 || o.speed > 100:
		return o, errors.New("-speed is from 1 to 100")
	case o.idle < 0 || o.limit <= 0:
		return o, errors.New("-idle and -limit are not negative, and -limit is not zero")
	}
	o.rounds = min(o.rounds, o.n)
	return o, nil
}

// measureCalls runs `load calls`.
func measureCalls(ctx context.Context, args []string, e environment) error {
	o, err := parseCalls(args, e)
	if err != nil {
		return err
	}
	if err := checkProc(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, o.limit)
	defer cancel()
	report, err := o.run(ctx, e)
	if err != nil {
		return outOfTime(err, o.limit)
	}
	if o.json {
		return writeJSON(e.out, report)
	}
	return report.print(e.out)
}

// run starts the app and the sample, and places the calls at them by turns.
func (o callsOptions) run(ctx context.Context, e environment) (callsReport, error) {
	kept := o.at + o.n
	own, beside := newNetwork(o.speed, kept), newNetwork(o.speed, kept)
	documents := []string{"reception.json", routesFile}
	a, err := startApp(ctx, own, appOptions{direct: o.direct, verbose: o.verbose}, "inbound.txtar", documents, e)
	if err != nil {
		return callsReport{}, err
	}
	defer a.rig.Close()
	s, err := startSample(ctx, beside, agentID, func(text string) { e.notef("%s", text) })
	if err != nil {
		return callsReport{}, err
	}
	defer s.close()

	var idle measure
	if o.idle > 0 {
		e.notef("measuring the idle app for %v", o.idle)
		if idle, err = window(ctx, a, func() error { return pause(ctx, o.idle) }); err != nil {
			return callsReport{}, fmt.Errorf("the idle app: %w", err)
		}
	}
	sides := []*side{{name: "app", application: a}, {name: "sample", application: s}}
	for _, side := range sides {
		if err := side.telephones().sim.SetPhone(agentID, agentScript); err != nil {
			return callsReport{}, err
		}
		if side.before, err = side.usage(); err != nil {
			return callsReport{}, fmt.Errorf("%s: %w", side.name, err)
		}
		e.notef("%d calls to warm up the %s", o.at, side.name)
		if _, err := (inbound{o.at, o.at}).measure(ctx, side, scenario.Line); err != nil {
			return callsReport{}, fmt.Errorf("%s, warming up: %w%s", side.name, err, side.lastWords())
		}
	}
	for round := range o.rounds {
		n := o.n*(round+1)/o.rounds - o.n*round/o.rounds
		for _, side := range sides {
			e.notef("round %d of %d: %d calls at the %s", round+1, o.rounds, n, side.name)
			m, err := (inbound{n, o.at}).measure(ctx, side, scenario.Line)
			if err != nil {
				return callsReport{}, fmt.Errorf("%s, round %d: %w%s", side.name, round+1, err, side.lastWords())
			}
			side.rounds = append(side.rounds, m)
		}
	}
	return newCallsReport(o, newAbout(ctx, a.rig.Host.Name()), idle, sides[0], sides[1]), nil
}

// side is one of the two that answer the same calls.
type side struct {
	name string
	application
	before usage // before its first call
	rounds []measure
}

// outOfTime returns err, and says so if it means that a run took too long.
func outOfTime(err error, limit time.Duration) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("the run was not over after %v: %w", limit, err)
	}
	return err
}

// pause waits.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
