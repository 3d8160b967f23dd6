package main

import (
	"context"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// costOptions are the flags of `load cost`.
type costOptions struct {
	calls, hours float64
	memory       int            // of an instance, in MB
	ready        map[string]int // always-ready instances by group
	json         bool
}

//go:embed counts.json
var defaultCounts []byte

// printCost runs `load cost`.
func printCost(_ context.Context, args []string, e environment) error {
	o := costOptions{ready: map[string]int{"http": 1, "incomingcall": 1}}
	flags := flag.NewFlagSet("cost", flag.ContinueOnError)
	flags.Float64Var(&o.calls, "calls", 1e6, "calls in a month")
	flags.Float64Var(&o.hours, "hours", monthHours, "the hours of the month in which they come")
	flags.IntVar(&o.memory, "memory", 2048, "memory of an instance in MB: 512, 2048 or 4096")
	flags.Func("ready", "always-ready instances, as in http=1,incomingcall=1 (the default)", o.parseReady)
	countsFile := flags.String("counts", "", "a file that calls -idle 5m -json has written, - for standard input (default: test/load/counts.json)")
	pricesFile := flags.String("prices", "", "a file of prices (default: test/load/prices.json)")
	flags.BoolVar(&o.json, "json", false, "print JSON instead of tables")
	if err := parse(flags, args, e); err != nil {
		return err
	}
	switch {
	case o.calls <= 0:
		return errors.New("-calls is more than 0; the idle app is always beside")
	case o.hours <= 0 || o.hours > monthHours:
		return fmt.Errorf("-hours is more than 0 and not more than %d", monthHours)
	case !slices.Contains([]int{512, 2048, 4096}, o.memory):
		return errors.New("-memory is 512, 2048 or 4096")
	}
	counts, err := readFile(*countsFile, defaultCounts, e, parseCounts)
	if err != nil {
		return fmt.Errorf("counts: %w", err)
	}
	prices, err := readFile(*pricesFile, defaultPrices, e, parsePrices)
	if err != nil {
		return fmt.Errorf("prices: %w", err)
	}
	report, err := newCostReport(o, counts, prices)
	if err != nil {
		return err
	}
	if o.json {
		return writeJSON(e.out, report)
	}
	return report.print(e.out)
}

// parseReady reads GROUP=N,GROUP=N.
func (o *costOptions) parseReady(text string) error {
	o.ready = map[string]int{}
	for _, word := range strings.Split(text, ",") {
		group, number, _ := strings.Cut(word, "=")
		n, err := strconv.Atoi(number)
		if group == "" || err != nil || n < 1 {
			return fmt.Errorf("%q is not GROUP=N", word)
		}
		o.ready[group] = n
	}
	return nil
}

// readFile parses a file, standard input, or what there is without either.
func readFile[T any](name string, without []byte, e environment, parse func([]byte) (T, error)) (T, error) {
	content, err := without, error(nil)
	switch name {
	case "":
	case "-":
		content, err = io.ReadAll(e.in)
	default:
		content, err = os.ReadFile(name)
	}
	if err != nil {
		var none T
		return none, err
	}
	return parse(content)
}

// leastIdle is the shortest time in which every timer of an app fires.
const leastIdle = time.Minute

// parseCounts reads what `load calls -json` has written. It fails if the counts that a
// cost needs are not in it.
func parseCounts(content []byte) (callsReport, error) {
	var r callsReport
	if err := decodeStrictly(content, &r); err != nil {
		return callsReport{}, err
	}
	switch {
	case r.Calls <= 0 || r.App.Seconds <= 0 || len(r.App.Executions) == 0:
		return callsReport{}, errors.New("there are no calls, or no executions")
	case r.Direct || r.App.Handler.total().Operations == 0:
		return callsReport{}, errors.New("storage operations were not counted: measure without -direct")
	case r.IdleApp.Seconds < leastIdle.Seconds():
		return callsReport{}, errors.New("the idle app was measured for less than a minute: measure with -idle 5m")
	}
	return r, nil
}

// costReport is what `load cost` prints.
type costReport struct {
	Counted      about    `json:"counted"`
	PricesOf     string   `json:"pricesOf"` // date and region
	Currency     string   `json:"currency"`
	Undocumented []string `json:"undocumented"` // prices that are quoted from elsewhere than Microsoft's documentation
	Calls        float64  `json:"calls"`
	Hours        float64  `json:"hours"`
	MemoryMB     int      `json:"memoryMb"`
	Ready        string   `json:"ready"`
	Bills        []bill   `json:"bills"`
}

// bill is the cost of a month.
type bill struct {
	Name        string             `json:"name"`
	Executions  float64            `json:"executions"`
	GBSeconds   float64            `json:"gbSeconds"`
	UnsharedGBS float64            `json:"unsharedGbSeconds"` // if no two executions overlapped
	Operations  map[kind]float64   `json:"operations"`
	Costs       map[string]float64 `json:"costs"` // by the names of costNames
	Total       float64            `json:"total"`
}

// The parts of a cost, in the order in which they are printed.
const (
	costTime       = "execution time"
	costExecutions = "executions"
	costBaseline   = "always-ready baseline"
	costTables     = "table operations"
	costQueues     = "queue operations"
	costBlobs      = "blob operations"
)

var costNames = []string{costTime, costExecutions, costBaseline, costTables, costQueues, costBlobs}

func newCostReport(o costOptions, counts callsReport, p prices) (costReport, error) {
	groups := counts.groupsOf()
	var ready []string
	for _, group := range slices.Sorted(maps.Keys(o.ready)) {
		if _, ok := groups[group]; !ok {
			all := strings.Join(slices.Sorted(maps.Keys(groups)), ", ")
			return costReport{}, fmt.Errorf("-ready: there is no group %q, only %s", group, all)
		}
		ready = append(ready, fmt.Sprintf("%s=%d", group, o.ready[group]))
	}
	r := costReport{
		Counted: counts.About, PricesOf: p.Date + ", " + p.Region, Currency: p.Currency, Undocumented: p.undocumented(),
		Calls: o.calls, Hours: o.hours, MemoryMB: o.memory, Ready: strings.Join(ready, ","),
	}
	storage := counts.storageOf()
	for _, calls := range []float64{0, o.calls} {
		for _, always := range []map[string]int{nil, o.ready} {
			b := newBill(groups, storage, calls, o.hours, float64(o.memory)/1024, always, p)
			b.Name = "idle"
			if calls > 0 {
				b.Name = grouped(calls) + " calls"
			}
			if always != nil {
				b.Name += ", ready"
			}
			r.Bills = append(r.Bills, b)
		}
	}
	return r, nil
}

// newBill returns the cost of a month with so many calls in so many hours, on instances
// with so much memory, some of which are always ready.
func newBill(
	groups map[string]groupRates, storage map[kind]rates, calls, hours, gb float64, ready map[string]int, p prices,
) bill {
	b := bill{Operations: map[kind]float64{}, Costs: map[string]float64{}}
	var onDemand, atReady work
	for _, name := range slices.Sorted(maps.Keys(groups)) { // in order, so that sums are the same each time
		w := groups[name].month(calls, hours)
		of := &onDemand
		if ready[name] > 0 {
			of = &atReady
			b.Costs[costBaseline] += p.Prices.AlwaysReadyBaseline.of(float64(ready[name]) * gb * monthSeconds)
		}
		of.executions += w.executions
		of.seconds += w.seconds
		b.Executions += w.executions
		b.GBSeconds += w.seconds * gb
		b.UnsharedGBS += w.unshared * gb
	}
	free := work{executions: p.Prices.OnDemandExecutionsGrant.Amount, seconds: p.Prices.OnDemandTimeGrant.Amount / gb}
	if len(ready) > 0 {
		free = work{} // always-ready instances end the grant
	}
	b.Costs[costTime] = p.Prices.OnDemandTime.of(max(0, onDemand.seconds-free.seconds)*gb) +
		p.Prices.AlwaysReadyTime.of(atReady.seconds*gb)
	b.Costs[costExecutions] = p.Prices.OnDemandExecutions.of(max(0, onDemand.executions-free.executions)) +
		p.Prices.AlwaysReadyExecutions.of(atReady.executions)
	for _, k := range kinds {
		n := storage[k].in(calls)
		b.Operations[k] = n
		switch k {
		case kindQueue:
			b.Costs[costQueues] += p.Prices.QueueOperations.of(n)
		case kindBlobRead:
			b.Costs[costBlobs] += p.Prices.BlobReads.of(n)
		case kindBlobWrite:
			b.Costs[costBlobs] += p.Prices.BlobWrites.of(n)
		case kindBlobOther:
			b.Costs[costBlobs] += p.Prices.BlobOthers.of(n)
		default:
			b.Costs[costTables] += p.Prices.TableOperations.of(n)
		}
	}
	for _, name := range costNames {
		b.Total += b.Costs[name]
	}
	return b
}

func (r costReport) print(w io.Writer) error {
	fmt.Fprintf(w, "A month on Flex Consumption: idle, and with %s calls in %g of its %d hours, on instances of %d MB;\n"+
		"on demand, and with instances always ready (%s)\n\n", grouped(r.Calls), r.Hours, monthHours, r.MemoryMB, r.Ready)
	columns := func(name string, cell func(bill) string) []string {
		cells := []string{name}
		for _, b := range r.Bills {
			cells = append(cells, cell(b))
		}
		return cells
	}
	money := func(n float64) string { return strconv.FormatFloat(n, 'f', 2, 64) }
	rows := [][]string{
		columns("", func(b bill) string { return b.Name }),
		columns("executions", func(b bill) string { return grouped(b.Executions) }),
		columns("GB-s", func(b bill) string { return grouped(b.GBSeconds) }),
		columns("GB-s if no executions overlapped", func(b bill) string { return grouped(b.UnsharedGBS) }),
	}
	for _, k := range kinds {
		rows = append(rows, columns(string(k), func(b bill) string { return grouped(b.Operations[k]) }))
	}
	for _, name := range costNames {
		rows = append(rows, columns(name+", "+r.Currency, func(b bill) string { return money(b.Costs[name]) }))
	}
	rows = append(rows, columns("all, "+r.Currency, func(b bill) string { return money(b.Total) }))
	if err := table(w, rows...); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\nCounted on %s (%v).\nPrices of %s; not from Microsoft's documentation, and so to be checked: %s.\n",
		r.Counted.Date, r.Counted, r.PricesOf, strings.Join(r.Undocumented, ", "))
	return err
}

// grouped returns a number without decimals, with commas between thousands.
func grouped(n float64) string {
	digits := strconv.FormatFloat(n, 'f', 0, 64)
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return digits
}
