package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// about says what was measured, when and where.
type about struct {
	Date   string `json:"date"`
	Commit string `json:"commit"` // empty if git does not say; "-dirty" at its end: with changes
	Host   string `json:"host"`   // funcsim or func; for tests in virtual time, that
	Cores  int    `json:"cores"`
	Go     string `json:"go"`
}

func newAbout(ctx context.Context, host string) about {
	commit, err := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty", "--exclude=*").Output()
	if err != nil {
		commit = nil // there need be no git where the app is measured
	}
	return about{
		Date: time.Now().UTC().Format(time.DateOnly), Commit: strings.TrimSpace(string(commit)),
		Host: host, Cores: runtime.NumCPU(), Go: runtime.Version(),
	}
}

// callsReport is what `load calls` prints.
type callsReport struct {
	About   about   `json:"about"`
	Calls   int     `json:"calls"`
	AtATime int     `json:"atATime"`
	Speed   float64 `json:"speed"`
	Direct  bool    `json:"direct"` // without proxies, so that no storage operation was counted
	App     figures `json:"app"`
	Sample  figures `json:"sample"`
	Ratios  ratios  `json:"ratios"`
	IdleApp figures `json:"idleApp,omitzero"`
}

// figures are those of one application, in all rounds.
type figures struct {
	Seconds          float64               `json:"seconds"` // of all rounds
	CPUSeconds       float64               `json:"cpuSeconds"`
	BytesBefore      int64                 `json:"bytesBefore"` // resident memory before the calls that warm up
	PeakBytes        int64                 `json:"peakBytes"`   // the most resident memory
	Callbacks        int                   `json:"callbacks"`
	Requests         int                   `json:"requests"` // to ACS
	CPUPerCallMS     float64               `json:"cpuPerCallMs"`
	CPUPerCallbackMS float64               `json:"cpuPerCallbackMs"`
	AcknowledgedMS   percentiles           `json:"acknowledgedMs"`
	Handler          operations            `json:"handler,omitempty"`
	Host             operations            `json:"host,omitempty"`
	Executions       map[string]executions `json:"executions,omitempty"`
}

type percentiles struct {
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
}

// ratios are the app's figures divided by the sample's.
type ratios struct {
	CPUPerCall     float64 `json:"cpuPerCall"`
	CPUPerCallback float64 `json:"cpuPerCallback"`
	Memory         float64 `json:"memory"`
	// LeastCPUPerCallback and MostCPUPerCallback are those of single rounds.
	LeastCPUPerCallback float64 `json:"leastCpuPerCallback"`
	MostCPUPerCallback  float64 `json:"mostCpuPerCallback"`
}

func newCallsReport(o callsOptions, what about, idle measure, own, beside *side) callsReport {
	app, sample := newFigures(sum(own.rounds)), newFigures(sum(beside.rounds))
	app.BytesBefore, sample.BytesBefore = own.before.resident, beside.before.resident
	var byRound []float64
	for i, m := range own.rounds {
		byRound = append(byRound, newFigures(m).CPUPerCallbackMS/newFigures(beside.rounds[i]).CPUPerCallbackMS)
	}
	r := callsReport{
		About: what, Calls: o.n, AtATime: o.at, Speed: o.speed, Direct: o.direct, App: app, Sample: sample,
		Ratios: ratios{
			CPUPerCall: app.CPUPerCallMS / sample.CPUPerCallMS, CPUPerCallback: app.CPUPerCallbackMS / sample.CPUPerCallbackMS,
			Memory:              float64(app.PeakBytes) / float64(sample.PeakBytes),
			LeastCPUPerCallback: slices.Min(byRound), MostCPUPerCallback: slices.Max(byRound),
		},
	}
	if idle.took > 0 {
		r.IdleApp = newFigures(idle)
	}
	return r
}

func newFigures(m measure) figures {
	return figures{
		Seconds: m.took.Seconds(), CPUSeconds: m.cpu.Seconds(), PeakBytes: m.peak,
		Callbacks: len(m.callbacks), Requests: m.requests,
		CPUPerCallMS: milliseconds(each(m.cpu, m.calls)), CPUPerCallbackMS: milliseconds(each(m.cpu, len(m.callbacks))),
		AcknowledgedMS: percentiles{milliseconds(percentile(m.callbacks, 50)), milliseconds(percentile(m.callbacks, 99))},
		Handler:        m.handler, Host: m.host, Executions: m.runs,
	}
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func writeJSON(w io.Writer, v any) error {
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	return out.Encode(v)
}

// table writes rows of cells, the first column aligned to the left and all others to the right.
func table(w io.Writer, rows ...[]string) error {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			space := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i == 0 {
				line.WriteString(cell + space)
			} else {
				line.WriteString("  " + space + cell)
			}
		}
		if _, err := fmt.Fprintln(w, strings.TrimRight(line.String(), " ")); err != nil {
			return err
		}
	}
	return nil
}

func (a about) String() string {
	where := fmt.Sprintf("%s, %d cores, %s", a.Host, a.Cores, a.Go)
	if a.Commit == "" {
		return where
	}
	return "commit " + a.Commit + ", " + where
}

// remark stands below the tables of a run.
const remark = "Times depend on what else this machine does, and funcsim and the simulator share it: compare ratios only.\n"

func (r callsReport) print(w io.Writer) error {
	a, s := r.App, r.Sample
	per := func(n int) float64 { return float64(n) / float64(r.Calls) }
	two := func(name, format string, own, beside float64) []string {
		return []string{name, fmt.Sprintf(format, own), fmt.Sprintf(format, beside)}
	}
	with := func(row []string, ratio float64) []string { return append(row, fmt.Sprintf("%.2f", ratio)) }
	fmt.Fprintf(w, "%d calls, %d at a time, people %g times as fast (%v)\n\n", r.Calls, r.AtATime, r.Speed, r.About)
	err := table(w,
		[]string{"", "app", "sample", "ratio"},
		with(two("CPU per call, ms", "%.2f", a.CPUPerCallMS, s.CPUPerCallMS), r.Ratios.CPUPerCall),
		with(two("CPU per callback, ms", "%.2f", a.CPUPerCallbackMS, s.CPUPerCallbackMS), r.Ratios.CPUPerCallback),
		[]string{"  lowest and highest of a round", "", "",
			fmt.Sprintf("%.2f–%.2f", r.Ratios.LeastCPUPerCallback, r.Ratios.MostCPUPerCallback)},
		with(two("most resident memory, MB", "%.1f", megabytes(a.PeakBytes), megabytes(s.PeakBytes)), r.Ratios.Memory),
		two("  more than before the calls, kB per call at a time", "%.0f", a.grown(r.AtATime), s.grown(r.AtATime)),
		two("callbacks per call", "%.1f", per(a.Callbacks), per(s.Callbacks)),
		two("requests to ACS per call", "%.1f", per(a.Requests), per(s.Requests)),
		two("callback acknowledged after, p50, ms", "%.1f", a.AcknowledgedMS.P50, s.AcknowledgedMS.P50),
		two("callback acknowledged after, p99, ms", "%.1f", a.AcknowledgedMS.P99, s.AcknowledgedMS.P99),
	)
	if err != nil {
		return err
	}
	if !r.Direct {
		fmt.Fprintln(w)
		if err := printOperations(w, "call", r.Calls, a); err != nil {
			return err
		}
	}
	fmt.Fprintln(w)
	if err := printExecutions(w, "per call", float64(r.Calls), a.Executions); err != nil {
		return err
	}
	if r.IdleApp.Seconds > 0 {
		if err := r.IdleApp.printIdle(w); err != nil {
			return err
		}
	}
	_, err = fmt.Fprint(w, "\n"+remark)
	return err
}

// printIdle prints what the idle app does in a minute.
func (f figures) printIdle(w io.Writer) error {
	minutes := f.Seconds / 60
	fmt.Fprintf(w, "\nThe idle app, measured for %.0f s, in a minute: %.1f ms of CPU, and storage operations: "+
		"%.1f of the handler, %.1f of the host\n\n",
		f.Seconds, f.CPUSeconds*1000/minutes,
		float64(f.Handler.total().Operations)/minutes, float64(f.Host.total().Operations)/minutes)
	return printExecutions(w, "a minute", minutes, f.Executions)
}

// printOperations prints the storage operations of one of n things.
func printOperations(w io.Writer, thing string, n int, f figures) error {
	row := func(name string, handler, host tally) []string {
		cells := []string{name}
		for _, count := range []int{handler.Operations, host.Operations} {
			cells = append(cells, fmt.Sprintf("%.2f", float64(count)/float64(n)))
		}
		for _, bytes := range []int64{handler.Sent + host.Sent, handler.Received + host.Received} {
			cells = append(cells, fmt.Sprintf("%.0f", float64(bytes)/float64(n)))
		}
		return cells
	}
	rows := [][]string{{"storage operations per " + thing, "handler", "host", "bytes sent", "received"}}
	for _, k := range kinds {
		rows = append(rows, row(string(k), f.Handler[k], f.Host[k]))
	}
	return table(w, append(rows, row("all", f.Handler.total(), f.Host.total()))...)
}

// printExecutions prints the executions of one of n things, or in one of n minutes.
func printExecutions(w io.Writer, per string, n float64, runs map[string]executions) error {
	rows := [][]string{{"executions " + per, "number", "ms each", "billed, s"}}
	for _, name := range slices.Sorted(maps.Keys(runs)) {
		e := runs[name]
		rows = append(rows, []string{
			name, fmt.Sprintf("%.2f", float64(e.Count)/n), fmt.Sprintf("%.0f", e.Seconds*1000/float64(e.Count)),
			fmt.Sprintf("%.2f", e.BilledSeconds/n),
		})
	}
	return table(w, rows...)
}

func megabytes(bytes int64) float64 { return float64(bytes) / 1e6 }

// grown returns by how many kilobytes memory has grown for each of the calls at a time.
func (f figures) grown(at int) float64 { return float64(f.PeakBytes-f.BytesBefore) / 1e3 / float64(at) }
