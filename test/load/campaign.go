package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"switchboard/handler/campaign"
	"switchboard/test/invariant"
	"switchboard/test/scenario"
)

// campaignOptions are the flags of `load campaign`.
type campaignOptions struct {
	n, places     int
	speed         float64
	limit         time.Duration
	direct        bool
	json, verbose bool
}

func parseCampaign(args []string, e environment) (campaignOptions, error) {
	var o campaignOptions
	flags := flag.NewFlagSet("campaign", flag.ContinueOnError)
	flags.IntVar(&o.n, "n", 1000, "contacts, 1 to 10000")
	flags.IntVar(&o.places, "places", 20, "calls at a time on the one line, 1 to 1000")
	flags.Float64Var(&o.speed, "speed", 4, "how many times as fast people are, 1 to 100")
	flags.DurationVar(&o.limit, "limit", 30*time.Minute, "the longest time of the run")
	flags.BoolVar(&o.direct, "direct", false, "leave out the proxies that count storage operations")
	flags.BoolVar(&o.json, "json", false, "print JSON instead of tables")
	flags.BoolVar(&o.verbose, "v", false, "print the lines of the host and the handler, too")
	if err := parse(flags, args, e); err != nil {
		return o, err
	}
	switch {
	case o.n < 1 || o.n > 10_000:
		return o, errors.New("-n is from 1 to 10000")
	case o.places < 1 || o.places > 1000:
		return o, errors.New("-places is from 1 to 1000")
	case o.speed < 1 || o.speed > 100:
		return o, errors.New("-speed is from 1 to 100")
	case o.limit <= 0:
		return o, errors.New("-limit is more than zero")
	}
	return o, nil
}

// measureCampaign runs `load campaign`.
func measureCampaign(ctx context.Context, args []string, e environment) error {
	o, err := parseCampaign(args, e)
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

// run starts the app and creates a campaign that dials n contacts, each of whom confirms.
func (o campaignOptions) run(ctx context.Context, e environment) (campaignReport, error) {
	a, err := startApp(ctx, newNetwork(o.speed, o.n), appOptions{
		settings: map[string]string{"LINE_CALLS": strconv.Itoa(o.places)}, direct: o.direct, verbose: o.verbose,
	}, "campaign.txtar", []string{noticeFlow + ".json"}, e)
	if err != nil {
		return campaignReport{}, err
	}
	defer a.rig.Close()
	numbers := make([]string, o.n)
	for i := range numbers {
		numbers[i] = fmt.Sprintf("+1%03d555%04d", 206+i/9000, 1000+i%9000)
		if err := a.network.sim.SetPhone(numbers[i], calleeScript); err != nil {
			return campaignReport{}, err
		}
	}
	before, err := a.usage()
	if err != nil {
		return campaignReport{}, err
	}
	var id campaign.ID
	m, err := window(ctx, a, func() error {
		if id, err = create(ctx, a.rig.Env, numbers); err != nil {
			return err
		}
		return o.await(ctx, a, id, e)
	})
	if err != nil {
		return campaignReport{}, err
	}
	all := invariant.Campaigns{
		Calls: a.rig.Env.Calls, Ledger: a.rig.Env.Ledger, Contacts: a.rig.Env.Contacts, RingsOf: a.network.sim.RingsOf,
	}
	if faults := all.Check(ctx, id); len(faults) > 0 {
		return campaignReport{}, firstOf(faults)
	}
	m.calls = o.n
	report := campaignReport{
		About: newAbout(ctx, a.rig.Host.Name()), Attempts: o.n, Places: o.places, Speed: o.speed, Direct: o.direct,
		App: newFigures(m),
	}
	report.App.BytesBefore = before.resident
	return report, nil
}

const (
	noticeFlow   = "notice"                                // the flow, in campaign.txtar of package scenario
	calleeScript = "ring 1s; answer; wait prompt; press 1" // see test/acssim/README.md
)

// create creates the campaign by the API, as a client does.
func create(ctx context.Context, env scenario.Env, numbers []string) (campaign.ID, error) {
	type contact struct {
		Number string `json:"number"`
	}
	contacts := make([]contact, len(numbers))
	for i, number := range numbers {
		contacts[i].Number = number
	}
	body, err := json.Marshal(map[string]any{
		"name": "load", "flow": noticeFlow, "lines": []string{scenario.Line}, "attempts": 1, "ring": "20s",
		"contacts": contacts,
	})
	if err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, env.URL+"/api/v1/campaigns", bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", "load")
	resp, err := env.Host.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", err
	}
	if resp.StatusCode != http.StatusCreated {
		return "", fmt.Errorf("creating the campaign: answered %d: %s", resp.StatusCode, text)
	}
	var created struct{ ID campaign.ID }
	return created.ID, json.Unmarshal(text, &created)
}

const (
	countInterval = time.Second      // between two looks at the counters
	noteInterval  = 10 * time.Second // between two notes of progress
)

// await waits until the campaign is done, and checks that every contact was reached in one attempt.
func (o campaignOptions) await(ctx context.Context, a *app, id campaign.ID, e environment) error {
	ledger := a.rig.Env.Ledger
	for began, noted := time.Now(), time.Now(); ; {
		c, err := ledger.Campaign(ctx, id)
		if err != nil {
			return err
		}
		counts, err := ledger.Counters(ctx, c)
		if err != nil {
			return err
		}
		if c.State == campaign.StateDone {
			if counts.Attempts != o.n || counts.Results["completed"] != o.n {
				return fmt.Errorf("%d attempts with the results %v, want %d, all completed", counts.Attempts, counts.Results, o.n)
			}
			return nil
		}
		if time.Since(noted) >= noteInterval {
			noted = time.Now()
			e.notef("after %.0f s: %d have ended, %d are called, %d wait",
				time.Since(began).Seconds(), counts.Ended, counts.Dialling, counts.Waiting)
		}
		if err := pause(ctx, countInterval); err != nil {
			return err
		}
	}
}

// campaignReport is what `load campaign` prints.
type campaignReport struct {
	About    about   `json:"about"`
	Attempts int     `json:"attempts"`
	Places   int     `json:"places"`
	Speed    float64 `json:"speed"`
	Direct   bool    `json:"direct"` // without proxies, so that no storage operation was counted
	App      figures `json:"app"`    // a call is an attempt; the creation of the campaign is in it
}

func (r campaignReport) print(w io.Writer) error {
	f, n := r.App, float64(r.Attempts)
	fmt.Fprintf(w, "%d attempts, at most %d at a time on one line, people %g times as fast (%v)\n\n",
		r.Attempts, r.Places, r.Speed, r.About)
	row := func(name, format string, value float64) []string { return []string{name, fmt.Sprintf(format, value)} }
	err := table(w,
		row("CPU per attempt, ms", "%.2f", f.CPUPerCallMS),
		row("CPU per callback, ms", "%.2f", f.CPUPerCallbackMS),
		row("most resident memory, MB", "%.1f", megabytes(f.PeakBytes)),
		row("  more than before, kB per place", "%.0f", f.grown(r.Places)),
		row("callbacks per attempt", "%.1f", float64(f.Callbacks)/n),
		row("requests to ACS per attempt", "%.1f", float64(f.Requests)/n),
		row("callback acknowledged after, p50, ms", "%.1f", f.AcknowledgedMS.P50),
		row("callback acknowledged after, p99, ms", "%.1f", f.AcknowledgedMS.P99),
		row("attempts per second", "%.1f", n/f.Seconds),
	)
	if err != nil {
		return err
	}
	if !r.Direct {
		fmt.Fprintln(w)
		if err := printOperations(w, "attempt", r.Attempts, f); err != nil {
			return err
		}
	}
	fmt.Fprintln(w)
	if err := printExecutions(w, "per attempt", n, f.Executions); err != nil {
		return err
	}
	_, err = fmt.Fprint(w, "\n"+remark)
	return err
}
